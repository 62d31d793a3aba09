"""End a task: its command to the ledger between two transactions, each safe to repeat."""

from typing import Any
from urllib.parse import quote

import msgspec

from services.outreach.activity.commands import account_now
from services.outreach.activity.store.accounts import find_zones
from services.outreach.context import Context
from services.outreach.desk.commands import tasks as task_commands
from services.outreach.desk.commands.completion import complete_task
from services.outreach.desk.domain import completion as rules
from services.outreach.desk.domain.dispositions import Disposition
from services.outreach.desk.domain.task_view import Completion
from services.outreach.desk.processes.ledger_answers import raise_refusal
from services.outreach.desk.store import tasks as store
from shared import clock
from shared.clock import is_zone, local_day
from shared.database import Session
from shared.errors import AppError, Conflict, Unavailable
from shared.process.crash import crash_point


async def complete(
    context: Context, tenant: str, task_id: str, person: str, completion: Completion
) -> dict[str, Any]:
    """The answer of the first time, when it is the same again."""
    async with context.db.transaction() as session:
        task = await task_commands.lock_task(session, tenant, task_id)
        row = rules.checked(completion, task["kind"])
        known = _answered(task, completion, person)
        if known is not None:
            return known
        task_commands.check_claimant(task, person)
        _check_no_other(task, completion)
        command = await _begin(session, context, task, completion, row)
        if command is None:
            return await complete_task(session, task, completion, row, person, context.clock)
    path, body = command
    try:
        answer = await context.ledger.command(
            tenant, "POST", path, body,
            rules.command_key(tenant, task_id, completion.disposition), person,
        )  # fmt: skip
        raise_refusal(answer, "/command")
    except Unavailable:
        raise  # whether it is done is not known: the task waits for the same again
    except AppError:
        await _take_back(context, tenant, task_id)
        raise
    crash_point("outreach.command.after_answer")
    async with context.db.transaction() as session:
        task = await task_commands.lock_task(session, tenant, task_id)
        known = _answered(task, completion, person)
        if known is not None:
            return known
        task_commands.check_claimant(task, person)
        return await complete_task(session, task, completion, row, person, context.clock)


def _answered(task: Any, completion: Completion, person: str) -> dict[str, Any] | None:
    """The first answer to the same; None: the task is not completed."""
    if task["state"] != "completed":
        return None
    is_same = task["completion"] == rules.digest(completion) and task["collector"] == person
    if not is_same:
        raise Conflict(
            f"The task is completed: {task['disposition']}.", members={"state": "completed"}
        )
    answer: dict[str, Any] = msgspec.json.decode(task["answer"] or b"{}")
    return answer


def _check_no_other(task: Any, completion: Completion) -> None:
    """Raises `Conflict` while another completion's command may have been done."""
    if task["completion"] not in (None, rules.digest(completion)):
        raise Conflict("Another completion of the task has had no answer yet: send that one again.")


async def _begin(
    session: Session, context: Context, task: Any, completion: Completion, row: Disposition
) -> tuple[str, Any] | None:
    """The ledger's command. While it runs the task is nobody else's, and no fact cancels it."""
    tenant, account_id = task["tenant_id"], task["account_id"]
    at = await account_now(session, context.clock, tenant, account_id)
    zone = (await find_zones(session, tenant, {account_id})).get(account_id, "UTC")
    day = local_day(at, zone if is_zone(zone) else "UTC")
    command = rules.command_of(completion, row, task["task_id"], task["collector"], day)
    if command is None:
        return None
    path, body = command
    await store.update_task(
        session,
        tenant,
        task["task_id"],
        {
            "completion": rules.digest(completion),
            "lease_until": clock.now() + task_commands.LEASE,
        },
    )
    return path.format(account_id=quote(account_id, safe="")), body


async def _take_back(context: Context, tenant: str, task_id: str) -> None:
    """The ledger refused: the task stays claimed, facts count for it again."""
    async with context.db.transaction() as session:
        task = await task_commands.lock_task(session, tenant, task_id)
        if task["state"] == "claimed":
            await store.update_task(session, tenant, task_id, {"completion": None})
