"""Mails of alerts: claimed in one transaction, handed over with none open, kept in another."""

from datetime import datetime, timedelta

from services.metrics.context import Context
from services.metrics.domain.plans.contingencies import GIVE_UP_AFTER, retry_after
from services.metrics.store import deliveries as store
from services.metrics.store.deliveries import Delivery, DeliveryState
from shared import clock
from shared.process.crash import crash_point
from shared.process.failures import survived
from shared.process.parts import turn
from shared.smtp import Handover

CLAIMED_MAX = 20
LEASE = timedelta(minutes=5)  # longer than a hand-over takes


async def deliver_due(context: Context, *, tenant: str | None = None) -> int:
    """Every mail that is due; how many went out."""
    if context.mailer is None:
        return 0
    sent = 0
    while True:
        now = clock.now()
        async with context.db.transaction() as session:
            claimed = await store.claim_deliveries(
                session, now=now, lease_until=now + LEASE, tenant=tenant, limit=CLAIMED_MAX
            )
        if not claimed:
            return sent
        for delivery in claimed:
            turn()
            with survived("metrics", "deliveries", tenant=delivery.tenant):
                sent += await _deliver(context, delivery)


async def _deliver(context: Context, delivery: Delivery) -> bool:
    assert context.mailer is not None, "looked at before"
    handover = await context.mailer.send(delivery)
    crash_point("metrics.mail.after_handover")
    now = clock.now()
    state, next_at = _outcome(delivery, handover, now)
    async with context.db.transaction() as session:
        await store.update_delivery(
            session,
            delivery,
            state=state,
            reason=handover.code or None,
            next_at=next_at,
            sent_at=now if state == "sent" else None,
        )
    return state == "sent"


def _outcome(
    delivery: Delivery, handover: Handover, now: datetime
) -> tuple[DeliveryState, datetime | None]:
    """What is uncertain is sent again: the same Message-ID tells readers that it is the same."""
    if handover.fate == "sent":
        return "sent", None
    if handover.fate == "refused" or now - delivery.made_at >= GIVE_UP_AFTER:
        return "failed", None
    return "queued", now + retry_after(delivery.attempts)
