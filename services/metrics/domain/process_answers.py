"""How the process is answered: steps and waits, what stands still, how quick the machine is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, NamedTuple

from services.metrics.domain.account_measures.process import CLASS_NAMES
from services.metrics.domain.kinds.schedules import GIVEN_UP
from services.metrics.domain.steps import STEPS

OVER = (7, 14, 30)  # days of standing still
LATENCIES = ("overdue_detection", "reminder_cancel", "payment_intake", "till_a_person")


class Marked(NamedTuple):
    """How often a measure has a mark."""

    measure: str
    mark: str
    number: int


class Waiting(NamedTuple):
    """Accounts whose last step was so long ago; `over`: by how many of the limits."""

    step: str
    over: int
    accounts: int


def process_of(marked: Iterable[Marked], waiting: Iterable[Waiting]) -> dict[str, Any]:
    """The members of the answer."""
    by_measure: dict[str, dict[str, int]] = defaultdict(dict)
    for each in marked:
        if each.number:
            by_measure[each.measure][each.mark] = each.number
    return {
        "edges": _edges(by_measure["edge"]),
        "waiting": _waiting(waiting),
        "loops": [
            {"step": step, "accounts": count} for step, count in _in_order(by_measure["loop"])
        ],
        "skips": [
            {
                "step": step,
                "accounts": count,
                "of_these_suppressed": by_measure["skip_withheld"].get(step, 0),
            }
            for step, count in _in_order(by_measure["skip"])
        ],
        "latency": _latency(by_measure["latency"]),
        "suppressed": [
            {
                "rule": rule,
                "contacts": contacts,
                "accounts": by_measure["withheld_in"].get(rule, 0),
            }
            for rule, contacts in sorted(by_measure["suppressed"].items())
        ],
        "payments": {
            "by_method": [
                {"method": method or None, "count": count}
                for method, count in sorted(by_measure["received"].items())
            ],
            "matched_by_rule": by_measure["matched"].get("rule", 0),
            "matched_by_person": by_measure["matched"].get("person", 0),
            "moved_later": sum(by_measure["moved_later"].values()),
            "given_up": by_measure["unscheduled"].get(GIVEN_UP, 0),
        },
    }


def _in_order(by_step: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(step, by_step[step]) for step in STEPS if by_step.get(step)]


def _edges(marks: Mapping[str, int]) -> list[dict[str, Any]]:
    waits: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for mark, count in marks.items():
        first, second, wait = mark.split(">")
        waits[first, second][wait] = count
    return [
        {
            "from": first,
            "to": second,
            "count": sum(classes.values()),
            "waits": [{"class": name, "count": classes.get(name, 0)} for name in CLASS_NAMES],
            "half_within": _half(classes),
        }
        for first in STEPS
        for second in STEPS
        if (classes := waits.get((first, second)))
    ]


def _half(classes: Mapping[str, int]) -> str:
    """The class that holds the middle."""
    half, reached = sum(classes.values()) / 2, 0
    for name in CLASS_NAMES:
        reached += classes.get(name, 0)
        if reached >= half:
            return name
    return CLASS_NAMES[-1]


def _waiting(waiting: Iterable[Waiting]) -> list[dict[str, Any]]:
    found: dict[str, list[int]] = defaultdict(lambda: [0] * (len(OVER) + 1))
    for each in waiting:
        for limit in range(each.over + 1):
            found[each.step][limit] += each.accounts
    return [
        {
            "step": step,
            "accounts": found[step][0],
            **{f"over_{days}": found[step][n] for n, days in enumerate(OVER, start=1)},
        }
        for step in STEPS
        if step in found and found[step][0]
    ]


def _latency(marks: Mapping[str, int]) -> list[dict[str, Any]]:
    """In seconds: upper ends of powers of two."""
    by_name: dict[str, dict[int, int]] = defaultdict(dict)
    for mark, count in marks.items():
        name, exponent = mark.split("/")
        by_name[name][int(exponent)] = count
    return [
        {
            "name": name,
            "n": sum(by_name[name].values()),
            **{f"p{percent}": _percentile(by_name[name], percent) for percent in (50, 90, 99)},
        }
        for name in LATENCIES
        if name in by_name
    ]


def _percentile(exponents: Mapping[int, int], percent: int) -> int:
    wanted, reached = ceil(sum(exponents.values()) * percent / 100), 0
    for exponent in sorted(exponents):
        reached += exponents[exponent]
        if reached >= wanted:
            return int(2**exponent)
    return 0


def feedback_of(marks: Mapping[str, int]) -> dict[str, Any]:
    """Scores by the last step before them, from marks `step/score`."""
    by_step: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys("12345", 0))
    totals = dict.fromkeys("12345", 0)
    for mark, count in marks.items():
        step, _, score = mark.rpartition("/")
        by_step[step][score] += count
        totals[score] += count
    return {
        "scores": totals,
        "items": [
            {"step": step or None, "count": count, "mean": mean, "scores": by_step[step]}
            for step in ("", *STEPS)
            if step in by_step
            for count, mean in (_mean(by_step[step]),)
            if count
        ],
    }


def _mean(scores: Mapping[str, int]) -> tuple[int, float | None]:
    count = sum(scores.values())
    total = sum(int(score) * each for score, each in scores.items())
    return count, total / count if count else None
