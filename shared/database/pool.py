"""Connections to one database, kept open and lent out: the driver's own, with nothing around them.

Lending one costs microseconds; that decides what a short statement costs, and most here are short.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from shared.errors import Unavailable

Connection: TypeAlias = Any  # asyncpg.Connection, which has no types

_GOODBYE_SECONDS = 5.0


class Pool:
    """At most so many connections; the one used last is lent first, so that idle ones stay idle."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], *, size: int, wait_seconds: float
    ) -> None:
        self._connect = connect
        self._wait_seconds = wait_seconds
        self._free = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._is_closed = False

    async def take(self) -> Connection:
        """An open connection. Raises `Unavailable` when all are in use for too long."""
        await self._wait_for_one()
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():  # else the server went away while it lay idle
                return connection
        try:
            return await self._connect()
        except BaseException:
            self._free.release()
            raise

    def give_back(self, connection: Connection) -> None:
        """It is clean, or closed."""
        if self._is_closed and not connection.is_closed():
            connection.terminate()
        if not connection.is_closed():
            self._idle.append(connection)
        self._free.release()

    async def close(self) -> None:
        """Say goodbye on the idle ones; those in use end when they are given back."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_close(connection) for connection in idle))

    async def _wait_for_one(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable("every connection to the database is in use") from None


async def _close(connection: Connection) -> None:
    if connection.is_closed():
        return
    try:
        await connection.close(timeout=_GOODBYE_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it is, the server notices
        connection.terminate()
