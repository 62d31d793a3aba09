"""Steps of delinquencies: edges and waits, standing still, loops, skips, latencies."""

from random import Random
from typing import Any

import pytest

from services.metrics.domain.account_measures.process import CLASS_NAMES, class_of
from services.metrics.domain.latencies import exponent_of
from services.metrics.domain.process_answers import (
    Marked,
    Waiting,
    feedback_of,
    process_of,
)
from tests.metrics_figures import Memory
from tests.portfolios.generated import Portfolio, interleaved
from tests.portfolios.log import moment
from tests.portfolios.telling import Telling, a_world, at_nine, on

MEASURES = ("edge", "loop", "skip", "skip_withheld", "latency", "suppressed", "withheld_in")


def told(world: Telling) -> Memory:
    memory = Memory()
    memory.take(world.events)
    return memory


def process(memory: Memory, start: str, end: str, at: str | None = None) -> dict[str, Any]:
    first, last, seen = on(start), on(end), on(at or end)
    marked, waiting = [], []
    for cell, added in memory.sums().items():
        if cell.cut:
            continue
        counts = first <= cell.day <= last
        if cell.measure == "edge":
            counts = counts and cell.until <= seen
        elif cell.measure in ("loop", "withheld_in"):
            counts = cell.day <= last and cell.until >= first
        elif cell.measure == "wait":
            if cell.day <= last < cell.until:
                over = sum((last - cell.day).days > days for days in (7, 14, 30))
                waiting.append(Waiting(cell.mark, over, added.count))
            continue
        if counts:
            marked.append(Marked(cell.measure, cell.mark, added.count))
    sums: dict[tuple[str, str], int] = {}
    for each in marked:
        sums[each.measure, each.mark] = sums.get((each.measure, each.mark), 0) + each.number
    return process_of((Marked(*key, count) for key, count in sums.items()), waiting)


def edges(found: dict[str, Any]) -> dict[tuple[str, str], tuple[int, str]]:
    return {(e["from"], e["to"]): (e["count"], e["half_within"]) for e in found["edges"]}


def a_case() -> Telling:
    """A is overdue on 11.1., contacted, promises and pays; B only waits, and stands still."""
    world = a_world("A", "B")
    for account in "AB":
        world.owes(account, f"{account}1", 1000, "01-01", "01-10")
    world.start_day(on("01-11"))
    world.contact("sent", "M1", "A", at_nine("01-12"))
    world.party("T1", "A", moment("01-12"), contact="M1")
    world.promise("A", "P1", 1000, moment("01-12"))
    world.contact("suppressed", "S1", "B", at_nine("01-13"))
    world.judge("A", "P1", "kept", moment("01-20"), amount=1000, received=1000)
    world.pay("A", "PA", moment("01-20"), {"A1": 1000})
    world.start_day(on("03-15"))
    return world


def test_each_step_leads_to_the_next() -> None:
    found = process(told(a_case()), "01-01", "01-31", at="03-15")
    assert edges(found) == {
        ("overdue-1", "contacted"): (1, "2d"),
        ("contacted", "reached"): (1, "4h"),
        ("reached", "promised"): (1, "1h"),
        ("promised", "promise-kept"): (1, "14d"),
        ("promise-kept", "cured"): (1, "12h"),
    }
    (edge,) = (each for each in found["edges"] if each["to"] == "cured")
    assert [each["class"] for each in edge["waits"]] == list(CLASS_NAMES)
    assert sum(each["count"] for each in edge["waits"]) == edge["count"]


def test_a_cure_is_a_step_once_it_is_sure() -> None:
    found = process(told(a_case()), "01-01", "01-31", at="02-17")
    assert ("promise-kept", "cured") not in edges(found)
    found = process(told(a_case()), "01-01", "01-31", at="02-18")
    assert ("promise-kept", "cured") in edges(found)


def test_who_stands_still_is_counted_by_the_last_step() -> None:
    found = process(told(a_case()), "01-01", "01-31")
    assert found["waiting"] == [
        {"step": "overdue-1", "accounts": 1, "over_7": 1, "over_14": 1, "over_30": 0}
    ]
    found = process(told(a_case()), "02-01", "02-28")
    assert found["waiting"] == [
        {"step": "overdue-31", "accounts": 1, "over_7": 1, "over_14": 1, "over_30": 0}
    ]


def test_a_stage_that_is_reached_without_any_act_was_skipped_to() -> None:
    found = process(told(a_case()), "02-01", "02-28")
    assert found["skips"] == [{"step": "overdue-31", "accounts": 1, "of_these_suppressed": 1}]
    assert found["suppressed"] == []
    january = process(told(a_case()), "01-01", "01-31")
    assert january["suppressed"] == [{"rule": "contact-hours", "contacts": 1, "accounts": 1}]


def test_five_times_the_same_step_is_a_loop() -> None:
    world = a_world("A")
    world.owes("A", "A1", 1000, "01-01", "01-10")
    for day in range(12, 17):
        world.contact("sent", f"M{day}", "A", at_nine(f"01-{day}"))
    memory = told(world)
    assert process(memory, "01-01", "01-15")["loops"] == []
    assert process(memory, "01-16", "01-31")["loops"] == [{"step": "contacted", "accounts": 1}]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "1h"), (3600, "1h"), (3601, "4h"), (86400, "1d"), (90 * 86400, "90d"), (1e9, "open")],
)
def test_classes_of_waits_end_where_they_say(seconds: float, expected: str) -> None:
    assert class_of(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "exponent"), [(-5, 0), (0, 0), (1, 0), (1.5, 1), (2, 1), (3, 2), (4, 2), (5, 3)]
)
def test_latencies_are_upper_ends_of_powers_of_two(seconds: float, exponent: int) -> None:
    assert exponent_of(seconds) == exponent


def test_latencies_are_read_from_their_powers() -> None:
    marks = [Marked("latency", f"till_a_person/{e}", n) for e, n in ((3, 50), (5, 49), (9, 1))]
    (found,) = process_of(marks, [])["latency"]
    assert found == {"name": "till_a_person", "n": 100, "p50": 8, "p90": 32, "p99": 32}


def test_scores_are_told_by_the_last_step_before() -> None:
    world = a_case()
    world.feedback("F1", "A", 5, moment("01-13"))
    world.feedback("F1", "A", 4, moment("01-14"))
    world.feedback("F2", "B", 1, moment("01-05"))
    memory = told(world)
    marks = {c.mark: a.count for c, a in memory.sums().items() if c.measure == "score_after"}
    found = feedback_of({mark: count for mark, count in marks.items() if count})
    assert found["scores"] == {"1": 1, "2": 0, "3": 0, "4": 1, "5": 0}
    assert [(each["step"], each["mean"]) for each in found["items"]] == [(None, 1), ("promised", 4)]


@pytest.mark.parametrize("seed", range(8))
def test_steps_are_the_same_in_any_order_and_batching(seed: int) -> None:
    portfolio, memory, one_by_one = Portfolio(seed), Memory(), Memory()
    for batch in interleaved(Random(seed), portfolio.topics()):
        memory.take(batch)
    for event in portfolio.events:
        one_by_one.take([event])

    def steps(of: Memory) -> dict[Any, Any]:
        measures = {*MEASURES, "wait", "score_after", "matched", "unscheduled"}
        return {
            cell: added
            for cell, added in of.sums().items()
            if cell.measure in measures and added.count
        }

    assert steps(memory) == steps(one_by_one)
