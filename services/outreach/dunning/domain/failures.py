"""The task for a person about a debtor that can't be planned for or contacted."""

from datetime import datetime

from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.debtors.domain.accounts import AccountFacts
from services.outreach.dunning.domain.strategies import Strategies
from shared import ids
from shared.clock import local_day
from shared.events import Announcement, outreach

STEP = "set-aside"  # no step of any strategy: the ladder waits


def task_of(
    tenant: str, debtor_key: str, account: AccountFacts, strategies: Strategies, at: datetime
) -> TimelineEntry:
    """About one of the debtor's accounts, and no invoice: what is at fault is not known."""
    strategy = strategies[account.kind]
    day = local_day(at, account.timezone)
    task = outreach.TaskCreated(
        task_id=ids.event_id(tenant, "outreach", "set-aside", debtor_key, at.isoformat()),
        account_id=account.account_id,
        debtor_id=account.debtor_id,
        strategy=strategy.name,
        strategy_version=strategy.version,
        step=STEP,
        due_on=day,
        invoice_ids=(),
    )
    announcement = Announcement("task-created", task.task_id, STEP, at, day, task)
    return TimelineEntry(announcement, account.account_id, (account.account_id,))
