"""How events come in: one loop over either source, effectively once, in each key's order.

One transaction per slice: the position moves by compare-and-set, repeats are dropped, the rest is
handed over as one ordered batch. A retriable failure repeats the slice; a permanent one halves it
until the culprit stands alone, and so does one of taking too long.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from shared.database import Database, Session
from shared.errors import TookTooLong, is_retriable
from shared.log import dead_letters, forks, positions
from shared.log.failure_limit import BadCode, FailureLimit, shown
from shared.log.ordering import Arranged, Item, arrange, numbers_of, places_of, read_item
from shared.log.positions import Place, Position, Skips
from shared.log.replay import Replayer
from shared.log.sources import OutboxSource, Slice, Source, halves
from shared.log.subscriptions import RawSubscription, Subscription
from shared.log.wire import OutboxRow, RawRecord, Record, as_raw, dead_form
from shared.process import telemetry
from shared.process.crash import crash_point
from shared.process.parts import turn, working
from shared.process.tasks import first, pause, together

__all__ = [
    "BadCode",
    "OutboxSource",
    "RawRecord",
    "RawSubscription",
    "Source",
    "Subscription",
    "run_consumer",
]

SLICE_RECORDS_MAX = 1000
_POLL_SECONDS = 0.25
_TICK_SECONDS = 1.0
_BACKOFF_SECONDS_MIN = 0.2
_BACKOFF_SECONDS_MAX = 30.0
_TRIES_MAX = 3  # of a slice as it is; then it may be its size that time-outs do not let pass

log = telemetry.logger(__name__)

_T = TypeVar("_T")


class _Fenced(Exception):
    """Someone else moved our position; what we hold is theirs."""


async def run_consumer(
    db: Database,
    subscription: Subscription | RawSubscription,
    sources: Sequence[Source],
    *,
    stop: asyncio.Event,
) -> None:
    """Take in events until `stop`. Raises `BadCode`, and whatever a source cannot recover from."""
    loop = _Loop(db, subscription, stop)
    try:
        await together(*loop.parts(sources))
    finally:
        for source in sources:
            await source.close()


@dataclass(frozen=True)
class _Attempt:
    slice: Slice
    is_alone: bool = False  # without what waits behind it
    failure: BaseException | None = None  # the culprit: put it aside
    tries: int = 0  # that failed, and may succeed a little later


class _Loop:
    def __init__(
        self, db: Database, subscription: Subscription | RawSubscription, stop: asyncio.Event
    ) -> None:
        self._db = db
        self._subscription = subscription
        self._consumer = subscription.consumer
        self._stop = stop
        self._skips = Skips(frozenset(), frozenset())
        self._turn = asyncio.Lock()  # sources are polled side by side and applied in turn
        self._failure_limit = FailureLimit(subscription.consumer)
        self._replayer = Replayer(db, subscription, self._failure_limit.add)
        self._replay_now = asyncio.Event()

    # ------------------------------------------------------------------ the three kinds of part

    def parts(self, sources: Sequence[Source]) -> list[Coroutine[Any, Any, None]]:
        """What runs side by side, each under its name."""
        consumer, service = self._consumer, self._service
        works = [working(service, f"replay {consumer}", self.replay())]
        for source in sources:
            what = f"{consumer} {' '.join(source.topics)}"
            works.append(working(service, f"read {what}", self.read(source)))
            works.append(working(service, f"maintain {what}", self.maintain(source)))
        return works

    async def read(self, source: Source) -> None:
        await self._until_it_works(source, lambda: self._open(source))
        while not self._stop.is_set():
            turn()
            polled = await self._until_it_works(
                source, lambda: source.poll(SLICE_RECORDS_MAX, _POLL_SECONDS)
            )
            if polled is not None:
                async with self._alone():
                    await self._take_in(source, await source.id(), polled)

    async def replay(self) -> None:
        """Go on with what waits and no longer has to: at the start, and after operators decided."""
        while not self._stop.is_set():
            turn(resting=_TICK_SECONDS)
            self._replay_now.clear()
            try:
                self._skips = await positions.load_skips(self._db, self._consumer)
                async with self._alone():
                    await self._replayer.run()
            except Exception as error:
                if not is_retriable(error):
                    raise
                log.warning("replay.retry", consumer=self._consumer, error=str(error))
            await first(self._stop.wait(), self._replay_now.wait(), timeout=_TICK_SECONDS)

    async def maintain(self, source: Source) -> None:
        """Keep the source in order, and note when an intake stood at its ends (docs/log.md)."""
        while not self._stop.is_set():
            try:
                ends = await source.maintain()
                if ends is not None and isinstance(self._subscription, RawSubscription):
                    await positions.note_caught_up(
                        self._db, self._consumer, await source.id(), ends.by_part, ends.at
                    )
            except Exception as error:
                if not is_retriable(error):
                    raise
                log.warning("source.maintain_failed", consumer=self._consumer, error=str(error))
            await self._pause(_TICK_SECONDS)

    async def _open(self, source: Source) -> None:
        await self._failure_limit.load(self._db)

        async def load(source_id: str, parts: Sequence[str]) -> dict[str, Position]:
            self._skips = await positions.load_skips(self._db, self._consumer)
            return await positions.load(self._db, self._consumer, source_id, parts)

        await source.open(load)

    # ------------------------------------------------------------------ one slice

    async def _take_in(self, source: Source, source_id: str, polled: Slice) -> None:
        """Apply a slice, in parts if need be, until every part is dealt with."""
        attempts, backoff = [_Attempt(polled)], _BACKOFF_SECONDS_MIN
        while attempts and not self._stop.is_set():
            attempt = attempts.pop()
            try:
                if attempt.failure is None:
                    await self._apply(source, source_id, attempt)
                else:
                    await self._put_aside(source, source_id, attempt)
            except _Fenced:
                log.info("consume.fenced", consumer=self._consumer, source=source_id)
                await self._until_it_works(source, source.rewind)
                return
            except BadCode:
                raise
            except Exception as error:  # whatever `take` raises decides about its messages only
                if is_retriable(error):
                    self._count_retry(source, error, backoff)
                    again = self._again(source, attempt, error)
                    attempts.extend(again)
                    if isinstance(error, TookTooLong) and again[0].slice is not attempt.slice:
                        continue  # it is less now: nothing has to come back first
                    await self._pause(backoff)
                    backoff = min(backoff * 2, _BACKOFF_SECONDS_MAX)
                elif attempt.failure is not None:
                    raise
                else:
                    attempts.extend(self._narrow(source, attempt, error))
            else:
                backoff = _BACKOFF_SECONDS_MIN

    def _again(self, source: Source, attempt: _Attempt, error: Exception) -> list[_Attempt]:
        """The same again; what failed often enough, in parts.

        What took too long goes in parts at once. One message that does so alone is tried again, as
        the machine may be at fault; it can't pass for ever, so it's put aside then.
        """
        tries = attempt.tries + 1
        is_slow = isinstance(error, TookTooLong) and attempt.failure is None
        is_one = len(attempt.slice.records) == 1
        if is_slow and (tries >= _TRIES_MAX or not is_one):
            return self._narrow(source, attempt, error)
        if tries >= _TRIES_MAX and (parts := self._parts(source, attempt)):
            return parts
        return [replace(attempt, tries=tries)]

    def _narrow(self, source: Source, attempt: _Attempt, error: Exception) -> list[_Attempt]:
        """What to try instead of an attempt that can never succeed."""
        if parts := self._parts(source, attempt):
            return parts
        log.error("consume.culprit", consumer=self._consumer, exc_info=error)
        return [_Attempt(attempt.slice, failure=error)]

    def _parts(self, source: Source, attempt: _Attempt) -> list[_Attempt]:
        """An attempt in smaller ones, the last first. None: it is as small as can be."""
        if len(attempt.slice.records) > 1:
            first, second = halves(source, attempt.slice)
            return [_Attempt(second), _Attempt(first)]
        if attempt.is_alone or attempt.failure is not None:
            return []
        self._replay_now.set()
        return [_Attempt(attempt.slice, is_alone=True)]

    async def _apply(self, source: Source, source_id: str, attempt: _Attempt) -> None:
        polled, applied = attempt.slice, 0
        async with self._db.transaction() as session:
            await self._move(session, source, source_id, polled)
            if isinstance(self._subscription, RawSubscription):
                plan, applied = None, len(polled.records)
                if applied:
                    await self._subscription.take(session, [as_raw(r) for r in polled.records])
            else:
                plan = await self._arrange(session, source, source_id, attempt)
                applied = len(plan.fresh)
                if applied:
                    await self._subscription.take(session, plan.fresh)
            if applied:
                await self._failure_limit.note_applied(session)
            crash_point("consume.before_commit")
        crash_point("consume.after_commit")
        if applied:
            self._failure_limit.clear()
        if plan is not None:
            self._report(plan)
            for item in plan.unreadable:
                if item.address is not None and not applied:
                    tenant, key = item.address.tenant, item.address.key
                    self._failure_limit.add(tenant, f"{tenant}/{key}")

    async def _move(self, session: Session, source: Source, source_id: str, polled: Slice) -> None:
        rows = [record for record in polled.records if isinstance(record, OutboxRow)]
        last_ids = {source.place(row)[0]: row.id for row in rows}  # the last of each part wins
        if not await positions.move(session, self._consumer, source_id, polled.moves, last_ids):
            raise _Fenced

    async def _arrange(
        self, session: Session, source: Source, source_id: str, attempt: _Attempt
    ) -> Arranged:
        """Decide what is to be applied, and write down everything else."""
        assert isinstance(self._subscription, Subscription)
        items = [read_item(record) for record in attempt.slice.records]
        if self._skips.placed:
            items = [self._with_skip(source, source_id, item) for item in items]
        heads = await positions.lock_heads(session, self._consumer, places_of(items))
        stored = {}
        waiting = [p for p, head in heads.items() if head.has_waiting and not head.is_parked]
        if waiting and not attempt.is_alone:
            stored = await positions.waiting_of(session, self._consumer, waiting, SLICE_RECORDS_MAX)
        others = {p for p, head in heads.items() if head.has_waiting and p not in stored}
        held = await positions.waiting_at(session, self._consumer, numbers_of(items, others))
        types = self._subscription.types
        plan = arrange(items, heads, stored, types=types, skips=self._skips, held=held)
        await positions.save_heads(session, self._consumer, heads)
        await positions.put_waiting(
            session, self._consumer, [(key[0], item) for key, item in plan.new_waiting.items()]
        )
        await positions.delete_waiting(session, self._consumer, plan.taken_waiting)
        for fork in plan.forked:
            where = None if fork.origin else (source_id, *source.place(fork.record))
            await dead_letters.insert_fork(session, self._consumer, fork, where)
        for item in plan.unreadable:
            place = number = None
            if (found := item.address) is not None:
                place, number = (found.tenant, item.record.topic, found.key), found.sequence
            letter = self._dead_letter(source, source_id, item.record, place, number, item.reason)
            await dead_letters.insert(session, letter)
        return plan

    def _with_skip(self, source: Source, source_id: str, item: Item) -> Item:
        event = item.event
        place = (source_id, *source.place(item.record)) if event is None else forks.skip_of(event)
        is_skipped = place in self._skips.placed
        return Item(item.record, item.event, item.reason, item.address, is_skipped)

    # ------------------------------------------------------------------ what failed

    async def _put_aside(self, source: Source, source_id: str, attempt: _Attempt) -> None:
        """Put the culprit aside and park its key; what follows it waits."""
        record = attempt.slice.records[0]
        if isinstance(self._subscription, RawSubscription):
            event, tenant = None, _tenant_of(self._subscription, as_raw(record))
        else:
            event = read_item(record).event
            tenant = None if event is None else event.tenant
        raw_key, _ = dead_form(record)
        self._failure_limit.add(tenant, shown(raw_key))
        place = number = None
        async with self._db.transaction() as session:
            await self._move(session, source, source_id, attempt.slice)
            if event is not None:
                place, number = (event.tenant, event.topic, event.key), event.sequence
                heads = await positions.lock_heads(session, self._consumer, [place])
                heads[place].is_parked = True
                await positions.save_heads(session, self._consumer, heads)
            reason = f"{type(attempt.failure).__name__}: {attempt.failure}"
            await dead_letters.insert(
                session,
                self._dead_letter(source, source_id, record, place, number, reason, tenant),
            )
        self._count(record.topic, "dead", 1)
        telemetry.DEAD_LETTERS.labels(self._service, self._consumer, record.topic).inc()

    def _dead_letter(
        self,
        source: Source,
        source_id: str,
        record: Record,
        place: Place | None,
        number: int | None,
        reason: str,
        tenant: str | None = None,
    ) -> dead_letters.NewDeadLetter:
        return dead_letters.letter_of(
            record,
            consumer=self._consumer,
            where=(source_id, *source.place(record)),
            tenant=tenant,
            place=place,
            sequence=number,
            is_ordered=isinstance(self._subscription, Subscription),
            reason=reason,
        )

    # ------------------------------------------------------------------ waiting and counting

    async def _until_it_works(self, source: Source, call: Callable[[], Awaitable[_T]]) -> _T | None:
        """What `call` gives, tried again as long as it may help; None once stopped."""
        backoff = _BACKOFF_SECONDS_MIN
        while not self._stop.is_set():
            try:
                return await call()
            except Exception as error:
                if not is_retriable(error):
                    raise
                self._count_retry(source, error, backoff)
                await self._pause(backoff)
                backoff = min(backoff * 2, _BACKOFF_SECONDS_MAX)
        return None

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One part at a time applies. However long that takes, who waits for it is well."""
        turn(resting=math.inf)
        async with self._turn:
            turn()
            yield

    async def _pause(self, seconds: float) -> None:
        await pause(self._stop, seconds)

    @property
    def _service(self) -> str:
        return telemetry.current_service.get() or self._consumer.partition(".")[0]

    def _count(self, topic: str, result: str, events: int) -> None:
        telemetry.CONSUMED_EVENTS.labels(self._service, self._consumer, topic, result).inc(events)

    def _count_retry(self, source: Source, error: Exception, backoff: float) -> None:
        log.warning("consume.retry", consumer=self._consumer, error=str(error), seconds=backoff)
        for topic in source.topics:
            telemetry.CONSUME_RETRIES.labels(self._service, self._consumer, topic).inc()

    def _report(self, plan: Arranged) -> None:
        for event in plan.fresh:
            plan.count(event.topic, "applied")
        for (topic, result), events in plan.results.items():
            self._count(topic, result, events)
        for item in plan.unreadable:
            log.error("consume.unreadable", consumer=self._consumer, reason=item.reason)
            telemetry.DEAD_LETTERS.labels(self._service, self._consumer, item.record.topic).inc()
        for fork in plan.forked:
            dead_letters.report_fork(self._consumer, fork)
        if plan.new_waiting:
            log.error("consume.parked", consumer=self._consumer, events=len(plan.new_waiting))


def _tenant_of(subscription: RawSubscription, record: RawRecord) -> str | None:
    try:
        return subscription.tenant_of(record)
    except Exception:  # noqa: BLE001 - it failed once already; whose it is can't be told
        return None
