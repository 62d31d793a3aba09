"""One connection to an operator's SMSC, bound as a transceiver, for as long as it lives.

It tells of each message whether it was written at all: what was not has surely not left. Requests
and answers pass each other freely; what the operator delivers is taken one after the other.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from services.outreach.channels.domain import smpp
from services.outreach.channels.domain.smpp import OperatorDelivery, Pdu
from shared.addresses import BadUrl, read_url
from shared.process import telemetry
from shared.process.failures import note_failure
from shared.process.tasks import end

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 10.0  # then how a message ended is not known
IDLE_SECONDS = 30.0  # without a word from the operator; then it is asked whether it is there
DELIVERIES_MAX = 500  # that wait to be taken; the operator waits with further ones
_SEQUENCE_MAX = 0x7FFFFFFF
_SYSTEM_ID_MAX, _PASSWORD_MAX, _SYSTEM_TYPE_MAX = 15, 8, 12  # bytes, of SMPP 3.4

log = telemetry.logger(__name__)

# Takes what the operator delivers; gives the status that the operator is told.
TakeDelivery = Callable[[OperatorDelivery], Awaitable[int]]


class NotBound(Exception):
    """There is no connection to write to. Nothing was written."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unanswered(Exception):
    """It was written, and no answer came."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Smsc:
    """An operator, from `smpp://system_id:password@host:port` (`smpps://`: over TLS).

    `?system_type=…` where the operator wants one, `?cafile=…` names the authorities to trust.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    is_tls: bool = False
    ca_file: str | None = None

    @classmethod
    def from_url(cls, text: str) -> Self:
        """Raises `BadUrl`."""
        query = ("system_type", "cafile", "tls")
        url = read_url(text, ("smpp", "smpps"), query=query, has_path=False)
        is_tls = url.scheme == "smpps"
        if not is_tls and not url.is_here and url.query.get("tls") != "none":
            raise BadUrl("is not encrypted; it must be smpps://, or say ?tls=none")
        if is_tls and "tls" in url.query:
            raise BadUrl("has ?tls=, and smpps:// begins with TLS")
        system_type = url.query.get("system_type", "")
        user, password = url.user or "", url.password or ""
        limits = (
            ("user", user, _SYSTEM_ID_MAX),
            ("password", password, _PASSWORD_MAX),
            ("system_type", system_type, _SYSTEM_TYPE_MAX),
        )
        for name, value, most in limits:
            if len(value) > most or not value.isascii():
                raise BadUrl(f"has a {name} that SMPP cannot carry: at most {most} plain letters")
        if not user:
            raise BadUrl("names no user (…//system_id:password@host)")
        return cls(
            host=url.host,
            port=url.port or (3550 if is_tls else 2775),
            system_id=user,
            password=password,
            system_type=system_type,
            is_tls=is_tls,
            ca_file=url.query.get("cafile"),
        )

    def encryption(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca_file) if self.is_tls else None


@dataclass
class _Question:
    """A request that waits for its answer; `late` is told of one that comes after its time."""

    answer: asyncio.Future[Pdu]
    late: Callable[[Pdu], None] | None = None


