"""One pass through time: the features of every case, each from what was known before its day.

Cases of a day are asked before anything of that day is taken in, so that invoices decided the same
day see neither each other nor each other's outcome.
"""

from collections.abc import Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from services.segmentation.learning.cases import Case, InvoiceFacts
from services.segmentation.learning.features import Columns, row_of
from services.segmentation.learning.figures import Floats, Truths
from services.segmentation.learning.history import (
    SHRINK,
    Ask,
    PayerHistory,
    baseline,
    settlement_of,
)
from services.segmentation.learning.portfolio import Indices, Portfolio, indices_of

NO_INDICES: Indices = MappingProxyType({})

ASK, BOOK, LEARN, SETTLE, END = range(5)  # what happens on a day, in this order


class Walked(NamedTuple):
    """Cases with what was known of each."""

    cases: list[Case]
    columns: Columns
    outcome: Truths
    baseline: Floats
    day: Floats  # ordinals, as the next two
    due: Floats
    settled: Floats  # infinite: not
    portfolio: Portfolio  # at the end of the walk

    def latest(self, most: int) -> "Walked":
        """The last of the cases, at most so many."""
        return self.take(np.arange(len(self.cases)) >= len(self.cases) - most)

    def take(self, which: Truths) -> "Walked":
        """Some of the cases."""
        return Walked(
            [case for case, is_taken in zip(self.cases, which, strict=True) if is_taken],
            self.columns._replace(values=self.columns.values[which]),
            self.outcome[which],
            self.baseline[which],
            self.day[which],
            self.due[which],
            self.settled[which],
            self.portfolio,
        )


class CaseRecord(NamedTuple):
    asked: int
    positive: int


NO_RECORD = CaseRecord(0, 0)


class _Walk:
    def __init__(self, indices: Indices, end: date | None) -> None:
        self.histories: dict[str, PayerHistory] = {}
        self.portfolio = Portfolio(indices=indices_of(indices, end))
        self.records: dict[
            str, CaseRecord
        ] = {}  # of cases, by account: the baseline of pays_within
        self.all_cases = NO_RECORD

    def ask(self, case: Case) -> list[float]:
        history = self.histories.get(case.fact.account_id)
        if history is None:
            history = PayerHistory()
        history.advance(case.day.toordinal())
        return row_of(history, Ask.of(case.fact, case.day), self.portfolio)

    def late_share(self, case: Case) -> float:
        history = self.histories.get(case.fact.account_id) or PayerHistory()
        return baseline(history, self.portfolio)

    def paid_share(self, case: Case) -> float:
        """As the late share's baseline: the account's own, drawn to everybody's."""
        asked, positive = self.all_cases
        share = positive / asked if asked else 0.5
        own = self.records.get(case.fact.account_id, NO_RECORD)
        return (own.positive + SHRINK * share) / (own.asked + SHRINK)

    def book(self, fact: InvoiceFacts) -> None:
        self.histories.setdefault(fact.account_id, PayerHistory()).book(fact)
        self.portfolio.book(fact)

    def learn(self, fact: InvoiceFacts, on: int) -> None:
        self.portfolio.learn(on, late=fact.is_late)

    def settle(self, fact: InvoiceFacts, on: int) -> None:
        self.portfolio.turn_to(on)  # before it is asked what was usual
        settlement = settlement_of(fact, self.portfolio)
        self.portfolio.settle(on, settlement.delay_days, late=settlement.is_late)
        self.histories[fact.account_id].take(fact, settlement)

    def end(self, case: Case) -> None:
        own = self.records.get(case.fact.account_id, NO_RECORD)
        self.records[case.fact.account_id] = CaseRecord(own.asked + 1, own.positive + case.outcome)
        asked, positive = self.all_cases
        self.all_cases = CaseRecord(asked + 1, positive + case.outcome)


Step = tuple[int, int, int]  # day, what, index of the fact or case


def walk(
    facts: Sequence[InvoiceFacts],
    cases: Sequence[Case],
    end: date | None = None,
    indices: Indices = NO_INDICES,
) -> Walked:
    """Features, outcome and baseline of each case. Nothing from `end` on is taken in."""
    going = _Walk(indices, end)
    facts = _in_order(facts)
    rows: list[list[float]] = []
    shares: list[float] = []
    is_late_payment = all(case.day == case.fact.day for case in cases)
    stop = date.max.toordinal() if end is None else end.toordinal()
    for on, what, index in sorted(_steps(facts, cases)):
        if on >= stop:
            break
        if what == ASK:
            case = cases[index]
            rows.append(going.ask(case))
            shares.append(going.late_share(case) if is_late_payment else going.paid_share(case))
        elif what == BOOK:
            going.book(facts[index])
        elif what == LEARN:
            going.learn(facts[index], on)
        elif what == SETTLE:
            going.settle(facts[index], on)
        else:
            going.end(cases[index])
    return Walked(
        list(cases),
        Columns.of(rows),
        np.array([case.outcome for case in cases], dtype=np.bool_),
        np.array(shares, dtype=np.float64),
        np.array([case.day.toordinal() for case in cases], dtype=np.float64),
        np.array([case.fact.due_on.toordinal() for case in cases], dtype=np.float64),
        np.array(
            [f.settled_on.toordinal() if f.settled_on else np.inf for f in (c.fact for c in cases)],
            dtype=np.float64,
        ),
        going.portfolio,
    )


def portfolio_at(
    facts: Sequence[InvoiceFacts], day: date, indices: Indices = NO_INDICES
) -> Portfolio:
    """What is known of all payers at the beginning of a day: a model is stored with it."""
    going = _Walk(indices, day)
    facts = _in_order(facts)
    end = day.toordinal()
    for on, what, index in sorted(_steps(facts, ())):
        if on >= end:
            break
        if what == BOOK:
            going.portfolio.book(facts[index])
        elif what == LEARN:
            going.learn(facts[index], on)
        else:
            settlement = settlement_of(facts[index], going.portfolio)
            going.portfolio.settle(on, settlement.delay_days, late=settlement.is_late)
    return going.portfolio


def _in_order(facts: Sequence[InvoiceFacts]) -> list[InvoiceFacts]:
    """One order for the same facts: sums of fractions depend on it in the last bit."""
    return sorted(facts, key=lambda fact: (fact.account_id, fact.invoice_id))


def _steps(facts: Sequence[InvoiceFacts], cases: Sequence[Case]) -> list[Step]:
    """Each on the day it happens; only days before a question's own are taken in before it."""
    steps: list[Step] = []
    for index, fact in enumerate(facts):
        if fact.amount_minor <= 0:
            continue
        known = fact.day.toordinal()
        steps.append((known, BOOK, index))
        due = max(fact.due_on.toordinal(), known)
        settled = max(fact.settled_on.toordinal(), known) if fact.settled_on else None
        if settled is not None:
            steps.append((settled, SETTLE, index))
        if fact.was_at_stake:
            steps.append((due if fact.is_late else settled or due, LEARN, index))
    for index, case in enumerate(cases):
        steps.append((case.day.toordinal(), ASK, index))
        if case.day != case.fact.day:  # only the record of pays_within asks for it
            steps.append((case.known_on.toordinal() - 1, END, index))
    return steps
