"""SQL of tenants: their settings as the ledger announced them."""

from datetime import date

from shared.database import Session
from shared.events import ledger


async def upsert_tenant(session: Session, settings: ledger.Tenant) -> bool:
    """Whether this changed when, or by which rules, the tenant's debtors may be contacted."""
    before = await session.fetchrow(
        "select contact_from, party, organisation, calendar from tenants"
        " where tenant_id = $1 for update",
        settings.tenant_id,
    )
    await session.execute(
        """
        insert into tenants (tenant_id, timezone, contact_from, party, organisation, calendar)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (tenant_id) do update set
          timezone = excluded.timezone, contact_from = excluded.contact_from,
          party = excluded.party, organisation = excluded.organisation,
          calendar = excluded.calendar
        """,
        settings.tenant_id,
        settings.timezone,
        settings.contact_from,
        settings.party,
        settings.organisation,
        settings.calendar,
    )
    if before is None:
        return settings.contact_from is not None
    after = (settings.contact_from, settings.party, settings.organisation, settings.calendar)
    return tuple(before) != after


async def list_contacting_tenants(session: Session) -> list[str]:
    """The tenants that let their debtors be contacted."""
    rows = await session.fetch(
        "select tenant_id from tenants where contact_from is not null order by tenant_id"
    )
    return [row["tenant_id"] for row in rows]


async def find_calendar(session: Session, tenant: str) -> tuple[str, date | None]:
    """A tenant's zone, and the day from which its debtors are contacted."""
    row = await session.fetchrow(
        "select timezone, contact_from from tenants where tenant_id = $1", tenant
    )
    return ("UTC", None) if row is None else (row["timezone"], row["contact_from"])


async def find_calendar_name(session: Session, tenant: str) -> str | None:
    """By which a tenant's business days are counted."""
    found: str | None = await session.fetchval(
        "select calendar from tenants where tenant_id = $1", tenant
    )
    return found
