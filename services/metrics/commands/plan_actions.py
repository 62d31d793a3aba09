"""What contingencies and verdicts on experiments do: claimed, and what came of it."""

from datetime import datetime, timedelta

from services.metrics.commands.own_events import announce
from services.metrics.commands.plan_times import plan_time
from services.metrics.domain.plans.contingencies import PlannedAction, retry_after
from services.metrics.domain.plans.news import When, contingency_ended
from services.metrics.store import plan_actions as store
from services.metrics.store.changes import announce_change
from services.metrics.store.plan_actions import KeptAction
from shared.business_time import Clock
from shared.clock import local_day
from shared.database import Session

LEASE = timedelta(minutes=2)  # longer than any call takes
CLAIMED_MAX = 20


async def claim_actions(session: Session, now: datetime, *, tenant: str | None) -> list[KeptAction]:
    """Those to be asked for now; others leave them alone meanwhile."""
    return await store.claim_actions(
        session, now=now, lease_until=now + LEASE, tenant=tenant, limit=CLAIMED_MAX
    )


async def keep_answer(
    session: Session, tenant: str, action: PlannedAction, mode: Clock, now: datetime
) -> None:
    """An action after a call: it has ended, waits, or is asked for again."""
    known = await store.lock_action(session, tenant, action)
    if known is None or known.state in ("acted", "failed"):
        return  # an event has ended it meanwhile
    if action.state in ("acted", "failed"):
        time = await plan_time(session, tenant, mode)
        await end_action(session, tenant, action, time.now, time.zone)
    elif action.state == "waiting":
        await store.update_action(session, tenant, action, next_at=None)
    else:
        is_unanswered = action.attempts > known.attempts
        wait = retry_after(action.attempts) if is_unanswered else timedelta(0)
        await store.update_action(session, tenant, action, next_at=now + wait)
        return
    content = {"plan_id": action.plan_id, "contingency": action.contingency, "state": action.state}
    await announce_change(session, tenant, "plan", content)


async def end_action(
    session: Session, tenant: str, action: PlannedAction, at: datetime, zone: str
) -> None:
    """Acted or failed: said once. `at` is business time."""
    await store.update_action(session, tenant, action, next_at=None)
    ended = contingency_ended(action, When(local_day(at, zone), zone))
    announce(session, tenant, at, [ended])
