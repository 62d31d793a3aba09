"""A worker of metrics that folds its share of the accounts from memory, in a process of its own.

`python -m tests.benchmarks.figure_fold URL PLACE OF EVENTS`: it says when it is ready, begins at a
line on its input, and says in JSON how many events it folded in how many seconds.
"""

import asyncio
import json
import resource
import sys
import time

import uvloop

from services.metrics.commands import Folding
from services.metrics.consumer import subscription
from services.metrics.processes.merging import run_merging
from services.metrics.store.generations import ENTERING
from shared.database import Database
from shared.log.consume import run_consumer
from shared.log.positions import Position
from shared.log.sources import Ends, LoadPositions, Slice
from shared.log.wire import OutboxRow, Record
from shared.process.serve import rest_collector
from tests.benchmarks import figures_log


class FromMemory:
    """Rows of an outbox that are here already: reading them costs nothing."""

    topics: tuple[str, ...] = ("ledger.events",)

    def __init__(self, part: str, rows: list[OutboxRow]) -> None:
        self._part, self._rows = part, rows
        self._at = 0
        self.is_empty = asyncio.Event()

    async def id(self) -> str:
        return "memory"

    async def open(self, load: LoadPositions) -> None:
        found: dict[str, Position] = await load("memory", [self._part])
        assert found[self._part].number == 0

    async def poll(self, limit: int, timeout: float) -> Slice | None:
        if self._at >= len(self._rows):
            self.is_empty.set()  # whoever asks for more has dealt with what came before
            await asyncio.sleep(timeout)
            return None
        before = self._at
        rows = self._rows[before : before + limit]
        self._at += len(rows)
        return Slice(rows, {self._part: (before, self._at)})

    async def rewind(self) -> None:
        raise AssertionError("nobody else reads this part")

    def place(self, record: Record) -> tuple[str, int]:
        assert isinstance(record, OutboxRow)
        return self._part, record.seq

    async def maintain(self) -> Ends | None:
        return None

    async def close(self) -> None: ...


async def fold(url: str, place: int, of: int, events: int) -> None:
    accounts = max(of, events // figures_log.EVENTS_OF_AN_ACCOUNT)
    rows = figures_log.rows(figures_log.events(range(place, accounts, of)))
    db = Database(url, entering=ENTERING)
    source, stop, folding = FromMemory(f"part {place}", rows), asyncio.Event(), Folding(1)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    work = asyncio.gather(
        run_consumer(db, subscription(folding), [source], stop=stop),
        run_merging(db, folding, stop=stop),
    )
    await source.is_empty.wait()
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
    stop.set()
    await work
    await db.close()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sys.stdout.write(json.dumps({"events": len(rows), "seconds": seconds, "cpu": cpu}) + "\n")


if __name__ == "__main__":
    rest_collector()
    uvloop.run(fold(sys.argv[1], *map(int, sys.argv[2:5])))
