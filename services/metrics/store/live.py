"""How far the live stream of each tenant has come, followed for those who listen."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.metrics.store.figures import list_revisions
from shared.database import Database, Wakeup
from shared.process.failures import survived
from shared.process.tasks import pause

KEEP_ALIVE_SECONDS = 15.0
_LOOK_SECONDS = 0.2


class Live:
    """How far the streams of the tenants with listeners have come: one look for all of them."""

    def __init__(self, db: Database, *, keep_alive_seconds: float = KEEP_ALIVE_SECONDS) -> None:
        self.db = db
        self.keep_alive_seconds = keep_alive_seconds
        self.is_closing = False
        self._news = Wakeup()
        self._listeners: Counter[str] = Counter()
        self._revisions: dict[str, int] = {}
        self._closing = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def close(self) -> None:
        """End all streams, so that a server that stops need not wait for them."""
        self.is_closing = True
        self._closing.set()
        self._news.ring()

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    @asynccontextmanager
    async def listening(self, tenant: str) -> AsyncIterator[None]:
        self._listeners[tenant] += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._listeners[tenant] -= 1
            if not self._listeners[tenant]:
                del self._listeners[tenant]
                self._revisions.pop(tenant, None)

    async def wait(self, tenant: str, revision: int) -> bool:
        """Whether the tenant's figures moved away from `revision` before a keep-alive is due."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.keep_alive_seconds
        while not self.is_closing:
            rings = self._news.rings
            if self._revisions.get(tenant, revision) != revision:
                return True
            left = end - loop.time()
            if left <= 0 or not await self._news.wait(rings, left):
                return False
        return False

    async def _look(self) -> None:
        while self._listeners and not self.is_closing:
            found: dict[str, int] = {}
            with survived("metrics", "stream"):
                async with self.db.reading() as session:
                    found = await list_revisions(session, list(self._listeners))
            if any(self._revisions.get(tenant) != number for tenant, number in found.items()):
                self._revisions.update(found)
                self._news.ring()
            await self.pause(_LOOK_SECONDS)

    async def pause(self, seconds: float) -> None:
        """Let some time go by, or less if everything ends."""
        await pause(self._closing, seconds)
