"""Start strategies on early warnings: announce the task that each leads to, once per episode."""

from collections.abc import Sequence

from services.outreach.activity.commands import CoveredEvent, announce_events
from services.outreach.debtors.store.accounts import find_accounts
from services.outreach.dunning.domain import warnings as rules
from services.outreach.dunning.domain.strategies import Strategies
from services.outreach.dunning.store import warnings as store
from shared.database import Session
from shared.events import OUTREACH, Announcement, Event, Received
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
    known = await store.find_task_ids(session, accounts.keys())
    events: list[CoveredEvent] = []
    started = 0
    for warning in warnings:
        key = (warning.tenant, warning.key)
        task = rules.task_of(
            warning, accounts[key], strategies, contact_from.get(warning.tenant), invoices[key]
        )
        if rules.task_id(warning) not in known and task:
            known.add(rules.task_id(warning))
            events += [(_event(part, warning), (warning.key,)) for part in task]
            started += 1
    await announce_events(session, events)
    if started:
        session.after_commit(lambda: _count(started))


def _event(task: Announcement, warning: Received) -> Event:
    """The task as it is published: after the warning that causes it."""
    return Event.of(
        task,
        topic=OUTREACH,
        tenant=warning.tenant,
        key=warning.key,
        recordedtime=warning.recordedtime,
        correlationid=warning.correlationid,
        causationid=warning.id,
        traceparent=warning.traceparent,
    )


def _count(tasks: int) -> None:
    telemetry.CONTACTS.labels("outreach", "person", "handed-over").inc(tasks)
