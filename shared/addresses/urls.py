"""A URL taken apart. What is not understood is refused by name; what may be secret is not repeated.

A password with an `@`, `/`, `?` or `#` in it must be percent-encoded: cut off there, the rest of it
would stand where it is repeated, so a message names a part only if nothing of a password can be in
it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_BLANKS = re.compile(r"[\x00-\x20\x7f]")
_QUERY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")  # names and addresses; no zone of IPv6


class BadUrl(ValueError):
    """Words to put after the name of the setting: "names no host"."""


@dataclass(frozen=True)
class Url:
    """The parts of a URL, percent-decoded."""

    scheme: str
    host: str
    port: int | None
    user: str | None
    password: str | None = field(repr=False)
    path: str
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_here(self) -> bool:
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, so that what goes there is seen by nobody else."""
    if host.casefold().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_url(
    text: str,
    schemes: Collection[str],
    *,
    query: Collection[str] | None = (),  # the names that are understood; None: handed on as it is
    has_user: bool = True,
    has_path: bool = True,
    needs_host: bool = True,
) -> Url:
    """The parts of `text`. Raises `BadUrl` for all that would not be made use of."""
    if _BLANKS.search(text):
        raise BadUrl("holds a blank or a control character")
    parts, port = _split(text)
    if parts.scheme not in schemes:
        raise BadUrl(f"must start with {' or '.join(f'{each}://' for each in schemes)}")
    host = parts.hostname or ""
    if needs_host and not host:
        raise BadUrl("names no host")
    if host and not _HOST.fullmatch(host):
        raise BadUrl("names a host with characters that no host has")
    if port == 0:
        raise BadUrl("names the port 0")
    if "@" in parts.path + parts.query + parts.fragment:
        raise BadUrl("has an @ behind its host: write @ / ? # in a password as %40 %2F %3F %23")
    if "#" in text:
        raise BadUrl("has a fragment (#…), which means nothing here")
    if parts.username is not None and not has_user:
        raise BadUrl("names a user, which means nothing here")
    if parts.username == "" and parts.password is not None:
        raise BadUrl("has a password and no user")
    if parts.path.strip("/") and not has_path:
        raise BadUrl("has a path, which means nothing here")
    return Url(
        scheme=parts.scheme,
        host=host,
        port=port,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        path=unquote(parts.path),
        query=MappingProxyType({} if query is None else _read_query(parts.query, query)),
    )


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise BadUrl("is not a URL") from None  # the reason would repeat it
    try:
        return parts, parts.port
    except ValueError:
        raise BadUrl(
            "is not a URL: behind its host stands no port, or more than one host"
        ) from None


def _read_query(text: str, known: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True) if text else []
    except ValueError:
        raise BadUrl("has a query that is not name=value&…") from None
    for name, value in pairs:
        if name not in known:
            told = f"has ?{name}=" if _QUERY_NAME.fullmatch(name) else "has a query"
            understood = f"; understood are {', '.join(sorted(known))}" if known else ""
            raise BadUrl(f"{told}, which is not understood{understood}")
        if name in found:
            raise BadUrl(f"has ?{name}= twice")
        if not value:
            raise BadUrl(f"has ?{name}= without a value")
        found[name] = value
    return found
