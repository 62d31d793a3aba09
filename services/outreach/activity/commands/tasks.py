"""Ask people for work, and take back what need not be done any more."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec.structs import replace

from services.outreach.activity.commands.announcements import announce
from services.outreach.activity.commands.cases import open_cases
from services.outreach.activity.domain import desk_events
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.activity.store import tasks as store
from shared.database import Session
from shared.events import outreach


async def open_tasks(
    session: Session, tenant: str, recorded_at: datetime, tasks: Sequence[NewTask]
) -> list[str]:
    """Open each task once for its cause, in the case of its account; gives the ids of new ones."""
    by_id = {desk_events.task_id(tenant, task.account_id, task.cause): task for task in tasks}
    known = await store.find_task_ids(session, tenant, by_id)
    new = {id_: task for id_, task in by_id.items() if id_ not in known}
    if not new:
        return []
    skills = await store.find_queue_skills(session, tenant, {task.queue for task in new.values()})
    new = {
        id_: task if task.skill else replace(task, skill=skills.get(task.queue))
        for id_, task in new.items()
    }
    accounts = {
        task.account_id: min(
            other.opened_at or recorded_at
            for other in new.values()
            if other.account_id == task.account_id
        )
        for task in new.values()
    }
    cases = await open_cases(session, tenant, recorded_at, "task", accounts)
    about = await store.find_accounts_of_tasks(session, tenant, accounts)
    rows = [
        store.TaskRow(id_, task, cases[task.account_id], about[task.account_id], recorded_at)
        for id_, task in new.items()
    ]
    written = await store.insert_tasks(session, tenant, rows)
    entries = [
        entry
        for row in rows
        if row.task_id in written
        for entry in desk_events.task_created(
            row.task, row.task_id, row.case_id, row.debtor_id, row.opened_at, row.about.zone
        )
    ]
    await announce(session, tenant, recorded_at, entries)
    return [row.task_id for row in rows if row.task_id in written]


async def cancel_tasks(
    session: Session,
    tenant: str,
    recorded_at: datetime,
    because: str,
    *,
    at: datetime,
    accounts: Collection[str] | None = None,
    causes: Collection[str] | None = None,
    contact_ids: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
) -> list[str]:
    """The reason of open or claimed tasks fell away. What is named must fit, all of it; at least
    accounts, causes or contacts are named. Gives the ids of those cancelled."""
    named = (accounts, causes, contact_ids)
    assert any(each is not None for each in named), "whose tasks?"
    if any(each is not None and not each for each in named):
        return []
    rows = await store.cancel_tasks(
        session, tenant, because, at, accounts, causes, contact_ids, kinds
    )
    zones = await store.find_accounts_of_tasks(session, tenant, {row["account_id"] for row in rows})
    entries = [
        desk_events.entry(
            "task-cancelled",
            row["task_id"],
            "cancelled",
            at,
            zones[row["account_id"]].zone,
            outreach.TaskCancelled(**desk_events.task_event(row), because=because),
            (row["account_id"],),
        )
        for row in rows
    ]
    await announce(session, tenant, recorded_at, entries)
    return [row["task_id"] for row in rows]
