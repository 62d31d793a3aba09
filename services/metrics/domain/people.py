"""Figures of people, for a talk and never for a rank: each rate with its range of chance, and with
what others have in the same mix of segments."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt
from statistics import quantiles
from typing import Any, Final, NamedTuple

from services.metrics.domain.kpis.kpi import written
from services.metrics.domain.micros import MICROS, in_minor

Z: Final = 1.959964
PEER_TASKS: Final = 20  # of a person who is anybody's peer
PEERS_MIN: Final = 5


class Worked(NamedTuple):
    """What a person did in a window, added up. `mark`: a queue, a score, a recognition."""

    collector: str
    segment: str
    measure: str
    mark: str
    currency: str
    amount: int
    number: int


@dataclass
class Shares:
    """Of how many things how many were so, by segment."""

    of: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    were: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def total(self) -> int:
        return sum(self.of.values())

    @property
    def value(self) -> Fraction | None:
        return Fraction(sum(self.were.values()), self.total) if self.total else None


# Each rate by the measures of its numerator and of its denominator.
RATES: Final[Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "right_party_contact_rate": (("reached",), ("attempt",)),
    "promise_rate": (("promised",), ("right_party",)),
    "promise_kept_rate": (("kept",), ("kept", "partly", "broken")),
    "disputes_after": (("disputed_after",), ("right_party",)),
    "opt_outs_after": (("revoked_after",), ("right_party",)),
    "satisfaction": (("satisfied",), ("score",)),
}
MEASURES: Final = (
    "task", "task_seconds", "attempt", "reached", "right_party", "promised", "kept", "partly",
    "broken", "disputed_after", "revoked_after", "score", "review", "touch", "cost",
)  # fmt: skip
MARKED: Final = ("task", "task_seconds", "score", "review")


@dataclass
class Work:
    """Everything that one person did, or several together."""

    collector: str | None
    tasks: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by queue
    seconds: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    money: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    reviews: int = 0
    recognitions: int = 0
    reviewed_micros: int = 0

    def take(self, worked: Worked) -> None:
        """Add what was done."""
        measure, number = worked.measure, worked.number
        if measure == "task":
            self.tasks[worked.mark] += number
        elif measure == "task_seconds":
            queue, _, seconds = worked.mark.rpartition("/")
            found = self.seconds[queue]
            found[int(seconds)] = found.get(int(seconds), 0) + number
        elif measure in ("touch", "cost"):
            self.money[measure, worked.currency] += worked.amount
        elif measure == "review":
            self.reviews += number
            self.recognitions += number if worked.mark else 0
            self.reviewed_micros += worked.amount
        else:
            self.counts[measure, worked.segment] += number
            if measure == "score" and worked.mark in ("4", "5"):
                self.counts["satisfied", worked.segment] += number

    def shares(self, rate: str) -> Shares:
        were, of = RATES[rate]
        found = Shares()
        for (measure, segment), number in self.counts.items():
            if measure in of:
                found.of[segment] += number
            if measure in were:
                found.were[segment] += number
        return found

    def tasks_in(self, queue: str | None) -> int:
        return sum(n for name, n in self.tasks.items() if queue in (None, name))

    def median_seconds(self, queue: str | None) -> float | None:
        times: dict[int, int] = defaultdict(int)
        for name, by_seconds in self.seconds.items():
            if queue in (None, name):
                for seconds, number in by_seconds.items():
                    times[seconds] += number
        return _median(times)


def _median(times: Mapping[int, int]) -> float | None:
    total = sum(times.values())
    if not total:
        return None
    middle = ((total - 1) // 2, total // 2)
    found: list[int] = []
    reached = 0
    for seconds in sorted(times):
        reached += times[seconds]
        found += [seconds for place in middle[len(found) :] if place < reached]
        if len(found) == len(middle):
            break
    return sum(found) / 2


def works_of(worked: Iterable[Worked]) -> dict[str, Work]:
    """By person. What nobody is named of is nobody's."""
    found: dict[str, Work] = {}
    for each in worked:
        if each.collector:
            found.setdefault(each.collector, Work(each.collector)).take(each)
    return found


