"""Set a debtor aside that can't be planned for or contacted, and hand it to a person once."""

from datetime import timedelta

from services.outreach.activity.commands import open_tasks
from services.outreach.dunning.domain.failures import task_of
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.store import debtors as store
from shared.database import Session
from shared.errors import AppError

RETRY_AFTER = timedelta(days=1)  # of business time; sooner, when the debtor's facts change
_REASON_MAX = 500


async def set_aside(
    session: Session,
    tenant: str,
    debtor_key: str,
    time: RunTime,
    error: Exception,
) -> None:
    """Its neighbours go on. A task says so, once: tried again in vain, it gets no other."""
    detail = error.detail if isinstance(error, AppError) else str(error)
    reason = f"{type(error).__name__}: {detail}".replace("\x00", "\\0")[:_REASON_MAX]
    is_new = await store.put_aside(
        session, tenant, debtor_key, at=time.at, retry_at=time.at + RETRY_AFTER, reason=reason
    )
    account = await store.find_first_account(session, tenant, debtor_key)
    if is_new and account is not None:
        task = task_of(debtor_key, account, time.at)
        await open_tasks(session, tenant, time.recorded_at, [task])
