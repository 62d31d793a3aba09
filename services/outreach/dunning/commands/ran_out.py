"""A pause that has run out without anybody seeing to it: people are told, once."""

from datetime import datetime

from services.outreach.activity.commands import open_tasks
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.activity.store.tasks import escalate_tasks, is_any_task
from services.outreach.debtors.store.pauses import WaitingPause, mark_ran_out
from services.outreach.dunning.domain.runs import RunTime
from shared.database import Session


async def tell_of(
    session: Session, tenant: str, time: RunTime, pause: WaitingPause, ended_at: datetime
) -> bool:
    """The work for which it stood is escalated. Of a claim to have paid that was told to a
    collector there is none yet: somebody looks for the payment. False: it was ended meanwhile."""
    cause = _cause(pause)
    await escalate_tasks(session, tenant, cause)  # tasks before pauses, as who does them locks
    if not await mark_ran_out(session, tenant, pause.pause_id, time.at):
        return False
    if pause.is_erased:
        return True
    if pause.kind == "claim" and not await is_any_task(session, tenant, cause):
        task = NewTask(
            kind="check-payment",
            account_id=pause.account_id,
            cause=cause,
            due_at=ended_at,
            debtor_id=pause.debtor_id,
            escalated=True,
            opened_at=ended_at,
        )
        await open_tasks(session, tenant, time.recorded_at, [task])
    return True


def _cause(pause: WaitingPause) -> str:
    """Of an answer's task: the pause is named after it, that of a claim with its account."""
    if pause.kind == "claim":
        return pause.pause_id.removesuffix(f" {pause.account_id}")
    return pause.pause_id
