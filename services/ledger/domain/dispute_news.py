"""What events say of disputes beside what is held: why, by whom, until when."""

from typing import Any

from msgspec import UNSET

from services.ledger.domain.agreements import By, OpenedDispute, ResolvedDispute
from services.ledger.domain.disputes import dispute_of
from services.ledger.domain.state import AccountState
from shared.events import billing, ledger


def opened_members(state: AccountState, data: billing.DisputeOpened) -> dict[str, Any]:
    case = dispute_of(state, data.dispute_id)
    found: dict[str, Any] = {
        "reason_code": data.reason_code or UNSET,
        "amount_minor": data.amount_minor,
    }
    if case is not None:
        found["amount_minor"] = case.asked_minor
        found |= {"evidence_by_on": case.evidence_by_on, "answer_by_on": case.answer_by_on}
        found["policy_version"] = case.policy.version
    if isinstance(data, OpenedDispute):
        found |= _said(data.by, data.channel)
    return found


def resolved_members(data: billing.DisputeResolved) -> dict[str, Any]:
    if not isinstance(data, ResolvedDispute):
        return {}
    return {"reason_code": data.reason_code or UNSET, **_said(data.by, data.channel)}


def _said(by: By | None, channel: str | None) -> dict[str, Any]:
    """Who asked, of what a command opened or resolved."""
    if by is None:
        return {}
    found: dict[str, Any] = {"by": ledger.By(kind=by.kind, id=by.id)}
    if by.kind == "collector" and by.id is not None:
        found["collector"] = by.id
    if channel is not None:
        found["channel"] = channel
    return found
