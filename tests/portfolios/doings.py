"""What may happen to money, drawn at random from what is possible."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.portfolios.money import Bill
from tests.portfolios.world import World

Weighted = list[tuple[Callable[[datetime], None], float]]
CURRENCIES = ("EUR", "EUR", "USD", "JPY")
METHODS = ("card", "transfer", None)


class Doings(World):
    def __init__(self, rng: Random, **more: Any) -> None:
        super().__init__(**more)
        self.rng = rng
        self.written_off: dict[str, str] = {}  # invoice → write-off
        self.loose_notes: dict[str, str] = {}  # of disputes → account
        self.disputes: dict[str, str] = {}  # open ones → invoice
        self.promised: dict[str, list[Any]] = {}
        self.placed: dict[str, str] = {}
        self.discounted: set[str] = set()
        self._count = 0

    def new(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def some(self, of: Iterable[Any]) -> Any:
        """One of them; None where there is none."""
        found = list(of)
        return self.rng.choice(found) if found else None

    def open_bills(self, at: datetime) -> list[Bill]:
        return [bill for bill in self.bills.values() if self.room(bill, at) > 0]

    def of_money(self) -> Weighted:
        return [
            (self.do_issue, 9),
            (self.do_pay, 10),
            (self.do_settle, 3),
            (self.do_reverse, 3),
            (self.do_credit, 3),
            (self.do_write_off, 2),
            (self.do_recover, 2),
            (self.do_take_back, 1),
            (self.do_concede, 0.7),
            (self.do_discount, 0.7),
            (self.do_move, 1),
            (self.do_amend, 1.5),
            (self.do_void, 0.7),
            (self.do_charge, 1.5),
            (self.do_charge_again, 1),
            (self.do_pay_charge, 0.7),
            (self.do_segment, 5),
            (self.do_update, 0.7),
        ]

    def do_issue(self, at: datetime) -> None:
        rng = self.rng
        account = self.some(self.zones)
        issued = self.day_of(at, account) - timedelta(days=rng.choice((0, 0, 0, 0, 3, 20)))
        due = issued + timedelta(days=rng.choice((14, 14, 10, 30, 5, 0, -3)))
        amount = rng.choice((1000, 5000, 10000, 333, 1, rng.randint(1, 20000)))
        self.issue(account, self.new("I"), amount, issued, due, rng.choice(CURRENCIES), at)

    def do_amend(self, at: datetime) -> None:
        bill = self.some(self.bills.values())
        if bill is not None:
            due = bill.due + timedelta(days=self.rng.choice((-5, 7, 20, 40)))
            self.amend(bill.name, due, at)

    def do_void(self, at: datetime) -> None:
        bill = self.some(
            bill
            for bill in self.bills.values()
            if not bill.is_void and bill.name not in self.written_off
        )
        if bill is not None:
            self.void(bill.name, at)

    def do_pay(self, at: datetime) -> None:
        """On one or two invoices of an account, or loose."""
        rng = self.rng
        first = self.some(self.open_bills(at))
        method, fee = rng.choice(METHODS), rng.choice((None, 0, 25, 40))
        if first is None or rng.random() < 0.05:
            account = first.account if first else self.some(self.zones)
            self.pay(account, self.new("P"), at, {}, loose=100, method=method, fee=fee)
            return
        bills = [
            bill
            for bill in self.open_bills(at)
            if (bill.account, bill.currency) == (first.account, first.currency)
        ]
        on = {}
        for bill in rng.sample(bills, min(len(bills), rng.choice((1, 1, 2)))):
            room = self.room(bill, at)
            on[bill.name] = room if rng.random() < 0.6 else rng.randint(1, room)
        loose = 50 if rng.random() < 0.1 else 0
        self.pay(first.account, self.new("P"), at, on, loose=loose, method=method, fee=fee)
        if rng.random() < 0.3:  # what it leads to carries its instant
            self._change_segment(first.account, at)

    def do_settle(self, at: datetime) -> None:
        """Everything that an account owes is paid."""
        account = self.some(self.zones)
        for bill in self.open_bills(at):
            if bill.account == account:
                self.pay(account, self.new("P"), at, {bill.name: self.room(bill, at)})

    def do_reverse(self, at: datetime) -> None:
        standing = [
            put
            for put in self.puts
            if put.kind == "payment" and put.back_at is None and put.charge is None
        ]
        put = self.some(standing)
        if put is None:
            return
        all_of_it = sum(each.amount for each in standing if each.source == put.source)
        amount = all_of_it if self.rng.random() < 0.6 else self.rng.randint(1, all_of_it)
        self.reverse(put.source, self.new("R"), max(at, put.at + timedelta(hours=1)), amount)

    def do_move(self, at: datetime) -> None:
        """A late fact shows that a payment lay elsewhere."""
        payment = self.some(
            name
            for name in self.payments
            if all(
                put.back_at is None and not put.is_recovery and put.charge is None
                for put in self.puts
                if put.source == name
            )
        )
        if payment is None:
            return
        data = self.payments[payment]
        left, on = data.amount_minor, {}
        for bill in self.open_bills(data.received_at):
            if (bill.account, bill.currency) == (data.account_id, data.currency) and left:
                on[bill.name] = min(left, self.room(bill, data.received_at))
                left -= on[bill.name]
        has_bill = any(bill.account == data.account_id for bill in self.bills.values())
        if on or (has_bill and self.rng.random() < 0.3):
            self.move(payment, on, at)

    def do_credit(self, at: datetime) -> None:
        rng, bill = self.rng, self.some(self.open_bills(at))
        loose = 70 if bill is None or rng.random() < 0.2 else 0
        account = bill.account if bill else self.some(self.zones)
        on = {bill.name: rng.randint(1, self.room(bill, at))} if bill else {}
        name, replaces = self.new("K"), None
        if self.loose_notes and rng.random() < 0.5:
            replaces, account = self.loose_notes.popitem()
            on, loose = {}, 40
        elif not on and rng.random() < 0.5:
            self.loose_notes[name] = account
        day = self.day_of(at, account)
        self.credit(account, name, day, on, loose=loose, at=at, replaces=replaces)

    # ── Given up, and what comes after ──────────────────────────────────────────────────────────
    def do_write_off(self, at: datetime) -> None:
        bill = self.some(self.open_bills(at))
        if bill is not None:
            name = self.new("W")
            room = self.room(bill, at)
            amount = room if self.rng.random() < 0.8 else self.rng.randint(1, room)
            self.write_off(bill.account, name, at, {bill.name: amount})
            if amount == room:
                self.written_off[bill.name] = name

    def do_recover(self, at: datetime) -> None:
        invoice = self.some(self.written_off)
        if invoice is None:
            return
        (put,) = (
            put
            for put in self.puts
            if put.invoice == invoice and put.source == self.written_off[invoice]
        )
        taken = sum(
            each.amount
            for each in self.puts
            if each.invoice == invoice and each.is_recovery and each.back_at is None
        )
        if put.amount > taken:
            amount = self.rng.randint(1, put.amount - taken)
            self.pay(
                self.bills[invoice].account,
                self.new("P"),
                max(at, put.at + timedelta(hours=1)),
                {invoice: amount},
                recovers=True,
                write_off=put.source,
                fee=self.rng.choice((None, 30)),
            )

    def do_take_back(self, at: datetime) -> None:
        """A write-off without recoveries is reversed."""
        recovered = {put.invoice for put in self.puts if put.is_recovery}
        invoice = self.some(name for name in self.written_off if name not in recovered)
        if invoice is not None:
            name = self.written_off.pop(invoice)
            (put,) = (each for each in self.puts if each.source == name)
            later = max(at, put.at + timedelta(hours=1))
            self.take_back(self.bills[invoice].account, "write_off", name, later)

    def do_concede(self, at: datetime) -> None:
        bill = self.some(self.open_bills(at))
        if bill is not None:
            on = {bill.name: self.rng.randint(1, self.room(bill, at))}
            self.concede(bill.account, self.new("S"), at, on)

    def do_discount(self, at: datetime) -> None:
        bill = self.some(self.open_bills(at))
        if bill is not None and bill.name not in self.discounted:
            self.discounted.add(bill.name)
            self.discount(bill.name, at, self.rng.randint(1, self.room(bill, at)))

    # ── Charges ─────────────────────────────────────────────────────────────────────────────────
    def do_charge(self, at: datetime) -> None:
        bill = self.some(self.bills.values())
        if bill is not None:
            day = self.day_of(at, bill.account)
            self.charge(bill.account, self.new("F"), bill.name, [(day, 500)], at)

    def do_charge_again(self, at: datetime) -> None:
        """It grows, or is waived."""
        name = self.some(self.charges)
        if name is None:
            return
        fields = self.charges[name]
        day = max(self.day_of(at, fields["account_id"]), fields["charged_on"])
        posted = [(each.on, each.amount_minor) for each in fields["posted"]]
        waived = [(each.on, each.amount_minor) for each in fields["waivers"]]
        if self.rng.random() < 0.5:
            waived.append((day, 60))
        else:
            posted.append((day, 20))
        self.charge(fields["account_id"], name, fields["invoice_id"], posted, at, waived)

    def do_pay_charge(self, at: datetime) -> None:
        name = self.some(self.charges)
        if name is not None:
            account = self.charges[name]["account_id"]
            self.pay_charge(account, self.new("P"), at, name, self.rng.randint(1, 100))

    # ── Segments ────────────────────────────────────────────────────────────────────────────────
    def _change_segment(self, account: str, at: datetime) -> None:
        arm = self.rng.choice(("std", "call", "letter", None))
        arms = {"calls": arm} if arm else {}
        self.segment(account, self.rng.choice(("a", "b", "patron")), at, arms)

    def do_segment(self, at: datetime) -> None:
        """At some time, or at the instant of a stage that it follows from."""
        account = self.some(self.zones)
        bill = self.some(each for each in self.bills.values() if each.account == account)
        if bill is not None and self.rng.random() < 0.4:
            stage = self.start_of(bill.due + timedelta(days=1), account)
            at = min(stage, self.now)
        self._change_segment(account, at)

    def do_update(self, at: datetime) -> None:
        account = self.some(self.zones)
        kind: Any = self.rng.choice(("consumer", "business"))
        country = self.rng.choice(("DE", "US", None))
        self.account(account, zone=self.zones[account], kind=kind, country=country, at=at)
