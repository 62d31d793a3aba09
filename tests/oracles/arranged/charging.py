"""LEDGER-CHARGES 1: charges of an invoice or account, waivers, discounts, what stops them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from tests.oracles.arranged import fees, interest
from tests.oracles.arranged.purse import Purse
from tests.oracles.arranged.rules import half_up
from tests.oracles.arranged.table import Bearing, Bill, Charge, Dispute, Posting, Subject
from tests.oracles.ledger_table import Fact

if TYPE_CHECKING:
    from tests.oracles.arranged.timeline import Act, Timeline
    from tests.oracles.arranged.world import World

Rates = dict[str, list[tuple[date, str]]]


@dataclass
class Waiver(Subject):
    data: Any = None


@dataclass(frozen=True)
class Frozen:
    """An arrangement that came into force, and the days on which it began and stopped to hold."""

    invoices: tuple[str, ...]
    asked_on: date
    fees: bool
    interest: bool
    states: tuple[tuple[date, str], ...]

    def is_on(self, day: date) -> bool:
        """From the day after it was asked for to the day before it ended."""
        now = [state for since, state in self.states if since <= day]
        ended = ("cancelled", "defaulted", "completed", "lapsed", "declined", "refused")
        return day > self.asked_on and bool(now) and now[-1] not in ended


@dataclass(frozen=True)
class Foreseen:
    """What bears on earlier days and is known only at the end."""

    frozen: tuple[Frozen, ...] = field(default=())

    def is_frozen(self, kind: str, invoice: str, day: date) -> bool:
        return any(
            invoice in it.invoices and it.is_on(day) and (it.fees if kind == "fee" else it.interest)
            for it in self.frozen
        )


def foresee(w: "World") -> Foreseen:
    found = []
    for it in w.arrangements.values():
        if it.began is None or it.order is None:
            continue
        freeze = getattr(it.data, "freeze", None)
        found.append(
            Frozen(
                it.invoices,
                w.day(it.order[0]),
                freeze.fees if freeze else True,
                freeze.interest if freeze else True,
                tuple((w.day(step.at), step.state) for step in it.history),
            )
        )
    return Foreseen(tuple(found))


class Charging(Purse):
    """The part of the world that charges."""

    timeline: "Timeline"

    @property
    def _world(self) -> "World":
        return cast("World", self)

    def clear_charges(self) -> None:
        self.waivers: dict[str, Waiver] = {}
        self.waiting_waivers: list[Waiver] = []
        self.waiting_disputes: list[tuple[str, str, int | None]] = []
        self.skipped: dict[str, str] = {}  # by charge id: the reason
        self.withheld_fees: dict[str, list[tuple[str, int, date]]] = {}
        self.bearing: dict[str, Bearing] = {}
        self.bases: dict[tuple[str, date], tuple[int, dict[str, int]]] = {}
        self.totals: dict[tuple[str, date], Fraction] = {}
        self.ruled: set[tuple[str, date]] = set()
        self.granted: dict[str, tuple[int, date]] = {}  # discount: what must lie, until when
        self.taken: set[tuple[str, str]] = set()  # facts that have acted
        self.waived: list[tuple[datetime, str, str, int]] = []  # charge, waiver, amount

    # ── Days ────────────────────────────────────────────────────────────────────────────────────
    def bear(self, today: date) -> None:
        interest.bear_all(self._world, today)

    def charge_day(self, today: date, now: datetime) -> None:
        """At one instant of one invoice: interest, compensation, late fee."""
        for bill in sorted(self.bills.values(), key=Bill.age):
            if interest.is_posting_day(self._world, bill, today):
                interest.post(self._world, bill, now)
            fees.charge_steps(self._world, bill, today, now)

    def post_interest(self, invoice: str | None, now: datetime) -> None:
        if invoice is not None and invoice in self.bills:
            interest.post(self._world, self.bills[invoice], now)

    def post_interest_of(self, invoices: tuple[str, ...], now: datetime) -> None:
        for invoice in invoices:
            self.post_interest(invoice, now)

    def accrued(self, currency: str) -> int:
        mine = [bill for bill in self.bills.values() if bill.currency == currency]
        return sum(interest.accrued(self._world, bill) for bill in mine)

    def bounce(self, act: "Act", taken: int) -> None:
        """Whatever was taken back."""
        fees.bounce(self._world, act)

    # ── Charges ─────────────────────────────────────────────────────────────────────────────────
    def new_charge(
        self,
        name: str,
        kind: str,
        invoice: str | None,
        currency: str,
        amount: int,
        on: date,
        now: datetime,
    ) -> None:
        charge = Charge(name, kind, invoice, currency, on)
        charge.postings.append(Posting(now, on, amount))
        self.charges[name] = charge
        for waiver in [w for w in self.waiting_waivers if w.data.charge_id == name]:
            self.waiting_waivers.remove(waiver)
            self.waive(waiver, now)
        for charge_id, dispute, held in self.waiting_disputes:
            if charge_id == name:
                charge.disputes[dispute] = held

    def add_charge(self, act: "Act") -> None:
        data = act.data
        self.new_charge(
            data.charge_id,
            data.kind,
            data.invoice_id,
            data.currency,
            data.amount_minor,
            data.charged_on,
            act.instant,
        )
        if data.invoice_id is not None and self.bills[data.invoice_id].void:
            self.charges[data.charge_id].gone = True
            self._world.voids.append((act.instant, data.invoice_id, data.amount_minor))

    def set_waiver(self, charge: Charge, name: str, amount: int, now: datetime) -> None:
        charge.waivers[name] = amount
        self.waived.append((now, charge.id, name, amount))

    def drop_waiver(self, charge: Charge, name: str, now: datetime) -> None:
        if (amount := charge.waivers.pop(name, 0)) > 0:
            self.waived.append((now, charge.id, name, -amount))

    def ask_to_waive(self, act: "Act") -> None:
        waiver = Waiver(act.data.waiver_id, data=act.data)
        self.waivers[waiver.id] = waiver
        if act.data.approval is not None:
            waiver.become("pending_approval", act.instant)
        else:
            self.waive(waiver, act.instant)

    def waive(self, waiver: Waiver, now: datetime) -> None:
        """From the amount less earlier waivers, also when it is paid."""
        name: str = waiver.data.charge_id
        if name.startswith("interest:"):  # what has accrued is posted first
            self.post_interest(name.removeprefix("interest:"), now)
        charge = self.charges.get(name)
        if charge is None:
            if not name.startswith("interest:"):
                self.waiting_waivers.append(waiver)
            return
        asked = waiver.data.amount_minor
        left = charge.amount - charge.waived
        amount = self.open_of(charge) if asked is None else min(asked, left)
        if amount > 0 and not charge.gone:
            self.set_waiver(charge, waiver.id, amount, now)
        waiver.become("made", now)
        self.take_off(charge, now)

    # ── Disputes ────────────────────────────────────────────────────────────────────────────────
    def credits_to_come(self, bill: Bill) -> dict[str, int]:
        """Per dispute what credit notes, known by now, will still take."""
        found: dict[str, int] = {}
        notes = self.timeline.of("credit-note-issued")
        replaced = {f.data.dispute_id for f in notes}
        for fact in self.timeline.of("dispute-resolved"):
            own = fact.data.invoice_id == bill.id and fact.data.dispute_id not in replaced
            if own and fact.data.credited_minor is not None and self._is_to_come(fact):
                found[fact.data.dispute_id] = fact.data.credited_minor
        for fact in notes:
            own = fact.data.dispute_id is not None and fact.data.invoice_id == bill.id
            if own and self._is_to_come(fact):
                found[fact.data.dispute_id] = fact.data.amount_minor
        return found

    def _is_to_come(self, fact: Fact) -> bool:
        acts = self.timeline.instant_of(fact) is not None
        return acts and (fact.kind, fact.fact_id) not in self.taken

    def before_resolution(self, dispute: Dispute, act: "Act") -> None:
        """What was withheld is added at the resolution: the part that was not credited."""
        after = getattr(dispute.data, "after_rejection", None)
        forgiven = getattr(after, "interest", "charge") == "forgive"
        bearing = self.bearing.get(act.data.invoice_id)
        if bearing is not None and act.data.outcome != "upheld" and not forgiven:
            for _, part, _ in bearing.withheld.pop(dispute.id, []):
                bearing.total += part
        self.post_interest(act.data.invoice_id, act.instant)

    def after_resolution(self, dispute: Dispute, act: "Act") -> None:
        after = getattr(dispute.data, "after_rejection", None)
        charged = getattr(after, "fees", "forgive") == "charge"
        bill = self.bills[act.data.invoice_id]
        if charged and act.data.outcome != "upheld":
            self.spread(act.instant)  # its credit note first
            fees.charge_withheld(self._world, bill, act.instant)

    def resolve_of_charge(self, charge_id: str, act: "Act") -> None:
        """Upheld: waived in full, `partly`: by `credited_minor`."""
        charge = self.charges.get(charge_id)
        if charge is None:
            return
        charge.disputes.pop(act.data.dispute_id, None)
        left = charge.amount - charge.waived
        amount = {"upheld": left, "partly": min(left, act.data.credited_minor or 0)}
        if (waived := amount.get(act.data.outcome, 0)) > 0:
            self.set_waiver(charge, f"dispute:{act.data.dispute_id}", waived, act.instant)
            self.take_off(charge, act.instant)

    # ── Discounts ───────────────────────────────────────────────────────────────────────────────
    def look_at_discounts(self, now: datetime) -> None:
        for bill in self.bills.values():
            offer = bill.invoice.early_discount
            if offer is None or bill.void:
                self.granted.pop(bill.id, None)
            elif bill.id in self.granted:
                self._revoke(bill, now)
            elif self.day(now) <= offer.until_on:
                self._grant(bill, offer, now)

    def _grant(self, bill: Bill, offer: Any, now: datetime) -> None:
        """0 < principal ≤ right = half up (percent of (amount − credit notes aimed at it))."""
        on_it = self.on_principal(bill.id)
        aimed = sum(p.amount for p in on_it if p.kind == "credit_note" and p.by_aim)
        amount = bill.invoice.amount_minor
        right = half_up(Decimal(amount - aimed) * Decimal(str(offer.percent)) / 100)
        if 0 < self.principal(bill) <= right:
            self.put_other("discount", f"discount:{bill.id}", bill.id, self.principal(bill), now)
            self.granted[bill.id] = amount - right, offer.until_on

    def _revoke(self, bill: Bill, now: datetime) -> None:
        """As a whole, when what was put in the window and still lies there falls below."""
        least, until_on = self.granted[bill.id]
        on_it = self.on_principal(bill.id)
        lying = sum(
            p.amount
            for p in on_it
            if p.kind == "credit_note" or (p.is_cash and self.day(p.applied_at) <= until_on)
        )
        if lying < least:
            for put in [p for p in on_it if p.kind == "discount"]:
                self.release(put, put.amount, now)
            del self.granted[bill.id]
