"""When facts act: instants, what waits for what, the order of ranks."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from tests.oracles.arranged.table import Order
from tests.oracles.ledger_table import Fact, day_of, days, first_instant

# LEDGER's ranks, those of LEDGER-ARRANGEMENTS 1 after them, charges as LEDGER-CHARGES 1 says.
RANKS = {
    kind: rank
    for rank, kind in enumerate(
        (
            "invoice-issued",
            "charge-added",
            "credit-note-issued",
            "payment-received",
            "payment-failed",
            "payment-reversed",
            "dispute-opened",
            "evidence-added",
            "dispute-resolved",
            "charge-waived",
            "invoice-voided",
            "hold-placed",
            "hold-released",
            "promise-made",
            "promise-cancelled",
            "plan-agreed",
            "plan-cancelled",
            "settlement-offered",
            "settlement-accepted",
            "settlement-declined",
            "account-written-off",
            "account-placed",
            "approval-decided",
            "write-off-reversed",
            "account-recalled",
        ),
        start=1,
    )
}
MONEY = ("credit-note-issued", "payment-received", "payment-reversed")
SUBJECTS = {  # of an approval, by its noun: the kind of the fact and its id's member
    "plan": ("plan-agreed", "plan_id"),
    "settlement": ("settlement-offered", "settlement_id"),
    "write-off": ("account-written-off", "write_off_id"),
    "placement": ("account-placed", "placement_id"),
    "hold": ("hold-released", "hold_id"),
    "waiver": ("charge-waived", "waiver_id"),
}
ENDS = {  # what an end ends: the kind of the fact and its id's member
    "promise-cancelled": ("promise-made", "promise_id"),
    "plan-cancelled": ("plan-agreed", "plan_id"),
    "settlement-accepted": ("settlement-offered", "settlement_id"),
    "settlement-declined": ("settlement-offered", "settlement_id"),
    "hold-released": ("hold-placed", "hold_id"),
    "write-off-reversed": ("account-written-off", "write_off_id"),
    "account-recalled": ("account-placed", "placement_id"),
    "evidence-added": ("dispute-opened", "dispute_id"),
}
NAMES_INVOICES = (
    "promise-made",
    "plan-agreed",
    "settlement-offered",
    "account-written-off",
    "account-placed",
    "hold-placed",
)


class Act:
    """A fact at its place."""

    def __init__(self, instant: datetime, fact: Fact) -> None:
        self.instant = instant
        self.fact = fact
        self.data: Any = fact.data
        self.order: Order = (instant, RANKS[fact.kind], fact.fact_id.encode())


class Timeline:
    """One account's facts, its zone, and when each of them acts."""

    def __init__(self, facts: Iterable[Fact], tenant_zone: str) -> None:
        self.facts = list(facts)
        profiles = [f for f in self.facts if f.kind in ("account-registered", "account-updated")]
        self.registered = any(f.kind == "account-registered" for f in profiles)
        self.profile: Any = None
        self.zone = tenant_zone
        if self.registered:
            newest = max(profiles, key=lambda f: (f.time, f.fact_id.encode()))
            self.profile = newest.data
            self.zone = newest.data.timezone or tenant_zone

    def of(self, kind: str) -> list[Fact]:
        return [f for f in self.facts if f.kind == kind]

    def start_of(self, day: date) -> datetime:
        return first_instant(day, self.zone)

    def day(self, instant: datetime) -> date:
        return day_of(instant, self.zone)

    def due_on(self, invoice: Any) -> date:
        """Of several amendments the newest that carries the field wins; timeless."""
        found = [
            f
            for f in self.of("invoice-amended")
            if f.data.invoice_id == invoice.invoice_id and f.data.due_on is not None
        ]
        if not found:
            return invoice.due_on  # type: ignore[no-any-return]
        newest = max(found, key=lambda f: (f.time, f.fact_id.encode()))
        return newest.data.due_on  # type: ignore[no-any-return]

    def instant_of(self, fact: Fact) -> datetime | None:
        """When a fact acts: at the later instant of its own and of what it waits for."""
        own = self._own_instant(fact)
        if own is None:
            return None
        instants = [own]
        for group in self._awaited(fact):
            if not group or (instant := self.instant_of(group[0])) is None:
                return None
            instants.append(instant)
        return max(instants)

    def _own_instant(self, fact: Fact) -> datetime | None:
        data = fact.data
        match fact.kind:
            case "invoice-issued" | "credit-note-issued":
                return self.start_of(data.issued_on)
            case "charge-added":
                return self.start_of(data.charged_on)
            case "payment-received":
                return data.received_at  # type: ignore[no-any-return]
            case "payment-failed":
                return data.failed_at  # type: ignore[no-any-return]
            case "payment-reversed":
                return data.reversed_at  # type: ignore[no-any-return]
            case "hold-placed":  # at 00:00 of `from_on`
                return self.start_of(data.from_on)
            case "hold-released":  # at 00:00 of `released_on`
                return self.start_of(data.released_on)
            case kind if kind in RANKS:
                return fact.time
        return None  # accounts, amendments, remittances and disclosures are timeless

    def _awaited(self, fact: Fact) -> list[list[Fact]]:
        """Each group: the fact that this one waits for, or nothing while it is not known."""
        data, kind = fact.data, fact.kind
        if kind == "payment-reversed":
            key = (data.payment_id, data.currency)
            paid = self.of("payment-received")
            return [[f for f in paid if (f.data.payment_id, f.data.currency) == key]]
        if kind in ("dispute-opened", "invoice-voided"):
            if getattr(data, "charge_id", None) is not None:
                return []
            return [self._invoice(data.invoice_id)]
        if kind == "dispute-resolved":
            opened = self.of("dispute-opened")
            return [[f for f in opened if _same_dispute(f.data, data)]]
        if kind == "charge-added" and data.invoice_id is not None:
            return [self._invoice(data.invoice_id, data.currency)]
        if kind == "approval-decided":
            noun, _, subject = data.approval_id.partition(":")
            return [self._by_id(*SUBJECTS[noun], subject)] if noun in SUBJECTS else [[]]
        if kind in ENDS:
            asked, member = ENDS[kind]
            return [self._by_id(asked, member, getattr(data, member))]
        if kind in NAMES_INVOICES:
            currency = getattr(data, "currency", None)
            return [self._invoice(i, currency) for i in data.invoice_ids or ()]
        return []

    def _by_id(self, kind: str, member: str, value: str) -> list[Fact]:
        return [f for f in self.of(kind) if getattr(f.data, member) == value]

    def _invoice(self, invoice_id: str, currency: str | None = None) -> list[Fact]:
        found = self._by_id("invoice-issued", "invoice_id", invoice_id)
        return [f for f in found if currency in (None, f.data.currency)]

    def acts(self) -> list[Act]:
        """The facts that act, in fact order. Of an unregistered account only money does."""
        found = []
        for fact in self.facts:
            instant = self.instant_of(fact)
            if instant is not None and (self.registered or fact.kind in MONEY):
                found.append(Act(instant, fact))
        return sorted(found, key=lambda act: act.order)

    def days_between(self, first: date, last: date) -> list[date]:
        return [first + days(n) for n in range((last - first).days + 1)]


def _same_dispute(opened: Any, resolved: Any) -> bool:
    if opened.dispute_id != resolved.dispute_id:
        return False
    if getattr(opened, "charge_id", None) is not None:
        return True
    return opened.invoice_id == resolved.invoice_id  # type: ignore[no-any-return]
