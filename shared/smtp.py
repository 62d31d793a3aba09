"""The mail server over SMTP. Never called with a transaction open.

The mailer tells of every message whether it was surely taken, surely not, or may have been.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Literal, Self

import aiosmtplib

from shared import clock
from shared.addresses import BadUrl, Url, read_url
from shared.mail_status import OF_THE_SENDER, STATUS
from shared.process.parts import turn

SMTP_TIMEOUT_SECONDS = 20.0  # of every step: connect, each command, the data
_GREETING_STEPS = 6  # connect, EHLO, STARTTLS, EHLO, two of signing in
SMTP_CONNECTIONS_MAX = 8
_PERMANENT = 500  # SMTP replies from here on are final refusals
_FOR_NOW = 400  # what is below says neither yes nor no, or is no reply at all
_NOT_NOW = frozenset({432, 454})  # no signing in, or no TLS, for now: everybody's
TOO_LATE = "deadline"  # our own, before anything was handed over
_CLOSING = 421  # the server closes the line, whatever it was asked
_NOT_LET_IN = frozenset({530, 534, 535, 538})  # not signed in as it wants: ours to mend

Tls = Literal["at-once", "starttls", "none"]


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over, from `smtp://user:pass@host:port` (`smtps://`: TLS at once).

    `smtp://` demands STARTTLS and a certificate that is right for the host, and hands over nothing
    without, except on this machine. `?tls=none` does without, `?tls=starttls` demands it here too;
    `?cafile=…` names the authorities to trust in place of the machine's.
    """

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    tls: Tls
    ca_file: str | None = None

    @classmethod
    def from_url(cls, text: str) -> Self:
        """Raises `BadUrl`."""
        url = read_url(text, ("smtp", "smtps"), query=("tls", "cafile"), has_path=False)
        ca_file = url.query.get("cafile")
        tls = _tls(url)
        if ca_file is not None and tls == "none":
            raise BadUrl("has ?cafile=, and tls is none")
        try:
            ssl.create_default_context(cafile=ca_file)
        except OSError:
            raise BadUrl("has ?cafile=, which names no PEM file that can be read") from None
        if (url.user is None) != (url.password is None):
            raise BadUrl("names a user without a password")
        return cls(
            host=url.host,
            port=url.port or (465 if tls == "at-once" else 25),
            username=url.user,
            password=url.password,
            tls=tls,
            ca_file=ca_file,
        )


def _tls(url: Url) -> Tls:
    said = url.query.get("tls")
    if url.scheme == "smtps":
        if said is not None:
            raise BadUrl("has ?tls=, and smtps:// begins with TLS")
        return "at-once"
    if said not in (None, "none", "starttls"):
        raise BadUrl("has ?tls=, which can be none or starttls")
    if said == "none" or (said is None and url.is_here and "cafile" not in url.query):
        return "none"
    return "starttls"


Fate = Literal[
    "sent",  # the server took it
    "refused",  # the server refused it for good
    "unavailable",  # nothing was handed over; another time, perhaps
    "uncertain",  # the hand-over was begun and its end is not known
    "withdrawn",  # we thought better of it
]


# Whose fault it is that a message was not taken for now.
Blame = Literal[
    "server",  # nobody's message gets through: no connection, no sender accepted, its own storage
    "mailbox",  # the server's word about this recipient: full, greylisted, busy
    "unclear",  # the line broke, or nobody answered, once the recipient had been named
]


@dataclass(frozen=True)
class Handover:
    fate: Fate
    code: str = ""
    blame: Blame = "server"  # of what is unavailable
    status: str = ""  # by RFC 3463, where the server gave one
    is_recipients: bool = False  # refused when the recipient was named, not at the data


