"""Conditions at work: each is checked once, when a policy is read, and then is a quick function.

A condition has two faces: the threshold as it is written, which an account must meet to enter a
segment, and the same with the policy's slack, which one that is in the segment must miss to leave.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from services.segmentation.domain.features import Features
from services.segmentation.domain.policies.document import (
    RISKS,
    Hysteresis,
    Risk,
    RiskBands,
    When,
)
from services.segmentation.domain.policies.vocabulary import VOCABULARY, Condition, Scores
from shared.money import DECIMALS, to_text

Test = Callable[[Features, Scores], bool]
ANY_CURRENCY = "default"


class Check(Struct, frozen=True):
    """One condition of a case: whether it holds, with slack, and how to say so."""

    condition: Condition
    wanted: Any
    holds: Test
    holds_loosely: Test

    def words(self, f: Features, s: Scores) -> str:
        """The condition with the account's own figure: `late_percent 12 < 21`."""
        condition, value = self.condition, self.condition.read(f, s)
        if condition.form == "risk":
            bands = " or ".join(self.wanted)
            return f"risk {bands}, as late_payment is {value:g}"
        if condition.form == "amount":
            limit = amount_minor(self.wanted, f.currency)
            sign = ">=" if condition.side == "from" else "<"
            return f"{condition.subject} {_money(value, f)} {sign} {_money(limit, f)}"
        if condition.form == "index":
            sign = ">=" if condition.side == "from" else "<"
            return ", ".join(
                f"{name} {_figure(value[name])} {sign} {_figure(limit)}"
                for name, limit in self.wanted.items()
            )
        if condition.side in ("from", "below"):
            sign = ">=" if condition.side == "from" else "<"
            return f"{condition.subject} {_figure(value)} {sign} {_figure(self.wanted)}"
        if condition.form == "flag":
            return condition.name if self.wanted else f"not {condition.name}"
        if condition.form == "tags":
            named = sorted(set(self.wanted) & set(value)) or list(self.wanted)
            return f"tags {'without' if condition.side == 'none' else 'with'} {', '.join(named)}"
        return f"{condition.subject} {value}"


class SegmentCase(Struct, frozen=True):
    """Conditions that must hold together."""

    checks: tuple[Check, ...]
    tests: tuple[Test, ...]  # of the checks

    def holds(self, f: Features, s: Scores) -> bool:
        for test in self.tests:  # noqa: SIM110 - `all()` takes twice as long, at every event
            if not test(f, s):
                return False
        return True

    def holds_loosely(self, f: Features, s: Scores) -> bool:
        return all(check.holds_loosely(f, s) for check in self.checks)

    def situation_holds(self, f: Features, s: Scores) -> bool:
        """Whether its conditions on how things stand hold, whatever the record and the scores."""
        return all(
            check.holds_loosely(f, s) for check in self.checks if check.condition.is_situation
        )

    def words(self, f: Features, s: Scores) -> str:
        return "; ".join(check.words(f, s) for check in self.checks)


def compile_case(when: When, bands: RiskBands, slack: Hysteresis) -> SegmentCase:
    """A case from its conditions, which have been found to be valid.

    Conditions on the age come first: they settle most cases at once, and this runs at every event.
    """
    checks = [_check(VOCABULARY[name], wanted, bands, slack) for name, wanted in when.items()]
    checks.sort(key=lambda c: c.condition.subject != "age_days")
    return SegmentCase(tuple(checks), tuple([check.holds for check in checks]))


def _check(condition: Condition, wanted: Any, bands: RiskBands, slack: Hysteresis) -> Check:
    read, margin = condition.read, _margin(condition, slack)
    if condition.form == "risk":
        return Check(
            condition,
            wanted,
            _within(read, _ranges(wanted, bands, 0.0)),
            _within(read, _ranges(wanted, bands, margin)),
        )
    if condition.form == "amount":
        upwards = condition.side == "below"
        loosened = 1 + margin / 100 if upwards else 1 - margin / 100
        return Check(
            condition,
            wanted,
            _amount(read, condition.side, wanted, 1.0),
            _amount(read, condition.side, wanted, loosened),
        )
    if condition.form == "index":
        test = _indices(read, condition.side, wanted)
        return Check(condition, wanted, test, test)
    if condition.side in ("from", "below"):
        away = -margin if condition.side == "from" else margin
        return Check(
            condition,
            wanted,
            _number(read, condition.side, wanted),
            _number(read, condition.side, _exact(wanted + away)),
        )
    test = _plain(condition, wanted)
    return Check(condition, wanted, test, test)


