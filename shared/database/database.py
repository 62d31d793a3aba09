"""PostgreSQL: a pool, transactions on raw asyncpg connections, one way to run SQL.

Transactions are ours alone: statements go straight to the driver, so nothing begins, flushes or
commits behind our back, and what must come last of all (the outbox) runs just before COMMIT.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import asyncpg

from shared import clock
from shared.addresses import DatabaseAddress
from shared.database.bells import bell_of
from shared.database.connection import connect, refuse_half_restored
from shared.database.outages import connecting, is_outage, outages, took_too_long, unavailable
from shared.database.pool import Pool
from shared.errors import Unavailable
from shared.events import Event
from shared.process import parts, telemetry
from shared.process.places import TenantPlaces

Record: TypeAlias = Any  # asyncpg.Record, which has no types: by name or by number

# A value that the database cannot take where it stands: NUL in a text, a number out of range.
UnkeptValue = asyncpg.DataError

SILENCE_SECONDS_MAX = 5.0  # of a transaction: then the server ends it, and frees what it locks
_SETTINGS = {
    "jit": "off",  # our statements are short; compiling them costs more than it saves
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": f"{SILENCE_SECONDS_MAX:g}s",
    # Longer than the time-out above: who waits outlives a holder that died without a word.
    "lock_timeout": "8s",
}
_COMMAND_TIMEOUT_SECONDS = 60.0
_CONNECT_TIMEOUT_SECONDS = 10.0
_ROLLBACK_TIMEOUT_SECONDS = 5.0
_SLICE_SECONDS = 0.02  # of computing, until others may have the event loop
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_MAKE_SOURCE_ID = "insert into database_ids default values on conflict do nothing"
_SOURCE_ID = "select id || case when epoch > 1 then '/' || epoch else '' end from database_ids"
_KEEP_ALIVE_SECONDS = 1.0  # of silence, in a transaction that computes

# Another copy of a database has another one of these, or a journal that is not as far.
_IDENTITY = """
select (select oid from pg_database where datname = current_database()),
       to_regclass('database_ids')::oid,
       case when not pg_is_in_recovery()
            then pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint end
"""

# Whether what runs here has one of its tenant's places in a pool.
_has_place: ContextVar[bool] = ContextVar("has_place", default=False)


class Session:
    """One transaction. Parameters are `$1`, `$2` …; lists travel as arrays (`unnest`)."""

    __slots__ = (
        "_after_commit", "_at_end", "_begin", "_collected", "_gave_way_at", "_last_of_all",
        "_spoke_at", "connection", "is_committed", "is_fresh", "longest_silence", "pending",
    )  # fmt: skip

    def __init__(self, connection: Any, begin: str = "") -> None:
        self.connection = connection  # the driver's own; only `shared/` touches it
        self._begin = begin  # how it began
        self.pending: list[Event] = []  # what `outbox.append` collected
        self.is_committed = False
        self.is_fresh = ";" not in begin  # no statement yet, so no snapshot yet
        self._last_of_all: Callable[[Session], Awaitable[None]] | None = None
        self._after_commit: list[Callable[[], None]] = []
        self._collected: dict[Collector, list[Any]] = {}
        self._at_end: list[Callable[[bool], None]] = []
        self.longest_silence = 0.0  # between two statements, in seconds
        self._spoke_at = self._gave_way_at = clock.monotonic()

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        rows: list[Record] = await self._say(self.connection.fetch, sql, args)
        return rows

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        return await self._say(self.connection.fetchrow, sql, args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self._say(self.connection.fetchval, sql, args)

    async def execute(self, sql: str, *args: object) -> str:
        status: str = await self._say(self.connection.execute, sql, args)
        return status

    async def copy(
        self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
    ) -> None:
        """Append rows by COPY: many of them for a fraction of what an insert costs."""

        async def copy(name: str) -> None:
            await self.connection.copy_records_to_table(name, records=rows, columns=columns)

        await self._say(copy, table, ())

    async def _say(
        self, statement: Callable[..., Awaitable[Any]], sql: str, args: tuple[object, ...]
    ) -> Any:
        self.is_fresh = False
        silence = clock.monotonic() - self._spoke_at
        self.longest_silence = max(self.longest_silence, silence)
        result = await statement(sql, *args)
        parts.turn()
        self._spoke_at = clock.monotonic()
        return result

    async def give_way(self) -> None:
        """Let others have the event loop, in the middle of a long computation; call it often."""
        now = clock.monotonic()
        if now - self._gave_way_at > _SLICE_SECONDS:
            await asyncio.sleep(0)
            await self.keep_alive()
            self._gave_way_at = clock.monotonic()

    async def keep_alive(self) -> None:
        """Say something now and then: the server ends a transaction that is silent for long."""
        now = clock.monotonic()
        if now - self._spoke_at > _KEEP_ALIVE_SECONDS:
            await self.execute("select 1")

    async def renew(self) -> None:
        """Of a reading session: see what was committed up to now, if it has a snapshot already."""
        if not self.is_fresh:
            await self.connection.execute("COMMIT")
            await self.connection.execute(self._begin)
            self.is_fresh = ";" not in self._begin

    def last_of_all(self, call: "Callable[[Session], Awaitable[None]]") -> None:
        """Run `call` just before COMMIT, after all else: the one statement that may wait there."""
        self._last_of_all = call

    def collect(self, collector: "Collector", items: Iterable[Any]) -> None:
        """Keep items for `collector`, which takes them at once just before what comes last: so it
        can take its locks in one order, and for a moment only."""
        self._collected.setdefault(collector, []).extend(items)

    async def finish(self) -> bool:
        """Do what was put off, then what comes last of all; whether there was any of that."""
        for collector, items in self._collected.items():
            await collector(self, items)
        if self._last_of_all is None:
            return False
        await self._last_of_all(self)
        return True

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` after a successful commit, in order of registration."""
        self._after_commit.append(call)

    def at_end(self, call: Callable[[bool], None]) -> None:
        """Run `call` when all is over, the last one first; it is given whether it was committed.

        What was asked of a COMMIT whose answer was lost counts as not committed.
        """
        self._at_end.append(call)

    def committed(self) -> None:
        for call in self._after_commit:
            call()

    def ended(self) -> None:
        while self._at_end:
            self._at_end.pop()(self.is_committed)


