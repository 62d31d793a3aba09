"""Facts in few words, for stories that the referee and the engine are both taken through."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.ledger.domain import agreements
from services.ledger.domain.agreements import Approval, DefaultRule, Freeze, Instalment
from shared.events import billing

BERLIN = "Europe/Berlin"
NO_APPROVAL = None


@dataclass(frozen=True)
class Told:
    """A fact as it is stored: what the referee and the engine need of it."""

    kind: str
    fact_id: str
    time: datetime | None
    data: Any
    event_id: str = "e"


def on(text: str) -> date:
    """`01-15` is a day of 2027."""
    return date.fromisoformat(text if len(text) == 10 else f"2027-{text}")


def at(text: str) -> datetime:
    """`01-15 10:00`; a day alone: noon of it. UTC."""
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"{on(day)}T{clock or '12:00'}").replace(tzinfo=UTC)


def business_days_after(day: date, count: int) -> date:
    """The count-th business day after it, without holidays; 0: the day itself."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


# ── What billing platforms send ─────────────────────────────────────────────────────────────────
def registered(zone: str = BERLIN, time: str = "2026-12-01", **more: Any) -> Told:
    data = billing.AccountRegistered(account_id="C1", name="Ada Example", timezone=zone, **more)
    return Told("account-registered", "e1", at(time), data, "e1")


def updated(event_id: str, time: str, zone: str = BERLIN, **more: Any) -> Told:
    data = billing.AccountUpdated(account_id="C1", name="Ada Example", timezone=zone, **more)
    return Told("account-updated", event_id, at(time), data, event_id)


def invoice(
    name: str = "I1",
    amount: int = 10000,
    due: str = "01-10",
    issued: str = "2026-12-11",
    currency: str = "EUR",
    **more: Any,
) -> Told:
    data = billing.InvoiceIssued(name, "C1", currency, amount, on(issued), on(due), **more)
    return Told("invoice-issued", name, None, data)


def amended(name: str, time: str, due: str, event_id: str = "a1") -> Told:
    data = billing.InvoiceAmended(name, "C1", due_on=on(due))
    return Told("invoice-amended", event_id, at(time), data, event_id)


def voided(name: str, time: str) -> Told:
    return Told("invoice-voided", name, at(time), billing.InvoiceVoided(name, "C1"))


def credited(
    name: str, amount: int, issued: str, invoice_id: str | None = None, currency: str = "EUR"
) -> Told:
    data = billing.CreditNoteIssued(name, "C1", currency, amount, on(issued), invoice_id)
    return Told("credit-note-issued", name, None, data)


def paid(
    name: str, amount: int, received: str, *aims: tuple[str, int], currency: str = "EUR"
) -> Told:
    targets = tuple(
        billing.Target(invoice_id=invoice_id, amount_minor=part) for invoice_id, part in aims
    )
    data = billing.PaymentReceived(name, "C1", currency, amount, at(received), allocations=targets)
    return Told("payment-received", name, None, data)


def taken_back(
    name: str,
    payment: str,
    when: str,
    amount: int | None = None,
    kind: Any = "chargeback",
    currency: str = "EUR",
) -> Told:
    data = billing.PaymentReversed(name, payment, "C1", currency, at(when), kind, amount)
    return Told("payment-reversed", name, None, data)


def disputed(name: str, invoice_id: str, time: str, amount: int | None = None) -> Told:
    data = billing.DisputeOpened(
        dispute_id=name, account_id="C1", invoice_id=invoice_id, amount_minor=amount
    )
    return Told("dispute-opened", name, at(time), data)


def resolved(
    name: str, invoice_id: str, time: str, outcome: Any, credited_minor: int | None = None
) -> Told:
    data = billing.DisputeResolved(
        dispute_id=name,
        account_id="C1",
        invoice_id=invoice_id,
        outcome=outcome,
        credited_minor=credited_minor,
    )
    return Told("dispute-resolved", name, at(time), data)


# ── What commands agree ─────────────────────────────────────────────────────────────────────────
def promise(name: str, amount: int, due: str, made: str, invoices: Any = None, **more: Any) -> Told:
    data = agreements.PromiseMade(
        account_id="C1",
        promise_id=name,
        currency=more.pop("currency", "EUR"),
        amount_minor=amount,
        due_on=on(due),
        grace_until_on=business_days_after(on(due), 2),
        kept_from_percent=95,
        partly_from_percent=25,
        invoice_ids=invoices,
        **more,
    )
    return Told("promise-made", name, at(made), data)


def promise_cancelled(name: str, time: str) -> Told:
    data = agreements.PromiseCancelled(account_id="C1", promise_id=name)
    return Told("promise-cancelled", name, at(time), data)


def instalments(parts: tuple[tuple[str, int], ...], grace: int) -> tuple[Instalment, ...]:
    return tuple(
        Instalment(n, on(due), business_days_after(on(due), grace), amount)
        for n, (due, amount) in enumerate(parts, start=1)
    )


def plan(
    name: str,
    agreed: str,
    invoices: tuple[str, ...],
    *parts: tuple[str, int],
    default: DefaultRule | None = None,
    approval: Approval | None = None,
    freeze: Freeze | None = None,
    currency: str = "EUR",
    **more: Any,
) -> Told:
    data = agreements.PlanAgreed(
        account_id="C1",
        plan_id=name,
        currency=currency,
        kind="equal",
        invoice_ids=invoices,
        total_minor=sum(amount for _, amount in parts),
        instalments=instalments(parts, 3),
        default=default or DefaultRule(),
        approval=approval,
        freeze=freeze or Freeze(),
        **more,
    )
    return Told("plan-agreed", name, at(agreed), data)


