"""The door of approvals: who may decide what waits."""

from typing import Literal

from services.ledger.domain.agreements import ApprovalDecided, Role
from services.ledger.domain.approvals import approval_of
from services.ledger.domain.doors import Asking, Resolved, in_the_way
from services.ledger.domain.doors.erasures import erase_approved
from services.ledger.domain.erasures import NOUN as ERASURE
from services.ledger.domain.state import AccountState
from shared.errors import Forbidden, NotFound


def decide(
    state: AccountState,
    approval_id: str,
    decision: Literal["approve", "refuse"],
    role: Role,
    reason: str,
    asking: Asking,
) -> Resolved:
    """Raises `NotFound`, `Conflict`, `Forbidden` for who asked for it or lacks the role."""
    request = approval_of(state, approval_id)
    if request is None:
        raise NotFound(f"there is no approval {approval_id!r}")
    if request.state != "open":
        detail = f"approval {approval_id} is {request.state}"
        raise in_the_way(detail, request.state, state=request.state)
    if role != request.role or role not in asking.roles:
        raise Forbidden(f"This needs the role {request.role}.")
    if asking.by.id is None:
        raise Forbidden("Who decides has to be named.")
    if asking.by.id == request.requested_by.id:
        raise Forbidden("Who asked for it may not decide it.")
    fact = ApprovalDecided(
        **asking.common(state.account_id),
        approval_id=approval_id,
        decision=decision,
        role=role,
        reason=reason,
    )
    if request.kind == ERASURE and decision == "approve":
        return Resolved((fact, erase_approved(state, asking)))
    return Resolved((fact,))
