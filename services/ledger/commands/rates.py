"""Reference rates of a tenant: rows are added or corrected, and begun days restated."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from services.ledger.commands.tenants import latest_day, lock_tenants
from services.ledger.context import Context
from services.ledger.domain.rates import RateRow, changed_from
from services.ledger.store.rates import insert_rate_rows, list_own_rates
from services.ledger.store.runs import find_run, insert_run
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
        return StoredRates(before.revision, await _running(session, tenant_id, name, rows))
    revision = before.revision + 1
    await insert_rate_rows(
        session, tenant_id, name, new, revision=revision, source=source, by=by, now=now
    )
    after = await context.policies.rates.tables(session, tenant_id)
    first = changed_from(before, after, name)
    begun = latest_day(locked[tenant_id], context, now)
    if first is None or begun is None or first > begun:
        return StoredRates(revision, None)
    run_id = _run_id(tenant_id, revision)
    because = f"rates {name} {revision}"
    await insert_run(
        session,
        tenant_id,
        run_id,
        because=because,
        from_on=first,
        revision=revision,
        now=now,
    )
    return StoredRates(revision, run_id)


def _run_id(tenant_id: str, revision: int) -> str:
    return event_id(tenant_id, "ledger", "run", "rates", str(revision))


async def _running(
    session: Session, tenant_id: str, name: str, rows: Sequence[RateRow]
) -> str | None:
    """The run that is still under way for rows that were sent before: who asks again for want of
    an answer is told of it."""
    own = (await list_own_rates(session, tenant_id)).get(name, ())
    sent = {row.from_on for row in rows}
    revisions = [row.revision for row in own if row.from_on in sent]
    if not revisions:
        return None
    run = await find_run(session, tenant_id, _run_id(tenant_id, max(revisions)))
    return run.run_id if run is not None and run.state == "running" else None