def plan_cancelled(name: str, time: str) -> Told:
    data = agreements.PlanCancelled(account_id="C1", plan_id=name)
    return Told("plan-cancelled", name, at(time), data)


def settlement(
    name: str,
    asked: str,
    base: int,
    *parts: tuple[str, int],
    kind: Any = "bid",
    verdict: Any = "accepted",
    invoices: tuple[str, ...] = ("I1",),
    approval: Approval | None = None,
    valid_until: str | None = None,
    currency: str = "EUR",
    **more: Any,
) -> Told:
    data = agreements.SettlementOffered(
        account_id="C1",
        settlement_id=name,
        kind=kind,
        currency=currency,
        invoice_ids=invoices,
        base_minor=base,
        amount_minor=sum(amount for _, amount in parts),
        instalments=instalments(parts, 2),
        valid_until_on=on(valid_until) if valid_until else None,
        verdict=verdict,
        approval=approval,
        **more,
    )
    return Told("settlement-offered", name, at(asked), data)


def settlement_accepted(name: str, time: str) -> Told:
    data = agreements.SettlementAccepted(account_id="C1", settlement_id=name)
    return Told("settlement-accepted", name, at(time), data)


def settlement_declined(name: str, time: str, because: Any = "debtor") -> Told:
    data = agreements.SettlementDeclined(account_id="C1", settlement_id=name, because=because)
    return Told("settlement-declined", name, at(time), data)


def hold(
    name: str,
    kind: Any,
    from_on: str,
    until_on: str | None = None,
    invoices: tuple[str, ...] | None = None,
    told: str | None = None,
) -> Told:
    until = on(until_on) if until_on else None
    data = agreements.HoldPlaced(
        account_id="C1",
        hold_id=name,
        kind=kind,
        from_on=on(from_on),
        until_on=until,
        invoice_ids=invoices,
    )
    return Told("hold-placed", name, at(told or from_on), data)


def hold_released(name: str, released_on: str, approval: Approval | None = None) -> Told:
    data = agreements.HoldReleased(
        account_id="C1", hold_id=name, released_on=on(released_on), approval=approval
    )
    return Told("hold-released", name, at(released_on), data)


def written_off(
    name: str,
    asked: str,
    kind: Any = "uncollectable",
    amount: int | None = None,
    invoices: tuple[str, ...] | None = None,
    approval: Approval | None = None,
    currency: str = "EUR",
) -> Told:
    data = agreements.AccountWrittenOff(
        account_id="C1",
        write_off_id=name,
        kind=kind,
        currency=currency,
        invoice_ids=invoices,
        amount_minor=amount,
        approval=approval,
    )
    return Told("account-written-off", name, at(asked), data)


def write_off_reversed(name: str, time: str) -> Told:
    data = agreements.WriteOffReversed(account_id="C1", write_off_id=name)
    return Told("write-off-reversed", name, at(time), data)


def placed(
    name: str,
    asked: str,
    invoices: tuple[str, ...],
    percent: str = "18",
    approval: Approval | None = None,
    currency: str = "EUR",
    **more: Any,
) -> Told:
    data = agreements.AccountPlaced(
        account_id="C1",
        placement_id=name,
        kind="agency",
        to="Sample Agency",
        currency=currency,
        invoice_ids=invoices,
        commission_percent=percent,
        approval=approval,
        **more,
    )
    return Told("account-placed", name, at(asked), data)


def recalled(name: str, time: str) -> Told:
    data = agreements.AccountRecalled(account_id="C1", placement_id=name)
    return Told("account-recalled", name, at(time), data)


def remitted(payment: str, placement: str, how: Any = "net") -> Told:
    data = agreements.AgencyRemitted(
        account_id="C1", payment_id=payment, placement_id=placement, remitted=how
    )
    return Told("agency-remitted", payment, None, data)


def decided(approval_id: str, time: str, decision: Any = "approve", role: Any = "finance") -> Told:
    data = agreements.ApprovalDecided(
        account_id="C1", approval_id=approval_id, decision=decision, role=role
    )
    return Told("approval-decided", approval_id, at(time), data)


def charged(
    name: str,
    amount: int,
    charged_on: str,
    invoice_id: str | None = "I1",
    kind: Any = "fee",
    currency: str = "EUR",
) -> Told:
    data = agreements.ChargeAdded(
        account_id="C1",
        charge_id=name,
        kind=kind,
        invoice_id=invoice_id,
        currency=currency,
        amount_minor=amount,
        charged_on=on(charged_on),
    )
    return Told("charge-added", name, at(charged_on), data)


def waived(name: str, charge_id: str, time: str, amount: int | None = None) -> Told:
    data = agreements.ChargeWaived(
        account_id="C1", waiver_id=name, charge_id=charge_id, amount_minor=amount
    )
    return Told("charge-waived", name, at(time), data)


def disclosed(contact: str, time: str, *texts: str) -> Told:
    data = agreements.DisclosureMade(account_id="C1", contact_id=contact, text_ids=texts)
    return Told("disclosure-made", contact, at(time), data)


def undisclosed(contact: str, time: str) -> Told:
    data = agreements.DisclosureFailed(account_id="C1", contact_id=contact)
    return Told("disclosure-failed", contact, at(time), data)
