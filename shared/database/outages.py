"""One rule for what the driver says while the server is away, restarts, or lets nobody in.

Every way to the database passes here: the pool, connections of one's own (the relay), migrations,
the tools of deploy. What passes may succeed a little later, so it is `Unavailable`; everything else
is a fault of the statement and stays what it is.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from shared.errors import TookTooLong, Unavailable

_PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.OperatorInterventionError,  # shutdown, crash, cannot connect now
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.ReadOnlySQLTransactionError,  # a fail-over is under way
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidCachedStatementError,  # the tables were migrated meanwhile
    # The driver is out of step, as between the server's farewell and its end.
    asyncpg.InternalClientError,
    # A wrong password, a role or a database that is not there: operators mend it while we run.
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,  # a name that nobody knows at the moment
)
# While a connection is made: a greeting that is cut off, any refusal.
_REFUSING = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, EOFError, *_PASSING)
# How the driver hands on that the server has ended a transaction that was silent for too long, if
# it comes to read it at all.
_ENDED_FOR_SILENCE = "idle-in-transaction timeout"


@contextmanager
def outages(driver: Any = None) -> Iterator[None]:
    """Raises `Unavailable` in place of what the driver says meanwhile, if it is an outage's.

    `driver` is the connection that is spoken on, where there is one: some errors are an outage
    only once it is closed.
    """
    try:
        yield
    except Exception as error:
        if is_outage(error, driver):
            raise unavailable(error) from error
        raise


@contextmanager
def connecting() -> Iterator[None]:
    """The same while a connection is made: whatever the server refuses it for, it may not later."""
    try:
        yield
    except _REFUSING as error:
        raise unavailable(error) from error


def is_outage(error: BaseException, driver: Any = None) -> bool:
    """Whether it is the server that fails, and not what was asked of it."""
    error = _of_driver(error)
    if isinstance(error, asyncpg.InterfaceError):
        return driver is not None and bool(driver.is_closed())
    return isinstance(error, _PASSING)


def unavailable(error: BaseException) -> Unavailable:
    """The error to raise instead: the database can't do it now, and may a little later."""
    if isinstance(error, Unavailable):
        return error
    error = _of_driver(error)
    if _ENDED_FOR_SILENCE in str(error):
        return took_too_long()
    return Unavailable(f"the database is not available: {type(error).__name__}: {error}")


def took_too_long() -> TookTooLong:
    """The error of a transaction that the server has ended for its silence."""
    return TookTooLong("the transaction was silent for too long, and was ended")


def _of_driver(error: BaseException) -> BaseException:
    """What the driver said, where SQLAlchemy (of migrations) wraps it."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error
