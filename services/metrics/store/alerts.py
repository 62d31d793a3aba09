"""SQL of alerts and of a tenant's own rules."""

from datetime import date, datetime

import msgspec
from msgspec import Struct

from services.metrics.domain.plans.alerts import Alert
from services.metrics.domain.plans.document import AlertRules
from shared.database import Record, Session
from shared.errors import NotFound
from shared.texts import shown

_ENCODER = msgspec.json.Encoder()
_ALERT = msgspec.json.Decoder(Alert)
_RULES = msgspec.json.Decoder(AlertRules)


class NoSuchAlert(NotFound):
    pass


class KeptAlert(Struct, frozen=True):
    """An alert, and who has taken note of it."""

    alert: Alert
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    note: str | None


class KeptRules(Struct, frozen=True):
    rules: AlertRules
    edit: int  # how often they were written; 0: never


async def upsert_alert(session: Session, tenant: str, alert: Alert) -> None:
    await session.execute(
        """
        insert into alerts (tenant_id, alert_id, plan_id, state, raised_on, content)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (tenant_id, alert_id) do update set state = excluded.state,
            content = excluded.content
        """,
        tenant,
        alert.alert_id,
        alert.plan_id or "",
        alert.state,
        alert.raised_on,
        _ENCODER.encode(alert).decode(),
    )


async def list_alerts_of(
    session: Session, tenant: str, plan_id: str, *, since: date, until: date | None = None
) -> list[Alert]:
    """Of a plan (empty: of the tenant's rules): those that are open, and those raised since."""
    rows = await session.fetch(
        """
        select content from alerts
        where tenant_id = $1 and plan_id = $2 and (state = 'raised' or raised_on >= $3)
            and ($4::date is null or raised_on <= $4)
        order by raised_on, alert_id
        """,
        tenant,
        plan_id,
        since,
        until,
    )
    return [_ALERT.decode(row["content"]) for row in rows]


async def list_alerts(
    session: Session,
    tenant: str,
    *,
    state: str | None,
    before: tuple[date, str] | None,
    limit: int,
) -> list[KeptAlert]:
    """The newest first."""
    rows = await session.fetch(
        """
        select content, acknowledged_by, acknowledged_at, note from alerts
        where tenant_id = $1 and ($2::text is null or state = $2)
            and ($3::date is null or (raised_on, alert_id) < ($3, $4))
        order by raised_on desc, alert_id desc limit $5
        """,
        tenant,
        state,
        None if before is None else before[0],
        "" if before is None else before[1],
        limit,
    )
    return [_kept(row) for row in rows]


async def acknowledge(
    session: Session, tenant: str, alert_id: str, *, by: str, at: datetime, note: str | None
) -> KeptAlert:
    """The first to take note stays the one; the note may be written anew. Raises `NoSuchAlert`."""
    row = await session.fetchrow(
        """
        update alerts set acknowledged_by = coalesce(acknowledged_by, $3),
            acknowledged_at = coalesce(acknowledged_at, $4), note = coalesce($5, note)
        where tenant_id = $1 and alert_id = $2
        returning content, acknowledged_by, acknowledged_at, note
        """,
        tenant,
        alert_id,
        by,
        at,
        note,
    )
    if row is None:
        raise NoSuchAlert(f"There is no alert {shown(alert_id)}.")
    return _kept(row)


def _kept(row: Record) -> KeptAlert:
    return KeptAlert(
        _ALERT.decode(row["content"]), row["acknowledged_by"], row["acknowledged_at"], row["note"]
    )


async def find_rules(session: Session, tenant: str) -> KeptRules:
    """A tenant's own; none were written: there are none."""
    row = await session.fetchrow(
        "select content, edit from alert_rules where tenant_id = $1", tenant
    )
    if row is None:
        return KeptRules(AlertRules(), 0)
    return KeptRules(_RULES.decode(row["content"]), row["edit"])


async def upsert_rules(
    session: Session, tenant: str, rules: AlertRules, *, by: str, over: int | None = None
) -> KeptRules | None:
    """Write them; `over`: only if that edit still stands, else None."""
    edit = await session.fetchval(
        """
        insert into alert_rules (tenant_id, content, edit, written_by) values ($1, $2, 1, $3)
        on conflict (tenant_id) do update set content = excluded.content,
            edit = alert_rules.edit + 1, written_by = excluded.written_by
        where $4::int is null or alert_rules.edit = $4
        returning edit
        """,
        tenant,
        _ENCODER.encode(rules).decode(),
        by,
        over,
    )
    return None if edit is None else KeptRules(rules, edit)


async def count_parked(session: Session, tenant: str) -> int:
    """Accounts whose events wait for a person."""
    count: int = await session.fetchval(
        "select count(*) from (select key from waiting where tenant = $1"
        " union select key from heads where tenant = $1 and is_parked) parked",
        tenant,
    )
    return count
