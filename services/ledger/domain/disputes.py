"""A dispute as it is kept: what it is about, its deadlines, and how it was resolved."""

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct, structs

from services.ledger.domain.agreements import PolicyRef
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.objects import NO_CURRENCY, AccountObject, Step
from services.ledger.domain.policies.disputes import AfterRejection
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.events import billing

NOUN = "dispute"
Deadline = Literal["evidence", "answer"]


class KeptEvidence(Struct, frozen=True, gc=False):
    at: datetime
    ref: str


class DisputeCase(AccountObject, frozen=True, kw_only=True):
    """By all facts known. Its deadlines are fixed by the policy of the day on which it opened."""

    dispute_id: str
    data: billing.DisputeOpened
    asked_minor: int | None  # None: the whole balance
    policy: PolicyRef
    evidence_by_on: date  # the debtor's
    answer_by_on: date  # ours
    after_rejection: AfterRejection
    state: Literal["open", "resolved"] = "open"
    evidence: tuple[KeptEvidence, ...] = ()
    passed: tuple[Deadline, ...] = ()  # unmet
    resolution: billing.DisputeResolved | None = None
    history: tuple[Step, ...] = ()

    def unmet(self) -> list[tuple[date, Deadline]]:
        """Deadlines that can still pass, with their last days."""
        if self.state != "open":
            return []
        found: list[tuple[date, Deadline]] = []
        if not self.evidence and "evidence" not in self.passed:
            found.append((self.evidence_by_on, "evidence"))
        if "answer" not in self.passed:
            found.append((self.answer_by_on, "answer"))
        return found


def disputes(state: AccountState) -> list[DisputeCase]:
    """All, in the order in which they were opened."""
    return [known for known in state.objects.of(NOUN).values() if isinstance(known, DisputeCase)]


def dispute_of(state: AccountState, dispute_id: str) -> DisputeCase | None:
    known = state.objects.of(NOUN).get(dispute_id)
    assert known is None or isinstance(known, DisputeCase)
    return known


def asked_minor(invoice: Invoice, data: billing.DisputeOpened) -> int | None:
    """The amount named, or the sum of the lines named; None: the whole balance."""
    if data.amount_minor is not None or not data.lines:
        return data.amount_minor
    known = invoice.data.lines
    amounts = [known[n - 1].amount_minor or 0 for n in data.lines if n <= len(known)]
    return max(0, sum(amounts))


def open_case(state: AccountState, data: billing.DisputeOpened, at: datetime) -> None:
    """Keep a dispute with its deadlines."""
    day = local_day(at, state.zone)
    policy = state.rules.disputes.at(day)
    asked = data.amount_minor
    if data.charge_id is None and data.invoice_id is not None:
        asked = asked_minor(state.invoices[data.invoice_id], data)
    case = DisputeCase(
        currency=NO_CURRENCY,
        dispute_id=data.dispute_id,
        data=data,
        asked_minor=asked,
        policy=PolicyRef("disputes", policy.version, 1),
        evidence_by_on=day + timedelta(days=policy.evidence_days),
        answer_by_on=day + timedelta(days=policy.answer_days),
        after_rejection=policy.after_rejection,
        evidence=tuple([KeptEvidence(at, each.ref) for each in data.evidence]),
        history=(Step("open", at, f"dispute {data.dispute_id}"),),
    )
    state.objects.set((NOUN, data.dispute_id), case)


def keep_evidence(state: AccountState, dispute_id: str, ref: str, at: datetime) -> None:
    case = dispute_of(state, dispute_id)
    if case is not None:
        kept = (*case.evidence, KeptEvidence(at, ref))
        state.objects.set((NOUN, dispute_id), structs.replace(case, evidence=kept))


def resolve_case(state: AccountState, data: billing.DisputeResolved, at: datetime) -> None:
    case = dispute_of(state, data.dispute_id)
    if case is not None and case.state == "open":
        step = Step("resolved", at, data.outcome)
        after = structs.replace(
            case, state="resolved", resolution=data, history=(*case.history, step)
        )
        state.objects.set((NOUN, data.dispute_id), after)
