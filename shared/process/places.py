"""So many at a time of each tenant, and the rest in line: what one asks for in masses leaves the
connections to the others. Take a place before a connection, never the other way round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class TenantPlaces:
    """Belongs to one event loop."""

    def __init__(self, per_tenant: int) -> None:
        self._per_tenant = per_tenant
        self._taken: dict[str, tuple[asyncio.Semaphore, int]] = {}  # and who has or awaits one

    @asynccontextmanager
    async def place(self, tenant: str) -> AsyncIterator[None]:
        places, users = self._taken.get(tenant) or (asyncio.Semaphore(self._per_tenant), 0)
        self._taken[tenant] = places, users + 1
        try:
            async with places:
                yield
        finally:
            places, users = self._taken.pop(tenant)
            if users > 1:
                self._taken[tenant] = places, users - 1