def _margin(condition: Condition, slack: Hysteresis) -> float:
    return 0.0 if condition.margin is None else float(getattr(slack, condition.margin))


def _plain(condition: Condition, wanted: Any) -> Test:
    read = condition.read
    if condition.form == "flag":
        return lambda f, s: read(f, s) is wanted
    asked = frozenset(wanted)
    if condition.side == "all":
        return lambda f, s: asked.issubset(read(f, s))
    if condition.side == "none":
        return lambda f, s: asked.isdisjoint(read(f, s))
    if condition.form == "tags":
        return lambda f, s: not asked.isdisjoint(read(f, s))
    return lambda f, s: read(f, s) in asked


def _number(read: Callable[[Features, Scores], Any], side: str, limit: float) -> Test:
    """A value that is not known fails every condition on it."""
    if side == "from":
        return lambda f, s: (value := read(f, s)) is not None and value >= limit
    return lambda f, s: (value := read(f, s)) is not None and value < limit


def _indices(
    read: Callable[[Features, Scores], Any], side: str, limits: Mapping[str, float]
) -> Test:
    """Every figure named must be known and lie on the right side."""
    tests = [
        _number(lambda f, s, n=name: read(f, s).get(n), side, limit)  # type: ignore[misc]
        for name, limit in limits.items()
    ]
    return lambda f, s: all(test(f, s) for test in tests)


def _amount(read: Callable[[Features, Scores], Any], side: str, wanted: Any, factor: float) -> Test:
    """The same for an amount. A currency the policy has no amount for fails it."""
    limits: dict[str | None, float | None] = {}

    def limit_in(currency: str | None) -> float | None:
        if currency not in limits:
            minor = amount_minor(wanted, currency)
            limits[currency] = None if minor is None else minor * factor
        return limits[currency]

    def test(f: Features, s: Scores) -> bool:
        value, limit = read(f, s), limit_in(f.currency)
        if value is None or limit is None:
            return False
        return bool(value >= limit if side == "from" else value < limit)

    return test


def amount_minor(amount: Any, currency: str | None) -> int | None:
    """The amount in minor units of the currency, a part of one rounded down."""
    if isinstance(amount, Mapping):
        amount = amount.get(currency or "", amount.get(ANY_CURRENCY))
    if amount is None or currency is None:
        return None
    return int(Decimal(str(amount)).scaleb(DECIMALS[currency]))


def _ranges(
    wanted: tuple[Risk, ...], bands: RiskBands, margin: float
) -> tuple[tuple[float, float], ...]:
    """The probabilities of the bands, each as [from, below)."""
    edges = (float("-inf"), bands.medium_from, bands.high_from, float("inf"))
    chosen = [RISKS.index(risk) for risk in wanted]
    return tuple((_exact(edges[at] - margin), _exact(edges[at + 1] + margin)) for at in chosen)


def _exact(limit: float) -> float:
    """Without the dust of binary fractions: 0.65 − 0.05 is 0.6."""
    return round(limit, 9)


def _within(
    read: Callable[[Features, Scores], Any], ranges: tuple[tuple[float, float], ...]
) -> Test:
    return lambda f, s: any(low <= read(f, s) < high for low, high in ranges)


def _money(minor: int | None, f: Features) -> str:
    if minor is None or f.currency is None:
        return "none"
    return f"{to_text(minor, f.currency)} {f.currency}"


def _figure(value: Any) -> str:
    """A value for reading: whole numbers bare, others with what decimals they need."""
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