def together(works: Iterable[Work]) -> Work:
    """All of them as one: the team."""
    team = Work(None)
    for work in works:
        for queue, tasks in work.tasks.items():
            team.tasks[queue] += tasks
        for queue, by_seconds in work.seconds.items():
            for seconds, number in by_seconds.items():
                times = team.seconds[queue]
                times[seconds] = times.get(seconds, 0) + number
        for key, number in work.counts.items():
            team.counts[key] += number
        for key, amount in work.money.items():
            team.money[key] += amount
        team.reviews += work.reviews
        team.recognitions += work.recognitions
        team.reviewed_micros += work.reviewed_micros
    return team


def in_queue(works: Mapping[str, Work], queue: str | None) -> list[Work]:
    """Who did anything there, by name; without a queue, everybody."""
    found = [work for work in works.values() if queue is None or work.tasks_in(queue)]
    return sorted(found, key=lambda work: work.collector or "")


def peers_of(person: Work, works: Iterable[Work]) -> list[Work]:
    """Others with so many tasks in one of the same queues."""
    queues = [queue for queue, tasks in person.tasks.items() if tasks]
    return [
        work
        for work in works
        if work.collector != person.collector
        and any(work.tasks.get(queue, 0) >= PEER_TASKS for queue in queues)
    ]


def figures_of(person: Work, peers: Sequence[Work], queue: str | None) -> dict[str, Any]:
    """Of one person, or of the team (without peers)."""
    return {
        "collector": person.collector,
        "tasks": person.tasks_in(queue),
        "seconds_median": person.median_seconds(queue),
        "attempts": person.shares("right_party_contact_rate").total,
        **{name: rate_of(person, peers, name) for name in RATES},
        "recovered": _amounts(person, "touch"),
        "cost": _amounts(person, "cost"),
        "review_score": (
            person.reviewed_micros / person.reviews / MICROS if person.reviews else None
        ),
        "reviews": person.reviews,
        "recognitions": person.recognitions,
    }


def _amounts(person: Work, measure: str) -> list[dict[str, Any]]:
    found = []
    for (name, currency), amount in sorted(person.money.items()):
        if name == measure and amount:
            minor = in_minor(amount) if measure == "cost" else amount
            found.append({"currency": currency, "amount_minor": written(minor)})
    return found


def rate_of(person: Work, peers: Sequence[Work], rate: str) -> dict[str, Any]:
    """A rate with its range of chance, and what is expected of it."""
    shares = person.shares(rate)
    value, low, high = shares.value, None, None
    if value is not None:
        low, high = wilson(sum(shares.were.values()), shares.total)
    others = [peer.shares(rate) for peer in peers]
    expected = _expected(shares, others) if len(peers) >= PEERS_MIN else None
    word = None
    if expected is not None and low is not None and high is not None:
        word = "above" if low > expected else "below" if high < expected else "as expected"
    return {
        "value": None if value is None else float(value),
        "n": shares.total,
        "low": low,
        "high": high,
        "expected": expected,
        "word": word,
        "peers": _spread(others, len(peers)),
    }


def wilson(were: int, of: int) -> tuple[float, float]:
    """The range in which a share of so many lies, in 95 of 100 cases."""
    share, z2 = were / of, Z * Z
    middle = share + z2 / (2 * of)
    half = Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    scale = 1 + z2 / of
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def _expected(own: Shares, others: Sequence[Shares]) -> float | None:
    """What others have in each segment, weighed by one's own mix; of segments that others have."""
    weight, total = 0, Fraction(0)
    for segment, number in own.of.items():
        of = sum(each.of.get(segment, 0) for each in others)
        if of and number:
            were = sum(each.were.get(segment, 0) for each in others)
            weight += number
            total += number * Fraction(were, of)
    return float(total / weight) if weight else None


def _spread(others: Sequence[Shares], peers: int) -> dict[str, Any]:
    """A quarter, half and three quarters of the peers have less."""
    values = sorted(float(each.value) for each in others if each.value is not None)
    if peers < PEERS_MIN or not values:
        return {"n": peers, "p25": None, "median": None, "p75": None}
    if len(values) == 1:
        return {"n": peers, "p25": values[0], "median": values[0], "p75": values[0]}
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return {"n": peers, "p25": low, "median": middle, "p75": high}
