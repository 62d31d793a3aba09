"""Disputes as objects: their evidence, and the deadlines that pass."""

from datetime import datetime, timedelta

from msgspec import structs

from services.ledger.domain.agreements import EvidenceAdded
from services.ledger.domain.disputes import (
    NOUN,
    DisputeCase,
    keep_evidence,
)
from services.ledger.domain.events import View
from services.ledger.domain.facts import Need, Position
from services.ledger.domain.kinds import Kind, Noun
from services.ledger.domain.news import News
from services.ledger.domain.objects import boundary
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.state import AccountState
from shared.clock import day_start
from shared.events import ledger

_DAY = timedelta(days=1)


def _need(data: EvidenceAdded) -> Need:
    if data.charge_id is not None:
        return (NOUN, data.dispute_id, data.charge_id, "charge")
    assert data.invoice_id is not None, "the door says what the dispute is about"
    return (NOUN, data.dispute_id, data.invoice_id, "invoice")


def _add(state: AccountState, data: EvidenceAdded, at: datetime) -> None:
    keep_evidence(state, data.dispute_id, data.ref, at)


def _event(view: View, data: EvidenceAdded) -> None:
    return None  # references never leave the ledger


def _wake(state: AccountState, case: DisputeCase) -> Position | None:
    """00:00 of the day after its next deadline."""
    last_on = min([day for day, _ in case.unmet()], default=None)
    if last_on is None:
        return None
    return boundary(last_on + _DAY, state.zone, Turn.OTHER, f"dispute {case.dispute_id}")


def _judge(state: AccountState, case: DisputeCase, at: datetime) -> None:
    passed = [which for day, which in case.unmet() if day_start(day + _DAY, state.zone) <= at]
    after = structs.replace(case, passed=(*case.passed, *passed))
    state.objects.set((NOUN, case.dispute_id), after)


def _news(view: View, before: DisputeCase | None, after: DisputeCase | None) -> list[News]:
    known = before.passed if before is not None else ()
    if after is None or after.passed == known:
        return []
    found = []
    for which in after.passed:
        if which in known:
            continue
        day = after.evidence_by_on if which == "evidence" else after.answer_by_on
        invoice_id = after.data.invoice_id
        data = ledger.DisputeDeadlinePassed(
            account_id=view.state.account_id,
            currency=_currency(view.state, invoice_id),
            invoice_ids=(invoice_id,) if invoice_id is not None else None,
            policy_version=after.policy.version,
            dispute_id=after.dispute_id,
            invoice_id=invoice_id,
            charge_id=after.data.charge_id,
            deadline=which,
            day=day,
        )
        at = day_start(day + _DAY, view.state.zone)
        cause = f"{which} {day}"
        found.append(
            News("dispute-deadline-passed", after.dispute_id, cause, at, data, turn=Turn.OTHER)
        )
    return found


def _currency(state: AccountState, invoice_id: str | None) -> str | None:
    invoice = state.invoices.get(invoice_id) if invoice_id is not None else None
    return invoice.currency if invoice is not None else None


KINDS = (
    Kind(
        type="evidence-added",
        data=EvidenceAdded,
        word="evidence",
        rank=Rank.EVIDENCE,
        needs=_need,
        apply=_add,
        event=_event,
    ),
)

NOUNS = (
    Noun(
        name=NOUN,
        value=DisputeCase,
        order=12,
        wake=_wake,
        judge=_judge,
        news=_news,
    ),
)
