"""Go through populations, slice by slice, until nothing is left to re-score.

While a slice is written the next one is scored in a compute process and the one after it is read:
three slices are in memory, whatever the population. Each is a transaction of its own, which trusts
what was done ahead only as far as it still holds (`commands.rescoring`).
"""

import asyncio
from collections import deque
from typing import NamedTuple

from services.segmentation.commands.rescoring import (
    SLICE_ACCOUNTS,
    ReadSlice,
    ScoredSlice,
    read_slice,
    rescore_slice,
    score_slice,
    terms_of,
)
from services.segmentation.context import Context
from services.segmentation.domain.rescoring import PackedRules, pack_rules
from services.segmentation.domain.rules import Rules
from services.segmentation.store import rescoring as store
from shared import clock
from shared.errors import Unavailable
from shared.log.lag import LagItem, LagReport, show
from shared.log.runtime import Runtime
from shared.process.failures import note_failure
from shared.process.tasks import end

PUT_ASIDE_SECONDS = 60.0  # a tenant whose slice failed for good
RETRY_SECONDS = 2.0  # one whose slice may succeed a little later
SLICES_AHEAD = 2  # of the one that is written
JOBS_MAX = 100  # looked at for one to work on


class Rescorer:
    """Takes slices; a tenant whose slice fails for good waits a while, and spares the others.

    Any number of workers may run one. A job whose cursor moves between two looks is in good hands;
    one that stands still is anybody's.
    """

    def __init__(self, context: Context, *, size: int = SLICE_ACCOUNTS) -> None:
        self._context = context
        self._size = size
        self._aside: dict[str, float] = {}  # tenants, until when
        self._cursors: dict[tuple[str, int], str] = {}  # of open jobs, as they were seen last
        self._ahead: _Ahead | None = None

    async def take_slice(self) -> bool:
        """Whether there was one."""
        now = clock.monotonic()
        self._aside = {tenant: end for tenant, end in self._aside.items() if end > now}
        job = await self._choose()
        if job is None:
            await self.close()
            return False
        try:
            done = await self._work_on(job)
        except BaseException as error:
            await self.close()
            if not isinstance(error, Exception):
                raise
            is_for_now = isinstance(error, Unavailable)
            seconds = RETRY_SECONDS if is_for_now else PUT_ASIDE_SECONDS
            self._aside[job.tenant_id] = now + seconds
            note_failure("segmentation", "rescoring", error, tenant=job.tenant_id)
            return True
        if done is None:
            await self.close()
            return False
        self._cursors[_place(done)] = done.cursor
        return True

    async def close(self) -> None:
        """Leave what was done ahead."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            await ahead.close()

    async def _choose(self) -> store.Rescoring | None:
        """The oldest open job that nobody else is at."""
        async with self._context.db.reading() as session:
            found = await store.list_open(session, except_tenants=self._aside, limit=JOBS_MAX)
        before = self._cursors
        self._cursors = {_place(job): job.cursor for job in found}
        for job in found:
            if job.cursor in ("", before.get(_place(job))):
                return job
        return None

    async def _work_on(self, job: store.Rescoring) -> store.Rescoring | None:
        ahead = self._ahead
        if ahead is None or (ahead.place, ahead.cursor) != (_place(job), job.cursor):
            await self.close()
            if job.accounts - job.done > self._size:
                self._ahead = _Ahead(self._context, job, self._size)
        scored = None if self._ahead is None else await self._ahead.take()
        async with self._context.db.transaction() as session:
            done = await rescore_slice(
                session, self._context, size=self._size, tenant=job.tenant_id, ahead=scored
            )
        if self._ahead is not None and done is not None:
            self._ahead.cursor = done.cursor
        return done


def _place(job: store.Rescoring) -> tuple[str, int]:
    return job.tenant_id, job.number


class _Coming(NamedTuple):
    """A slice on its way."""

    read: asyncio.Task[ReadSlice]
    scored: asyncio.Task[ScoredSlice]


class _Ahead:
    """The next slices of one job, read and scored while another one is written."""

    def __init__(self, context: Context, job: store.Rescoring, size: int) -> None:
        self.place = _place(job)
        self.cursor = job.cursor  # as far as we have written
        self._context = context
        self._terms = terms_of(job)
        self._size = size
        self._coming: deque[_Coming] = deque()
        self._packed: tuple[Rules, PackedRules] | None = None

    async def take(self) -> ScoredSlice:
        """The next slice. Raises what its reading or scoring has raised."""
        if not self._coming:
            self._begin(None)
        while len(self._coming) <= SLICES_AHEAD:
            self._begin(self._coming[-1].read)
        scored = await self._coming[0].scored
        self._coming.popleft()
        return scored

    async def close(self) -> None:
        """Whatever is under way is broken off."""
        tasks = [task for coming in self._coming for task in coming]
        self._coming.clear()
        await end(tasks)

    def _begin(self, before: asyncio.Task[ReadSlice] | None) -> None:
        read = asyncio.create_task(self._read(before))
        self._coming.append(_Coming(read, asyncio.create_task(self._score(read))))

    async def _read(self, before: asyncio.Task[ReadSlice] | None) -> ReadSlice:
        after = self.cursor
        if before is not None:
            found = await before
            if len(found.accounts) < self._size:
                return ReadSlice([], found.rules)
            after = found.accounts[-1].account_id
        async with self._context.db.reading() as session:
            return await read_slice(
                session, self._context, self._terms.tenant, after=after, size=self._size
            )

    async def _score(self, read: asyncio.Task[ReadSlice]) -> ScoredSlice:
        found = await read
        return await score_slice(self._context, self._terms, found, self._pack(found.rules))

    def _pack(self, rules: Rules) -> PackedRules:
        if self._packed is None or not self._packed[0].are_same(rules):
            self._packed = rules, pack_rules(rules)
        return self._packed[1]


async def lag_with_rescoring(runtime: Runtime, context: Context) -> LagReport:
    """What `/v1/lag` answers: a re-score under way is work that is not done yet."""
    report = await runtime.lag()
    async with context.db.reading() as session:
        left, seconds = await store.left_to_do(session, clock.now())
    if left == 0:
        return report
    item = LagItem(
        consumer="segmentation.rescoring",
        topic="segmentation.events",
        behind=left,
        oldest_seconds=seconds,
        parked_accounts=0,
    )
    show([item])
    return LagReport(behind=report.behind + left, items=[*report.items, item])
