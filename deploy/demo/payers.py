"""One customer's life with its bills: issued, disputed, corrected, paid in time, late or in part.

A payer keeps its own account of what it thinks it owes. Each act says billing events and plans
further acts; the portfolio puts them in the order of time.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from deploy.demo.acts import BillingEvent, Consequences, Planned
from deploy.demo.answers import Answers
from deploy.demo.deals import Bill, Deals
from deploy.demo.people import Customer
from deploy.demo.received import Received
from deploy.demo.source import rfc3339
from shared.clock import local_day, zone

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_POST = 2 * _DAY  # what a letter takes

# Shares of all bills to which something happens besides payment.
_VOIDED, _DISPUTED, _CREDITED, _EXTENDED = 0.005, 0.03, 0.03, 0.01
# Shares of all payments.
_FAILS, _CHARGED_BACK, _REFUNDED, _OVERPAID = 0.02, 0.015, 0.01, 0.01
_FEE_PERMILLE = 14  # of what is paid by card
_GIVEN_UP_AFTER = 120 * _DAY  # past due, of who hardly ever pays
# How likely each kind of payer acts on a message about a debt past due.
_MOVED_BY_MESSAGE = {
    "prompt": 0.85,
    "forgetful": 0.6,
    "slow": 0.3,
    "struggling": 0.4,
    "silent": 0.05,
}
_MOVED_BEFORE_DUE = 0.3  # of that, when nothing is past due yet
_PAYS_IN_TIME = {"prompt": 0.94, "forgetful": 0.55, "slow": 0.1, "struggling": 0.35, "silent": 0.0}


class Payer:
    """A customer with its bills and its own random numbers."""

    def __init__(self, customer: Customer, seed: int) -> None:
        self.customer = customer
        self._rng = Random(f"{seed}:{customer.account_id}")  # noqa: S311 - repeats, no secret
        self._bills: dict[str, Bill] = {}
        self._numbers: dict[str, int] = {}
        self._deals = Deals(customer, self._rng, self._bills, self._number, self._pay)
        self.answers = Answers(customer, seed, self._deals, self._open, self._pay)

    # ------------------------------------------------------------------ what it hears from us

    def joins(self) -> list[Planned]:
        at = self._at(self.customer.joins_on, 0)
        return [Planned(at, self._register)]

    def received(self, message: Received, at: datetime) -> list[Planned]:
        """A message was handed over to it, or to who carries it."""
        planned = self.answers.received(message, at)
        if self.answers.does_arrive(message):
            planned += self.contacted(at + _POST if message.channel == "letter" else at)
        return planned

    def found(self, at: datetime) -> list[Planned]:
        """Somebody finds out how it can be reached: the billing platform has it from then on."""
        self.customer = replace(
            self.customer,
            email=f"found.{self.customer.account_id}@mail.example".lower(),
            is_email_dead=False,
        )
        event = BillingEvent(
            "account-updated", f"found:{self._number('F')}", self.customer.registered()
        )
        return [Planned(at + _HOUR, lambda _at: Consequences([event]))]

    def contacted(self, at: datetime) -> list[Planned]:
        """It reads a message; it may pay what it can within some days."""
        today = local_day(at, self.customer.place.timezone)
        asked = [b for b in self._open() if b.due_on <= today + 7 * _DAY]
        if not asked:
            return []
        chance = _MOVED_BY_MESSAGE[self.customer.habit]
        if all(bill.due_on >= today for bill in asked):
            chance *= _MOVED_BEFORE_DUE
        if self._rng.random() >= chance:
            return []
        if (deal := self._deals.consider(asked, at)) is not None:
            return deal
        after = at + self._hours(1, 90)
        if self.customer.habit == "struggling":
            part = self._rng.uniform(0.25, 0.7)
            return [Planned(after, partial(self._pay, asked[0].invoice_id, part))]
        return [Planned(after, partial(self._pay, bill.invoice_id, 1.0)) for bill in asked]

    # ------------------------------------------------------------------ acts: bills

    def _register(self, at: datetime) -> Consequences:
        customer = self.customer
        event = BillingEvent(
            "account-registered", f"account:{customer.account_id}", customer.registered()
        )
        first = customer.joins_on.replace(day=customer.billing_day)
        if first < customer.joins_on:
            first = _next_month(first)
        return Consequences([event], [Planned(self._at(first, 10), partial(self._bill, first))])

    def _bill(self, day: date, at: datetime) -> Consequences:
        """The month's invoice, and what becomes of it."""
        done = self._issue(day, round(self.customer.typical_minor * self._rng.uniform(0.6, 1.5)))
        following = _next_month(day)
        done.planned.append(Planned(self._at(following, 10), partial(self._bill, following)))
        return done

    def _issue(self, day: date, amount_minor: int) -> Consequences:
        customer = self.customer
        invoice_id = self._number("INV")
        amount_minor = max(1, amount_minor)
        due_on = day + customer.terms_days * _DAY
        bill = self._bills[invoice_id] = Bill(invoice_id, due_on, amount_minor)
        event = BillingEvent(
            "invoice-issued",
            f"invoice:{invoice_id}",
            {
                "invoice_id": invoice_id,
                "account_id": customer.account_id,
                "currency": customer.place.currency,
                "amount_minor": amount_minor,
                "issued_on": day.isoformat(),
                "due_on": due_on.isoformat(),
                "number": invoice_id,
                "purpose": customer.kind,
            },
        )
        return Consequences([event], [*self._mishaps(bill, day), *self._intention(bill, day)])

    def _mishaps(self, bill: Bill, day: date) -> list[Planned]:
        draw, after = self._rng.random(), self._at(day, 9) + self._hours(24, 24 * 9)
        for share, act in (
            (_VOIDED, self._void),
            (_DISPUTED, self._dispute),
            (_CREDITED, self._credit),
            (_EXTENDED, self._extend),
        ):
            if draw < share:
                return [Planned(after, partial(act, bill.invoice_id))]
            draw -= share
        return []

    def _intention(self, bill: Bill, day: date) -> list[Planned]:
        """When it means to pay without being asked."""
        habit, rng = self.customer.habit, self._rng
        pay = partial(self._pay, bill.invoice_id, 1.0)
        if rng.random() < _PAYS_IN_TIME[habit]:
            return [Planned(self._at(day, 8) + self._hours(20, 24 * self.customer.terms_days), pay)]
        due = self._at(bill.due_on, 8)
        if habit == "slow":
            return [Planned(due + self._hours(24 * 4, 24 * 45), pay)]
        if habit == "silent":
            given_up = due + _GIVEN_UP_AFTER + self._hours(0, 24 * 20)
            return [Planned(given_up, partial(self._deals.give_up, bill.invoice_id))]
        if rng.random() < 0.5:
            return [Planned(due + self._hours(24 * 40, 24 * 110), pay)]
        return []

    def _void(self, invoice_id: str, at: datetime) -> Consequences:
        bill = self._bills[invoice_id]
        if not bill.open_minor:
            return Consequences()
        amount_minor, bill.open_minor = bill.open_minor, 0
        event = BillingEvent(
            "invoice-voided", f"void:{invoice_id}", self._about(invoice_id, reason="error")
        )
        again = self._issue(local_day(at, self.customer.place.timezone), amount_minor)
        return Consequences([event, *again.events], again.planned)

    def _extend(self, invoice_id: str, at: datetime) -> Consequences:
        bill = self._bills[invoice_id]
        bill.due_on += 14 * _DAY
        data = self._about(invoice_id, due_on=bill.due_on.isoformat())
        return Consequences([BillingEvent("invoice-amended", f"amend:{invoice_id}", data)])

    def _credit(self, invoice_id: str, at: datetime) -> Consequences:
        bill = self._bills[invoice_id]
        amount_minor = max(1, round(bill.open_minor * self._rng.uniform(0.1, 0.4)))
        bill.open_minor = max(0, bill.open_minor - amount_minor)
        note_id = self._number("CN")
        data = self._money(amount_minor) | {
            "credit_note_id": note_id,
            "issued_on": local_day(at, self.customer.place.timezone).isoformat(),
            "invoice_id": invoice_id,
            "reason": "returned goods",
        }
        return Consequences([BillingEvent("credit-note-issued", f"credit:{note_id}", data)])

    def _dispute(self, invoice_id: str, at: datetime) -> Consequences:
        bill = self._bills[invoice_id]
        if not bill.open_minor:
            return Consequences()
        bill.is_disputed = True
        dispute_id = self._number("DIS")
        data = self._about(invoice_id, dispute_id=dispute_id, reason="wrong amount")
        amount_minor = bill.open_minor
        if self._rng.random() < 0.4:
            amount_minor = data["amount_minor"] = max(1, bill.open_minor // 2)
        after = at + self._hours(24 * 6, 24 * 30)
        resolve = partial(self._resolve, invoice_id, dispute_id, amount_minor)
        event = BillingEvent("dispute-opened", f"dispute:{dispute_id}", data)
        return Consequences([event], [Planned(after, resolve)])

    def _resolve(
        self, invoice_id: str, dispute_id: str, amount_minor: int, at: datetime
    ) -> Consequences:
        bill = self._bills[invoice_id]
        bill.is_disputed = False
        outcome = self._rng.choice(("upheld", "rejected", "partly"))
        data = self._about(invoice_id, dispute_id=dispute_id, outcome=outcome)
        if outcome != "rejected":
            credited = amount_minor if outcome == "upheld" else max(1, amount_minor // 2)
            data["credited_minor"] = credited
            bill.open_minor = max(0, bill.open_minor - credited)
        event = BillingEvent("dispute-resolved", f"resolve:{dispute_id}", data)
        pay = Planned(at + self._hours(24, 24 * 12), partial(self._pay, invoice_id, 1.0))
        return Consequences([event], [pay] if self._rng.random() < 0.7 else [])

    # ------------------------------------------------------------------ acts: money

    def _pay(self, invoice_id: str, part: float, at: datetime) -> Consequences:
        bill, rng = self._bills[invoice_id], self._rng
        if not bill.open_minor or bill.is_disputed or bill.in_deal:
            return Consequences()
        if rng.random() < _FAILS:
            return self._fail(bill, part, at)
        payment_id = self._number("PAY")
        due_minor = min(bill.open_minor, max(1, round(bill.open_minor * part)))
        amount_minor = due_minor + (due_minor // 10 if rng.random() < _OVERPAID else 0)
        data = self._money(amount_minor) | {
            "payment_id": payment_id,
            "received_at": rfc3339(at),
            "method": rng.choice(("card", "transfer", "direct-debit")),
        }
        if data["method"] == "card":
            data |= {"provider": "gateway", "fee_minor": amount_minor * _FEE_PERMILLE // 1000}
        if len(self._open()) > 1:
            data["allocations"] = [{"invoice_id": invoice_id, "amount_minor": due_minor}]
        bill.open_minor -= due_minor
        planned = []
        draw, after = rng.random(), at + self._hours(24 * 3, 24 * 25)
        if draw < _CHARGED_BACK:
            planned = [Planned(after, partial(self._reverse, bill, payment_id, due_minor, True))]
        elif draw < _CHARGED_BACK + _REFUNDED:
            planned = [Planned(after, partial(self._reverse, bill, payment_id, due_minor, False))]
        return Consequences(
            [BillingEvent("payment-received", f"payment:{payment_id}", data)], planned
        )

    def _fail(self, bill: Bill, part: float, at: datetime) -> Consequences:
        payment_id = self._number("PAY")
        data = self._money(bill.open_minor) | {
            "payment_id": payment_id,
            "failed_at": rfc3339(at),
            "invoice_id": bill.invoice_id,
            "reason_code": "insufficient_funds",
            "retriable": True,
        }
        again = Planned(at + self._hours(48, 24 * 6), partial(self._pay, bill.invoice_id, part))
        return Consequences([BillingEvent("payment-failed", f"failed:{payment_id}", data)], [again])

    def _reverse(
        self, bill: Bill, payment_id: str, paid_minor: int, is_chargeback: bool, at: datetime
    ) -> Consequences:
        """All of a payment is taken back, or a part is refunded; the debt is open again."""
        reversal_id = self._number("REV")
        data: dict[str, Any] = {
            "reversal_id": reversal_id,
            "payment_id": payment_id,
            "account_id": self.customer.account_id,
            "currency": self.customer.place.currency,
            "reversed_at": rfc3339(at),
            "kind": "chargeback" if is_chargeback else "refund",
        }
        taken = paid_minor
        if not is_chargeback:
            taken = data["amount_minor"] = max(1, paid_minor // 4)
        bill.open_minor += taken
        pay = Planned(at + self._hours(24 * 20, 24 * 60), partial(self._pay, bill.invoice_id, 1.0))
        event = BillingEvent("payment-reversed", f"reversal:{reversal_id}", data)
        return Consequences([event], [pay] if self._rng.random() < 0.5 else [])

    # ------------------------------------------------------------------ helpers

    def _open(self) -> list[Bill]:
        """What it thinks it owes and does not dispute, oldest due first."""
        bills = [
            b for b in self._bills.values() if b.open_minor and not (b.is_disputed or b.in_deal)
        ]
        return sorted(bills, key=lambda bill: (bill.due_on, bill.invoice_id))

    def _number(self, kind: str) -> str:
        self._numbers[kind] = number = self._numbers.get(kind, 0) + 1
        return f"{kind}-{self.customer.account_id}-{number:03d}"

    def _about(self, invoice_id: str, **more: Any) -> dict[str, Any]:
        return {"account_id": self.customer.account_id, "invoice_id": invoice_id, **more}

    def _money(self, amount_minor: int) -> dict[str, Any]:
        return {
            "account_id": self.customer.account_id,
            "currency": self.customer.place.currency,
            "amount_minor": amount_minor,
        }

    def _at(self, day: date, hour: int) -> datetime:
        local = datetime.combine(day, time(hour), zone(self.customer.place.timezone))
        return local.astimezone(UTC)

    def _hours(self, low: int, high: int) -> timedelta:
        return timedelta(seconds=self._rng.randint(low * 3600, high * 3600))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + 32 * _DAY).replace(day=day.day)
