"""So many at a time of each tenant, and the rest in line for a while: what one asks for in masses
leaves the connections to the others (`shared.database`)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.errors import Unavailable


class TenantPlaces:
    """Belongs to one event loop."""

    def __init__(self, per_tenant: int, *, wait_seconds: float) -> None:
        self._per_tenant = per_tenant
        self._wait_seconds = wait_seconds
        self._taken: dict[str, tuple[asyncio.Semaphore, int]] = {}  # and who has or awaits one

    @asynccontextmanager
    async def place(self, tenant: str) -> AsyncIterator[None]:
        """Raises `Unavailable` when the tenant's own are at work for too long."""
        places, users = self._taken.get(tenant) or (asyncio.Semaphore(self._per_tenant), 0)
        self._taken[tenant] = places, users + 1
        try:
            await self._wait_for(places)
            try:
                yield
            finally:
                places.release()
        finally:
            places, users = self._taken.pop(tenant)
            if users > 1:
                self._taken[tenant] = places, users - 1

    async def _wait_for(self, places: asyncio.Semaphore) -> None:
        if not places.locked():
            await places.acquire()
            return
        try:
            async with asyncio.timeout(self._wait_seconds):
                await places.acquire()
        except TimeoutError:
            raise Unavailable(
                "too many requests of this tenant are at work; try again a little later"
            ) from None