Collector = Callable[[Session, list[Any]], Awaitable[None]]


class Database:
    """A pool of connections to one database."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        application: str = "recoup",
        when_replaced: Callable[[str], object] | None = None,
        restores: bool = False,
        entering: str = "",
    ) -> None:
        """`when_replaced` is called where a copy was put in the database's place: whoever keeps
        anything of it in memory has to begin anew. Nobody but who `restores` gets into a database
        while that is under way, or after it was cut off: the four are of different times then.
        `entering` is said as each transaction begins, on the same trip (a search path)."""
        self.url = url
        self.address = DatabaseAddress.from_url(url)
        self.application = application
        self._pool = Pool(self.connect, size=pool_size, wait_seconds=_CONNECT_TIMEOUT_SECONDS)
        # Of requests: what workers do on nobody's behalf has places without end.
        self._places = TenantPlaces(max(1, pool_size // 2), wait_seconds=_CONNECT_TIMEOUT_SECONDS)
        self.committed = bell_of(url)  # rung when outbox rows were committed
        self._when_replaced = when_replaced
        self._restores = restores
        self._entering = f"; {entering}" if entering else ""
        self._identity: tuple[object, ...] | None = None
        self._written = 0  # how far the server's journal was, at some connection before

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """BEGIN … what comes last of all (the outbox) … COMMIT; ROLLBACK on any exception."""
        async with self._begun("BEGIN" + self._entering) as session:
            yield session
            has_events = await session.finish()
            # Asked to commit what an error (that somebody caught) had ended, PostgreSQL rolls back.
            if await session.execute("COMMIT") != "COMMIT":
                raise RuntimeError("nothing was committed: a statement before had failed")
            session.is_committed = True
            if has_events:
                session.after_commit(self.committed.ring)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """One snapshot, read only."""
        async with self._begun(_BEGIN_READING + self._entering) as session:
            yield session
            assert not session.pending, "a reading transaction says nothing"
            await session.execute("COMMIT")
            session.is_committed = True

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """One statement by itself: a single trip to the server."""
        async with self._connection() as connection:
            rows: list[Record] = await connection.fetch(sql, *args)
            return rows

    async def close(self) -> None:
        await self._pool.close()

    async def ready(self) -> None:
        """Raises `Unavailable` while the database does not answer or has no tables yet."""
        try:
            await self.fetch("select from database_ids")
        except asyncpg.UndefinedTableError as error:
            raise Unavailable("the database is not migrated yet") from error

    async def database_id(self) -> str:
        """The id of this database as a source of events; made at the first call.

        After a restore it is another source: its epoch is higher, and what was read of the one
        before may not be its beginning. So it is asked for each time.
        """
        rows = await self.fetch(_SOURCE_ID)
        if not rows:
            async with self.transaction() as session:
                await session.execute(_MAKE_SOURCE_ID)
            rows = await self.fetch(_SOURCE_ID)
        return str(rows[0][0])

    @asynccontextmanager
    async def own_connection(self) -> AsyncIterator[Any]:
        """A driver connection outside the pool, cut off after the block. Raises `Unavailable`."""
        connection = await self.connect()
        try:
            with outages(connection):
                yield connection
        finally:
            connection.terminate()  # whatever state it is in

    async def connect(self) -> Any:
        """A driver connection of the caller's own. Raises `Unavailable`, whoever is at fault."""
        with connecting():
            connection = await connect(
                self.address,
                application=self.application,
                settings=_SETTINGS,
                command_timeout=_COMMAND_TIMEOUT_SECONDS,
            )
            try:
                if not self._restores:
                    await refuse_half_restored(connection)
                if self._when_replaced is not None:
                    await self._recognise(connection, self._when_replaced)
            except BaseException:  # a cancellation, too: nobody else knows the connection yet
                connection.terminate()
                raise
        return connection

    async def _recognise(self, connection: Any, when_replaced: Callable[[str], object]) -> None:
        """See that this is the database of the connections before, and not a copy of then."""
        written_before = self._written
        *identity, written = await connection.fetchrow(_IDENTITY)
        known, self._identity = self._identity, tuple(identity)
        self._written = max(self._written, written or 0)
        if known is not None and (known != self._identity or (written or 0) < written_before):
            self._written = written or 0
            when_replaced("the database was replaced by a copy: what is remembered of it is void")

    @asynccontextmanager
    async def _begun(self, begin: str) -> AsyncIterator[Session]:
        session: Session | None = None
        try:
            async with self._connection(begin) as connection:
                session = Session(connection, begin)
                yield session
            session.committed()
        except Unavailable as error:
            # The server's last words are lost where nobody was listening.
            if session is not None and session.longest_silence > SILENCE_SECONDS_MAX:
                raise took_too_long() from error
            raise
        finally:
            if session is not None:
                session.ended()

    @asynccontextmanager
    async def _connection(self, begin: str | None = None) -> AsyncIterator[Any]:
        """A connection from the pool, given back with no transaction open, or thrown away.

        A request's tenant has half of the pool at most. A request that needs a second connection
        has its place already: it waits for no other of its tenant.
        """
        tenant = telemetry.tenant.get()
        if tenant is None or _has_place.get():
            async with self._lent(begin) as driver:
                yield driver
            return
        async with self._places.place(tenant):
            _has_place.set(True)
            try:
                async with self._lent(begin) as driver:
                    yield driver
            finally:
                _has_place.set(False)

    @asynccontextmanager
    async def _lent(self, begin: str | None) -> AsyncIterator[Any]:
        driver = await self._pool.take()
        try:
            if begin is not None:
                await driver.execute(begin)
            yield driver
        except BaseException as error:
            if isinstance(error, asyncpg.InternalClientError):
                driver.terminate()  # it is out of step with the server
            is_away = is_outage(error, driver)
            # Shielded: a second cancellation must not leave a transaction open in the pool.
            await asyncio.shield(
                asyncio.ensure_future(self._give_back_after_failure(driver, begin))
            )
            if is_away:
                raise unavailable(error) from error
            raise
        self._pool.give_back(driver)

    async def _give_back_after_failure(self, driver: Any, begin: str | None) -> None:
        try:
            # Of a BEGIN that was cancelled the driver does not know yet that it took effect; and a
            # closed one knows nothing at all.
            if not driver.is_closed() and (begin is not None or driver.is_in_transaction()):
                async with asyncio.timeout(_ROLLBACK_TIMEOUT_SECONDS):
                    await driver.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 - whatever it is, nobody can use it any more
            driver.terminate()
        self._pool.give_back(driver)
