"""From an early warning to a task for a person: what the strategy of the account makes of it.

No debt need be overdue, so no message leaves; the governor, who judges messages, is not asked.
"""

from collections.abc import Iterable
from datetime import date

from services.outreach.activity.domain.tasks import NewTask
from services.outreach.debtors.domain.accounts import AccountFacts
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.dunning.domain.strategies import Strategies
from services.outreach.dunning.domain.workdays import first_in_office
from shared.clock import local_day
from shared.events import Received
from shared.events.segmentation import EarlyWarningRaised


def task_of(
    warning: Received,
    account: AccountFacts,
    strategies: Strategies,
    contact_from: date | None,
    invoices: Iterable[Invoice],
) -> NewTask | None:
    """The task that the warning leads to; None: to nothing. Segmentation raises a warning once in
    an episode, always under the same id, so the task is one for each episode."""
    data: EarlyWarningRaised = warning.decode()
    day = warning.day or local_day(warning.time, account.timezone)
    if contact_from is None or day < contact_from:
        return None
    if account.is_erased or not account.is_registered:
        return None
    strategy = strategies[account.kind]
    step = strategy.on_warning.get(data.kind)
    if step is None:
        return None
    work_at = first_in_office(warning.recordedtime, account.timezone)
    return NewTask(
        kind="early-warning",
        account_id=account.account_id,
        cause=f"warning {warning.id}",
        due_at=work_at,
        debtor_id=account.debtor_id,
        strategy=strategy.name,
        strategy_version=strategy.version,
        step=step.step,
        due_on=local_day(work_at, account.timezone),
        invoice_ids=tuple(
            sorted(i.invoice_id for i in invoices if i.state == "open" and not i.is_disputed)
        ),
        opened_at=warning.time,
    )
