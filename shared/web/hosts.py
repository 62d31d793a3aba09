"""By which name a service is asked, and from whose page: browsers do not lie about either.

A page of somebody else's that rebinds its own name to this machine shows in `Host`; one that sends
a request with a person's cookie shows in `Origin` and `Sec-Fetch-Site`.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from shared.errors import AppError, Forbidden, Unreadable
from shared.process.door import Door

_HERE = ("127.0.0.1", "localhost", "[::1]")
_OPEN_TO_PROBES = ("/health/", "/metrics")  # they go by address
_KNOWN_MAX = 64
Headers = Mapping[bytes, bytes]


class Misdirected(AppError):
    """The request is for a name that is not this service's."""

    status = 421
    title = "Misdirected request"


class Hosts:
    """The names of one service."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._known: set[tuple[bytes, int | None]] = set()

    def check(self, headers: Headers, port: int | None, path: str) -> None:
        """`port` is where the request came in. Raises `Misdirected`."""
        door = self._door
        if not door.is_local and (not door.public_hosts or path.startswith(_OPEN_TO_PROBES)):
            return
        host = headers.get(b"host", b"")
        if (host, port) in self._known:
            return
        name = host.decode("latin-1").lower()
        if name not in door.public_hosts and not self._is_here(name, port):
            if door.is_local and _shows_a_token(headers) and _without_port(name) in _HERE:
                return  # a program, perhaps through a tunnel: no page knows the token
            raise Misdirected(
                "The request's Host is not a name of this service: "
                + (f"http://127.0.0.1:{port or 80} is." if door.is_local else "RECOUP_PUBLIC_HOSTS")
            )
        if len(self._known) < _KNOWN_MAX:
            self._known.add((host, port))

    def _is_here(self, name: str, port: int | None) -> bool:
        if not self._door.is_local:
            return False
        here = [*_HERE] if port in (None, 80) else []
        return name in here + [f"{host}:{port or 80}" for host in _HERE]

    def check_origin(self, headers: Headers) -> None:
        """Raises `Forbidden` for a request that another site's page sent. Programs send neither."""
        site = headers.get(b"sec-fetch-site")
        if site is not None and site not in (b"same-origin", b"none"):
            raise Forbidden("Another site's page may not send this.")
        origin = headers.get(b"origin")
        if origin is None:
            return
        sender = _authority(origin.decode("latin-1").lower())
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if not sender or (sender != host and sender not in self._door.public_hosts):
            raise Forbidden("Another site's page may not send this.")


def _shows_a_token(headers: Headers) -> bool:
    return b"authorization" in headers and b"cookie" not in headers


def _without_port(name: str) -> str:
    host, colon, port = name.rpartition(":")
    return host if colon and port.isdecimal() else name


def _authority(origin: str) -> str:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc if parts.scheme in ("http", "https") else ""


def check_single(pairs: list[tuple[bytes, bytes]]) -> None:
    """Raises `Unreadable` where a header stands twice of which only one can be meant."""
    names = [name for name, _ in pairs]
    for name in _ONCE:
        if names.count(name) > 1:
            raise Unreadable(f"The request has the header {name.decode()} twice.")


_ONCE = (
    b"host",
    b"authorization",
    b"content-type",
    b"content-length",
    b"content-encoding",
    b"x-tenant",
    b"x-actor",
    b"origin",
    b"idempotency-key",
)
