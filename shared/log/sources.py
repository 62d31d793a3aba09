"""Where events are read from. One shape for both: a producer's outbox, or Kafka (`kafka/`)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.database import Database
from shared.log import outbox
from shared.log.positions import Position
from shared.log.wire import OutboxRow, Record
from shared.process import telemetry

POLL_SECONDS_MIN = 0.005
POLL_SECONDS_MAX = 0.25

# Of a source (its id) and its parts.
LoadPositions = Callable[[str, Sequence[str]], Awaitable[dict[str, Position]]]

log = telemetry.logger(__name__)


@dataclass(frozen=True)
class Slice:
    """Records in the order of their parts, and how far each part moves by taking them."""

    records: Sequence[Record]
    moves: Mapping[str, tuple[int, int]]  # part → (position before, position after)


@dataclass(frozen=True)
class Backlog:
    """What one topic holds that was not read yet."""

    behind: int
    oldest_seconds: float


@dataclass(frozen=True)
class Ends:
    """The ends of parts, and an instant at which they were no further."""

    at: datetime
    by_part: Mapping[str, int]


class Log(Protocol):
    """A log whose backlog can be measured."""

    topics: tuple[str, ...]

    async def id(self) -> str:
        """The cluster's or database's id: positions belong to it."""
        ...

    async def backlog(self, positions: Mapping[str, int]) -> dict[str, Backlog]:
        """Per topic, what lies behind these positions."""
        ...


class Source(Protocol):
    """A log that is read from a position on."""

    topics: tuple[str, ...]

    async def id(self) -> str:
        """The cluster's or database's id: positions belong to it."""
        ...

    async def open(self, load: LoadPositions) -> None:
        """Start reading where `load` says."""
        ...

    async def poll(self, limit: int, timeout: float) -> Slice | None:
        """The next records, waiting at most `timeout` seconds for the first one."""
        ...

    async def rewind(self) -> None:
        """Forget what was handed out: ask for the positions again."""
        ...

    def place(self, record: Record) -> tuple[str, int]:
        """The part that a record belongs to, and the position after it."""
        ...

    async def maintain(self) -> Ends | None:
        """Housekeeping, once a second; the ends where the source knows them."""
        ...

    async def close(self) -> None: ...


def halves(source: Source, polled: Slice) -> tuple[Slice, Slice]:
    """A slice in two, each with its share of the moves."""
    middle = len(polled.records) // 2
    first, second = polled.records[:middle], polled.records[middle:]
    reached = dict(source.place(record) for record in first)  # the last of each part wins
    moves = polled.moves
    return (
        Slice(first, {part: (moves[part][0], last) for part, last in reached.items()}),
        Slice(second, {part: (reached.get(part, b), last) for part, (b, last) in moves.items()}),
    )


_BACKLOG = """
select aggregatetype, count(*),
       extract(epoch from clock_timestamp() - min(recorded_at))::float8
  from outbox where seq > $1 and aggregatetype = any($2::text[]) group by 1
"""


_AT = """
select (select id from outbox where seq = $1), (select coalesce(max(seq), 0) from outbox)
"""


class OutboxSource:
    """A producer's outbox, read directly: it is the log.

    A database brought back from a copy gives row numbers again: where the row that was read last
    is another one now, the outbox is read from its beginning, and the heads tell what is new.
    """

    def __init__(self, db: Database, topics: Sequence[str]) -> None:
        self.topics = tuple(topics)
        self._db = db
        # Another set of topics is another reading: it starts at 0, and repeats are dropped.
        self._part = ",".join(sorted(topics))
        self._load: LoadPositions | None = None
        self._id: str | None = None  # while it is open
        self._stored = 0  # our position, as far as the slices handed out move it
        self._next = 0  # read up to here: the same, but in an outbox that was replaced
        self._last_id: UUID | None = None  # of the row at `_next`
        self._pause = POLL_SECONDS_MIN
        self._rings: int | None = None  # as they stood before the last look, if that found nothing

    async def id(self) -> str:
        return self._id or await self._db.database_id()

    async def open(self, load: LoadPositions) -> None:
        self._load = load
        await self.rewind()

    async def rewind(self) -> None:
        assert self._load is not None, "open comes first"
        source_id = await self._db.database_id()
        position = (await self._load(source_id, [self._part]))[self._part]
        self._id = source_id
        self._stored = self._next = position.number
        self._last_id = position.last_id
        self._rings = None
        await self._check()

    async def _check(self) -> None:
        """Begin anew if this is not the log that we read up to here."""
        if not self._next:
            return
        found, end = (await self._db.fetch(_AT, self._next))[0]
        # A row that is missing below the end was pruned.
        is_other = found != self._last_id if found is not None else end < self._next
        if is_other and self._last_id is not None:
            log.error("source.replaced", source=self._id, position=self._next, end=end)
            self._next, self._last_id, self._rings = 0, None, None

    async def poll(self, limit: int, timeout: float) -> Slice | None:
        rows: list[OutboxRow] = []
        rang: bool | None = None
        if self._rings is None:
            rows = await self._look(limit)
        if self._rings is not None:
            # The bell rings when the producer is in this process; the pause is for all others.
            rang = await self._db.committed.wait(self._rings, min(self._pause, timeout))
            self._pause = min(self._pause * 2, POLL_SECONDS_MAX)
            rows = await self._look(limit)
        if not rows:
            return None
        # With a bell there is no need to look often; without one, look soon while there is news.
        if rang is not None:
            self._pause = POLL_SECONDS_MAX if rang else POLL_SECONDS_MIN
        before, self._stored = self._stored, rows[-1].seq
        self._next, self._last_id = rows[-1].seq, rows[-1].id
        return Slice(rows, {self._part: (before, self._stored)})

    async def _look(self, limit: int) -> list[OutboxRow]:
        rings = self._db.committed.rings
        at = self._next
        rows = await outbox.read(self._db, after=at, topics=self.topics, limit=limit)
        if rows:
            await self._check()
            if self._next != at:  # these are rows of another log: it is read from its beginning
                rows = await outbox.read(
                    self._db, after=self._next, topics=self.topics, limit=limit
                )
        self._rings = None if rows else rings
        return rows

    def place(self, record: Record) -> tuple[str, int]:
        assert isinstance(record, OutboxRow)
        return self._part, record.seq

    async def maintain(self) -> Ends | None:
        """See whether this is still the database, and the log, that we read."""
        if self._load is not None and self._id is not None:
            if await self._db.database_id() != self._id:
                log.warning("source.changed", source=self._id)
                await self.rewind()
            else:
                await self._check()
        return None

    async def backlog(self, positions: Mapping[str, int]) -> dict[str, Backlog]:
        rows = await self._db.fetch(_BACKLOG, positions.get(self._part, 0), self.topics)
        return {topic: Backlog(behind, max(0.0, oldest)) for topic, behind, oldest in rows}

    async def close(self) -> None:
        """The database belongs to whoever opened it."""
