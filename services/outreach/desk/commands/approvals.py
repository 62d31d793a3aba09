"""Record decisions, and what follows from them here."""

from datetime import datetime, timedelta
from typing import Any, Literal

from services.outreach.activity.commands import announce, open_tasks
from services.outreach.activity.domain import desk_events
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.activity.store.accounts import find_zones
from services.outreach.desk.store import approvals as store
from services.outreach.dunning.commands.held import approve_contact, refuse_contact
from services.outreach.dunning.domain.runs import RunTime
from shared import clock
from shared.database import Record, Session
from shared.errors import NotFound
from shared.events import outreach

RUN_MAX = timedelta(minutes=1)  # of machine time: then whoever runs it is gone

State = Literal["approved", "refused", "expired"]


async def lock_approval(session: Session, tenant: str, approval_id: str) -> Record:
    row = await store.lock_approval(session, tenant, approval_id)
    if row is None:
        raise NotFound(f"There is no approval {approval_id}.")
    return row


async def expire_if_over(session: Session, row: Any, at: datetime) -> bool:
    """One that nobody decided in time can't be decided any more; whether that is so."""
    is_over = row["expires_at"] is not None and row["expires_at"] <= at
    if row["state"] != "pending" or row["running_since"] is not None or not is_over:
        return False
    await _end(session, row, "expired", None, None, row["expires_at"], at, "none", None)
    return True


async def expire_approvals(session: Session, tenant: str, at: datetime, limit: int) -> int:
    """Those of a tenant that nobody decided in time; how many."""
    rows = await store.lock_expired(session, tenant, at, limit)
    for row in rows:
        await expire_if_over(session, row, at)
    return len(rows)


async def finish(
    session: Session,
    row: Any,
    decision: str,
    person: str,
    reason: str | None,
    at: datetime,
    *,
    effect: str,
    failure: str | None = None,
) -> Record:
    """A person's decision, and a task where what it ran failed."""
    state: State = "approved" if decision == "approve" else "refused"
    after = await _end(session, row, state, person, reason, at, at, effect, failure)
    if effect == "failed" and row["account_id"] is not None:
        task = NewTask(
            kind="failed-command",
            account_id=row["account_id"],
            cause=f"approval {row['approval_id']}",
            due_at=at,
            contact_id=row["contact_id"],
            note=f"{row['kind']} {row['subject_id']}: {state}, but it could not be done: {failure}",
        )
        await open_tasks(session, row["tenant_id"], at, [task])
    return after


async def _end(
    session: Session,
    row: Any,
    state: State,
    person: str | None,
    reason: str | None,
    decided_at: datetime,
    recorded_at: datetime,
    effect: Any,
    failure: str | None,
) -> Record:
    tenant, account_id = row["tenant_id"], row["account_id"]
    after = await store.update_approval(
        session,
        tenant,
        row["approval_id"],
        {
            "state": state,
            "decided_by": person,
            "decided_at": decided_at,
            "reason": reason,
            "running_since": None,
            "effect": effect,
            "failure": failure,
        },
    )
    accounts = {account_id} if account_id is not None else set()
    zones = await find_zones(session, tenant, accounts)
    data = outreach.ApprovalDecided(
        approval_id=row["approval_id"],
        kind=row["kind"],
        subject_id=row["subject_id"],
        account_id=account_id,
        decision=state,
        by=person,
        effect=effect,
        decided_at=decided_at,
    )
    entry = desk_events.entry(
        "approval-decided", row["approval_id"], state, decided_at, zones.get(account_id or ""),
        data, tuple(accounts),
    )  # fmt: skip
    await announce(session, tenant, recorded_at, [entry])
    if row["contact_id"] is not None:
        await _end_waiting(session, row, state, effect, decided_at, recorded_at)
    return after


async def _end_waiting(
    session: Session,
    row: Any,
    state: State,
    effect: str,
    decided_at: datetime,
    recorded_at: datetime,
) -> None:
    """The contact that waited for it: planned again, handed over, or not made."""
    tenant, contact_id = row["tenant_id"], row["contact_id"]
    time = RunTime(decided_at, recorded_at, clock.now())
    if state == "approved" and effect != "failed":
        rules = () if row["rule"] is None else (row["rule"],)
        await approve_contact(session, tenant, time, contact_id, rules)
    else:
        await refuse_contact(session, tenant, time, contact_id, row["rule"])
