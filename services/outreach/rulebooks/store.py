"""The rule books of tenants, kept compiled until one is activated; and what activations look at."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from services.outreach.compliance import RuleBook
from services.outreach.rulebooks.domain import RuleBookVersions, rule_books
from shared.database import Session
from shared.documents import BuiltIn, Documents

TENANTS_MAX = 256  # whose books are kept compiled


class RuleBooks:
    """One per process."""

    def __init__(self, shipped: Iterable[BuiltIn[RuleBook]]) -> None:
        books = tuple(shipped)
        self.documents = Documents(rule_books(books), books)
        self._versions: OrderedDict[str, RuleBookVersions] = OrderedDict()
        self._shared: RuleBookVersions | None = None  # of tenants without books of their own

    async def of(self, session: Session, tenant: str) -> RuleBookVersions:
        """The tenant's books as of its last activation."""
        history = await self.documents.history(session, tenant)
        if not history.activations:
            if self._shared is None:
                self._shared = RuleBookVersions(history)
            return self._shared
        known = self._versions.get(tenant)
        if known is None or known.history is not history:
            known = self._versions[tenant] = RuleBookVersions(history)
        self._versions.move_to_end(tenant)
        if len(self._versions) > TENANTS_MAX:
            self._versions.popitem(last=False)
        return known


async def find_last_judged(session: Session, tenant: str) -> datetime | None:
    """The latest instant at which a contact was judged and made, or suppressed."""
    at: datetime | None = await session.fetchval(
        "select max(at) from judgements where tenant_id = $1", tenant
    )
    return at


async def get_tenant_zone(session: Session, tenant: str) -> str:
    zone: str | None = await session.fetchval(
        "select timezone from tenants where tenant_id = $1", tenant
    )
    return zone or "UTC"
