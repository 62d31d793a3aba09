"""Certificates: given by managers, suspended by reviews, announced when they change."""

from collections.abc import Sequence
from datetime import date, datetime

from services.outreach.activity.commands import announce, tenant_now
from services.outreach.activity.domain import desk_events
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.desk.store import people as store
from shared import clock
from shared.business_time import Clock
from shared.database import Record, Session
from shared.events import outreach

_FIGURES = ("valid_from", "valid_until", "suspended_at")


async def give_certificate(
    session: Session,
    clock_mode: Clock,
    tenant: str,
    person: str,
    name: str,
    valid: tuple[date, date | None],
    *,
    by: str,
) -> Record:
    """Given anew, it is not suspended any more. What changes nothing is announced to nobody."""
    before = await store.lock_certificate(session, tenant, person, name)
    recorded_at = clock.now()
    row = await store.upsert_certificate(session, tenant, person, name, *valid, (recorded_at, by))
    if before is None or any(before[each] != row[each] for each in _FIGURES):
        at = await tenant_now(session, clock_mode, tenant)
        entry = _changed(row, f"given {recorded_at.isoformat()}", at)
        await announce(session, tenant, at, [entry])
    return row


async def suspend_certificates(
    session: Session,
    tenant: str,
    person: str,
    names: Sequence[str],
    at: datetime,
    because: str,
) -> None:
    """Those of these names that the person holds; `because` is one of a kind."""
    rows = await store.suspend_certificates(session, tenant, person, names, at, because)
    await announce(session, tenant, at, [_changed(row, because, at) for row in rows])


def _changed(row: Record, cause: str, at: datetime) -> TimelineEntry:
    data = outreach.CertificateChanged(
        collector=row["person"],
        name=row["name"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        suspended=row["suspended_at"] is not None,
    )
    entity = f"{row['person']} {row['name']}"
    return desk_events.entry("certificate-changed", entity, cause, at, None, data, ())
