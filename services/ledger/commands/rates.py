"""Reference rates of a tenant: rows are added or corrected, and begun days restated."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from services.ledger.commands.tenants import latest_day, lock_tenants
from services.ledger.context import Context
from services.ledger.domain.rates import RateRow, changed_from
from services.ledger.store.rates import insert_rate_rows
from services.ledger.store.runs import insert_run
from shared.database import Session
from shared.errors import NotFound
from shared.ids import event_id


class StoredRates(Struct, frozen=True):
    """What came of rows that were sent."""

    revision: int
    run_id: str | None  # of the run that restates begun days


async def put_rates(
    session: Session,
    tenant_id: str,
    context: Context,
    name: str,
    rows: Sequence[RateRow],
    *,
    source: str,
    by: str,
    now: datetime,
) -> StoredRates:
    """Add or correct the tenant's own rows of a rate; the begun day stands still meanwhile.

    Rows that change nothing are not stored again. Raises `NotFound` for an unknown tenant.
    """
    locked = await lock_tenants(session, {tenant_id}, context, now=now, exclusively=True)
    if tenant_id not in locked:
        raise NotFound(f"There is no tenant {tenant_id}.")
    before = await context.policies.rates.tables(session, tenant_id)
    known = before.rates.get(name, {})
    new = [row for row in rows if known.get(row.from_on) != row.percent]
    if not new:
        return StoredRates(before.revision, None)
    revision = before.revision + 1
    await insert_rate_rows(
        session, tenant_id, name, new, revision=revision, source=source, by=by, now=now
    )
    after = await context.policies.rates.tables(session, tenant_id)
    first = changed_from(before, after, name)
    begun = latest_day(locked[tenant_id], context, now)
    if first is None or begun is None or first > begun:
        return StoredRates(revision, None)
    run_id = event_id(tenant_id, "ledger", "run", "rates", str(revision))
    because = f"rates {name} {revision}"
    await insert_run(session, tenant_id, run_id, because=because, from_on=first, now=now)
    return StoredRates(revision, run_id)
