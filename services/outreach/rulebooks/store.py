"""The rule books of tenants, kept compiled until one is activated; what activations look at; the
reference rates that tenants load."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime

from services.outreach.compliance import RuleBook
from services.outreach.rulebooks.domain.kind import rule_books
from services.outreach.rulebooks.domain.reference_rates import RateRow
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.database import Record, Session
from shared.documents import BuiltIn, Documents, History, Outline

TENANTS_MAX = 256  # whose books are kept compiled
OUTLINES_MAX = 2_000


class RuleBooks:
    """One per process."""

    def __init__(self, shipped: Iterable[BuiltIn[RuleBook]]) -> None:
        books = tuple(shipped)
        self.documents = Documents(rule_books(books), books)
        self._versions: OrderedDict[str, RuleBookVersions] = OrderedDict()
        # Those that come with the platform: all there is for tenants without books of their own.
        self.platform = RuleBookVersions(History(self.documents.built_in))
        self.outlines: OrderedDict[bytes, Outline] = OrderedDict()  # by the digest of the text

    def keep_outline(self, digest: bytes, outline: Outline) -> None:
        self.outlines[digest] = outline
        if len(self.outlines) > OUTLINES_MAX:
            self.outlines.popitem(last=False)

    async def of(self, session: Session, tenant: str) -> RuleBookVersions:
        """The tenant's books as of its last activation."""
        return self._of(tenant, await self.documents.history(session, tenant))

    async def find(self, session: Session, tenant: str) -> RuleBookVersions | None:
        """The same; None: something was activated that was not read here yet."""
        history = await self.documents.find_history(session, tenant)
        return None if history is None else self._of(tenant, history)

    def _of(self, tenant: str, history: History[RuleBook]) -> RuleBookVersions:
        if not history.activations:
            return self.platform
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


async def upsert_rates(
    session: Session,
    tenant: str,
    rows: Sequence[tuple[str, RateRow]],
    *,
    source: str,
    by: str,
    now: datetime,
) -> None:
    """Rows by the name of their rate; of one day the last that was stored counts."""
    await session.execute(
        """
        insert into reference_rates (tenant_id, name, from_on, until_on, percent, source, stored_by,
                                     stored_at)
        select $1, name, from_on, until_on, percent, $6, $7, $8
        from unnest($2::text[], $3::date[], $4::date[], $5::text[])
          as k (name, from_on, until_on, percent)
        on conflict (tenant_id, name, from_on) do update set
          until_on = excluded.until_on, percent = excluded.percent, source = excluded.source,
          stored_by = excluded.stored_by, stored_at = excluded.stored_at
        """,
        tenant,
        [name for name, _ in rows],
        [row.from_on for _, row in rows],
        [row.until_on for _, row in rows],
        [row.percent for _, row in rows],
        source,
        by,
        now,
    )


async def find_rates(session: Session, tenant: str) -> dict[str, list[RateRow]]:
    """What the tenant has loaded, by the name of the rate, in order of days."""
    found: dict[str, list[RateRow]] = {}
    for row in await list_rate_rows(session, tenant):
        rate = RateRow(row["from_on"], row["percent"], row["until_on"])
        found.setdefault(row["name"], []).append(rate)
    return found


async def list_rate_rows(session: Session, tenant: str) -> list[Record]:
    """The same, with who stored each row, when and from what source."""
    return await session.fetch(
        "select * from reference_rates where tenant_id = $1 order by name, from_on", tenant
    )
