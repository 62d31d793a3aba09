"""What the ledger asks people to decide, as the desk lists it."""

from datetime import datetime, timedelta

import msgspec

from services.outreach.activity.domain.approvals import (
    ApprovalCommand,
    ApprovalKind,
    NewApproval,
)
from shared.clock import day_start, is_zone
from shared.events import ledger

_KINDS: dict[str, ApprovalKind] = {
    "plan": "plan",
    "settlement": "settlement",
    "waiver": "waiver",
    "write-off": "write-off",
    "sale": "write-off",
    "hold": "release",
    "erasure": "erasure",
}


def kind_of(needed: ledger.ApprovalNeeded) -> ApprovalKind:
    """A placement is legal action where lawyers decide it, else an agency's."""
    if needed.kind == "placement":
        return "legal" if needed.role == "legal" else "agency"
    return _KINDS[needed.kind]


def approval_of(needed: ledger.ApprovalNeeded, at: datetime, zone: str) -> NewApproval:
    """The ledger's question as the desk lists it; it ends with the day that the ledger names."""
    command = ApprovalCommand(ledger_approval=needed.approval_id, ledger_role=needed.role)
    return NewApproval(
        kind=kind_of(needed),
        subject_id=needed.approval_id,
        role=needed.role,
        requested_by=needed.requested_by.id or needed.requested_by.kind,
        requested_at=at,
        expires_at=day_start(
            needed.expires_on + timedelta(days=1), zone if is_zone(zone) else "UTC"
        ),
        account_id=needed.account_id,
        command=msgspec.json.encode(command),
    )
