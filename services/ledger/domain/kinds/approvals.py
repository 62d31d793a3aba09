"""Approvals: decided by a person, expired by a day."""

from datetime import date, datetime, timedelta

from services.ledger.domain.agreements import ApprovalDecided
from services.ledger.domain.approvals import NOUN, ApprovalRequest, ApprovalState, close
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Need, Position
from services.ledger.domain.kinds import Kind, Noun
from services.ledger.domain.kinds.holds import release_span
from services.ledger.domain.news import News
from services.ledger.domain.objects import boundary
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.events import ledger

_OPENERS = {  # noun of what waits → the need that its fact provides
    "hold": "hold-release",
    "waiver": "waiver",
}


def _id(data: ApprovalDecided) -> str:
    return data.approval_id


def _need(data: ApprovalDecided) -> Need:
    noun, _, subject_id = data.approval_id.partition(":")
    return (_OPENERS.get(noun, noun), subject_id)


def _learn(state: AccountState, fact: Fact, data: ApprovalDecided) -> Position | None:
    """A release of a hold that is approved: from the decision's day, or the later one asked for."""
    noun, _, hold_id = data.approval_id.partition(":")
    if noun != "hold" or data.decision != "approve":
        return None
    asked = state.timeless.releases.get(hold_id, date.min)
    assert fact.time is not None
    return release_span(state, hold_id, max(asked, local_day(fact.time, state.zone)))


def _decide(state: AccountState, data: ApprovalDecided, at: datetime) -> None:
    decision: ApprovalState = "approved" if data.decision == "approve" else "refused"
    close(state, data.approval_id, decision, at, f"approval {data.approval_id}", data.by)


def _wake(state: AccountState, known: ApprovalRequest) -> Position | None:
    if known.state != "open":
        return None
    day = known.expires_on + timedelta(days=1)
    return boundary(day, state.zone, Turn.APPROVAL_EXPIRED, known.approval_id)


def _judge(state: AccountState, known: ApprovalRequest, at: datetime) -> None:
    close(state, known.approval_id, "expired", at, f"approval {known.approval_id}")


def _news(view: View, before: ApprovalRequest | None, after: ApprovalRequest | None) -> list[News]:
    if after is None:
        return []
    found = []
    about = {
        "account_id": view.state.account_id,
        "currency": after.currency or None,
        "invoice_ids": after.invoice_ids,
        "approval_id": after.approval_id,
        "kind": after.kind,
        "subject_id": after.subject_id,
    }
    if before is None:
        needed = ledger.ApprovalNeeded(
            **about,  # type: ignore[arg-type]
            amount_minor=after.amount_minor,
            role=after.role,
            requested_by=ledger.By(kind=after.requested_by.kind, id=after.requested_by.id),
            expires_on=after.expires_on,
        )
        found.append(
            News("approval-needed", after.approval_id, "asked", after.requested_at, needed)
        )
    if after.state != "open" and (before is None or before.state != after.state):
        closed = ledger.ApprovalClosed(**about, decision=after.state)  # type: ignore[arg-type]
        when = after.history[-1].at
        found.append(News("approval-closed", after.approval_id, after.state, when, closed))
    return found


def _entry(approval_id: str, place: Position) -> tuple[str, str]:
    return ("approval-expired", approval_id)


def _event(view: View, data: ApprovalDecided) -> None:
    return None  # what changes announces itself


KINDS = (
    Kind(
        type="approval-decided",
        data=ApprovalDecided,
        word="approval",
        rank=Rank.APPROVAL_DECIDED,
        identity=_id,
        needs=_need,
        learn=_learn,
        apply=_decide,
        event=_event,
    ),
)

NOUNS = (
    Noun(
        name=NOUN,
        value=ApprovalRequest,
        order=0,
        wake=_wake,
        judge=_judge,
        entry=_entry,
        news=_news,
    ),
)
