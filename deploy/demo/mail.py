"""A real SMTP server in this process: takes every message and remembers to whom it went."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.parser import BytesHeaderParser

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.demo.received import Received
from deploy.demo.steering import STAFF

HOST = "127.0.0.1"
_LINK = re.compile(r"<(https?://[^<>]+)>")
_headers = BytesHeaderParser()


class Mailbox:
    """The messages received. One counts as received when its sender is told so."""

    def __init__(self) -> None:
        self.received = 0  # of debtors
        self.alerts: set[str] = set()  # of the creditor's own people; one may arrive twice
        self.url = ""
        self._waiting: list[Received] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        headers = _headers.parsebytes(content if isinstance(content, bytes) else content.encode())
        if all(recipient.endswith(STAFF) for recipient in envelope.rcpt_tos):
            self.alerts.add(headers.get("Message-ID", ""))
            return "250 OK"
        self.received += 1
        link = _LINK.search(headers.get("List-Unsubscribe", ""))
        for recipient in envelope.rcpt_tos:
            self._waiting.append(
                Received(
                    channel="email",
                    to=recipient,
                    answer_to=headers.get("Reply-To", headers.get("From", "")),
                    carrier_to=envelope.mail_from or "",
                    unsubscribe=link[1] if link else "",
                    id=headers.get("Message-ID", ""),
                )
            )
        return "250 OK"

    def take(self) -> list[Received]:
        """Those since the last call, in an order that does not depend on the sending."""
        taken, self._waiting = sorted(self._waiting), []
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
