"""The mail server over SMTP. Never called with a transaction open.

The mailer tells of every message whether it was surely taken, surely not, or may have been.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from shared.process.parts import turn

SMTP_TIMEOUT_SECONDS = 20.0  # of every step: connect, each command, the data
_GREETING_STEPS = 6  # connect, EHLO, STARTTLS, EHLO, two of signing in
SMTP_CONNECTIONS_MAX = 8
_PERMANENT = 500  # SMTP replies from here on are final refusals


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over, from `smtp://user:pass@host:port` (`smtps://`: TLS at once)."""

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    tls: bool

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or (465 if tls else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
        )


Fate = Literal[
    "sent",  # the server took it
    "refused",  # the server refused it for good
    "unavailable",  # nothing was handed over; another time, perhaps
    "uncertain",  # the hand-over was begun and its end is not known
    "withdrawn",  # we thought better of it
]


@dataclass(frozen=True)
class Handover:
    fate: Fate
    code: str = ""


class Mailer:
    """Hands messages over, several at a time, over connections that are kept for the next ones."""

    def __init__(
        self, server: MailServer, *, timeout_seconds: float = SMTP_TIMEOUT_SECONDS
    ) -> None:
        self._server = server
        self._timeout = timeout_seconds
        self._slots = asyncio.Semaphore(SMTP_CONNECTIONS_MAX)
        self._idle: list[aiosmtplib.SMTP] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def deliver(
        self, sender: str, recipient: str, message: Callable[[], Awaitable[bytes | None]]
    ) -> Handover:
        """Hand one message over. `message` is asked for at the last instant, when the server has
        accepted the recipient; None withdraws it."""
        async with self._slots:
            while True:
                reused = bool(self._idle)
                try:
                    client = self._idle.pop() if reused else await self._connect()
                except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                    return Handover("unavailable", _code(error))
                refusal = await self._envelope(client, sender, recipient)
                if refusal is None:
                    return await self._data(client, message)
                if refusal.fate == "unavailable" and reused and not client.is_connected:
                    continue  # the server had closed the connection while it lay idle
                return refusal

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls,
            timeout=self._timeout,
        )
        turn(resting=_GREETING_STEPS * self._timeout)
        await client.connect()
        turn()
        return client

    async def _envelope(
        self, client: aiosmtplib.SMTP, sender: str, recipient: str
    ) -> Handover | None:
        """MAIL and RCPT. Whatever fails here, nothing was handed over; None: accepted."""
        try:
            await client.mail(sender)
            turn()
            await client.rcpt(recipient)
            turn()
        except aiosmtplib.SMTPResponseException as error:
            await self._give_back(client, reset=True)
            return Handover("refused" if error.code >= _PERMANENT else "unavailable", _code(error))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            return Handover("unavailable", _code(error))
        return None

    async def _data(
        self, client: aiosmtplib.SMTP, message: Callable[[], Awaitable[bytes | None]]
    ) -> Handover:
        try:
            content = await message()
        except BaseException:
            client.close()  # an open transaction must not be found by the next message
            raise
        if content is None:
            await self._give_back(client, reset=True)
            return Handover("withdrawn")
        try:
            await client.data(content)
            turn()
        except aiosmtplib.SMTPDataError as error:  # the server's own word: it did not take it
            await self._give_back(client, reset=True)
            return Handover("refused" if error.code >= _PERMANENT else "unavailable", _code(error))
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return Handover("uncertain", _code(error))
        except BaseException:
            client.close()
            raise
        await self._give_back(client, reset=False)
        return Handover("sent")

    async def _give_back(self, client: aiosmtplib.SMTP, *, reset: bool) -> None:
        try:
            if reset and client.is_connected:
                await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            client.close()
        if client.is_connected:
            self._idle.append(client)

    async def close(self) -> None:
        """Say goodbye on the idle connections."""
        while self._idle:
            client = self._idle.pop()
            try:
                await client.quit(timeout=1)
            except (aiosmtplib.SMTPException, OSError):
                client.close()


def _code(error: Exception) -> str:
    """A short reason without anything personal: servers repeat addresses in their texts."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"smtp-{error.code}"
    return type(error).__name__
