"""What is announced of cases, tasks and approvals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from services.outreach.activity.domain.parts import task_in_parts
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.activity.domain.timeline import TimelineEntry
from shared import ids
from shared.clock import is_zone, local_day
from shared.events import Announcement, outreach

CaseOpening = Literal["overdue", "reopened", "task"]
CaseEnd = Literal["paid", "written-off", "corrected", "erased", "done"]
APPROVAL_KEY = ""  # of what is no account's


def task_id(tenant: str, account_id: str, cause: str) -> str:
    """One for each cause."""
    return ids.event_id(tenant, "outreach", "task", account_id, cause)


def case_id(tenant: str, account_id: str, number: int) -> str:
    return ids.event_id(tenant, "outreach", "case", account_id, str(number))


def approval_id(tenant: str, kind: str, subject_id: str) -> str:
    """One for each kind and subject."""
    return ids.event_id(tenant, "outreach", "approval", kind, subject_id)


def entry(
    type_: str,
    entity: str,
    cause: str,
    at: datetime,
    zone: str | None,
    data: Struct,
    accounts: Sequence[str],
) -> TimelineEntry:
    """One announcement under its first account; of none: a tenant's."""
    day = None if not accounts else local_day(at, zone if zone and is_zone(zone) else "UTC")
    announcement = Announcement(type_, entity, cause, at, day, data)
    return TimelineEntry(announcement, accounts[0] if accounts else "", tuple(accounts))


def task_created(
    task: NewTask, task_id: str, case: str, debtor_id: str | None, at: datetime, zone: str | None
) -> list[TimelineEntry]:
    """A task as it is announced, in parts where its invoices don't fit one event."""
    created = outreach.TaskCreated(
        task_id=task_id,
        account_id=task.account_id,
        debtor_id=debtor_id,
        kind=task.kind,
        queue=task.queue,
        skill=task.skill,
        due_at=task.due_at,
        case_id=case,
        contact_id=task.contact_id,
        strategy=task.strategy,
        strategy_version=task.strategy_version,
        step=task.step,
        due_on=task.due_on,
        invoice_ids=task.invoice_ids,
    )
    accounts = tuple(dict.fromkeys((task.account_id, *task.account_ids)))
    return [
        entry("task-created", task_id, cause, at, zone, part, accounts)
        for cause, part in task_in_parts(created, "opened")
    ]


def task_event(row: Any) -> dict[str, Any]:
    """The members that every later event of a task has."""
    return {
        "task_id": row["task_id"],
        "account_id": row["account_id"],
        "kind": row["kind"],
        "queue": row["queue"],
        "case_id": row["case_id"],
    }
