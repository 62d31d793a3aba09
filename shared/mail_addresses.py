"""E-mail addresses as SMTP takes them.

Domains are those of IDNA 2008 (UTS 46, non-transitional): `faß.example` is another domain than
`fass.example`. What that standard refuses is no address that anything can be sent to, and neither
is a local part outside ASCII.
"""

import re

import idna

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LOCAL = re.compile(rf"{_ATOM}+(?:\.{_ATOM}+)*", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
LOCAL_MAX, DOMAIN_MAX, LABEL_MAX = 64, 253, 63


def deliverable(address: str | None) -> str | None:
    """The address as SMTP takes it, or None if it is none: one @, no spaces, no controls."""
    if address is None or len(address) > 2 * (LOCAL_MAX + DOMAIN_MAX):
        return None
    local, _, domain = address.strip().rpartition("@")
    if len(local) > LOCAL_MAX or not _LOCAL.fullmatch(local):
        return None
    plain = _domain(domain)
    return None if plain is None else f"{local}@{plain}"


def _domain(name: str) -> str | None:
    """The domain in ASCII; None where it can be none, or could be another's."""
    if not name or len(name) > DOMAIN_MAX:
        return None
    plain = name.lower() if name.isascii() else name  # other letters are lowered by UTS 46 alone
    if not plain.isascii() or "xn--" in plain:
        try:
            plain = idna.encode(
                plain, uts46=True, transitional=False, std3_rules=True, strict=True
            ).decode("ascii")
        except UnicodeError:
            return None
    labels = plain.split(".")
    if len(plain) > DOMAIN_MAX or labels[-1].isdigit():  # an IP address stands in brackets
        return None
    if all(len(label) <= LABEL_MAX and _LABEL.fullmatch(label) for label in labels):
        return plain
    return None
