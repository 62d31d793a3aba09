"""The segment policies in force, read and made ready once per process."""

from collections.abc import Iterable

from services.segmentation.domain.policy import Policy, parse_text
from services.segmentation.store import policies as store
from shared.database import Session
from shared.errors import NotFound

READY_MAX = 500  # policies kept ready in memory; a tenant has one in force


class ActivePolicies:
    """The policies in force. Without an activation the settings' one stands."""

    def __init__(self, default: Policy) -> None:
        self.default = default
        self._ready: dict[tuple[str, str], Policy] = {}

    async def of(self, session: Session, tenants: Iterable[str]) -> dict[str, Policy]:
        """The policy of each tenant."""
        asked = sorted(set(tenants))
        active = await store.find_active(session, asked)
        return {
            tenant: await self.get(session, tenant, active[tenant])
            if tenant in active
            else self.default
            for tenant in asked
        }

    async def get(self, session: Session, tenant: str, version: str) -> Policy:
        """One version of a tenant's. Raises `NotFound`."""
        if version == self.default.version:
            return self.default
        found = self._ready.get((tenant, version))
        if found is None:
            stored = await store.find_policy(session, tenant, version)
            if stored is None:
                raise no_policy(version)
            found = parse_text(stored.source)
            while len(self._ready) >= READY_MAX:
                self._ready.pop(next(iter(self._ready)))
            self._ready[tenant, version] = found
        return found


def no_policy(version: str) -> NotFound:
    return NotFound(f"there is no segment policy {version!r}")
