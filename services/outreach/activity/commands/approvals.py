"""Ask for decisions that only certain people may take, and take the questions back."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.outreach.activity.commands.announcements import announce
from services.outreach.activity.domain import desk_events
from services.outreach.activity.domain.approvals import ApprovalKind, NewApproval
from services.outreach.activity.store import approvals as store
from services.outreach.activity.store.accounts import find_zones
from shared.database import Session
from shared.events import outreach


async def request_approvals(
    session: Session, tenant: str, recorded_at: datetime, approvals: Sequence[NewApproval]
) -> dict[tuple[str, str], str]:
    """Ask once for each kind and subject; gives the ids, also of those asked for before."""
    by_id = {desk_events.approval_id(tenant, a.kind, a.subject_id): a for a in approvals}
    if not by_id:
        return {}
    written = await store.insert_approvals(session, tenant, by_id)
    new = {id_: asked for id_, asked in by_id.items() if id_ in written}
    zones = await find_zones(session, tenant, {a.account_id for a in new.values() if a.account_id})
    entries = [
        desk_events.entry(
            "approval-requested",
            id_,
            "requested",
            asked.requested_at,
            zones.get(asked.account_id or ""),
            outreach.ApprovalRequested(
                contact_id=asked.contact_id,
                account_id=asked.account_id,
                channel=asked.channel,
                rule=asked.rule,
                role=asked.role,
                citation=asked.citation,
                rulebook_version=asked.rulebook_version,
                approval_id=id_,
                kind=asked.kind,
                subject_id=asked.subject_id,
                expires_at=asked.expires_at,
            ),
            (asked.account_id,) if asked.account_id else (),
        )
        for id_, asked in new.items()
    ]
    await announce(session, tenant, recorded_at, entries)
    return {(asked.kind, asked.subject_id): id_ for id_, asked in by_id.items()}


async def withdraw_approvals(
    session: Session,
    tenant: str,
    recorded_at: datetime,
    kind: ApprovalKind,
    subjects: Collection[str],
    *,
    at: datetime,
) -> list[str]:
    """Facts have answered: nobody need decide any more. Gives the ids of those that waited."""
    if not subjects:
        return []
    rows = await store.close_approvals(session, tenant, kind, subjects, "withdrawn", at)
    zones = await find_zones(session, tenant, {r["account_id"] for r in rows if r["account_id"]})
    entries = [
        desk_events.entry(
            "approval-decided",
            row["approval_id"],
            "withdrawn",
            at,
            zones.get(row["account_id"] or ""),
            outreach.ApprovalDecided(
                approval_id=row["approval_id"],
                kind=row["kind"],
                subject_id=row["subject_id"],
                account_id=row["account_id"],
                decision="withdrawn",
                decided_at=at,
            ),
            (row["account_id"],) if row["account_id"] else (),
        )
        for row in rows
    ]
    await announce(session, tenant, recorded_at, entries)
    return [row["approval_id"] for row in rows]
