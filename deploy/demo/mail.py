"""A real SMTP server in this process: takes every message and remembers to whom it went."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


class Mailbox:
    """The messages received. One counts as received when its sender is told so."""

    def __init__(self) -> None:
        self.received = 0
        self.url = ""
        self._recipients: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.received += 1
        self._recipients += envelope.rcpt_tos
        return "250 OK"

    def take(self) -> list[str]:
        """The recipients since the last call, in an order that does not depend on the sending."""
        taken, self._recipients = sorted(self._recipients), []
        return taken


@asynccontextmanager
async def mail_server() -> AsyncIterator[Mailbox]:
    """A mailbox that listens on a free port."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="demo.localhost", loop=loop), HOST, 0
    )
    mailbox.url = f"smtp://{HOST}:{server.sockets[0].getsockname()[1]}"
    try:
        yield mailbox
    finally:
        server.close()
