"""The name under which a worker reads Kafka: the same after a restart, and never anybody else's.

Kafka keeps a named reader's partitions for the time of its session (30 s), so one that is started
again under its old name takes them up at once. Two under one name would throw each other out again
and again. So a name is held by a lock in the service's database, and whoever finds it held takes
the next number: `host`, `host-2`, `host-3`. One that ended leaves its number to who comes next.
"""

import asyncio
from typing import Any

from shared.database import Database
from shared.errors import Unavailable
from shared.log.kafka import NameTaken
from shared.process import telemetry
from shared.process.tasks import pause

NUMBER_MAX = 1_000
LOOK_SECONDS = 5.0  # how often it is seen to that the lock is still held
RETRY_SECONDS = 1.0
WAIT_SECONDS_MAX = 5.0  # for a name; beyond it the database is away

_TAKE = "select pg_try_advisory_lock({key}), pg_backend_pid()".format(
    key="hashtextextended('reader ' || $1, 0)"
)
# Our own connection of before: the network took it from us, and the server has not seen that yet.
_END_OWN = "select pg_terminate_backend($1) from pg_stat_activity where pid = $1 and usename = user"

log = telemetry.logger(__name__)


class MemberName:
    """One worker's name; `keep` holds it, and `wait` says it."""

    def __init__(self, db: Database, base: str) -> None:
        self._db = db
        self._base = base
        self._name: str | None = None
        self._is_known = asyncio.Event()
        self._pid = 0  # of the connection that holds the lock

    async def wait(self) -> str:
        """Raises `Unavailable` as long as the database is away."""
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await self._is_known.wait()
        except TimeoutError as error:
            raise Unavailable("the database is away, which knows the free names") from error
        assert self._name is not None
        return self._name

    async def keep(self, stop: asyncio.Event) -> None:
        """Hold a name until `stop`. Raises `NameTaken` if it was lost and another has it."""
        while not stop.is_set():
            try:
                async with self._db.own_connection() as connection:
                    await self._take(connection)
                    while not stop.is_set():
                        await pause(stop, LOOK_SECONDS)
                        await connection.fetchval("select 1")
            except Unavailable as error:
                log.warning("member.retry", error=str(error))
                await pause(stop, RETRY_SECONDS)

    async def _take(self, connection: Any) -> None:
        if self._name is not None:
            await self._take_again(connection, self._name)
            return
        for number in range(1, NUMBER_MAX + 1):
            name = self._base if number == 1 else f"{self._base}-{number}"
            if await self._has_got(connection, name):
                self._name = name
                self._is_known.set()
                log.info("member.named", member=name)
                return
        raise NameTaken(f"{NUMBER_MAX} workers are named {self._base} already")

    async def _take_again(self, connection: Any, name: str) -> None:
        await connection.execute(_END_OWN, self._pid)
        if not await self._has_got(connection, name):
            raise NameTaken(
                f"the name {name} was lost with the connection to the database, and another worker "
                "has taken it: started again, this one takes the next"
            )

    async def _has_got(self, connection: Any, name: str) -> bool:
        got, pid = await connection.fetchrow(_TAKE, name)
        if got:
            self._pid = pid
        return bool(got)
