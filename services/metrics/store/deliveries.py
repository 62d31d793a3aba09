"""SQL of the mails that alerts go out by. All times are the machine's."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct

from shared.database import Session

DeliveryState = Literal["queued", "sent", "failed", "not-configured", "no-address"]


class Delivery(Struct, frozen=True, kw_only=True):
    """One mail: for a person, of a check."""

    tenant: str
    delivery_id: str
    plan_id: str
    day: date
    person: str
    email: str | None
    subject: str
    body: str
    alert_ids: tuple[str, ...]
    state: DeliveryState
    reason: str | None = None
    attempts: int = 0
    made_at: datetime
    sent_at: datetime | None = None


async def insert_delivery(session: Session, each: Delivery, *, next_at: datetime | None) -> bool:
    """Whether it is new: one mail for a person and check."""
    status = await session.execute(
        """
        insert into deliveries (tenant_id, delivery_id, plan_id, day, person, email, subject, body,
            alert_ids, state, attempts, made_at, next_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12) on conflict do nothing
        """,
        each.tenant,
        each.delivery_id,
        each.plan_id,
        each.day,
        each.person,
        each.email,
        each.subject,
        each.body,
        list(each.alert_ids),
        each.state,
        each.made_at,
        next_at,
    )
    return status.endswith(" 1")


async def claim_deliveries(
    session: Session, *, now: datetime, lease_until: datetime, tenant: str | None, limit: int
) -> list[Delivery]:
    """Those that are due. A claim ends by itself."""
    rows = await session.fetch(
        """
        update deliveries set next_at = $2, attempts = attempts + 1
        where (tenant_id, delivery_id) in (
            select tenant_id, delivery_id from deliveries
            where next_at <= $1 and ($3::text is null or tenant_id = $3)
            order by next_at limit $4 for update skip locked)
        returning *
        """,
        now,
        lease_until,
        tenant,
        limit,
    )
    return [_delivery(row) for row in rows]


async def update_delivery(
    session: Session,
    each: Delivery,
    *,
    state: DeliveryState,
    reason: str | None,
    next_at: datetime | None,
    sent_at: datetime | None = None,
) -> None:
    await session.execute(
        """
        update deliveries set state = $3, reason = $4, next_at = $5, sent_at = $6
        where tenant_id = $1 and delivery_id = $2
        """,
        each.tenant,
        each.delivery_id,
        state,
        reason,
        next_at,
        sent_at,
    )


async def list_deliveries(
    session: Session, tenant: str, alert_ids: Sequence[str]
) -> list[Delivery]:
    """Those that tell of the alerts."""
    rows = await session.fetch(
        "select * from deliveries where tenant_id = $1 and alert_ids && $2::text[]"
        " order by day, person, delivery_id",
        tenant,
        list(alert_ids),
    )
    return [_delivery(row) for row in rows]


def _delivery(row: Any) -> Delivery:
    return Delivery(
        tenant=row["tenant_id"],
        delivery_id=row["delivery_id"],
        plan_id=row["plan_id"],
        day=row["day"],
        person=row["person"],
        email=row["email"],
        subject=row["subject"],
        body=row["body"],
        alert_ids=tuple(row["alert_ids"]),
        state=row["state"],
        reason=row["reason"],
        attempts=row["attempts"],
        made_at=row["made_at"],
        sent_at=row["sent_at"],
    )
