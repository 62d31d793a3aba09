"""Where a PostgreSQL database is, and whether the way there is encrypted: libpq's words.

`sslmode=verify-full` checks the server's certificate and its name, `verify-ca` the certificate
alone, `require` encrypts whoever answers (with `sslrootcert`: like `verify-ca`), `disable` does not
encrypt. What encrypts or not as it comes (`allow`, `prefer`) is refused.
"""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from shared.addresses.urls import BadUrl, is_loopback, read_url

MODES = ("disable", "require", "verify-ca", "verify-full")
_AS_IT_COMES = ("allow", "prefer")
_FILES = ("sslrootcert", "sslcert", "sslkey")
_UNDERSTOOD = ("sslmode", *_FILES, "application_name", "connect_timeout", "host")
_PORT = 5432
_CONNECT_SECONDS = 10
_SYSTEM = "system"  # the certificate authorities that the machine trusts
_ALPN = "postgresql"


@dataclass(frozen=True)
class DatabaseAddress:
    """One database and how it is reached."""

    host: str  # a name, an address, or the folder of a Unix socket
    port: int
    user: str | None
    password: str | None = field(repr=False)
    database: str
    sslmode: str
    sslrootcert: str | None  # None: the authorities that the machine trusts
    sslcert: str | None
    sslkey: str | None
    application_name: str | None
    connect_timeout: int  # seconds

    @classmethod
    def from_url(cls, text: str) -> Self:
        """Raises `BadUrl` for what is not understood, and for a server elsewhere without a mode."""
        url = read_url(text, ("postgresql",), query=_UNDERSTOOD, needs_host="host=" not in text)
        query = dict(url.query)
        host = _host(url.host, query.pop("host", None))
        database = url.path.strip("/")
        if not database:
            raise BadUrl("names no database (…@host:5432/database)")
        if "/" in database:
            raise BadUrl("names a database with a / in it")
        mode = _mode(query.get("sslmode"), host)
        files = {name: query.get(name) for name in _FILES}
        if mode == "disable" and any(files.values()):
            raise BadUrl("names certificates, and sslmode is disable")
        if files["sslkey"] and not files["sslcert"]:
            raise BadUrl("has ?sslkey= without sslcert")
        address = cls(
            host=host,
            port=url.port or _PORT,
            user=url.user,
            password=url.password,
            database=database,
            sslmode=mode,
            application_name=query.get("application_name"),
            connect_timeout=_seconds(query.get("connect_timeout")),
            **files,
        )
        address.encryption()  # files that cannot be used stop the start
        return address

    @property
    def where(self) -> str:
        """For people: no user and no password."""
        return f"{self.host}:{self.port}/{self.database}"

    def encryption(self) -> ssl.SSLContext | None:
        """With what the connection is encrypted; None: not at all. Reads the certificates anew."""
        if self.sslmode == "disable":
            return None
        root = None if self.sslrootcert == _SYSTEM else self.sslrootcert
        try:
            context = ssl.create_default_context(cafile=root)
        except OSError as error:
            raise BadUrl(_unusable("sslrootcert", root, error)) from None
        context.check_hostname = self.sslmode == "verify-full"
        if self.sslmode == "require" and self.sslrootcert is None:
            context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols([_ALPN])
        if self.sslcert is not None:
            try:
                context.load_cert_chain(self.sslcert, self.sslkey, password="")
            except OSError as error:
                raise BadUrl(_unusable("sslcert", self.sslcert, error)) from None
        return context


def with_plain_text(text: str) -> str:
    """A database's URL for a private network: without a mode of its own, it says `disable`."""
    if not text.startswith("postgresql://") or "sslmode=" in text:
        return text
    return f"{text}{'&' if '?' in text else '?'}sslmode=disable"


def _host(host: str, socket_folder: str | None) -> str:
    if socket_folder is None:
        if not host:
            raise BadUrl("names no host")
        return host
    if host:
        raise BadUrl("names two hosts")
    if not Path(socket_folder).is_absolute():
        raise BadUrl("has ?host=, which can only be the folder of a Unix socket")
    return socket_folder


def _mode(given: str | None, host: str) -> str:
    if given in _AS_IT_COMES:
        raise BadUrl(
            f"has sslmode={given}, which encrypts or does not, as it comes: write one of "
            f"{', '.join(MODES)}"
        )
    if given is not None and given not in MODES:
        raise BadUrl(f"has an sslmode that is none of {', '.join(MODES)}")
    if given is not None:
        return given
    if host.startswith("/") or is_loopback(host):
        return "disable"
    raise BadUrl(
        "names a server that is not this machine and no sslmode: write ?sslmode=verify-full, or "
        "?sslmode=disable for a network of your own"
    )


def _seconds(text: str | None) -> int:
    if text is None:
        return _CONNECT_SECONDS
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:6]) <= 600:
        raise BadUrl("has a connect_timeout that is not 1 to 600 seconds")
    return int(text)


def _unusable(name: str, file: str | None, error: OSError) -> str:
    what = error.strerror or type(error).__name__
    if isinstance(error, ssl.SSLError):
        what = "is no PEM file that fits"
    return f"has ?{name}=, and {file or 'the machine'} cannot be used: {what}"
