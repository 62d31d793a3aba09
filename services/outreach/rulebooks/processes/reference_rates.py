"""Which reference rates a tenant's contact rules need, and how far they are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.outreach.context import Context
from services.outreach.rulebooks.commands import business_now
from services.outreach.rulebooks.domain.reference_rates import KnownRate, RateRow, known_rates
from services.outreach.rulebooks.processes.books import ready_books
from services.outreach.rulebooks.store import get_tenant_zone, list_rate_rows
from shared.clock import local_day
from shared.database import Record


@dataclass(frozen=True)
class TenantRates:
    """The rates by name, the tenant's own rows as stored, and the tenant's day."""

    known: dict[str, KnownRate]
    stored: dict[str, list[Record]]
    today: date

    @property
    def short(self) -> list[KnownRate]:
        """Those of which the next row should be loaded by now."""
        return [rate for rate in self.known.values() if rate.is_short(self.today)]


async def find_tenant_rates(context: Context, tenant: str) -> TenantRates:
    """By the rule books in force now."""
    versions = await ready_books(context, tenant)
    async with context.db.reading() as session:
        now = await business_now(session, context.clock, tenant)
        zone = await get_tenant_zone(session, tenant)
        rows = await list_rate_rows(session, tenant)
    stored: dict[str, list[Record]] = {}
    for row in rows:
        stored.setdefault(row["name"], []).append(row)
    own = {name: _rows(found) for name, found in stored.items()}
    books = versions.present(now).values()
    return TenantRates(known_rates(books, own), stored, local_day(now, zone))


def _rows(rows: Sequence[Record]) -> list[RateRow]:
    return [RateRow(row["from_on"], row["percent"], row["until_on"]) for row in rows]
