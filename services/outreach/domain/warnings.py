"""From an early warning to a task for a person: what the strategy of the account makes of it.

No debt need be overdue, so no message leaves; the governor, who judges messages, is not asked.
"""

from collections.abc import Iterable
from datetime import date

from services.outreach.domain.accounts import AccountFacts
from services.outreach.domain.invoices import Invoice
from services.outreach.domain.strategies import Strategies
from services.outreach.domain.workdays import first_in_office
from shared import ids
from shared.clock import local_day
from shared.events import OUTREACH, Event, Received, outreach
from shared.events.segmentation import EarlyWarningRaised


def task_id(warning: Received) -> str:
    """One for each episode: segmentation raises a warning once in it, always under the same id."""
    return ids.event_id(warning.tenant, "outreach", "warning-task", warning.key, warning.id)


def task(
    warning: Received,
    account: AccountFacts,
    strategies: Strategies,
    contact_from: date | None,
    invoices: Iterable[Invoice],
) -> Event | None:
    """The task that the warning leads to, with the times of its cause; None: to nothing."""
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
    return Event(
        topic=OUTREACH,
        tenant=warning.tenant,
        key=account.account_id,
        type="task-created",
        entity=task_id(warning),
        cause=data.kind,
        time=warning.time,
        day=day,
        recordedtime=warning.recordedtime,
        data=outreach.TaskCreated(
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
        ),
        correlationid=warning.correlationid,
        causationid=warning.id,
        traceparent=warning.traceparent,
    )