class SmppSession:
    """A bound connection. Once closed, another one has to be opened."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        take: TakeDelivery,
        idle_seconds: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._take = take
        self._idle_seconds = idle_seconds
        self._questions: dict[int, _Question] = {}
        self._deliveries: asyncio.Queue[Pdu] = asyncio.Queue(DELIVERIES_MAX)
        self._sequence = 0
        self._heard = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.closed = asyncio.Event()

    @classmethod
    async def open(
        cls, smsc: Smsc, take: TakeDelivery, *, idle_seconds: float = IDLE_SECONDS
    ) -> Self:
        """Raises `NotBound`."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(
                    smsc.host, smsc.port, ssl=smsc.encryption()
                )
        except (OSError, ValueError) as error:
            raise NotBound(f"smpp-{type(error).__name__}") from error
        session = cls(reader, writer, take, idle_seconds)
        try:
            await session._bind(smsc)
        except BaseException:
            writer.close()
            raise
        session._tasks = [
            asyncio.create_task(session._read()),
            asyncio.create_task(session._deliver()),
            asyncio.create_task(session._stay()),
        ]
        return session

    @property
    def is_open(self) -> bool:
        return not self.closed.is_set()

    async def ask(
        self, command: int, body: bytes, *, late: Callable[[Pdu], None] | None = None
    ) -> Pdu:
        """The operator's answer. Raises `NotBound` (surely not written) or `Unanswered`."""
        if not self.is_open or self._writer.is_closing():
            self._close()
            raise NotBound("smpp-not-bound")
        sequence = self._next()
        question = _Question(asyncio.get_running_loop().create_future())
        self._questions[sequence] = question
        self._write(Pdu(command, smpp.OK, sequence, body))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await asyncio.shield(question.answer)
        except TimeoutError:
            question.late = late
            raise Unanswered("smpp-no-answer") from None
        except BaseException:
            self._questions.pop(sequence, None)
            raise

    async def close(self) -> None:
        """Say goodbye; waits for nothing."""
        if self.is_open:
            self._write(Pdu(smpp.UNBIND, smpp.OK, self._next(), b""))
        self._close()
        await end(self._tasks)

    async def _bind(self, smsc: Smsc) -> None:
        self._writer.write(
            smpp.bind_pdu(smsc.system_id, smsc.password, smsc.system_type, self._next())
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._pdu()
        except (OSError, asyncio.IncompleteReadError, smpp.BadPdu) as error:
            raise NotBound(f"smpp-bind-{type(error).__name__}") from error
        if answer.command != smpp.BIND_TRANSCEIVER | smpp.RESPONSE or answer.status != smpp.OK:
            raise NotBound(f"smpp-bind-0x{answer.status:02X}")

    def _next(self) -> int:
        self._sequence = self._sequence % _SEQUENCE_MAX + 1
        return self._sequence

    def _write(self, pdu: Pdu) -> None:
        try:
            self._writer.write(pdu.written())
        except (OSError, RuntimeError):  # a transport that is closed already
            self._close()

    async def _pdu(self) -> Pdu:
        length, pdu = smpp.read_header(await self._reader.readexactly(smpp.HEADER_LENGTH))
        body = await self._reader.readexactly(length)
        return Pdu(pdu.command, pdu.status, pdu.sequence, body)

    async def _read(self) -> None:
        """Until the connection ends."""
        try:
            while True:
                pdu = await self._pdu()
                self._heard.set()
                if pdu.is_response:
                    self._answered(pdu)
                elif pdu.command == smpp.DELIVER_SM:
                    await self._deliveries.put(pdu)
                elif not self._noticed(pdu):
                    return
        except (OSError, asyncio.IncompleteReadError, smpp.BadPdu) as error:
            log.info("smpp connection lost", reason=type(error).__name__)
        finally:
            self._close()

    def _noticed(self, pdu: Pdu) -> bool:
        """False: the operator says goodbye."""
        if pdu.command in (smpp.ENQUIRE_LINK, smpp.UNBIND):
            self._write(Pdu(pdu.command | smpp.RESPONSE, smpp.OK, pdu.sequence, b""))
            return pdu.command != smpp.UNBIND
        if pdu.command != smpp.ALERT_NOTIFICATION:  # which has no answer
            self._write(Pdu(smpp.GENERIC_NACK, smpp.BAD_COMMAND, pdu.sequence, b""))
        return True

    def _answered(self, pdu: Pdu) -> None:
        question = self._questions.pop(pdu.sequence, None)
        if question is None:
            return
        if question.late is not None:
            question.late(pdu)
        elif not question.answer.done():
            question.answer.set_result(pdu)

    async def _deliver(self) -> None:
        """One after the other, so that a receipt never overtakes another one."""
        while True:
            pdu = await self._deliveries.get()
            status = await self._taken(pdu)
            answer = smpp.DELIVER_SM | smpp.RESPONSE
            self._write(Pdu(answer, status, pdu.sequence, b"\0"))

    async def _taken(self, pdu: Pdu) -> int:
        try:
            return await self._take(smpp.read_delivery(pdu.body))
        except smpp.BadBody:
            return smpp.PERMANENT_FAILURE
        except Exception as error:  # noqa: BLE001 - whatever it is, the others have their turn
            note_failure("outreach", "smpp", error)
            return smpp.TEMPORARY_FAILURE

    async def _stay(self) -> None:
        """Ask an operator who is silent whether it is there."""
        while self.is_open:
            self._heard.clear()
            try:
                async with asyncio.timeout(self._idle_seconds):
                    await self._heard.wait()
            except TimeoutError:
                try:
                    await self.ask(smpp.ENQUIRE_LINK, b"")
                except (NotBound, Unanswered):
                    log.info("smpp connection lost", reason="silent")
                    self._close()

    def _close(self) -> None:
        """Whoever waits for an answer gets none any more."""
        if self.closed.is_set():
            return
        self.closed.set()
        self._writer.close()
        questions, self._questions = self._questions, {}
        for question in questions.values():
            if not question.answer.done():
                question.answer.set_exception(Unanswered("smpp-link-lost"))
                question.answer.exception()  # seen, if nobody waits any more
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
