"""Decide what waits for a decision: who may, what approving runs, and what follows.

What is run has the approval's id as its key, so that it is run once; while it runs nobody else can
decide. A run that was cut off is finished by a job.
"""

from collections.abc import Collection
from typing import Any, Literal
from urllib.parse import quote

from services.outreach.activity.commands import account_now, tenant_now
from services.outreach.activity.domain.approvals import ApprovalCommand, read_command
from services.outreach.context import Context
from services.outreach.desk.commands import approvals as commands
from services.outreach.desk.processes.activations import activate
from services.outreach.desk.store import approvals as store
from services.outreach.dunning.clients import CommandAnswer
from shared import clock
from shared.database import Record, Session
from shared.errors import AppError, Conflict, Forbidden, Unavailable

Verdict = Literal["approve", "refuse"]


async def decide(
    context: Context,
    tenant: str,
    approval_id: str,
    *,
    decision: Verdict,
    reason: str | None,
    person: str,
    roles: Collection[str],
) -> Record:
    """The same decision again by the same person: the first answer. Any other: `Conflict`."""
    async with context.db.transaction() as session:
        row = await commands.lock_approval(session, tenant, approval_id)
        if row["state"] == "pending":
            _check_may(row, decision, person, roles)
        at = await approval_now(session, context, row)
        if await commands.expire_if_over(session, row, at):
            row = await commands.lock_approval(session, tenant, approval_id)
        runs = _runs(read_command(row["command"]), decision)
        if row["state"] == "pending" and not runs:
            return await commands.finish(session, row, decision, person, reason, at, effect="none")
        if row["state"] == "pending":
            row = await store.update_approval(
                session,
                tenant,
                approval_id,
                {
                    "decision": decision,
                    "decided_by": person,
                    "reason": reason,
                    "running_since": clock.now(),
                },
            )
    if row["state"] != "pending":  # after the commit: that it ran out of time stays written
        return _first_answer(row, decision, person)
    return await run(context, row)


async def run(context: Context, row: Any) -> Record:
    """Run what a decision runs, and record how it ended."""
    tenant, command = row["tenant_id"], read_command(row["command"])
    if command.activation is not None:
        failure = await _activate(context, row, command)
    else:
        failure = await _tell_ledger(context, row, command)
    async with context.db.transaction() as session:
        locked = await commands.lock_approval(session, tenant, row["approval_id"])
        if locked["state"] != "pending":
            return locked  # it was recorded already
        at = await approval_now(session, context, row)
        return await commands.finish(
            session, locked, row["decision"], row["decided_by"], row["reason"], at,
            effect="done" if failure is None else "failed", failure=failure,
        )  # fmt: skip


async def finish_cut_off(context: Context) -> int:
    """Run again what was being run by somebody who is gone; how many."""
    async with context.db.reading() as session:
        rows = await store.find_unfinished(session, clock.now() - commands.RUN_MAX, limit=100)
    for row in rows:
        try:
            await run(context, row)
        except Unavailable:
            continue  # tried again soon
    return len(rows)


async def approval_now(session: Session, context: Context, row: Any) -> Any:
    if row["account_id"] is None:
        return await tenant_now(session, context.clock, row["tenant_id"])
    return await account_now(session, context.clock, row["tenant_id"], row["account_id"])


def _check_may(row: Any, decision: Verdict, person: str, roles: Collection[str]) -> None:
    if row["role"] not in roles:
        raise Forbidden(f"This needs the role {row['role']}.")
    if person == row["requested_by"]:
        raise Forbidden("Who asked for it may not decide it.")
    if row["running_since"] is not None and (row["decided_by"], row["decision"]) != (
        person,
        decision,
    ):
        raise Conflict("Somebody is just deciding it.", members={"state": "pending"})


def _first_answer(row: Record, decision: Verdict, person: str) -> Record:
    state = {"approve": "approved", "refuse": "refused"}[decision]
    if (row["state"], row["decided_by"]) == (state, person):
        return row
    raise Conflict(f"The approval is {row['state']}.", members={"state": row["state"]})


def _runs(command: ApprovalCommand, decision: Verdict) -> bool:
    """Whether deciding runs anything: the ledger is told of refusals of what it asked, too."""
    if command.ledger_approval is not None:
        return True
    return decision == "approve" and (command.path is not None or command.activation is not None)


async def _tell_ledger(context: Context, row: Any, command: ApprovalCommand) -> str | None:
    """None: it is done; else why not."""
    by = {"by": {"kind": "collector", "id": row["decided_by"]}}
    if command.ledger_approval is not None:
        path = f"/v1/approvals/{quote(command.ledger_approval, safe='')}/decide"
        body: dict[str, Any] = {
            **by,
            "decision": row["decision"],
            "role": command.ledger_role,
            "reason": row["reason"] or row["decision"],
        }
    else:
        assert command.path is not None, "it runs something"
        path, body = command.path, by | dict(command.body or {})
    answer = await context.ledger.command(
        row["tenant_id"], "POST", path, body, row["approval_id"], row["decided_by"]
    )
    return None if answer.is_done else _said(answer)


async def _activate(context: Context, row: Any, command: ApprovalCommand) -> str | None:
    assert command.activation is not None, "it puts a version in force"
    try:
        async with context.db.transaction() as session:
            at = await approval_now(session, context, row)
            await activate(context, session, row["tenant_id"], command.activation, at)
    except Unavailable:
        raise
    except AppError as error:
        return error.detail
    return None


def _said(answer: CommandAnswer) -> str:
    body = answer.body if isinstance(answer.body, dict) else {}
    return f"{answer.status} {body.get('detail', '')}".strip()
