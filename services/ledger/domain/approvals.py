"""Approvals: what somebody of a role has to decide before it begins."""

from datetime import date, datetime
from typing import Literal

from msgspec import structs

from services.ledger.domain.agreements import Approval, By, Role
from services.ledger.domain.objects import AccountObject, Step
from services.ledger.domain.state import AccountState

NOUN = "approval"
ApprovalState = Literal["open", "approved", "refused", "expired", "withdrawn"]


class ApprovalRequest(AccountObject, frozen=True, kw_only=True):
    """`approval_id` is `<noun>:<id>` of what waits for it."""

    approval_id: str
    kind: str
    subject_id: str
    invoice_ids: tuple[str, ...] | None
    amount_minor: int | None
    role: Role
    expires_on: date
    requested_by: By
    requested_at: datetime
    state: ApprovalState
    history: tuple[Step, ...]
    decided_by: By | None = None


def approval_of(state: AccountState, approval_id: str) -> ApprovalRequest | None:
    known = state.objects.values.get((NOUN, approval_id))
    assert known is None or isinstance(known, ApprovalRequest)
    return known


def ask(
    state: AccountState,
    kind: str,
    subject_id: str,
    approval: Approval,
    *,
    currency: str,
    invoice_ids: tuple[str, ...] | None,
    amount_minor: int | None,
    by: By,
    at: datetime,
) -> None:
    """Let something wait for a decision."""
    approval_id = f"{kind}:{subject_id}"
    request = ApprovalRequest(
        currency=currency,
        approval_id=approval_id,
        kind=kind,
        subject_id=subject_id,
        invoice_ids=invoice_ids,
        amount_minor=amount_minor,
        role=approval.role,
        expires_on=approval.expires_on,
        requested_by=by,
        requested_at=at,
        state="open",
        history=(Step("open", at, f"{kind} {subject_id}"),),
    )
    state.objects.set((NOUN, approval_id), request)


def close(
    state: AccountState,
    approval_id: str,
    decision: ApprovalState,
    at: datetime,
    because: str,
    by: By | None = None,
) -> None:
    """End the wait, if it has not ended."""
    request = approval_of(state, approval_id)
    if request is not None and request.state == "open":
        step = Step(decision, at, because)
        state.objects.set(
            (NOUN, approval_id),
            structs.replace(
                request, state=decision, history=(*request.history, step), decided_by=by
            ),
        )
