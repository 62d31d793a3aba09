"""Ledgers of many kinds, made up from a seed: what the learning must hold up on unseen."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np

from services.segmentation.learning.cases import InvoiceFacts

BEGIN = date(2023, 1, 2)
DAYS = 720
TODAY = BEGIN + timedelta(days=DAYS + 40)

Rng = np.random.Generator


def an_invoice(
    account_id: str = "a",
    invoice_id: str = "i",
    *,
    decided: int = 0,
    issued: int | None = None,
    terms: int = 30,
    delay: int | None = 0,
    amount_minor: int = 10_000,
    currency: str = "EUR",
    kind: str = "consumer",
) -> InvoiceFacts:
    """An invoice by days: `delay` after the due day, None: never settled."""
    issued_on = BEGIN + timedelta(days=decided if issued is None else issued)
    due_on = issued_on + timedelta(days=terms)
    return InvoiceFacts(
        account_id=account_id,
        invoice_id=invoice_id,
        currency=currency,
        amount_minor=amount_minor,
        issued_on=issued_on,
        decided_on=BEGIN + timedelta(days=decided),
        due_on=due_on,
        settled_on=None if delay is None else due_on + timedelta(days=delay),
        kind=kind,
    )


def _settle(fact: InvoiceFacts) -> InvoiceFacts:
    """A settlement after today has not happened yet."""
    if fact.settled_on is None or fact.settled_on <= TODAY:
        return fact
    fields = {name: getattr(fact, name) for name in fact.__struct_fields__}
    return InvoiceFacts(**{**fields, "settled_on": None})


def _ledger(seed: int, rows: Callable[[Rng], Iterator[InvoiceFacts]]) -> list[InvoiceFacts]:
    return [_settle(fact) for fact in rows(np.random.default_rng(seed))]


def business(seed: int = 1) -> list[InvoiceFacts]:
    """Payers with habits of their own, a year or two of invoices each."""

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(200):
            habit, usual = rng.normal(-2, 9), rng.lognormal(9, 1)
            for n in range(int(rng.integers(5, 25))):
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=int(rng.integers(0, DAYS)),
                    delay=int(rng.normal(habit, 7)),
                    amount_minor=max(1, int(usual * rng.lognormal(0, 0.4))), kind="business",
                )  # fmt: skip

    return _ledger(seed, rows)


def single_invoices(seed: int = 2) -> list[InvoiceFacts]:
    """Most customers have one invoice: the amount, the terms and the kind must tell."""

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(4_000):
            kind = "business" if rng.random() < 0.4 else "consumer"
            for n in range(1 if rng.random() < 0.85 else 2):
                terms = int(rng.choice([7, 14, 30, 60]))
                amount = rng.lognormal(8, 1.2)
                lean = 5 * (np.log(amount) - 8) - terms / 6 + (6 if kind == "business" else -2)
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=int(rng.integers(0, DAYS)), terms=terms,
                    delay=int(rng.normal(lean, 10)), amount_minor=max(1, int(amount)), kind=kind,
                )  # fmt: skip

    return _ledger(seed, rows)


def mostly_late(seed: int = 3) -> list[InvoiceFacts]:
    """Three in four are late, one in ten is never paid."""

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(300):
            habit = rng.normal(12, 16)
            never = rng.beta(0.4, 3)
            for n in range(int(rng.integers(3, 20))):
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=int(rng.integers(0, DAYS)), terms=14,
                    delay=None if rng.random() < never else int(rng.gamma(2, 7) - 14 + habit),
                    amount_minor=int(rng.integers(500, 90_000)),
                )  # fmt: skip

    return _ledger(seed, rows)


def booked_late(seed: int = 4) -> list[InvoiceFacts]:
    """A third become known days or weeks after they were issued, many of them overdue by then."""

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(250):
            habit = rng.normal(-3, 8)
            for n in range(int(rng.integers(4, 22))):
                issued = int(rng.integers(0, DAYS))
                wait = int(rng.exponential(20)) if rng.random() < 0.35 else 0
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=issued + wait, issued=issued,
                    terms=int(rng.choice([10, 30])), delay=int(rng.normal(habit + wait / 3, 8)),
                    amount_minor=int(rng.integers(1_000, 50_000)),
                )  # fmt: skip

    return _ledger(seed, rows)


def turning(seed: int = 5) -> list[InvoiceFacts]:
    """Payers who change: a third turn bad or good on some day, and everybody drifts."""

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(220):
            before = rng.normal(-4, 8)
            turn, after = rng.integers(0, DAYS), rng.normal(-4, 8)
            turns = rng.random() < 0.35
            for n in range(int(rng.integers(8, 30))):
                day = int(rng.integers(0, DAYS))
                habit = (after if turns and day > turn else before) + 8 * day / DAYS
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=day, delay=int(rng.normal(habit, 6)),
                    amount_minor=int(rng.lognormal(9, 0.8)) + 1,
                )  # fmt: skip

    return _ledger(seed, rows)


def noise(seed: int = 6) -> list[InvoiceFacts]:
    """Nothing tells anything: everybody is late by the same chance."""

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(200):
            for n in range(int(rng.integers(1, 20))):
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=int(rng.integers(0, DAYS)),
                    delay=int(rng.integers(1, 30)) if rng.random() < 0.3 else -3,
                    amount_minor=int(rng.integers(1_000, 9_000)),
                )  # fmt: skip

    return _ledger(seed, rows)


def small(seed: int = 7) -> list[InvoiceFacts]:
    """A tenant's first months: thirty accounts with a handful of invoices."""

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(40):
            habit = rng.normal(-2, 10)
            for n in range(int(rng.integers(2, 8))):
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=int(rng.integers(0, 200)),
                    delay=int(rng.normal(habit, 6)), amount_minor=int(rng.integers(1_000, 9_000)),
                )  # fmt: skip

    return _ledger(seed, rows)


