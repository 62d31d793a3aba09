"""What only certain people may decide."""

from datetime import datetime
from typing import Literal

from msgspec import Struct


class ApprovalRequested(Struct, frozen=True, kw_only=True):
    """Something waits for a person's decision."""

    contact_id: str | None = None  # of kind `contact`
    account_id: str | None = None
    channel: str | None = None
    rule: str | None = None  # which asks for it
    role: str | None = None  # who may decide
    citation: str | None = None
    rulebook_version: str | None = None
    approval_id: str | None = None
    kind: str | None = None  # contact, settlement, plan, waiver, write-off, agency, legal, …
    subject_id: str | None = None
    expires_at: datetime | None = None


class ApprovalDecided(Struct, frozen=True, kw_only=True):
    approval_id: str
    kind: str
    subject_id: str
    account_id: str | None = None
    decision: Literal["approved", "refused", "withdrawn", "expired"]
    by: str | None = None  # None: nobody; it was withdrawn or ran out
    effect: Literal["done", "failed", "none"] = "none"
    decided_at: datetime
