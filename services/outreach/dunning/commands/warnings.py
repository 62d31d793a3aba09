"""Start strategies on early warnings: open the task that each leads to, once per episode."""

from collections.abc import Sequence
from datetime import datetime

from services.outreach.activity.commands import open_tasks
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.debtors.store.accounts import find_accounts
from services.outreach.dunning.domain import warnings as rules
from services.outreach.dunning.domain.strategies import Strategies
from services.outreach.dunning.store import warnings as store
from shared.database import Session
from shared.events import Received
from shared.process import telemetry


async def start_on_warnings(
    session: Session, warnings: Sequence[Received], strategies: Strategies
) -> None:
    """The accounts and invoices stand written, with all that the batch has of them."""
    if not any(strategy.on_warning for strategy in strategies.values()):
        return
    accounts = await find_accounts(session, {(e.tenant, e.key) for e in warnings if e.key})
    warnings = [e for e in warnings if (e.tenant, e.key) in accounts]
    if not warnings:
        return
    contact_from = await store.find_contact_from(session, {e.tenant for e in warnings})
    invoices = await store.find_open_invoices(session, accounts.keys())
    tasks: dict[tuple[str, datetime], list[NewTask]] = {}
    for warning in warnings:
        key = (warning.tenant, warning.key)
        task = rules.task_of(
            warning, accounts[key], strategies, contact_from.get(warning.tenant), invoices[key]
        )
        if task is not None:
            tasks.setdefault((warning.tenant, warning.recordedtime), []).append(task)
    started = 0
    for (tenant, recorded_at), found in tasks.items():
        started += len(await open_tasks(session, tenant, recorded_at, found))
    if started:
        session.after_commit(lambda: _count(started))


def _count(tasks: int) -> None:
    telemetry.CONTACTS.labels("outreach", "person", "handed-over").inc(tasks)
