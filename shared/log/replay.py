"""Going on with what was held back: events that waited, facts to be tried again."""

from collections import Counter
from collections.abc import Callable, Sequence

from shared.database import Database
from shared.errors import TookTooLong, is_retriable
from shared.events import Received
from shared.log import dead_letters, positions
from shared.log.forks import of_waiting
from shared.log.ordering import arrange
from shared.log.positions import Place, Skips, Waiting
from shared.log.subscriptions import RawSubscription, Subscription
from shared.process import telemetry

_BATCH_MAX = 1000
_SLOW_MAX = 3  # tries of one event that takes too long alone

log = telemetry.logger(__name__)


class Replayer:
    """Applies, per key and in order, what waits and no longer has to."""

    def __init__(
        self,
        db: Database,
        subscription: Subscription | RawSubscription,
        failed: Callable[[str, str], None],
    ) -> None:
        self._db = db
        self._subscription = subscription
        self._consumer = subscription.consumer
        self._failed = failed  # called with each tenant and key that fails; may stop the process
        self._batch_max = _BATCH_MAX  # smaller after time-outs: the batch may be why
        self._slow: Counter[tuple[Place, int]] = Counter()  # events that took too long alone

    async def run(self) -> None:
        if isinstance(self._subscription, RawSubscription):
            while await self._replay_one(self._subscription):
                pass
            return
        while places := await positions.resumable(self._db, self._consumer):
            # After the question: what it took for decided must be known to whoever applies.
            skips = await positions.load_skips(self._db, self._consumer)
            for place in places:
                await self._resume(self._subscription, place, skips)

    async def _resume(self, subscription: Subscription, place: Place, skips: Skips) -> None:
        """Everything of one key that can go on. A failing batch is halved down to its culprit."""
        limit = self._batch_max
        while limit:
            batch: list[Received] = []
            try:
                taken = await self._apply(subscription, place, limit, skips, batch)
            except Exception as error:
                if is_retriable(error) and not self._is_too_much(place, batch, error):
                    self._batch_max = max(1, self._batch_max // 2)
                    raise
                if not batch and is_retriable(error):
                    raise  # nothing was handed over: no message is to blame
                looked_at = min(limit, len(batch)) if batch else limit
                limit = looked_at // 2
                if looked_at == 1:  # not handed over: what waits can't be read any more
                    await self._put_aside(place, batch[0].sequence if batch else None, error)
            else:
                self._batch_max = min(_BATCH_MAX, self._batch_max * 2)
                if taken < limit:
                    return

    def _is_too_much(self, place: Place, batch: Sequence[Received], error: Exception) -> bool:
        """Whether it took too long, and would again. The machine may be at fault: one event is
        tried several times, and then holds up nobody else."""
        if not isinstance(error, TookTooLong) or not batch:
            return False
        if len(batch) > 1:
            return True
        event = (place, batch[0].sequence)
        self._slow[event] += 1
        if self._slow[event] < _SLOW_MAX:
            return False
        del self._slow[event]
        return True

    async def _apply(
        self,
        subscription: Subscription,
        place: Place,
        limit: int,
        skips: Skips,
        batch: list[Received],
    ) -> int:
        async with self._db.transaction() as session:
            heads = await positions.lock_heads(session, self._consumer, [place])
            stored = await positions.waiting_of(session, self._consumer, [place], limit)
            plan = arrange([], heads, stored, types=subscription.types, skips=skips)
            batch.extend(plan.fresh)
            if plan.fresh:
                await subscription.take(session, plan.fresh)
            await positions.save_heads(session, self._consumer, heads)
            await positions.delete_waiting(session, self._consumer, plan.taken_waiting)
            for fork in plan.forked:
                await dead_letters.insert_fork(session, self._consumer, fork, None)
        for fork in plan.forked:
            dead_letters.report_fork(self._consumer, fork)
        log.info("replay.resumed", consumer=self._consumer, events=len(plan.taken_waiting))
        return len(plan.taken_waiting)

    async def _put_aside(self, place: Place, number: int | None, error: Exception) -> None:
        """This waiting event of the key (None: the first) cannot be applied: put it aside again.

        Those before it were passed: their types are none of ours, or they were skipped.
        """
        log.error("replay.culprit", consumer=self._consumer, exc_info=error)
        tenant, _topic, key = place
        self._failed(tenant, f"{tenant}/{key}")
        async with self._db.transaction() as session:
            heads = await positions.lock_heads(session, self._consumer, [place])
            stored = await positions.waiting_of(session, self._consumer, [place], _BATCH_MAX)
            head, queue = heads[place], stored[place]
            if number is None:
                number = min(queue, default=0)
            if number not in queue or number <= head.sequence or head.is_parked:
                return
            passed = [n for n in queue if n < number]
            gone = [(place, n) for n in (*passed, number)]
            await positions.delete_waiting(session, self._consumer, gone)
            for other in sorted(n for n in passed if n > head.sequence):
                head.advance(other, of_waiting(queue[other].record))
            head.is_parked = True
            await positions.save_heads(session, self._consumer, heads)
            await dead_letters.insert(
                session, self._dead_letter(place, number, queue[number], error)
            )

    def _dead_letter(
        self, place: Place, number: int, item: Waiting, error: Exception
    ) -> dead_letters.NewDeadLetter:
        return dead_letters.NewDeadLetter(
            consumer=self._consumer,
            source="waiting",
            part=item.origin,
            position=number,
            topic=place[1],
            place=place,
            sequence=number,
            is_ordered=True,
            raw_key=item.record.key,
            value=item.record.value,
            headers=item.record.headers,
            reason=f"{type(error).__name__}: {error}",
        )

    async def _replay_one(self, subscription: RawSubscription) -> bool:
        """Try one fact from outside again. False when there is none left."""
        letter_id = None
        try:
            async with self._db.transaction() as session:
                for letter_id, record in await dead_letters.replays(session, self._consumer):
                    await subscription.take(session, [record])
                    await dead_letters.replayed(session, letter_id)
        except Exception as error:
            if is_retriable(error) or letter_id is None:
                raise
            async with self._db.transaction() as session:
                reason = f"{type(error).__name__}: {error}"
                await dead_letters.failed_again(session, letter_id, reason)
        return letter_id is not None
