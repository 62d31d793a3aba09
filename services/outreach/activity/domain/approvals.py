"""Decisions that only certain people may take, as the areas that need them ask for them."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

ApprovalKind = Literal[
    "contact", "settlement", "plan", "waiver", "write-off", "agency", "legal", "release",
    "activation", "erasure",
]  # fmt: skip


class NewApproval(Struct, frozen=True, kw_only=True):
    """Asked for once per kind and subject. What is run when it is approved is its kind's."""

    kind: ApprovalKind
    subject_id: str  # of what: contact, ledger's approval, document@version, hold
    role: str  # who may decide
    requested_by: str
    requested_at: datetime  # business time
    expires_at: datetime | None
    account_id: str | None = None
    contact_id: str | None = None
    channel: str | None = None
    rule: str | None = None
    citation: str | None = None
    rulebook_version: str | None = None
    command: bytes | None = None  # JSON: what approving runs, for the kind that keeps it here
