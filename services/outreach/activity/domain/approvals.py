"""Decisions that only certain people may take, as the areas that need them ask for them."""

from datetime import datetime
from typing import Literal

import msgspec
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
    command: bytes | None = None  # JSON of an `ApprovalCommand`: what approving runs


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
