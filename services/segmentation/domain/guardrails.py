"""Guardrails of experiments: the figures of each arm, and whether one is bad enough to stop."""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Any

from msgspec import Struct, field

from services.segmentation.domain.encoding import decode_account
from services.segmentation.domain.experiments import (
    LOWER_IS_WORSE,
    Design,
    Experiment,
    Figure,
    Guardrail,
    arms_of,
)
from shared.money import DECIMALS

SIGMAS = 3.0  # it is looked at again and again: one look must hardly ever be wrong (1 in 700)


class Enrolled(Struct, frozen=True):
    """What is believed of an account, with its state as it is stored."""

    account_id: str
    state: bytes
    segment: str
    probability: float
    expected_recovery_minor: int
    currency: str | None


class Seen(Struct, frozen=True, kw_only=True):
    """What an account adds to the figures of its arm."""

    is_overdue: bool
    pays_within: float
    expected_recovery: float  # in units of its currency
    is_warned: bool
    segment: str
    contacts: int


class Sums(Struct):
    """Count, sum and sum of squares: all that a mean and its error need."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.squares += value * value

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        if self.count < 2:
            return 0.0
        variance = max(0.0, self.squares - self.total * self.total / self.count) / (self.count - 1)
        return sqrt(variance / self.count)


_VALUES: dict[Figure, Any] = {
    "overdue_share": lambda seen: float(seen.is_overdue),
    "pays_within": lambda seen: seen.pays_within,
    "expected_recovery": lambda seen: seen.expected_recovery,
    "warning_rate": lambda seen: float(seen.is_warned),
    "contacts": lambda seen: float(seen.contacts),
}


class Tally(Struct):
    """The figures of one arm."""

    figures: dict[str, Sums] = field(default_factory=lambda: {name: Sums() for name in _VALUES})
    segments: dict[str, int] = field(default_factory=dict)
    accounts: int = 0

    def add(self, seen: Seen) -> None:
        self.accounts += 1
        for name, value in _VALUES.items():
            self.figures[name].add(value(seen))
        self.segments[seen.segment] = self.segments.get(seen.segment, 0) + 1

    def sums(self, rail: Guardrail) -> Sums:
        if rail.figure != "segment_share":
            return self.figures[rail.figure]
        inside = float(self.segments.get(rail.segment or "", 0))
        return Sums(self.accounts, inside, inside)


def tally_accounts(
    experiment: Experiment, accounts: Sequence[Enrolled], tallies: dict[str, Tally]
) -> dict[str, Tally]:
    """Add the accounts that drew an arm in this run to the figures of their arms."""
    for account in accounts:
        state = decode_account(account.state)
        arm = arms_of([experiment], state.commitments.assignments).get(experiment.name)
        if arm in tallies:
            units = 10 ** DECIMALS.get(account.currency or "", 2)
            tallies[arm].add(
                Seen(
                    is_overdue=any(state.invoices[i].stage > 0 for i in state.open_ids),
                    pays_within=account.probability,
                    expected_recovery=account.expected_recovery_minor / units,
                    is_warned=bool(state.commitments.warned),
                    segment=account.segment,
                    contacts=state.contacts.since_payment(state.last_payment_at),
                )
            )
    return tallies


class Breach(Struct, frozen=True, kw_only=True):
    """A guardrail that an arm has broken."""

    arm: str
    figure: Figure
    segment: str | None
    champion: float
    challenger: float
    tolerance: float
    because: str


def breaches(design: Design, tallies: Mapping[str, Tally]) -> list[Breach]:
    """The guardrails that are broken, in the order of the design, then of the arms."""
    found: list[Breach] = []
    for rail in design.guardrails:
        champion = tallies.get(design.champion, Tally()).sums(rail)
        for arm in design.arms:
            if arm.name != design.champion:
                found += _broken(rail, arm.name, champion, tallies.get(arm.name, Tally()))
    return found


def _broken(rail: Guardrail, arm: str, champion: Sums, tally: Tally) -> Iterable[Breach]:
    challenger = tally.sums(rail)
    if min(champion.count, challenger.count) < rail.accounts_from:
        return
    assert champion.mean is not None
    assert challenger.mean is not None
    worse = challenger.mean - champion.mean
    if rail.figure in LOWER_IS_WORSE:
        worse = -worse
    # What of the difference chance does not explain.
    least = worse - SIGMAS * sqrt(champion.error**2 + challenger.error**2)
    if least <= rail.tolerance:
        return
    name = f"{rail.figure} of {rail.segment}" if rail.segment else rail.figure
    yield Breach(
        arm=arm,
        figure=rail.figure,
        segment=rail.segment,
        champion=round(champion.mean, 6),
        challenger=round(challenger.mean, 6),
        tolerance=rail.tolerance,
        because=(
            f"{name} is {challenger.mean:.4g} in {arm} and {champion.mean:.4g} in the champion: "
            f"worse by at least {least:.4g}, {rail.tolerance:g} is allowed"
        ),
    )