def rarely_late(seed: int = 8) -> list[InvoiceFacts]:
    """Four in a hundred are late, most of them of a few payers."""

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(400):
            chance = rng.beta(0.15, 3.5)
            for n in range(int(rng.integers(3, 16))):
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=int(rng.integers(0, DAYS)),
                    delay=int(rng.integers(1, 40)) if rng.random() < chance else -5,
                    amount_minor=int(rng.integers(1_000, 9_000)),
                )  # fmt: skip

    return _ledger(seed, rows)


def seasonal(seed: int = 9) -> list[InvoiceFacts]:
    """Two currencies, a few large payers, late in summer and on weekends."""

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(80):
            habit = rng.normal(-6, 8)
            currency = "JPY" if a % 4 == 0 else "EUR"
            for n in range(120 if a < 8 else int(rng.integers(4, 30))):
                day = int(rng.integers(0, DAYS))
                due = BEGIN + timedelta(days=day + 30)
                lean = (6 if due.month in (7, 8) else 0) + (5 if due.isoweekday() > 5 else 0)
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=day, delay=int(rng.normal(habit + lean, 6)),
                    amount_minor=int(rng.lognormal(8, 1)) + 1, currency=currency,
                )  # fmt: skip

    return _ledger(seed, rows)


def overdue_when_booked(seed: int = 10) -> list[InvoiceFacts]:
    """Three in four are late; a quarter become known up to ten weeks later, most overdue by then.

    A payer's chance to be late is all there is to learn, and many of its invoices are no cases.
    """

    def rows(rng: Rng) -> Iterator[InvoiceFacts]:
        for a in range(150):
            chance = min(0.98, max(0.2, rng.normal(0.76, 0.18)))
            for n in range(int(rng.integers(3, 41))):
                issued, terms = int(rng.integers(0, DAYS)), int(rng.choice([7, 14, 30, 45]))
                wait = int(rng.integers(0, 71)) if rng.random() < 0.25 else 0
                is_late = rng.random() < chance
                yield an_invoice(
                    f"a{a}", f"i{a}-{n}", decided=issued + wait, issued=issued, terms=terms,
                    delay=1 + int(rng.exponential(25)) if is_late else -int(rng.integers(0, terms)),
                    amount_minor=int(rng.lognormal(10, 1)) + 1, kind="business",
                )  # fmt: skip

    return _ledger(seed, rows)


_MADE = (
    business, single_invoices, mostly_late, booked_late, turning, noise, small, rarely_late,
    seasonal, overdue_when_booked,
)  # fmt: skip
ALL: dict[str, Callable[..., list[InvoiceFacts]]] = {made.__name__: made for made in _MADE}
