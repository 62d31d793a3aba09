"""E-mail addresses and texts as a header may carry them."""

import re

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_LOCAL}@(?=.{{1,253}}$){_DOMAIN}")
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+"
)


def deliverable(address: str | None) -> str | None:
    """The address as SMTP takes it, or None if it is none: one @, no spaces, no controls."""
    if address is None:
        return None
    local, _, domain = address.strip().rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None
    return plain if _ADDRESS.fullmatch(plain) else None


def printable(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text).strip()
