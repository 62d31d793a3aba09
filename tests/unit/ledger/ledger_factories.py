"""Builders of facts that are valid by default, and a ledger in the hand to give them to."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from services.ledger import domain
from services.ledger.domain import Decision, Entry, Fact, LedgerAnnouncement
from shared.business_time import Begun
from shared.events import billing

BERLIN = "Europe/Berlin"
RECORDED = datetime(2026, 3, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """`2026-03-20T10:00Z`, or a day alone: noon of it."""
    text = text if "T" in text else f"{text}T12:00Z"
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def on(text: str) -> date:
    return date.fromisoformat(text)


def a_fact(kind: str, data: Any, time: datetime | None = None, event_id: str = "") -> Fact:
    fact_id = domain.fact_id_of(kind, "/billing", event_id or "e", data)
    return Fact(
        kind, fact_id, data.account_id, "/billing", event_id or fact_id, time, RECORDED, data
    )


def registered(zone: str | None = BERLIN, time: str = "2026-03-01T09:00Z", **more: Any) -> Fact:
    data = billing.AccountRegistered(account_id="C1", name="Ada Example", timezone=zone, **more)
    return a_fact("account-registered", data, at(time), "e1")


def updated(zone: str | None, time: str, event_id: str = "u1", **more: Any) -> Fact:
    data = billing.AccountUpdated(account_id="C1", name="Ada Example", timezone=zone, **more)
    return a_fact("account-updated", data, at(time), event_id)


def invoice(
    invoice_id: str = "I1",
    amount_minor: int = 10000,
    due: str = "2026-03-15",
    issued: str = "2026-03-01",
    currency: str = "EUR",
    time: str | None = None,
) -> Fact:
    data = billing.InvoiceIssued(invoice_id, "C1", currency, amount_minor, on(issued), on(due))
    return a_fact("invoice-issued", data, at(time) if time else None)


def amended(invoice_id: str, time: str, event_id: str = "a1", **fields: Any) -> Fact:
    data = billing.InvoiceAmended(invoice_id, "C1", **fields)
    return a_fact("invoice-amended", data, at(time), event_id)


def voided(invoice_id: str, time: str) -> Fact:
    return a_fact("invoice-voided", billing.InvoiceVoided(invoice_id, "C1"), at(time))


def credited(
    note_id: str,
    amount_minor: int,
    issued: str,
    invoice_id: str | None = None,
    dispute_id: str | None = None,
    currency: str = "EUR",
) -> Fact:
    data = billing.CreditNoteIssued(
        note_id, "C1", currency, amount_minor, on(issued), invoice_id, dispute_id
    )
    return a_fact("credit-note-issued", data)


def paid(
    payment_id: str,
    amount_minor: int,
    received: str,
    *targets: tuple[str, int],
    currency: str = "EUR",
) -> Fact:
    aims = tuple(
        billing.Target(invoice_id=invoice_id, amount_minor=amount) for invoice_id, amount in targets
    )
    data = billing.PaymentReceived(
        payment_id, "C1", currency, amount_minor, at(received), allocations=aims
    )
    return a_fact("payment-received", data)


def failed(payment_id: str, amount_minor: int, when: str) -> Fact:
    data = billing.PaymentFailed(payment_id, "C1", "EUR", amount_minor, at(when))
    return a_fact("payment-failed", data)


def reversed_(
    reversal_id: str,
    payment_id: str,
    when: str,
    amount_minor: int | None = None,
    currency: str = "EUR",
) -> Fact:
    data = billing.PaymentReversed(
        reversal_id, payment_id, "C1", currency, at(when), "chargeback", amount_minor
    )
    return a_fact("payment-reversed", data)


def disputed(dispute_id: str, invoice_id: str, time: str, amount_minor: int | None = None) -> Fact:
    data = billing.DisputeOpened(
        dispute_id=dispute_id, account_id="C1", invoice_id=invoice_id, amount_minor=amount_minor
    )
    return a_fact("dispute-opened", data, at(time))


def resolved(
    dispute_id: str,
    invoice_id: str,
    time: str,
    credited_minor: int | None = None,
    outcome: Any = "upheld",
) -> Fact:
    data = billing.DisputeResolved(
        dispute_id=dispute_id,
        account_id="C1",
        invoice_id=invoice_id,
        outcome=outcome,
        credited_minor=credited_minor,
    )
    return a_fact("dispute-resolved", data, at(time))


class Ledger:
    """One account taken through its days; checks after every step what must always hold."""

    def __init__(self, *facts: Fact, tenant_zone: str = BERLIN, begun: str | None = None) -> None:
        self.account = domain.new_account("C1", tenant_zone)
        self.begun = Begun(day=on(begun) if begun else None)
        self.said: list[LedgerAnnouncement] = []
        self.entries: list[Entry] = []
        self.record(*facts)

    def record(self, *facts: Fact) -> list[LedgerAnnouncement]:
        """Take the facts in together; what was said."""
        return self._take(domain.record(self.account, facts, self.begun)).announcements

    def decide(self, fact: Fact) -> Decision:
        return self._take(domain.record(self.account, [fact], self.begun))

    def start_day(self, day: str) -> list[LedgerAnnouncement]:
        self.begun = Begun(day=on(day))
        return self._take(domain.begin(self.account, self.begun)).announcements

    def _take(self, decision: Decision) -> Decision:
        assert domain.invariants(self.account) == []
        for entry in decision.entries:
            assert sum(amount for _, amount in entry.postings) == 0
        self.said += decision.announcements
        self.entries += decision.entries
        return decision

    @property
    def amounts(self) -> Any:
        """The amounts of the account's one currency."""
        (only,) = domain.amounts(self.account, self.begun)
        return only

    def balance(self, invoice_id: str = "I1") -> int:
        return self.account.invoices[invoice_id].balance_minor

    def pieces(self, source_id: str, kind: Any = "payment") -> list[tuple[str | None, int, bool]]:
        """(invoice, amount, still there) of a source's whole history."""
        source = self.account.credits[kind, source_id]
        return [(p.invoice_id, p.amount_minor, p.released_at is None) for p in source.allocations]


def types(said: Sequence[LedgerAnnouncement]) -> list[str]:
    return [event.type for event in said]


def brief(said: Sequence[LedgerAnnouncement]) -> list[str]:
    """`invoice-overdue I1 31`: type, entity and, where there is one, the stage."""
    lines = []
    for event in said:
        stage: Any = getattr(event.data, "stage", "")
        if event.type == "overdue-corrected":
            stage = f"{getattr(event.data, 'from_stage', '')}→{getattr(event.data, 'to_stage', '')}"
        lines.append(f"{event.type} {event.entity} {stage}".strip())
    return lines
