"""A real SMTP server in a thread of the test, which takes messages and may be slow or silent."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


@dataclass
class MailServer:
    """What it was given. A message counts from when its last byte is there, answered or not."""

    port: int = 0
    seconds_each: float = 0.0  # that it takes to answer a message
    is_silent: bool = False  # it takes the message and never answers
    messages: list[EmailMessage] = field(default_factory=list)
    return_paths: list[str] = field(default_factory=list)  # of each

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.return_paths.append(envelope.mail_from or "")
        if self.is_silent:
            await asyncio.Event().wait()
        await asyncio.sleep(self.seconds_each)
        return "250 OK"

    def to(self, account_id: str) -> list[EmailMessage]:
        """The messages for the account's address, as `factories.an_account` gives it."""
        return [m for m in self.messages if str(m["To"]).find(f"{account_id.lower()}@") >= 0]

    def most_of_one(self) -> int:
        """How often the message that came most often came. A contact's message has one id."""
        return max(Counter(str(m["Message-ID"]) for m in self.messages).values(), default=0)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    loop = asyncio.new_event_loop()
    listener = loop.run_until_complete(
        loop.create_server(lambda: SMTP(server, enable_SMTPUTF8=True, loop=loop), HOST, 0)
    )
    server.port = listener.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="mail server")
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_end(listener), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(listener: asyncio.Server) -> None:
    listener.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
