"""What a payer agrees with us: promises, plans, settlements, and what becomes of old debts.

A deal is asked for over HTTP. What the ledger answers (which instalments, whether it needs an
approval, or that it can't be) decides what the payer means to do next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from deploy.demo.acts import BillingEvent, Consequences, Noun, Planned, Request
from deploy.demo.people import Customer, Habit
from deploy.demo.source import rfc3339
from shared.clock import local_day
from shared.money import DECIMALS

_DAY = timedelta(days=1)
_INSTALMENT_MIN = 10  # major units, as the built-in policy has it

# How likely a payer who is moved by a message asks for each, instead of paying at once.
_PROMISE, _PLAN, _BID = 0, 1, 2
_ASKS: dict[Habit, tuple[float, float, float]] = {
    "prompt": (0.1, 0.0, 0.0),
    "forgetful": (0.35, 0.02, 0.0),
    "slow": (0.3, 0.1, 0.08),
    "struggling": (0.25, 0.4, 0.15),
    "silent": (0.2, 0.1, 0.4),
}
_KEEPS = {"prompt": 0.95, "forgetful": 0.75, "slow": 0.55, "struggling": 0.6, "silent": 0.4}
_REMEMBERS = 0.4  # of written-off debts, some are paid after all
_APPROVED = 0.7  # of bids that need somebody's approval


@dataclass
class Bill:
    """An invoice as its payer sees it."""

    invoice_id: str
    due_on: date
    open_minor: int
    is_disputed: bool = False
    in_deal: bool = False  # it is paid as agreed, and not otherwise


class Deals:
    """One payer's agreements, by its bills and its random numbers."""

    def __init__(
        self,
        customer: Customer,
        rng: Random,
        bills: dict[str, Bill],
        number: Callable[[str], str],
        pay: Callable[[str, float, datetime], Consequences],
    ) -> None:
        self._customer = customer
        self._rng = rng
        self._bills = bills
        self._number = number
        self._pay = pay

    def consider(self, asked: Sequence[Bill], at: datetime) -> list[Planned] | None:
        """What it asks for when a message has moved it; None: it pays."""
        today = self._day(at)
        late = [bill.invoice_id for bill in asked if bill.due_on < today]
        if not late:
            return None
        draw, asks = self._rng.random(), _ASKS[self._customer.habit]
        after = at + self._hours(1, 48)
        for kind, act in ((_PROMISE, self._promise), (_PLAN, self._plan), (_BID, self._bid)):
            if draw < asks[kind]:
                return [Planned(after, partial(act, late))]
            draw -= asks[kind]
        return None

    def give_up(self, invoice_id: str, at: datetime) -> Consequences:
        """Nobody expects the debt any more: somebody asks to write it off, finance approves."""
        if not (bills := self._open([invoice_id])):
            return Consequences()
        body = {"kind": "uneconomic", "invoice_ids": [invoice_id], "reason": "nobody answers"}
        return self._asked("write-off", "W", bills, at, body, self._written_off)

    # ------------------------------------------------------------------ on the phone

    def promise(self, ids: list[str], at: datetime) -> Request | None:
        return self._only(self._promise(ids, at))

    def plan(self, ids: list[str], at: datetime) -> Request | None:
        """A plan, or of a small debt a promise."""
        return self._only(self._plan(ids, at))

    def dispute(self, invoice_id: str, at: datetime) -> Request | None:
        """All of an invoice; it is paid, if at all, when it has been looked into."""
        body = {"invoice_id": invoice_id, "reason_code": "wrong-amount"}
        bills = self._open([invoice_id])
        return self._only(
            self._asked("dispute", "DIS", bills, at, body, partial(self._disputed, at))
        )

    def _only(self, done: Consequences) -> Request | None:
        return done.requests[0] if done.requests else None

    def _disputed(self, at: datetime, ids: list[str], shown: dict[str, Any]) -> list[Planned]:
        """It is looked into and rejected; then it is paid, if it is."""
        self._bills[ids[0]].is_disputed = True
        after = at + self._hours(24 * 4, 24 * 15)
        return [Planned(after, partial(self._reject, ids[0], shown["dispute_id"]))]

    def _reject(self, invoice_id: str, dispute_id: str, at: datetime) -> Consequences:
        self._bills[invoice_id].is_disputed = False
        data = {
            "account_id": self._customer.account_id,
            "invoice_id": invoice_id,
            "dispute_id": dispute_id,
            "outcome": "rejected",
        }
        event = BillingEvent("dispute-resolved", f"resolve:{dispute_id}", data)
        if self._rng.random() >= _KEEPS[self._customer.habit]:
            return Consequences([event])
        pay = partial(self._pay, invoice_id, 1.0)
        return Consequences([event], [Planned(at + self._hours(24, 24 * 20), pay)])

    # ------------------------------------------------------------------ asking

    def _promise(self, ids: list[str], at: datetime) -> Consequences:
        """To pay within two weeks."""
        bills = self._open(ids)
        due_on = self._day(at) + self._rng.randint(3, 14) * _DAY
        body = {
            "amount_minor": sum(bill.open_minor for bill in bills),
            "due_on": due_on.isoformat(),
            "invoice_ids": [bill.invoice_id for bill in bills],
        }
        return self._asked("promise", "R", bills, at, body, partial(self._promised, at, due_on))

    def _plan(self, ids: list[str], at: datetime) -> Consequences:
        """Some months of equal instalments; of a small debt, a promise."""
        bills = self._open(ids)
        least = _INSTALMENT_MIN * 10 ** DECIMALS.get(self._customer.place.currency, 2)
        total = sum(bill.open_minor for bill in bills)
        count = min(self._rng.randint(2, 5), total // least)
        if count < 2:
            return self._promise(ids, at)
        first = self._day(at) + self._rng.randint(7, 20) * _DAY
        body = {
            "equal": {"count": count, "first_due_on": first.isoformat(), "every": "month"},
            "invoice_ids": [bill.invoice_id for bill in bills],
        }
        return self._asked("plan", "L", bills, at, body, self._planned)

    def _bid(self, ids: list[str], at: datetime) -> Consequences:
        """A part of it, soon, for the whole."""
        bills = self._open(ids)
        total = sum(bill.open_minor for bill in bills)
        amount = max(1, round(total * self._rng.uniform(0.5, 0.95)))
        pay_by = self._day(at) + self._rng.randint(5, 25) * _DAY
        body = {
            "kind": "bid",
            "amount_minor": amount,
            "pay_by_on": pay_by.isoformat(),
            "invoice_ids": [bill.invoice_id for bill in bills],
        }
        return self._asked("settlement", "T", bills, at, body, partial(self._settled, at))

    def _asked(
        self,
        noun: Noun,
        letter: str,
        bills: Sequence[Bill],
        at: datetime,
        body: dict[str, Any],
        then: Callable[[list[str], dict[str, Any]], list[Planned]],
    ) -> Consequences:
        if not bills:
            return Consequences()
        ids = [bill.invoice_id for bill in bills]
        number = self._number(letter)

        def answered(shown: dict[str, Any] | None) -> list[Planned]:
            return [] if shown is None else then(ids, shown)

        common: dict[str, Any] = {
            f"{noun.replace('-', '_')}_id": number,
            "at": rfc3339(at),
        }
        if noun != "dispute":  # an invoice's is its own
            common["currency"] = self._customer.place.currency
        request = Request(
            noun=noun,
            id=number,
            account_id=self._customer.account_id,
            body=common | body,
            answered=answered,
            is_approved=noun != "settlement" or self._rng.random() < _APPROVED,
        )
        return Consequences(requests=[request])

    # ------------------------------------------------------------------ what follows

    def _promised(
        self, at: datetime, due_on: date, ids: list[str], shown: dict[str, Any]
    ) -> list[Planned]:
        """It pays in time; or a part; or later, or never."""
        left = max(1, (due_on - self._day(at)).days - 1)
        in_time = at + self._hours(1, 24 * left)
        draw, keeps = self._rng.random(), _KEEPS[self._customer.habit]
        if draw < keeps:
            return [Planned(in_time, partial(self._pay, each, 1.0)) for each in ids]
        if draw < keeps + 0.1:
            return [Planned(in_time, partial(self._pay, each, 0.5)) for each in ids]
        if draw < keeps + 0.25:
            late = at + self._hours(24 * 20, 24 * 50)
            return [Planned(late, partial(self._pay, each, 1.0)) for each in ids]
        return []

    def _planned(self, ids: list[str], shown: dict[str, Any]) -> list[Planned]:
        """Instalment by instalment; some stop in the middle."""
        instalments = shown["instalments"]
        paid = len(instalments)
        if self._rng.random() >= _KEEPS[self._customer.habit]:
            paid = self._rng.randrange(len(instalments))
        return self._pays(ids, instalments[:paid], is_whole=paid == len(instalments))

    def _settled(self, at: datetime, ids: list[str], shown: dict[str, Any]) -> list[Planned]:
        if shown["state"] != "accepted" or self._rng.random() >= _KEEPS[self._customer.habit]:
            return []
        return self._pays(ids, shown["instalments"], is_whole=True)

    def _written_off(self, ids: list[str], shown: dict[str, Any]) -> list[Planned]:
        """It is over for the payer too, unless it remembers, months later."""
        bills = [self._bills[each] for each in ids]
        for bill in bills:
            bill.in_deal = True
        if self._rng.random() >= _REMEMBERS:
            return []
        at = datetime.fromisoformat(shown["history"][-1]["at"]) + self._hours(24 * 10, 24 * 60)
        return [Planned(at, partial(self._remember, bill)) for bill in bills]

    def _pays(
        self, ids: list[str], instalments: Sequence[dict[str, Any]], *, is_whole: bool
    ) -> list[Planned]:
        """Each on its due day or up to three days before."""
        for each in ids:
            self._bills[each].in_deal = True
        planned = []
        for number, instalment in enumerate(instalments, start=1):
            due_on = date.fromisoformat(instalment["due_on"])
            at = _noon(due_on) - self._hours(1, 72)
            is_last = number == len(instalments)
            ends = is_last and is_whole
            pay = partial(self._transfer, ids, instalment["amount_minor"], ends)
            planned.append(Planned(at, pay))
        return planned

    def _remember(self, bill: Bill, at: datetime) -> Consequences:
        """It pays what was written off: aimed at it, for other bills may be open."""
        amount = bill.open_minor
        done = self._transfer([bill.invoice_id], amount, True, at)
        aim = {"invoice_id": bill.invoice_id, "amount_minor": amount}
        done.events[0].data["allocations"] = [aim]
        return done

    def _transfer(
        self, ids: list[str], amount_minor: int, ends: bool, at: datetime
    ) -> Consequences:
        """Money aimed at nothing: an agreement's."""
        payment_id = self._number("PAY")
        left = amount_minor
        for each in ids:
            bill = self._bills[each]
            part = min(left, bill.open_minor)
            bill.open_minor -= part
            left -= part
            if ends:
                bill.open_minor = 0
        data = {
            "payment_id": payment_id,
            "account_id": self._customer.account_id,
            "currency": self._customer.place.currency,
            "amount_minor": amount_minor,
            "received_at": rfc3339(at),
            "method": "transfer",
        }
        return Consequences([BillingEvent("payment-received", f"payment:{payment_id}", data)])

    # ------------------------------------------------------------------ helpers

    def _open(self, ids: Sequence[str]) -> list[Bill]:
        """Those that are still open, undisputed, and in no other agreement."""
        found = [self._bills[each] for each in ids]
        return [b for b in found if b.open_minor and not b.is_disputed and not b.in_deal]

    def _day(self, at: datetime) -> date:
        return local_day(at, self._customer.place.timezone)

    def _hours(self, low: int, high: int) -> timedelta:
        return timedelta(seconds=self._rng.randint(low * 3600, max(low + 1, high) * 3600))


def _noon(day: date) -> datetime:
    return datetime.fromisoformat(f"{day.isoformat()}T12:00:00+00:00")
