"""From an early warning to a task for a person: what the strategy of the account makes of it.

No debt need be overdue, so no message leaves; the governor, who judges messages, is not asked.
"""

from collections.abc import Iterable
from datetime import date

from services.outreach.debtors.domain.accounts import AccountFacts
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.dunning.domain.contact_events import task_in_parts
from services.outreach.dunning.domain.strategies import Strategies
from services.outreach.dunning.domain.workdays import first_in_office
from shared import ids
from shared.clock import local_day
from shared.events import Announcement, Received, outreach
from shared.events.segmentation import EarlyWarningRaised


def task_id(warning: Received) -> str:
    """One for each episode: segmentation raises a warning once in it, always under the same id."""
    return ids.event_id(warning.tenant, "outreach", "warning-task", warning.key, warning.id)


def task_of(
    warning: Received,
    account: AccountFacts,
    strategies: Strategies,
    contact_from: date | None,
    invoices: Iterable[Invoice],
) -> list[Announcement]:
    """The task that the warning leads to, with the times of its cause; None: to nothing."""
    data: EarlyWarningRaised = warning.decode()
    day = warning.day or local_day(warning.time, account.timezone)
    if contact_from is None or day < contact_from:
        return []
    if account.is_erased or not account.is_registered:
        return []
    strategy = strategies[account.kind]
    step = strategy.on_warning.get(data.kind)
    if step is None:
        return []
    work_at = first_in_office(warning.recordedtime, account.timezone)
    created = outreach.TaskCreated(
        task_id=task_id(warning),
        account_id=account.account_id,
        debtor_id=account.debtor_id,
        strategy=strategy.name,
        strategy_version=strategy.version,
        step=step.step,
        due_on=local_day(work_at, account.timezone),
        invoice_ids=tuple(
            sorted(i.invoice_id for i in invoices if i.state == "open" and not i.is_disputed)
        ),
    )
    return [
        Announcement("task-created", created.task_id, cause, warning.time, day, part)
        for cause, part in task_in_parts(created, data.kind)
    ]
