"""Follow the ledger's and segmentation's events: cases open and close, tasks whose reason fell
away are cancelled, decisions that the ledger asks for are listed, priorities follow."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.outreach.activity.commands import (
    announce,
    cancel_tasks,
    close_cases,
    open_cases,
    request_approvals,
)
from services.outreach.activity.domain import desk_events
from services.outreach.activity.domain.desk_events import CaseEnd, CaseOpening
from services.outreach.activity.store.accounts import find_zones
from services.outreach.desk.domain import case_facts, ledger_approvals
from services.outreach.desk.store import approvals as approval_store
from services.outreach.desk.store import cases as case_store
from services.outreach.desk.store import tasks as task_store
from services.outreach.desk.store.erasure import erase_personal
from shared.database import Session
from shared.events import Received, ledger, outreach


async def follow_facts(session: Session, events: Sequence[Received]) -> None:
    """One ordered batch; accounts, invoices and stops stand written, with all that it has."""
    for tenant in dict.fromkeys(event.tenant for event in events):
        own = [event for event in events if event.tenant == tenant and event.key]
        recorded_at = max((event.recordedtime for event in own), default=None)
        if recorded_at is not None:
            await _follow_tenant(session, tenant, recorded_at, own)


async def follow_priorities(session: Session, events: Iterable[Received]) -> None:
    """What segmentation announced last of each account."""
    priorities = {
        (event.tenant, event.key): event.decode().priority for event in events if event.key
    }
    if priorities:
        await task_store.update_priorities(session, priorities)


async def _follow_tenant(
    session: Session, tenant: str, recorded_at: datetime, events: Sequence[Received]
) -> None:
    await _open_cases(session, tenant, recorded_at, events)
    await _cancel_tasks(session, tenant, recorded_at, events)
    await _follow_approvals(session, tenant, recorded_at, events)
    await _close_cases(session, tenant, recorded_at, events)
    erased = {event.key for event in events if event.type == "account-erased"}
    if erased:
        await erase_personal(session, tenant, erased)


async def _open_cases(
    session: Session, tenant: str, recorded_at: datetime, events: Sequence[Received]
) -> None:
    whys: tuple[CaseOpening, ...] = ("overdue", "reopened")
    for because in whys:
        opened: dict[str, datetime] = {}
        for event in events:
            if case_facts.opening(event) == because:
                opened.setdefault(event.key, event.time)
        if opened:
            await open_cases(session, tenant, recorded_at, because, opened)
            await case_store.update_endings(session, tenant, opened, None)


async def _close_cases(
    session: Session, tenant: str, recorded_at: datetime, events: Sequence[Received]
) -> None:
    last: dict[str, tuple[CaseEnd, datetime]] = {}
    for event in events:
        because = case_facts.ending(event)
        if because is None:
            continue
        before = last.get(event.key)
        if because == "done" and before is not None:
            because = before[0]
        last[event.key] = (because, max(event.time, before[1]) if before else event.time)
    opened = {e.key: e.time for e in events if case_facts.opening(e) and e.key not in last}
    if opened:  # about a due day that no longer counts: nothing is overdue after all
        overdue = await case_store.find_overdue(session, tenant, opened)
        last |= {key: ("corrected", at) for key, at in opened.items() if key not in overdue}
    for because in dict.fromkeys(because for because, _ in last.values()):
        accounts = {account: at for account, (why, at) in last.items() if why == because}
        if because != "done":
            await case_store.update_endings(session, tenant, accounts, because)
        for at in sorted(set(accounts.values())):
            found = [account for account, when in accounts.items() if when == at]
            await close_cases(session, tenant, recorded_at, because, found, at)


async def _cancel_tasks(
    session: Session, tenant: str, recorded_at: datetime, events: Sequence[Received]
) -> None:
    for event in events:
        if event.type == "account-erased":
            await cancel_tasks(
                session, tenant, recorded_at, "erased", at=event.time, accounts={event.key}
            )
        kinds = case_facts.ANSWERED_KINDS.get(event.type)
        if kinds is not None:
            await cancel_tasks(
                session, tenant, recorded_at, event.type, at=event.time, accounts={event.key},
                kinds=kinds,
            )  # fmt: skip
        if event.type == "contact-details" and event.data is not None:
            data: ledger.Contact = event.decode()
            if case_facts.has_details(data):
                await cancel_tasks(
                    session, tenant, recorded_at, "contact-details", at=event.time,
                    accounts={event.key}, kinds={"find-contact-data"},
                )  # fmt: skip
    answered = {event.key: event.time for event in events if event.type in case_facts.ANSWERS}
    if not answered:
        return
    at = max(answered.values())
    rows = await task_store.cancel_answered_calls(session, tenant, answered, at)
    zones = await find_zones(session, tenant, {row["account_id"] for row in rows})
    entries = [
        desk_events.entry(
            "task-cancelled",
            row["task_id"],
            "cancelled",
            at,
            zones.get(row["account_id"]),
            outreach.TaskCancelled(**desk_events.task_event(row), because=row["because"]),
            (row["account_id"],),
        )
        for row in rows
    ]
    await announce(session, tenant, recorded_at, entries)


async def _follow_approvals(
    session: Session, tenant: str, recorded_at: datetime, events: Sequence[Received]
) -> None:
    zones = await find_zones(
        session, tenant, {e.key for e in events if e.type.startswith("approval-")}
    )
    for event in events:
        if event.type == "approval-needed":
            needed: ledger.ApprovalNeeded = event.decode()
            asked = ledger_approvals.approval_of(needed, event.time, zones.get(event.key, "UTC"))
            await request_approvals(session, tenant, recorded_at, [asked])
        elif event.type == "approval-closed":
            closed: ledger.ApprovalClosed = event.decode()
            row = await approval_store.close_of_ledger(
                session, tenant, closed.approval_id, closed.decision, event.time
            )
            if row is not None:
                data = outreach.ApprovalDecided(
                    approval_id=row["approval_id"],
                    kind=row["kind"],
                    subject_id=row["subject_id"],
                    account_id=row["account_id"],
                    decision=closed.decision,
                    effect="done" if closed.decision == "approved" else "none",
                    decided_at=event.time,
                )
                entry = desk_events.entry(
                    "approval-decided", row["approval_id"], closed.decision, event.time,
                    zones.get(event.key), data, (event.key,),
                )  # fmt: skip
                await announce(session, tenant, recorded_at, [entry])
