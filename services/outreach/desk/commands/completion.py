"""Record how a task ended, with all that follows here: history, wishes, further tasks, pauses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from services.outreach.activity.commands import account_now, announce, close_cases, open_tasks
from services.outreach.activity.domain.tasks import CALL_KINDS, NewTask
from services.outreach.activity.store.accounts import find_zones
from services.outreach.channels.domain.costs import person_micros
from services.outreach.channels.domain.phone_numbers import e164
from services.outreach.channels.domain.tenant_settings import TenantSettings
from services.outreach.channels.store import get_settings
from services.outreach.consents.commands import record_preferences
from services.outreach.desk.commands.pauses import pause_after
from services.outreach.desk.domain import completion as rules
from services.outreach.desk.domain.dispositions import (
    AGAIN_BUSINESS_DAYS,
    ATTEMPTS_MAX,
    Disposition,
    cause_again,
)
from services.outreach.desk.domain.reviews import is_drawn
from services.outreach.desk.domain.task_view import Completion, task_view
from services.outreach.desk.store import calls as call_store
from services.outreach.desk.store import people
from services.outreach.desk.store import tasks as store
from services.outreach.history.store import insert_past_contacts
from shared.business_time import Clock
from shared.calendars.business_days import business_days_after
from shared.clock import day_start, is_zone, local_day
from shared.database import Session
from shared.errors import FieldError, Invalid

REVIEW_QUEUE = "reviews"


async def complete_task(
    session: Session,
    task: Any,
    completion: Completion,
    row: Disposition,
    person: str,
    clock_mode: Clock,
) -> dict[str, Any]:
    """The task is locked, its command is done. Gives what its answer is from now on."""
    tenant, account_id = task["tenant_id"], task["account_id"]
    at = await account_now(session, clock_mode, tenant, account_id)
    zone = (await find_zones(session, tenant, {account_id})).get(account_id)
    settings = (await get_settings(session, tenant)).settings
    micros = person_micros(settings.costs, completion.seconds)
    cost = (micros, settings.costs.currency if micros else None)
    if completion.follow_up_at is not None and completion.follow_up_at < at:
        raise Invalid("It is past.", [FieldError("/follow_up_at", "must not be past")])
    called = await _called(session, tenant, task, completion)
    after = await store.update_task(
        session,
        tenant,
        task["task_id"],
        {
            "state": "completed",
            "disposition": completion.disposition,
            "seconds": completion.seconds,
            "closing_note": completion.note,
            "call_id": completion.call_id,
            "follow_up_at": completion.follow_up_at,
            "closed_at": at,
            "lease_until": None,
            "completion": rules.digest(completion),
        },
    )
    if completion.note is not None:
        await people.insert_note(
            session, tenant, account_id, at, person, completion.note,
            case_id=task["case_id"], task_id=task["task_id"],
        )  # fmt: skip
    await _keep_history(session, task, completion, row, person, called, at)
    await announce(
        session,
        tenant,
        at,
        [
            rules.completed(
                task, completion.disposition, person, completion.seconds, cost, at, zone
            ),
            *rules.touched(task, completion, row, person, at, zone),
        ],
    )
    if preferences := rules.preferences_of(completion, at):
        await record_preferences(session, tenant, account_id, clock_mode, preferences, person)
    if completion.disposition == "wrong-party" and called is not None:
        await call_store.mark_wrong_party(session, tenant, account_id, called, at)
    await pause_after(session, task, completion.disposition, at, zone, person)
    opened = await open_tasks(
        session, tenant, at, _followers(task, completion, row, settings, at, zone, person)
    )
    await close_cases(session, tenant, at, "done", {account_id}, at)
    answer = {**task_view(after), "cost_micros": micros, "tasks_opened": opened}
    await store.update_task(
        session, tenant, task["task_id"], {"answer": msgspec.json.encode(answer)}
    )
    return answer


async def _called(session: Session, tenant: str, task: Any, completion: Completion) -> str | None:
    """The number that was called. Raises `Invalid` for a call that is not this task's."""
    if completion.call_id is None:
        return None if completion.to is None else e164(completion.to)
    call = await people.find_call(session, tenant, completion.call_id)
    if call is None or call["task_id"] != task["task_id"]:
        raise Invalid(
            "The call is not one of this task.", [FieldError("/call_id", "is no call of the task")]
        )
    number: str | None = call["address"]
    return number


async def _keep_history(
    session: Session,
    task: Any,
    completion: Completion,
    row: Disposition,
    person: str,
    called: str | None,
    at: datetime,
) -> None:
    """What the contact rules count from now on."""
    if row.outcome is None:
        return
    entry = rules.history_entry(row, completion, person, called, list(task["invoice_ids"]))
    await insert_past_contacts(
        session,
        task["tenant_id"],
        task["account_id"],
        [(f"task {task['task_id']}", at, msgspec.json.encode(entry))],
    )


def _followers(
    task: Any,
    completion: Completion,
    row: Disposition,
    settings: TenantSettings,
    at: datetime,
    zone: str | None,
    person: str,
) -> list[NewTask]:
    """The tasks that follow from it."""
    zone_name = zone if zone and is_zone(zone) else "UTC"
    common: dict[str, Any] = {
        "account_id": task["account_id"],
        "debtor_id": task["debtor_id"],
        "contact_id": task["contact_id"],
        "strategy": task["strategy"],
        "strategy_version": task["strategy_version"],
        "step": task["step"],
        "invoice_ids": tuple(task["invoice_ids"]),
        "queue": task["queue"],
    }
    found: list[NewTask] = []
    if row.task == "callback":
        assert completion.follow_up_at is not None, "it was checked"
        found.append(
            NewTask(
                kind="callback", cause=f"callback of {task['task_id']}",
                due_at=completion.follow_up_at.astimezone(UTC), script=task["script"],
                note=completion.note, **common,
            )
        )  # fmt: skip
    elif row.task is not None:
        found.append(
            NewTask(
                kind=row.task, cause=f"{completion.disposition} of {task['task_id']}", due_at=at,
                note=completion.note, **common,
            )
        )  # fmt: skip
    if row.is_again and task["attempt"] < ATTEMPTS_MAX:
        day = business_days_after(local_day(at, zone_name), AGAIN_BUSINESS_DAYS, None)
        local = at - day_start(local_day(at, zone_name), zone_name)
        found.append(
            NewTask(
                kind=task["kind"], cause=cause_again(task["attempt"], task["task_id"]),
                due_at=day_start(day, zone_name) + min(local, timedelta(hours=20)),
                skill=task["skill"] or None, script=task["script"], note=task["note"],
                due_on=task["due_on"], attempt=task["attempt"] + 1,
                escalated=task["is_escalated"], **common,
            )
        )  # fmt: skip
    is_call = row.outcome is not None and task["kind"] in CALL_KINDS
    if is_call and is_drawn(task["task_id"], settings.reviews.share):
        found.append(
            NewTask(
                kind="review", account_id=task["account_id"], cause=f"review {task['task_id']}",
                due_at=at, queue=REVIEW_QUEUE, note=f"call of {person}: task {task['task_id']}",
            )
        )  # fmt: skip
    return found
