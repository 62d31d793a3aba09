"""What the ledger asks people to decide, as the desk lists it."""

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from services.outreach.activity.domain.approvals import ApprovalKind, NewApproval
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


class ApprovalCommand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What deciding runs: the ledger's own approval is decided, a command of the ledger is run, or
    a version of a document is put in force."""

    ledger_approval: str | None = None
    ledger_role: str | None = None
    path: str | None = None  # of a command of the ledger, run when it is approved
    body: dict[str, object] | None = None
    activation: "Activating | None" = None


class Activating(Struct, frozen=True, kw_only=True):
    """A version that waits for a second pair of eyes."""

    documents: str  # rulebooks, strategies, …
    name: str
    version: str | None
    from_on: str | None
    zone: str
    reason: str | None
    options: dict[str, object] | None
    by: str


def read_command(text: bytes | None) -> ApprovalCommand:
    return ApprovalCommand() if text is None else msgspec.json.decode(text, type=ApprovalCommand)


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
