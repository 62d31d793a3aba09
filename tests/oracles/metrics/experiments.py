"""Experiments: who is in which arm, what came of it per account, and what that says."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from tests.oracles.metrics.book import Book, Run
from tests.oracles.metrics.survival import ending
from tests.oracles.metrics.things import Account, Invoice

METRICS = (
    "recovered_share", "settled", "cost", "attempts", "promised", "disputed", "opted_out",
    "low_score", "retained",
)  # fmt: skip


@dataclass
class Taker:
    """An account of a run: its arm, when it was enrolled and exposed, and with which debts."""

    account: Account
    arm: str
    enrolled_at: datetime
    enrolled: int
    crossed: bool
    exposed: int | None = None
    debts: list[tuple[Invoice, int]] = field(default_factory=list)  # with what was open

    def ripe_on(self, horizon: int) -> int | None:
        """The last day of its window."""
        return None if self.exposed is None else self.exposed + horizon - 1


def takers(book: Book, run: Run, start: str = "entered") -> list[Taker]:
    """In the arm that the first change of the run named; another one later is a crossing."""
    later = [each.at for each in book.runs if each.name == run.name and each.at > run.at]
    until = min(later, default=None)
    found = []
    for account in book.accounts.values():
        named = [
            held
            for held in account.held
            if run.name in held.arms and held.at >= run.at and (until is None or held.at < until)
        ]
        if not named:
            continue
        first = named[0]
        arm = first.arms[run.name]
        crossed = any(held.arms[run.name] != arm for held in named)
        taker = Taker(account, arm, first.at, first.day, crossed)
        _expose(book, taker, start)
        found.append(taker)
    return found


def _expose(book: Book, taker: Taker, start: str) -> None:
    debts = [each for each in book.debts if each.account is taker.account]

    def on(day: int) -> list[tuple[Invoice, int]]:
        """In collections or entering on a day, with what was open the day before, or entered."""
        there = []
        for debt in debts:
            assert debt.entry is not None
            if debt.entry.day == day:
                there.append((debt, debt.entry.amount))
            elif debt.entry.day < day and debt.balance_on(day - 1) > 0:
                there.append((debt, debt.balance_on(day - 1)))
        return there

    days = sorted({taker.enrolled, *(each.entered for each in debts)})
    for day in days:
        if day < taker.enrolled:
            continue
        there = on(day)
        is_new = day == taker.enrolled or any(debt.entered == day for debt, _ in there)
        if start == "enrolled" or (there and is_new):
            taker.exposed, taker.debts = day, there
            return


def outcome(
    book: Book, taker: Taker, metric: str, horizon: int, currency: str | None = None
) -> tuple[Fraction, Fraction]:
    """(Y, X) of an account whose window is over."""
    assert taker.exposed is not None
    first, last = taker.exposed, taker.exposed + horizon - 1

    def within(day: int) -> bool:
        return first <= day <= last

    if metric == "recovered_share":
        cash = base = 0
        for debt, amount in taker.debts:
            if debt.currency != currency:
                continue
            base += amount
            for put in debt.puts:
                if debt.is_collected(put) and within(put.day):
                    cash += put.amount * (not within(put.back_day))
        return Fraction(cash), Fraction(base)
    if metric == "settled":
        if not taker.debts:
            return Fraction(0), Fraction(0)
        settled = all(
            debt.balance_on(last) <= 0 and ending(debt, last)[1] for debt, _ in taker.debts
        )
        return Fraction(settled), Fraction(1)
    return _others(book, taker.account, metric, within, currency), Fraction(1)


def _others(
    book: Book, account: Account, metric: str, within: Callable[[int], bool], currency: str | None
) -> Fraction:
    mine = book.of(account)
    if metric == "cost":
        return sum(
            (
                each.minor
                for each in book.costs
                if each.account is account and each.currency == currency and within(each.day)
            ),
            start=Fraction(0),
        )
    if metric == "attempts":
        own = [each.attempt for each in book.contacts if each.account is account]
        return Fraction(sum(1 for each in own if each is not None and within(each.day)))
    happened = {
        "promised": [
            each.day
            for each in book.right_parties
            if each.account is account and each.outcome == "promise"
        ],
        "disputed": [dispute.opened for invoice in mine for dispute in invoice.disputes],
        "opted_out": [each.day for each in book.revocations if each.account is account],
        "low_score": [
            each.day for each in book.feedback if each.account is account and each.score <= 2
        ],
        "retained": [invoice.issued for invoice in mine],
    }
    return Fraction(any(within(day) for day in happened[metric]))


@dataclass(frozen=True)
class Sums:
    n: int
    y: Fraction
    x: Fraction
    yy: Fraction
    xy: Fraction
    xx: Fraction


def sums(
    book: Book,
    run: Run,
    metric: str,
    at: int,
    *,
    start: str = "entered",
    horizon: int = 30,
    currency: str | None = None,
) -> dict[str, Sums]:
    """By arm, of the accounts whose window is over at the end of a day."""
    pairs: dict[str, list[tuple[Fraction, Fraction]]] = defaultdict(list)
    for taker in takers(book, run, start):
        ripe = taker.ripe_on(horizon)
        if ripe is not None and ripe <= at:
            pairs[taker.arm].append(outcome(book, taker, metric, horizon, currency))
    return {arm: sums_of(each) for arm, each in pairs.items()}


def sums_of(pairs: list[tuple[Fraction, Fraction]]) -> Sums:
    zero = Fraction(0)
    return Sums(
        len(pairs),
        sum((y for y, _ in pairs), zero),
        sum((x for _, x in pairs), zero),
        sum((y * y for y, _ in pairs), zero),
        sum((x * y for y, x in pairs), zero),
        sum((x * x for _, x in pairs), zero),
    )


# ── What the sums say ───────────────────────────────────────────────────────────────────────────
def rate_and_variance(sums: Sums) -> tuple[float, float]:
    r = sums.y / sums.x
    squares = sums.yy - 2 * r * sums.xy + r * r * sums.xx
    v = squares / (sums.n * (sums.n - 1)) / (sums.x / sums.n) ** 2
    return float(r), float(v)


@dataclass(frozen=True)
class Effect:
    effect: float
    low: float
    high: float
    p: float


def effect(champion: Sums, challenger: Sums, tau: float, alpha: float = 0.05) -> Effect:
    """The difference with an interval that holds on all days at once."""
    (r0, v0), (r1, v1) = rate_and_variance(champion), rate_and_variance(challenger)
    d, v, t = r1 - r0, v0 + v1, tau * tau
    half = math.sqrt(v * (v + t) / t * (math.log((v + t) / v) + 2 * math.log(1 / alpha)))
    p = min(1.0, math.sqrt((v + t) / v) * math.exp(-t * d * d / (2 * v * (v + t))))
    return Effect(d, d - half, d + half, p)


def mismatch(exposed: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """The evidence that accounts are not shared out as they were to be."""
    n = sum(exposed.values())
    logarithm = math.lgamma(100) - math.lgamma(100 + n)
    for arm, share in shares.items():
        held = exposed.get(arm, 0)
        logarithm += math.lgamma(100 * share + held) - math.lgamma(100 * share)
        logarithm -= held * math.log(share)
    return math.exp(logarithm)
