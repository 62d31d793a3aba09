"""The task for a person about a debtor that can't be planned for or contacted."""

from datetime import datetime

from services.outreach.activity.domain.tasks import NewTask
from services.outreach.debtors.domain.accounts import AccountFacts
from shared.clock import local_day

STEP = "set-aside"  # no step of any strategy: the ladder waits


def task_of(debtor_key: str, account: AccountFacts, at: datetime) -> NewTask:
    """About one of the debtor's accounts, and no invoice: what is at fault is not known."""
    return NewTask(
        kind="set-aside",
        account_id=account.account_id,
        cause=f"set aside {debtor_key} {at.isoformat()}",
        due_at=at,
        debtor_id=account.debtor_id,
        step=STEP,
        due_on=local_day(at, account.timezone),
        opened_at=at,
    )
