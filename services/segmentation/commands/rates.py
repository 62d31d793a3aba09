"""Dated exchange rates: put in place of those that were there, and announced where they differ."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from services.segmentation.domain.announcements import Cause, announce_rates, tenant_wide
from services.segmentation.store import figures as store
from shared import clock
from shared.database import Session
from shared.log import outbox


async def replace_rates(
    session: Session,
    tenant: str,
    to: str,
    rates: Sequence[tuple[str, date, Decimal]],
    *,
    at: datetime,
) -> None:
    """Put these rates into a currency. Those that stand already change nothing."""
    await store.lock_rates(session, tenant, to)
    known = await store.rates_of(session, tenant)
    before = {
        (currency, rate.on, rate.rate)
        for (currency, into), dated in known.items()
        if into == to
        for rate in dated
    }
    if before == set(rates):
        return
    await store.replace_rates(session, tenant, to, rates)
    cause = Cause(id=f"rates {clock.now().isoformat()}", because="rates", time=at, day=None)
    announced = announce_rates(to, rates, cause)
    outbox.append(session, [tenant_wide(tenant, each) for each in announced])
