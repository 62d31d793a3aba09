"""What others announce for a whole tenant is kept as it came; what waited for it goes on."""

from collections.abc import Sequence

from services.metrics.commands.plan_actions import end_action
from services.metrics.domain.announced import KEPT
from services.metrics.domain.plans.contingencies import PlannedAction, decided
from services.metrics.domain.slots import slot_of
from services.metrics.store import plan_actions
from services.metrics.store.announcements import AnnouncedFact, insert_announcements
from services.metrics.store.business_times import get_business_time
from shared.database import Session
from shared.events import Received

TYPES = KEPT | {"approval-decided"}


async def take_announcements(session: Session, events: Sequence[Received]) -> None:
    """Keep them; a contingency that waited for an approval acts, or fails."""
    kept = [event for event in events if event.type in KEPT]
    await insert_announcements(
        session,
        [
            AnnouncedFact(
                tenant=event.tenant,
                event_id=event.id,
                type=event.type,
                known=slot_of(event.recordedtime),
                time=event.time,
                sequence=event.sequence,
                content=(event.data or b"null").decode(),
            )
            for event in kept
        ],
    )
    ending = [event for event in events if event.type in ("approval-decided", "strategy-activated")]
    if not ending:
        return
    waiting = await plan_actions.lock_waiting(session, sorted({event.tenant for event in ending}))
    for each in waiting:
        zone, _ = await get_business_time(session, each.tenant)
        for event in ending:
            outcome = _outcome(each.action, event) if event.tenant == each.tenant else None
            if outcome is not None:
                action = decided(each.action, outcome)
                await end_action(session, each.tenant, action, event.recordedtime, zone)
                break


def _outcome(action: PlannedAction, event: Received) -> str | None:
    """How the waiting ends by this event; None: it goes on."""
    data = event.decode()
    if event.type == "approval-decided":
        return str(data.decision) if data.approval_id == action.approval_id else None
    wanted = action.deed.activate_strategy
    if wanted is None or event.recordedtime.date() < action.triggered_on:
        return None  # the version was in force before
    if (data.name, data.version) == (wanted.name, wanted.version):
        return "approved"
    return None