class Mailer:
    """Hands messages over, several at a time, over connections that are kept for the next ones."""

    def __init__(
        self, server: MailServer, *, timeout_seconds: float = SMTP_TIMEOUT_SECONDS
    ) -> None:
        self._server = server
        self._timeout = timeout_seconds
        self._slots = asyncio.Semaphore(SMTP_CONNECTIONS_MAX)
        self._idle: list[aiosmtplib.SMTP] = []
        # Made once: reading the authorities takes a tenth of a second, in which nothing else goes.
        self._tls_context = (
            None if server.tls == "none" else ssl.create_default_context(cafile=server.ca_file)
        )

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
        self,
        sender: str,
        recipient: str,
        message: Callable[[], Awaitable[bytes | None]],
        *,
        deadline: datetime | None = None,
    ) -> Handover:
        """Hand one message over. `message` is asked for at the last instant, when the server has
        accepted the recipient; None withdraws it. Nothing is begun after the deadline."""
        async with self._slots:
            while True:
                if _is_over(deadline):
                    return Handover("unavailable", TOO_LATE, "unclear")
                reused = bool(self._idle)
                try:
                    client = self._idle.pop() if reused else await self._connect()
                except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                    return Handover("unavailable", _code(error))
                refusal = await self._sender(client, sender)
                if refusal is not None:
                    if reused and not client.is_connected:
                        continue  # the server had closed the connection while it lay idle
                    return refusal
                refusal = await self._recipient(client, recipient)
                if refusal is None and _is_over(deadline):
                    await self._give_back(client, reset=True)
                    return Handover("unavailable", TOO_LATE, "unclear")
                return refusal or await self._data(client, message)

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls == "at-once",
            start_tls=server.tls == "starttls",  # before the password, and refused without
            tls_context=self._tls_context,
            timeout=self._timeout,
        )
        turn(resting=_GREETING_STEPS * self._timeout)
        await client.connect()
        turn()
        return client

    async def _sender(self, client: aiosmtplib.SMTP, sender: str) -> Handover | None:
        """MAIL. Who is refused here is refused for every recipient; None: accepted."""
        try:
            await client.mail(sender)
            turn()
        except aiosmtplib.SMTPResponseException as error:
            await self._give_back(client, reset=True)
            return Handover("unavailable", _code(error))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            return Handover("unavailable", _code(error))
        return None

    async def _recipient(self, client: aiosmtplib.SMTP, recipient: str) -> Handover | None:
        """RCPT. Whatever fails here, nothing was handed over; None: accepted."""
        try:
            await client.rcpt(recipient)
            turn()
        except aiosmtplib.SMTPResponseException as error:
            await self._give_back(client, reset=True)
            return _refusal(error, is_recipients=True)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            return Handover("unavailable", _code(error), "unclear")
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
            return _refusal(error)
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


def _is_over(deadline: datetime | None) -> bool:
    return deadline is not None and clock.now() >= deadline


def _refusal(error: aiosmtplib.SMTPResponseException, *, is_recipients: bool = False) -> Handover:
    """The server's word on one recipient, or on itself (421; RFC 3463's 4.3: the mail system)."""
    code, status = _code(error), _status(error)
    if error.code in _NOT_LET_IN or status in OF_THE_SENDER:  # some ask for the sender only here
        return Handover("unavailable", code, status=status)
    if error.code >= _PERMANENT:
        return Handover("refused", code, status=status, is_recipients=is_recipients)
    if error.code == _CLOSING or error.code < _FOR_NOW:
        return Handover("unavailable", code, "unclear", status)
    is_servers = error.code in _NOT_NOW or status.startswith("4.3.")
    return Handover("unavailable", code, "server" if is_servers else "mailbox", status)


def _status(error: aiosmtplib.SMTPResponseException) -> str:
    """The enhanced code of a reply, of its own class: `550 5.1.1 no such user`."""
    match = STATUS.match(error.message.lstrip())
    return match[0] if match and match[0][0] == str(error.code)[:1] else ""


def _code(error: Exception) -> str:
    """A short reason without anything personal: servers repeat addresses in their texts."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"smtp-{error.code}"
    if "STARTTLS" in str(error):
        return "starttls-not-offered"
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "certificate-refused"
    return type(error).__name__
