"""The door of disputes: what is disputed, and how it is resolved."""

from dataclasses import dataclass
from typing import Literal

from services.ledger.domain.agreements import (
    EvidenceAdded,
    OpenedDispute,
    PolicyRef,
    ResolvedDispute,
)
from services.ledger.domain.charges import charge_of
from services.ledger.domain.disputes import DisputeCase, asked_minor, dispute_of
from services.ledger.domain.doors import (
    Asking,
    RequestFaults,
    Resolved,
    in_the_way,
    needs_role,
    situation,
)
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.requests import DisputeAsked, PolicyRequest
from services.ledger.domain.state import AccountState
from shared.errors import NotFound
from shared.events.billing import Evidence, ReasonCode

Outcome = Literal["upheld", "rejected", "partly"]


@dataclass(frozen=True, kw_only=True)
class DisputeTerms:
    """What is disputed: an invoice (an amount, some lines, or all of it), or a charge."""

    dispute_id: str
    invoice_id: str | None = None
    charge_id: str | None = None
    amount_minor: int | None = None
    lines: tuple[int, ...] = ()
    reason_code: ReasonCode
    reason: str | None = None
    evidence: tuple[str, ...] = ()


def open_dispute(state: AccountState, terms: DisputeTerms, asking: Asking) -> Resolved:
    """Raises `Invalid`. Its amount is fixed here; without one the whole balance is disputed."""
    faults = RequestFaults()
    invoice = None
    if (terms.invoice_id is None) == (terms.charge_id is None):
        faults.add("", "needs either invoice_id or charge_id")
    elif terms.charge_id is not None:
        charge = charge_of(state, terms.charge_id)
        if charge is None:
            faults.add("/charge_id", "is no charge of the account")
        elif (terms.amount_minor or 0) > charge.amount_minor:
            most = charge.amount_minor
            faults.add("/amount_minor", f"is more than the charge: {most}", most_minor=most)
        if terms.lines:
            faults.add("/lines", "are those of an invoice")
    else:
        assert terms.invoice_id is not None
        invoice = state.invoices.get(terms.invoice_id)
        _check_invoice(invoice, terms, faults)
    faults.refuse("The dispute cannot be opened.")
    fact = OpenedDispute(
        **asking.common(state.account_id),
        policy=PolicyRef("disputes", asking.policies["disputes"].version, 1),
        dispute_id=terms.dispute_id,
        invoice_id=terms.invoice_id,
        charge_id=terms.charge_id,
        amount_minor=terms.amount_minor,
        lines=terms.lines,
        reason=terms.reason,
        reason_code=terms.reason_code,
        evidence=tuple([Evidence(ref) for ref in terms.evidence]),
    )
    if invoice is None:
        return Resolved((fact,))
    asked = asked_minor(invoice, fact)
    if asked == 0:
        faults.add("/lines", "come to nothing")
        faults.refuse("The dispute cannot be opened.")
    amount = asked if asked is not None else invoice.balance_minor
    request = PolicyRequest(
        account_id=state.account_id,
        noun="dispute",
        requested_at=asking.now,
        requested_on=asking.on,
        answer="accepted",
        amount_minor=amount,
        situation=situation(state, asking, invoice.currency, [invoice.invoice_id], amount),
        asked=DisputeAsked(),
    )
    return Resolved((fact,), request)


def _check_invoice(invoice: Invoice | None, terms: DisputeTerms, faults: RequestFaults) -> None:
    if invoice is None:
        faults.add("/invoice_id", "is no invoice of the account")
        return
    if invoice.voided_at is not None:
        faults.add("/invoice_id", "is void")
    if terms.amount_minor is not None and terms.amount_minor > invoice.amount_minor:
        most = invoice.amount_minor
        faults.add("/amount_minor", f"is more than the invoice: {most}", most_minor=most)
    for number, line in enumerate(terms.lines):
        if line > len(invoice.data.lines):
            faults.add(f"/lines/{number}", f"the invoice has {len(invoice.data.lines)} lines")
        elif line in terms.lines[:number]:
            faults.add(f"/lines/{number}", "is named twice")


def _known(state: AccountState, dispute_id: str) -> DisputeCase:
    case = dispute_of(state, dispute_id)
    if case is None:
        raise NotFound(f"there is no dispute {dispute_id!r} of the account")
    return case


def add_evidence(state: AccountState, dispute_id: str, ref: str, asking: Asking) -> Resolved:
    """Raises `NotFound`, `Conflict` with its state."""
    case = _open(state, dispute_id)
    fact = EvidenceAdded(
        **asking.common(state.account_id),
        dispute_id=dispute_id,
        ref=ref,
        invoice_id=case.data.invoice_id,
        charge_id=case.data.charge_id,
    )
    return Resolved((fact,))


def _open(state: AccountState, dispute_id: str) -> DisputeCase:
    case = _known(state, dispute_id)
    if case.state != "open":
        raise in_the_way(f"dispute {dispute_id} is resolved", case.state, state=case.state)
    return case


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a dispute is resolved."""

    outcome: Outcome
    reason: str
    credited_minor: int | None = None
    reason_code: Literal["amended"] | None = None


def resolve_dispute(
    state: AccountState, dispute_id: str, verdict: Verdict, asking: Asking
) -> Resolved:
    """What is upheld credits what is disputed, as it stands, unless an amount is named. Raises
    `NotFound`, `Forbidden`, `Conflict` with its state, `Invalid`."""
    case = _known(state, dispute_id)
    needs_role(asking, "supervisor")
    _open(state, dispute_id)
    faults = RequestFaults()
    credited = verdict.credited_minor
    if verdict.outcome == "rejected" and credited is not None:
        faults.add("/credited_minor", "a rejected dispute credits nothing")
    if verdict.outcome == "partly" and credited is None:
        faults.add("/credited_minor", "is needed: what is credited of the disputed amount")
    if verdict.outcome != "rejected" and verdict.reason_code is not None:
        faults.add("/reason_code", "is for rejected disputes alone")
    invoice_id = case.data.invoice_id if case.data.charge_id is None else None
    charge = charge_of(state, case.data.charge_id) if case.data.charge_id is not None else None
    if charge is not None and credited is not None and credited > charge.balance_minor:
        most = charge.balance_minor
        faults.add("/credited_minor", f"is more than can be waived: {most}", most_minor=most)
    if invoice_id is not None:
        invoice = state.invoices[invoice_id]
        most = invoice.amount_minor - invoice.credited_minor
        if credited is not None and credited > most:
            faults.add("/credited_minor", f"is more than can be credited: {most}", most_minor=most)
        if verdict.outcome == "upheld" and credited is None:
            credited = disputed_now(invoice, case) or None
    faults.refuse("The dispute cannot be resolved.")
    fact = ResolvedDispute(
        **asking.common(state.account_id),
        dispute_id=dispute_id,
        invoice_id=case.data.invoice_id,
        charge_id=case.data.charge_id,
        outcome=verdict.outcome,
        credited_minor=credited,
        reason_code=verdict.reason_code,
        reason=verdict.reason,
    )
    return Resolved((fact,))


def disputed_now(invoice: Invoice, case: DisputeCase) -> int:
    """What a dispute holds; where the invoice is paid, what it would hold of the cash on it."""
    asked = case.asked_minor
    whole = invoice.balance_minor or invoice.amount_minor - invoice.credited_minor
    return whole if asked is None else min(asked, whole)
