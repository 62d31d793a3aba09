"""SMS over SMPP 3.4: one bind that is kept, messages side by side over it.

A bind that is lost is made anew, each time after a longer pause; until then every message is
`Later`. What was written and not answered is `Unknown`. Receipts and inbound messages come over the
same bind and are kept before the operator is told that we have them.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from services.outreach.channels.clients.carried import text_in_time
from services.outreach.channels.clients.channel_log import TextLog
from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.clients.smpp_session import (
    IDLE_SECONDS,
    NotBound,
    SmppSession,
    Smsc,
    Unanswered,
)
from services.outreach.channels.domain import smpp
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    Later,
    Refused,
    Sent,
    Unknown,
    Withdrawn,
)
from services.outreach.channels.domain.phone_numbers import caller
from services.outreach.channels.domain.smpp import OperatorDelivery, Pdu
from services.outreach.channels.domain.smpp_receipts import MessageIds, part_id, read_receipt
from services.outreach.channels.domain.sms_parts import (
    InboundPart,
    SentPart,
    SentText,
)
from services.outreach.channels.domain.sms_text import SmsText
from shared import clock
from shared.addresses import BadUrl
from shared.errors import Unavailable
from shared.process import telemetry
from shared.process.failures import note_failure
from shared.process.tasks import end, first

WINDOW: Final = 10  # messages that wait for their answers at once
BACKOFF_SECONDS: Final = 1.0
BACKOFF_SECONDS_MAX: Final = 60.0
STEADY_SECONDS: Final = 30.0  # a bind that lived for so long begins with the short pause again
PART_TRIES: Final = 5  # of a part whose message has begun to leave
PART_PAUSE_SECONDS: Final = 1.0
_REPEAT_SECONDS: Final = 600  # within which the same words can be a repeat of the operator's
_LATER = frozenset({smpp.SYSTEM_ERROR, smpp.QUEUE_FULL, smpp.THROTTLED})

log = telemetry.logger(__name__)


@dataclass(frozen=True)
class SmppSettings:
    """A provider of a tenant."""

    tenant: str
    provider: str
    smsc: Smsc
    sender: str
    ids: MessageIds = "text"
    segments_max: int = 4
    idle_seconds: float = IDLE_SECONDS


class SmppChannel:
    """SMS through one operator's account."""

    def __init__(self, settings: SmppSettings, texts: TextLog) -> None:
        self._settings = settings
        self._texts = texts
        self._window = asyncio.Semaphore(WINDOW)
        self._session: SmppSession | None = None
        self._attempt: asyncio.Future[SmppSession] | None = None
        self._fault = "smpp-not-bound"
        self._keeper: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._afterwards: set[asyncio.Task[None]] = set()
        self._acknowledged: Counter[str] = Counter()
        self._reference = secrets.randbelow(256)

    def listen(self) -> None:
        """Be bound from now on, also for what comes in while nothing goes out."""
        if self._keeper is None and not self._ending.is_set():
            self._keeper = asyncio.create_task(self._stay_bound())

    @property
    def is_bound(self) -> bool:
        return self._session is not None and self._session.is_open

    async def send(self, intent: Intent) -> Sent:
        async with self._window:
            try:
                session = await self._bound()
            except NotBound as error:
                return Later(error.code)
            sms = await text_in_time(intent, self._settings.segments_max)
            if not isinstance(sms, SmsText):
                return sms
            return await self._submit(session, intent, sms)

    async def find(self, intent: Intent) -> Found:
        """Asks for the parts of which an id is known."""
        settings = self._settings
        known = intent.provider_id.split(",") if intent.provider_id else ()
        try:
            ids: Sequence[str] = known or await self._texts.message_ids(
                settings.tenant, settings.provider, intent.contact_id
            )
            if not ids:
                return CannotSay()
            session = await self._bound()
            for message_id in ids:
                body = smpp.query_body(message_id, settings.sender)
                answer = await session.ask(smpp.QUERY_SM, body)
                if answer.command == smpp.QUERY_SM | smpp.RESPONSE and answer.status == smpp.OK:
                    return Accepted(",".join(ids), len(ids))
        except (NotBound, Unanswered):
            pass
        return CannotSay()

    async def close(self) -> None:
        self._ending.set()
        if self._keeper is not None:
            await end([self._keeper])
        if self._session is not None:
            await self._session.close()
        if self._afterwards:
            await asyncio.wait(self._afterwards, timeout=1)
            await end(self._afterwards)

    # The bind

    async def _bound(self) -> SmppSession:
        """Raises `NotBound`; waits for an attempt that is under way, and for no further one."""
        if self._ending.is_set():
            raise NotBound("smpp-not-bound")
        if self._session is not None and self._session.is_open:
            return self._session
        if self._keeper is None:
            self._attempt = asyncio.get_running_loop().create_future()
            self.listen()
        if self._attempt is None:
            raise NotBound(self._fault)
        return await asyncio.shield(self._attempt)

    async def _stay_bound(self) -> None:
        pause = BACKOFF_SECONDS
        while not self._ending.is_set():
            began = clock.monotonic()
            session = await self._try_to_bind()
            if session is not None:
                await session.closed.wait()
                await session.close()
                if clock.monotonic() - began >= STEADY_SECONDS:
                    pause = BACKOFF_SECONDS
            await first(self._ending.wait(), timeout=pause * (1 - secrets.randbelow(500) / 1000))
            pause = min(2 * pause, BACKOFF_SECONDS_MAX)

    async def _try_to_bind(self) -> SmppSession | None:
        attempt = self._attempt or asyncio.get_running_loop().create_future()
        self._attempt = attempt
        settings = self._settings
        try:
            session = await SmppSession.open(
                settings.smsc, self._taken, idle_seconds=settings.idle_seconds
            )
        except NotBound as error:
            self._fault = error.code
            log.warning(
                "smpp not bound",
                tenant=settings.tenant,
                provider=settings.provider,
                reason=error.code,
            )
            attempt.set_exception(error)
            attempt.exception()  # seen, if nobody waits for it
            return None
        except BaseException as error:
            attempt.set_exception(NotBound("smpp-not-bound"))
            attempt.exception()
            if not isinstance(error, Exception):
                raise
            note_failure("outreach", "smpp", error, provider=settings.provider)
            return None
        finally:
            self._attempt = None
        self._session = session
        attempt.set_result(session)
        return session

    # What goes out

    async def _submit(self, session: SmppSession, intent: Intent, sms: SmsText) -> Sent:
        """Part after part. Nothing has left until the first is written."""
        self._reference = (self._reference + 1) % 256
        bodies = smpp.submit_bodies(sms, self._settings.sender, intent.to, self._reference)
        kept: list[SentPart] = []
        result: Sent = Unknown("smpp-nothing-written")
        try:
            for number, body in enumerate(bodies, 1):
                result = await self._part(session, intent, sms, number, body)
                if isinstance(result, Accepted):
                    kept.append(self._sent_part(number, result.provider_id))
                    continue
                if number == 1 or isinstance(result, Unknown):
                    return result
                # What has begun cannot be called back: an incomplete message is a failed one.
                kept.append(_missing_part(intent, number, result))
                break
        finally:
            if kept:
                await self._keep(intent, sms, kept)
        ids = [part.message_id for part in kept if part.message_id]
        return Accepted(",".join(ids), len(ids))

    async def _part(
        self, session: SmppSession, intent: Intent, sms: SmsText, number: int, body: bytes
    ) -> Accepted | Refused | Later | Unknown:
        """One part; of a message that has begun to leave, with some patience."""
        tries = 1 if number == 1 else PART_TRIES
        result: Accepted | Refused | Later | Unknown = Later(self._fault)
        for attempt in range(tries):
            if attempt:
                await first(self._ending.wait(), timeout=PART_PAUSE_SECONDS)
            try:
                if number > 1:
                    session = await self._bound()
                answer = await session.ask(
                    smpp.SUBMIT_SM, body, late=lambda pdu: self._came_late(intent, sms, number, pdu)
                )
            except NotBound as error:
                result = Later(error.code)
                continue
            except Unanswered as error:
                return Unknown(error.code)
            result = _result(answer)
            if not isinstance(result, Later):
                break
        return result

    def _sent_part(self, number: int, message_id: str) -> SentPart:
        return SentPart(number, part_id(message_id, self._settings.ids), message_id)

    def _came_late(self, intent: Intent, sms: SmsText, number: int, answer: Pdu) -> None:
        """The operator took it after all: its receipts will find the contact."""
        result = _result(answer)
        if isinstance(result, Accepted):
            part = self._sent_part(number, result.provider_id)
            self._do_afterwards(self._keep(intent, sms, [part]))

    async def _keep(self, intent: Intent, sms: SmsText, parts: Sequence[SentPart]) -> None:
        """What left has left, whether we can write it down or not."""
        settings = self._settings
        text = SentText(
            settings.tenant,
            settings.provider,
            intent.contact_id,
            intent.callback_token,
            sms.segments,
            tuple(parts),
        )
        try:
            await self._texts.submitted(text)
        except Exception as error:  # noqa: BLE001 - its receipts are lost, the message is not
            note_failure("outreach", "smpp", error, provider=settings.provider)

    def _do_afterwards(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._afterwards.add(task)
        task.add_done_callback(self._afterwards.discard)

    # What comes in

    async def _taken(self, delivery: OperatorDelivery) -> int:
        settings, now = self._settings, clock.now()
        if delivery.is_receipt:
            receipt = read_receipt(delivery, settings.ids, now)
            if receipt is not None:
                await self._texts.received(settings.tenant, settings.provider, receipt)
            return smpp.OK
        part = self._inbound(delivery, now)
        await self._texts.arrived(part)
        self._acknowledge(part, now)
        return smpp.OK

    def _inbound(self, delivery: OperatorDelivery, now: datetime) -> InboundPart:
        from_, to = caller(delivery.source), caller(delivery.destination)
        if delivery.parts > 1:
            key = f"{from_} {to} {delivery.reference} {delivery.parts}"
        else:
            key = self._key(from_, to, delivery, now)
        return InboundPart(
            self._settings.tenant,
            self._settings.provider,
            from_,
            to,
            delivery.text.replace("\0", ""),
            now,
            key,
            delivery.part,
            delivery.parts,
        )

    def _key(self, from_: str, to: str, delivery: OperatorDelivery, now: datetime) -> str:
        """Messages have no id in SMPP. The same words are the same message where the operator may
        not know that we have it; once it was told so, they are written anew."""
        window = int(now.timestamp()) // _REPEAT_SECONDS
        content = b"\0".join((from_.encode(), to.encode(), delivery.message))
        digest = f"{sha256(content).hexdigest()}-{window}"
        return f"{digest}-{self._acknowledged[digest]}"

    def _acknowledge(self, part: InboundPart, now: datetime) -> None:
        if part.total > 1:
            return
        window = f"-{int(now.timestamp()) // _REPEAT_SECONDS}"
        digest = part.key.rpartition("-")[0]
        if not all(key.endswith(window) for key in self._acknowledged):
            self._acknowledged = Counter(
                {k: n for k, n in self._acknowledged.items() if k.endswith(window)}
            )
        self._acknowledged[digest] += 1


def open_smpp(texts: TextLog, setup: ProviderSetup) -> SmppChannel:
    """Of a provider of the kind `smpp`. Raises `Unavailable`."""
    provider = setup.provider
    try:
        smsc = Smsc.from_url(setup.secret)
    except BadUrl as error:
        raise Unavailable(f"the variable {provider.secret} {error}") from error
    settings = SmppSettings(
        setup.tenant,
        setup.name,
        smsc,
        provider.from_ or "",
        provider.message_ids,
        provider.segments_max,
    )
    return SmppChannel(settings, texts)


def _result(answer: Pdu) -> Accepted | Refused | Later | Unknown:
    """What an operator's answer to a message means."""
    code = f"smpp-0x{answer.status:02X}"
    if answer.status == smpp.OK:
        return Accepted(smpp.response_id(answer.body))
    if answer.status in _LATER:
        return Later(code)
    return Refused(code, is_address_dead=answer.status == smpp.BAD_DESTINATION)


def _missing_part(intent: Intent, number: int, result: Refused | Later | Withdrawn) -> SentPart:
    code = result.code if isinstance(result, Refused | Later) else "withdrawn"
    return SentPart(number, f"{intent.contact_id}/{number}", "", failure=code)
