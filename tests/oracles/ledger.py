"""The ledger's rules once more, slow and obvious: the referee of `services/ledger/domain`.

Written from the page of rules alone, sharing no code with the domain but the contract's classes.
Nothing is kept from one question to the next: every answer replays all facts of the account, in
fact order, over a plain list of money, and looks at the snapshots taken after each of them.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from tests.oracles.ledger_table import (
    Act,
    Bill,
    Fact,
    Figure,
    Money,
    Put,
    Snapshot,
    first_instant,
)

STAGES = (1, 31, 61, 91, 121)
RANKS = {
    "invoice-issued": 1,
    "credit-note-issued": 2,
    "payment-received": 3,
    "payment-failed": 4,
    "payment-reversed": 5,
    "dispute-opened": 6,
    "dispute-resolved": 7,
    "invoice-voided": 8,
}


class Model:
    """One account's facts, and every question one can ask about them."""

    def __init__(
        self, facts: Iterable[Fact], tenant_zone: str, cause: Callable[[Any], str] | None = None
    ) -> None:
        self.cause = cause or name_of
        self.facts = list(facts)
        profiles = [f for f in self.facts if f.kind in ("account-registered", "account-updated")]
        self.registered = any(f.kind == "account-registered" for f in profiles)
        self.zone = tenant_zone
        if self.registered:
            newest = max(profiles, key=lambda f: (f.time, f.fact_id.encode()))
            self.zone = newest.data.timezone or tenant_zone
        self.taken_back: dict[str, int] = {}  # by reversal id
        self.excess: dict[str, int] = {}
        self.puts: list[Put] = []
        self.snapshots: list[Snapshot] = []
        self._money: list[Money] = []
        self._bills: dict[str, Bill] = {}
        self._notes_of_disputes = {
            f.data.dispute_id
            for f in self.facts
            if f.kind == "credit-note-issued" and f.data.dispute_id is not None
        }

    # ── When ────────────────────────────────────────────────────────────────────────────────────
    def _of(self, kind: str) -> list[Fact]:
        return [f for f in self.facts if f.kind == kind]

    def due_on(self, invoice: Any) -> date:
        """Of several amendments the newest that carries the field wins; timeless."""
        amendments = [
            f
            for f in self._of("invoice-amended")
            if f.data.invoice_id == invoice.invoice_id and f.data.due_on is not None
        ]
        if not amendments:
            return invoice.due_on  # type: ignore[no-any-return]
        newest = max(amendments, key=lambda f: (f.time, f.fact_id.encode()))
        return newest.data.due_on  # type: ignore[no-any-return]

    def instant_of(self, fact: Fact) -> datetime | None:
        """When a fact acts; None while it waits for another that is not known."""
        data = fact.data
        if fact.kind in ("invoice-issued", "credit-note-issued"):
            return first_instant(data.issued_on, self.zone)
        if fact.kind == "payment-received":
            return data.received_at  # type: ignore[no-any-return]
        if fact.kind == "payment-failed":
            return data.failed_at  # type: ignore[no-any-return]
        own: datetime | None
        if fact.kind == "payment-reversed":
            own, awaited = (
                data.reversed_at,
                [
                    f
                    for f in self._of("payment-received")
                    if (f.data.payment_id, f.data.currency) == (data.payment_id, data.currency)
                ],
            )
        elif fact.kind in ("dispute-opened", "invoice-voided"):
            own, awaited = fact.time, self._invoices(data.invoice_id)
        elif fact.kind == "dispute-resolved":
            own, awaited = (
                fact.time,
                [
                    f
                    for f in self._of("dispute-opened")
                    if (f.data.dispute_id, f.data.invoice_id) == (data.dispute_id, data.invoice_id)
                ],
            )
        else:
            return None  # accounts and amendments are timeless
        other = self.instant_of(awaited[0]) if awaited else None
        return max(own, other) if own is not None and other is not None else None

    def _invoices(self, invoice_id: str) -> list[Fact]:
        return [f for f in self._of("invoice-issued") if f.data.invoice_id == invoice_id]

    def acts(self) -> list[Act]:
        """The facts that act, in fact order. Of an unregistered account only money does."""
        money = ("credit-note-issued", "payment-received", "payment-reversed")
        found = []
        for fact in self.facts:
            instant = self.instant_of(fact)
            if instant is not None and (self.registered or fact.kind in money):
                found.append(Act(instant, RANKS[fact.kind], fact))
        return sorted(found, key=lambda act: act.order)

    # ── The replay ──────────────────────────────────────────────────────────────────────────────
    def replay(self, before: datetime | None = None) -> "Model":
        """Take the facts one after the other (only those before an instant, if given)."""
        for act in self.acts():
            if before is not None and act.instant >= before:
                continue
            take = getattr(self, "_take_" + act.fact.kind.replace("-", "_"))
            take(act)
            self._spread_unapplied(act.instant)
            self.snapshots.append(self._look(act.instant, self.cause(act.fact)))
        return self

    def _take_invoice_issued(self, act: Act) -> None:
        invoice = act.fact.data
        self._bills[invoice.invoice_id] = Bill(invoice, self.due_on(invoice))
        for money in self._in_order(is_credit=True):
            self._serve_aims(money, act.instant)
        for money in self._in_order(is_credit=False):
            self._serve_aims(money, act.instant)

    def _take_credit_note_issued(self, act: Act) -> None:
        note = act.fact.data
        aims = [(note.invoice_id, note.amount_minor)] if note.invoice_id is not None else []
        self._post_credit(note.credit_note_id, act.order, note.currency, note.amount_minor, aims)

    def _take_payment_received(self, act: Act) -> None:
        paid = act.fact.data
        aims = [(target.invoice_id, target.amount_minor) for target in paid.allocations]
        money = Money(
            paid.payment_id, False, act.order, paid.currency, paid.amount_minor, paid.amount_minor
        )
        money.aims = aims
        self._money.append(money)
        self._serve_aims(money, act.instant)

    def _take_payment_failed(self, act: Act) -> None:
        """Says something, owes nothing."""

    def _take_payment_reversed(self, act: Act) -> None:
        wanted = act.fact.data.amount_minor
        money = next(m for m in self._money if self._is_payment(m, act.fact.data.payment_id))
        taken = money.left if wanted is None else min(wanted, money.left)
        money.left -= taken
        self.taken_back[act.fact.data.reversal_id] = taken
        self.excess[act.fact.data.reversal_id] = 0 if wanted is None else wanted - taken
        from_unapplied = min(taken, money.unapplied)
        money.unapplied -= from_unapplied
        taken -= from_unapplied
        while taken:
            standing = [p for p in self._standing() if p.source == money.name and not p.is_credit]
            latest = max(self._bills[p.invoice].age() for p in standing)
            put = [p for p in standing if self._bills[p.invoice].age() == latest][-1]
            taken -= self._release(put, min(taken, put.amount), act.instant)

    def _take_dispute_opened(self, act: Act) -> None:
        dispute = act.fact.data
        self._bills[dispute.invoice_id].disputes[dispute.dispute_id] = dispute.amount_minor

    def _take_dispute_resolved(self, act: Act) -> None:
        resolution = act.fact.data
        bill = self._bills[resolution.invoice_id]
        bill.disputes.pop(resolution.dispute_id, None)
        credited = resolution.credited_minor
        if credited is not None and resolution.dispute_id not in self._notes_of_disputes:
            name = f"dispute:{resolution.dispute_id}"
            aims = [(resolution.invoice_id, credited)]
            self._post_credit(name, act.order, bill.invoice.currency, credited, aims)

    def _take_invoice_voided(self, act: Act) -> None:
        self._bills[act.fact.data.invoice_id].void = True
        for put in [p for p in self._standing() if p.invoice == act.fact.data.invoice_id]:
            money = self._source(put)
            money.unapplied += self._release(put, put.amount, act.instant)

    # ── Money ───────────────────────────────────────────────────────────────────────────────────
    def _post_credit(
        self,
        name: str,
        order: tuple[datetime, int, bytes],
        currency: str,
        amount: int,
        aims: list[tuple[str, int]],
    ) -> None:
        money = Money(name, True, order, currency, amount, amount, aims)
        self._money.append(money)
        self._serve_aims(money, order[0])

    def _serve_aims(self, money: Money, now: datetime) -> None:
        """Serve the aims whose invoice is there; the others go on waiting."""
        waiting = []
        for invoice_id, amount in money.aims:
            bill = self._bills.get(invoice_id)
            if bill is None or bill.invoice.currency != money.currency:
                waiting.append((invoice_id, amount))
                continue
            if money.is_credit:
                self._make_room_for_credit(bill, min(amount, money.unapplied), now)
            self._put(money, bill, min(amount, money.unapplied, self._balance(bill)), now)
        money.aims = waiting

    def _make_room_for_credit(self, bill: Bill, amount: int, now: datetime) -> None:
        """Free the cash that no longer fits beside this credit note, last allocation first."""
        standing = [p for p in self._standing() if p.invoice == bill.invoice.invoice_id]
        fits = bill.invoice.amount_minor - sum(p.amount for p in standing if p.is_credit)
        too_much = 0 if bill.void else min(amount, fits) - self._balance(bill)
        for put in reversed([p for p in standing if not p.is_credit]):
            if too_much > 0:
                freed = self._release(put, min(too_much, put.amount), now)
                self._source(put).unapplied += freed
                too_much -= freed

    def _spread_unapplied(self, now: datetime) -> None:
        """Nothing stays unapplied beside an open balance: credit, then cash, oldest first."""
        for money in self._in_order(is_credit=True) + self._in_order(is_credit=False):
            for also_disputed in (False, True):
                bills = [b for b in self._bills.values() if b.invoice.currency == money.currency]
                for bill in sorted(bills, key=Bill.age):
                    room = self._balance(bill)
                    if not also_disputed:
                        room -= self._disputed(bill)
                    self._put(money, bill, min(money.free(), room), now)

    def _put(self, money: Money, bill: Bill, amount: int, now: datetime) -> None:
        if amount > 0:
            money.unapplied -= amount
            invoice_id = bill.invoice.invoice_id
            self.puts.append(Put(money.name, money.is_credit, invoice_id, amount, now))

    def _release(self, put: Put, amount: int, now: datetime) -> int:
        """Take back the last part of it; what stays keeps its `applied_at`."""
        if amount < put.amount:
            put.amount -= amount
            gone = Put(put.source, put.is_credit, put.invoice, amount, put.applied_at, now)
            self.puts.insert(self.puts.index(put) + 1, gone)
        else:
            put.released_at = now
        return amount

    def _standing(self) -> list[Put]:
        return [put for put in self.puts if put.released_at is None]

    def _source(self, put: Put) -> Money:
        return next(m for m in self._money if (m.name, m.is_credit) == (put.source, put.is_credit))

    def _is_payment(self, money: Money, payment_id: str) -> bool:
        return not money.is_credit and money.name == payment_id

    def _in_order(self, *, is_credit: bool) -> list[Money]:
        return sorted((m for m in self._money if m.is_credit == is_credit), key=lambda m: m.order)

    def _balance(self, bill: Bill) -> int:
        on_it = [p.amount for p in self._standing() if p.invoice == bill.invoice.invoice_id]
        return 0 if bill.void else bill.invoice.amount_minor - sum(on_it)

    def _disputed(self, bill: Bill) -> int:
        balance = self._balance(bill)
        return min(
            balance,
            sum(balance if amount is None else amount for amount in bill.disputes.values()),
        )

    def _look(self, instant: datetime, because: str) -> Snapshot:
        invoices = {
            name: Figure(
                name,
                bill.invoice.currency,
                bill.due_on,
                self._balance(bill),
                self._disputed(bill),
                bill.void,
            )
            for name, bill in self._bills.items()
        }
        cash: dict[str, int] = {}
        credit: dict[str, int] = {}
        for money in self._money:
            pot = credit if money.is_credit else cash
            pot[money.currency] = pot.get(money.currency, 0) + money.unapplied
        return Snapshot(instant, because, invoices, cash, credit)


def name_of(fact: Fact) -> str:
    return f"{fact.kind} {fact.fact_id}"
