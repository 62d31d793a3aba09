"""What waits for somebody's decision, and policies, which say what must."""

from datetime import date
from typing import Literal

from msgspec import Struct

from shared.events.ledger.common import By, OfAccount, Role

ApprovalKind = Literal[
    "plan", "settlement", "write-off", "placement", "sale", "hold", "waiver", "erasure"
]


class ApprovalNeeded(OfAccount, frozen=True, kw_only=True):
    approval_id: str  # <noun>:<id>
    kind: ApprovalKind
    subject_id: str
    amount_minor: int | None = None
    role: Role
    requested_by: By
    expires_on: date


class ApprovalClosed(OfAccount, frozen=True, kw_only=True):
    approval_id: str
    kind: ApprovalKind
    subject_id: str
    decision: Literal["approved", "refused", "expired", "withdrawn"]


class PolicyActivated(Struct, frozen=True, kw_only=True, gc=False):
    """Tenant-wide."""

    name: str
    version: str
    from_on: date  # 00:00 of that day in the tenant's zone
