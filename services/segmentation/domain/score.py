"""The score: points per feature, added up; every 20 points double the odds of being paid.

    probability of paying = 1 ÷ (1 + 2^(−points ÷ 20)), kept within 1 % and 99 %

There are two cards. `pays_within` speaks of the overdue debt: will it be paid within 30 days?
`late_payment` speaks of the payer: will an invoice be paid late? Its probability is that of *not*
paying in time, while its points, like all points here, count for paying. The reasons list every
feature that gave or took points, so they always add up to the score. The cards are judgement, not
training: they serve until a tenant has a history of its own to learn from.
"""

from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter

from msgspec import Struct

from services.segmentation.domain.features import Features
from services.segmentation.learning.cases import Target
from shared.events.segmentation import Reason

MODEL_VERSION = "rules-1"  # raise it with every change of a card
HORIZON_DAYS = 30
POINTS_TO_DOUBLE = 20
LOWEST, HIGHEST = 0.01, 0.99  # a rule of thumb is never certain


class Rule(Struct, frozen=True):
    """Points by the band a feature's value falls into. `bands` are (highest value, points)."""

    feature: str
    value: Callable[[Features], float | None]
    bands: tuple[tuple[float, int], ...]
    above: int  # points beyond the last band
    unknown: int = 0  # points where there is no value

    def points(self, value: float | None) -> int:
        if value is None:
            return self.unknown
        for upto, points in self.bands:
            if value <= upto:
                return points
        return self.above


class Score(Struct, frozen=True, kw_only=True):
    target: Target
    horizon_days: int  # 0: at the due date
    points: int  # the sum of the reasons
    probability: float
    reasons: tuple[Reason, ...]


LATE_SHARE = Rule("late_percent", attrgetter("late_percent"), ((10, 20), (30, 8), (60, -10)), -25)
DELAY = Rule(
    "recent_delay_days",
    attrgetter("recent_delay_days"),
    ((0, 15), (7, 5), (30, -10), (60, -20)),
    -35,
)
TREND = Rule("delay_trend_days", attrgetter("delay_trend_days"), ((-7, 10), (7, 0), (30, -10)), -20)
FAILED = Rule("failed_payments", attrgetter("failed_payments"), ((0, 0), (1, -10)), -25)
BOUNCED = Rule("bounced_payments", attrgetter("bounced_payments"), ((0, 0), (1, -15)), -30)
TENURE = Rule("tenure_days", attrgetter("tenure_days"), ((89, -8), (364, 0), (1094, 8)), 15)

CARDS: dict[Target, tuple[int, tuple[Rule, ...]]] = {  # what everybody starts with, and the rules
    "pays_within": (
        20,
        (
            Rule(
                "age_of_debt_days",
                attrgetter("age_days"),
                ((0, 30), (1, 10), (31, -10), (61, -30), (91, -50)),
                -80,
            ),
            LATE_SHARE,
            DELAY,
            TREND,
            FAILED,
            BOUNCED,
            Rule("disputed_percent", attrgetter("disputed_percent"), ((0, 0), (49, -10)), -25),
            Rule(
                "overdue_to_usual", attrgetter("overdue_to_usual"), ((1, 5), (3, 0), (6, -10)), -20
            ),
            Rule(
                "days_since_payment",
                attrgetter("days_since_payment"),
                ((30, 15), (90, 5), (180, -5)),
                -15,
                unknown=-5,
            ),
            TENURE,
        ),
    ),
    "late_payment": (
        18,
        (
            LATE_SHARE,
            DELAY,
            TREND,
            FAILED,
            BOUNCED,
            TENURE,
            Rule("age_of_debt_days", attrgetter("age_days"), ((0, 0), (1, -15), (31, -25)), -40),
        ),
    ),
}


class _Quick:
    """The cards as they are asked at every event: bands as tables, common rules only once."""

    def __init__(self) -> None:
        pays, late = CARDS["pays_within"], CARDS["late_payment"]
        both = [rule for rule in pays[1] if rule in late[1]]
        own = [rule for rule in pays[1] if rule not in both]
        other = [rule for rule in late[1] if rule not in both]
        self.rules = [
            (
                rule.value,
                [upto for upto, _ in rule.bands],
                [*(points for _, points in rule.bands), rule.above],
                rule.unknown,
            )
            for rule in (*own, *both, *other)
        ]
        self.starts = pays[0], late[0]
        self.places = slice(0, len(own) + len(both)), slice(len(own), None)


_QUICK = _Quick()


def chances(features: Features) -> tuple[float, float]:
    """What `score` gives for `pays_within` and `late_payment`, without the reasons."""
    given = []
    for read, edges, points, unknown in _QUICK.rules:
        value = read(features)
        given.append(unknown if value is None else points[bisect_left(edges, value)])
    of_pays, of_late = _QUICK.places
    pays, late = _QUICK.starts
    return (
        _chance(pays + sum(given[of_pays]), "pays_within"),
        _chance(late + sum(given[of_late]), "late_payment"),
    )


@lru_cache(maxsize=2048)
def _chance(points: int, target: Target) -> float:
    paying = probability(points)
    return round(1 - paying, 4) if target == "late_payment" else paying


def score(features: Features, target: Target) -> Score:
    """Points, probability and reasons of an account for one target."""
    start, rules = CARDS[target]
    given = [Reason("start", "", start)]
    for rule in rules:
        value = rule.value(features)
        points = rule.points(value)
        if points:
            given.append(Reason(rule.feature, _text(value), points))
    total = sum(reason.points for reason in given)
    given[1:] = sorted(given[1:], key=lambda reason: (-abs(reason.points), reason.feature))
    return Score(
        target=target,
        horizon_days=0 if target == "late_payment" else HORIZON_DAYS,
        points=total,
        probability=_chance(total, target),
        reasons=tuple(given),
    )


@lru_cache(maxsize=1024)
def probability(points: int) -> float:
    """The probability of being paid at so many points, to four decimals."""
    return round(min(HIGHEST, max(LOWEST, 1 / (1 + 2 ** (-points / POINTS_TO_DOUBLE)))), 4)


def _text(value: float | None) -> str:
    """A value for reading: `none`, whole numbers bare, others with one decimal."""
    if value is None:
        return "none"
    return str(int(value)) if value == int(value) else f"{value:.1f}"
