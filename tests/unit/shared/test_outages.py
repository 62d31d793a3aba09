"""One rule for what the driver says while the server is away, wherever a connection is used."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from shared.database import Database, is_outage, outages
from shared.database.database import Session
from shared.errors import TookTooLong, Unavailable
from shared.log import positions
from shared.log.consume import run_consumer
from shared.log.relay import run_relay
from shared.log.sources import Slice
from shared.log.subscriptions import Subscription

PASSING: tuple[Exception, ...] = (
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.AdminShutdownError("terminating connection due to administrator command"),
    asyncpg.CrashShutdownError("terminating connection because of crash"),
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    asyncpg.DiskFullError("no space left on device"),
    asyncpg.InvalidPasswordError('password authentication failed for user "recoup"'),
    asyncpg.InvalidAuthorizationSpecificationError('role "recoup" does not exist'),
    asyncpg.InvalidCatalogNameError('database "recoup_ledger" does not exist'),
    asyncpg.DeadlockDetectedError("deadlock detected"),
    asyncpg.InvalidCachedStatementError("cached statement plan is invalid"),
    ConnectionResetError(104, "Connection reset by peer"),
    ConnectionRefusedError(111, "Connect call failed"),
    socket.gaierror(-2, "Name or service not known"),
    TimeoutError(),
)
STAYING: tuple[Exception, ...] = (
    asyncpg.UniqueViolationError("duplicate key"),
    asyncpg.UndefinedTableError("relation does not exist"),
    FileNotFoundError("a file of ours"),
    ValueError("ours"),
    KeyError("ours"),
)
NAMES = [type(error).__name__ for error in (*PASSING, *STAYING)]


class Driver:
    """A connection, open or closed."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.is_open = is_open

    def is_closed(self) -> bool:
        return not self.is_open

    def terminate(self) -> None:
        self.is_open = False


@pytest.mark.parametrize("error", [*PASSING, *STAYING], ids=NAMES)
def test_what_passes_is_unavailable_with_its_reason(error: Exception) -> None:
    passes = error in PASSING
    assert is_outage(error) == passes
    with pytest.raises(Unavailable if passes else type(error)) as raised, outages():
        raise error
    assert type(error).__name__ in str(raised.value) or not passes
    wrapped = DBAPIError("select 1", None, Exception())
    assert wrapped.orig is not None
    wrapped.orig.__cause__ = error
    assert is_outage(wrapped) == passes, "as SQLAlchemy hands it on, in migrations"


def test_a_closed_connection_is_an_outage_and_a_misused_one_is_not() -> None:
    error = asyncpg.InterfaceError("cannot perform operation: connection is closed")
    assert is_outage(error, Driver(is_open=False))
    assert not is_outage(error, Driver())
    assert not is_outage(error)


def test_a_transaction_that_was_silent_for_too_long_took_too_long() -> None:
    with pytest.raises(TookTooLong), outages():
        raise asyncpg.IdleInTransactionSessionTimeoutError(
            "terminating connection due to idle-in-transaction timeout"
        )


# ---------------------------------------------------------------------- and everywhere it is used

_OUT_OF_STEP = (PASSING[0], PASSING[1])


class FailingDriver(Driver):
    """Fails with each of the errors in turn, at the statement that begins so; then `done`."""

    def __init__(self, errors: list[Exception], at: str, done: asyncio.Event) -> None:
        super().__init__()
        self._errors, self._at, self._done = errors, at, done

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        await asyncio.sleep(0)
        if self._at in sql:
            if self._errors:
                raise self._errors.pop()
            self._done.set()
        return []

    async def fetchval(self, sql: str, *args: object) -> Any:
        await self.fetch(sql)
        return self._at != "try_advisory" if "try_advisory" in sql else 0

    async def execute(self, sql: str, *args: object) -> str:
        await self.fetch(sql)
        return "COMMIT" if sql == "COMMIT" else "UPDATE 1"

    def is_in_transaction(self) -> bool:
        return False


class FailingDatabase(Database):
    def __init__(self, errors: Sequence[Exception], at: str) -> None:
        super().__init__("postgresql://recoup@127.0.0.1:1/none")
        self.errors, self.at, self.done = list(errors), at, asyncio.Event()

    async def connect(self) -> Any:
        return FailingDriver(self.errors, self.at, self.done)


class NoPublisher:
    async def id(self) -> str:
        return "a cluster"

    async def publish(self, rows: Sequence[object]) -> None: ...

    async def restart(self) -> None: ...

    async def close(self) -> None: ...


@pytest.mark.parametrize("at", ["try_advisory", "insert into positions", "from outbox"])
async def test_the_relay_survives_it_leading_and_standing_by(
    monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.setattr("shared.log.relay._RETRY_SECONDS", 0.001)
    db, stop = FailingDatabase(_OUT_OF_STEP, at), asyncio.Event()
    relay = asyncio.create_task(run_relay(db, NoPublisher(), stop=stop))
    await _until(db.done, relay)
    stop.set()
    await relay


class OneRecord:
    """A source that has one slice to give, again and again."""

    topics = ("ledger.events",)

    async def id(self) -> str:
        return "a source"

    async def open(self, load: Any) -> None: ...

    async def poll(self, limit: int, timeout: float) -> Slice | None:
        await asyncio.sleep(0)
        return Slice([], {"part": (0, 1)})

    async def rewind(self) -> None: ...

    async def maintain(self) -> None: ...

    async def close(self) -> None: ...


async def _nothing(_session: Session, _events: object) -> None: ...


@pytest.mark.parametrize("at", ["BEGIN", "positions", "heads"])
async def test_reader_and_replay_survive_it(monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    monkeypatch.setattr("shared.log.consume._BACKOFF_SECONDS_MIN", 0.001)
    monkeypatch.setattr("shared.log.consume._TICK_SECONDS", 0.001)
    db, stop = FailingDatabase(_OUT_OF_STEP, at), asyncio.Event()
    monkeypatch.setattr(positions, "move", _moved)
    subscription = Subscription("metrics", ("ledger.events",), frozenset(), _nothing)
    reader = asyncio.create_task(
        run_consumer(db, subscription, [OneRecord()], stop=stop)  # type: ignore[list-item]
    )
    await _until(db.done, reader)
    stop.set()
    await reader


async def _moved(session: Session, *_: object) -> bool:
    await session.fetch("update positions")
    return True


async def _until(done: asyncio.Event, work: asyncio.Task[None]) -> None:
    asked = asyncio.create_task(done.wait())
    async with asyncio.timeout(60):
        await asyncio.wait([asked, work], return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        work.result()
    assert done.is_set()
