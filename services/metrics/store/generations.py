"""Generations of the figures: which one is in use, which one is being made, and how one is entered.

A figure's statement names its tables without a schema. As a transaction begins it enters the
figures in use (`ENTERING`): that sets the search path until it ends, so it holds behind a pooler
too, and prepared statements are planned again when the path is another one than before. Who folds
enters the generation that it reads for.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from services.metrics.domain.version import FIGURES_VERSION
from services.metrics.store.changes import adopt_times
from services.metrics.store.schema import schema_of, statements
from shared import clock
from shared.database import Database, Session
from shared.errors import Unavailable
from shared.log import positions

State = Literal["building", "current", "old", "dropped"]

OLD_KEPT_FOR = timedelta(hours=24)

_COLUMNS = (
    "generation, version, state, started_at, swapped_at, looked_at, behind, total, events_per_s"
)
_IN_STATE = f"select {_COLUMNS} from generations where state = $1"
# Said as each transaction begins: it works with the figures in use.
ENTERING = (
    "select set_config('search_path', 'figures_' || generation || ', public', true)"
    " from generations where state = 'current'"
)
_CHANGES_LOCK = 727_004  # a generation is begun, or takes the other's place, one after the other
_MAKING_LOCK = 727_005  # one process at a time makes a generation
_HEADS_MAX = 10_000


class Generation(NamedTuple):
    """All figures, made from the log by one version of the rules."""

    number: int
    version: int
    state: State
    started_at: datetime
    swapped_at: datetime | None  # when the next one took its place
    looked_at: datetime | None  # while it is made, and what there was to do then
    behind: int | None
    total: int | None
    events_per_s: float | None

    @property
    def is_stale(self) -> bool:
        """Whether it was made by other rules than this release's: nothing is added to it."""
        return self.version != FIGURES_VERSION

    @property
    def consumer(self) -> str:
        """Under which name its events are read."""
        return consumer_of(self.number)

    @property
    def ends_at(self) -> datetime | None:
        """When it will be made, if it goes on like this."""
        if self.looked_at is None or self.behind is None or not self.events_per_s:
            return None
        return self.looked_at + timedelta(seconds=self.behind / self.events_per_s)


def consumer_of(generation: int) -> str:
    """`metrics`, `metrics@2` …: each generation reads the log by itself."""
    return "metrics" if generation == 1 else f"metrics@{generation:d}"


# ── Entering ─────────────────────────────────────────────────────────────────────────────────────


async def enter(session: Session, generation: int) -> None:
    """Work with these figures and no others, until the transaction ends."""
    await session.execute(
        "select set_config('search_path', $1 || ', public', true)", schema_of(generation)
    )


async def current(db: Database | Session) -> Generation:
    """The one in use."""
    rows = await db.fetch(_IN_STATE, "current")
    if not rows:
        raise Unavailable("there are no figures yet")
    return Generation(*rows[0])


async def building(db: Database | Session) -> Generation | None:
    """The one that is being made."""
    rows = await db.fetch(_IN_STATE, "building")
    return Generation(*rows[0]) if rows else None


# ── From one to the next ─────────────────────────────────────────────────────────────────────────


async def begin(db: Database) -> Generation:
    """Begin a generation by this release's rules, or go on with the one that was begun.

    One that was begun by other rules is given up.
    """
    async with db.transaction() as session:
        await session.execute("select pg_advisory_xact_lock($1)", _CHANGES_LOCK)
        found = await building(session)
        if found is not None and not found.is_stale:
            return found
        if found is not None:
            await session.execute("delete from generations where generation = $1", found.number)
            await session.execute(f"drop schema if exists {schema_of(found.number)} cascade")
            await positions.forget(session, found.consumer)
        number = 1 + int(
            await session.fetchval("select coalesce(max(generation), 0) from generations")
        )
        number = max(number, found.number + 1 if found else 0)
        await create_tables(session, number)
        await session.execute(
            """
            insert into generations (generation, version, state, started_at)
            values ($1, $2, 'building', $3)
            """,
            number,
            FIGURES_VERSION,
            clock.now(),
        )
        await positions.copy_skips(session, (await current(session)).consumer, consumer_of(number))
        begun = await building(session)
        assert begun is not None
        return begun


async def create_tables(session: Session, generation: int) -> None:
    """Make the generation's schema, or what is missing of it."""
    await session.execute(f"create schema if not exists {schema_of(generation)}")
    await enter(session, generation)
    for statement in statements():
        await session.execute(statement)


async def note_progress(
    db: Database, generation: int, *, behind: int, total: int, events_per_s: float
) -> None:
    """Note how far the one that is being made is, and take over what operators decided since."""
    async with db.transaction() as session:
        await session.execute(
            """
            update generations set looked_at = $2, behind = $3, total = $4, events_per_s = $5
            where generation = $1
            """,
            generation,
            clock.now(),
            behind,
            total,
            events_per_s,
        )
        in_use = await current(session)
        await positions.copy_skips(session, in_use.consumer, consumer_of(generation))


async def swap(db: Database, generation: int) -> bool:
    """Put the one that was made in the place of the one in use. False: it is not as far yet.

    Folds into the one in use wait for a moment, so that no answer goes back behind one before.
    """
    async with db.transaction() as session:
        await session.execute("select pg_advisory_xact_lock($1)", _CHANGES_LOCK)
        before, after = await current(session), await building(session)
        if after is None or after.number != generation:
            return True  # another process did it
        if not before.is_stale and not await positions.has_reached(
            session, after.consumer, before.consumer
        ):
            return False
        await session.execute(
            "update generations set state = 'old', swapped_at = $2 where generation = $1",
            before.number,
            clock.now(),
        )
        await session.execute(
            "update generations set state = 'current' where generation = $1", after.number
        )
        await session.execute(
            "delete from dead_letters where consumer = $1", before.consumer
        )  # the one after has its own
        await enter(session, after.number)
        await adopt_times(session)
    return True


async def drop_old(db: Database) -> list[int]:
    """Drop those that were in use long ago, with what their readers remembered; which."""
    rows = await db.fetch(
        f"select {_COLUMNS} from generations where state = 'old' and swapped_at <= $1",
        clock.now() - OLD_KEPT_FOR,
    )
    dropped = [Generation(*row) for row in rows]
    for each in dropped:
        async with db.transaction() as session:
            await session.execute(f"drop schema if exists {schema_of(each.number)} cascade")
        is_left = True
        while is_left:
            async with db.transaction() as session:
                forgotten = await positions.forget_heads(session, each.consumer, _HEADS_MAX)
                is_left = forgotten == _HEADS_MAX
        async with db.transaction() as session:
            await positions.forget(session, each.consumer)
            await session.execute("delete from skips where consumer = $1", each.consumer)
            # Its row stays: no number is given twice.
            await session.execute(
                "update generations set state = 'dropped' where generation = $1", each.number
            )
    return [each.number for each in dropped]


@asynccontextmanager
async def making(db: Database) -> AsyncIterator[bool]:
    """Whether this process may make the generation that was begun; others wait meanwhile."""
    async with db.own_connection() as connection:  # its end gives the lock up
        yield bool(await connection.fetchval("select pg_try_advisory_lock($1)", _MAKING_LOCK))
