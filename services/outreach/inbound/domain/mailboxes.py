"""A mailbox that is looked into, as a setting names it."""

from dataclasses import dataclass, field
from typing import Self

from shared.addresses import BadUrl, read_url
from shared.ids import is_tenant

PORTS = {"imaps": 993, "imap": 143}
FOLDER_DEFAULT = "INBOX"


@dataclass(frozen=True)
class Mailbox:
    """`imaps://user:password@host/INBOX?tenant=demo`: whose mail comes there."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str
    tenant: str
    is_encrypted: bool

    @classmethod
    def from_url(cls, text: str) -> Self:
        """Raises `BadUrl`. Without encryption only on this machine."""
        url = read_url(text, tuple(PORTS), query=("tenant",))
        if url.user is None or url.password is None:
            raise BadUrl("names no user and password")
        if url.scheme == "imap" and not url.is_here:
            raise BadUrl("must start with imaps:// unless it is this machine")
        tenant = url.query.get("tenant", "")
        if not is_tenant(tenant):
            raise BadUrl("names no tenant (?tenant=…)")
        folder = url.path.strip("/") or FOLDER_DEFAULT
        if '"' in folder or "\\" in folder or not folder.isascii():
            raise BadUrl("names a folder with characters that it cannot be asked for by")
        port = url.port or PORTS[url.scheme]
        return cls(url.host, port, url.user, url.password, folder, tenant, url.scheme == "imaps")
