"""Figures of people: ranges of chance, what is expected of a mix of segments, medians, the team."""

from random import Random

import pytest

from services.metrics.domain.people import (
    PEER_TASKS,
    Work,
    Worked,
    figures_of,
    in_queue,
    peers_of,
    rate_of,
    together,
    wilson,
    works_of,
)
from tests.metrics_figures import Memory
from tests.portfolios.log import moment
from tests.portfolios.telling import a_world, at_nine


def worked(collector: str, measure: str, number: int, segment: str = "", mark: str = "") -> Worked:
    return Worked(collector, segment, measure, mark, "", 0, number)


def a_person(name: str, reached: int, attempts: int, segment: str = "late") -> list[Worked]:
    return [
        worked(name, "task", PEER_TASKS, segment, "collectors"),
        worked(name, "attempt", attempts, segment),
        worked(name, "reached", reached, segment),
    ]


RATE = "right_party_contact_rate"


@pytest.mark.parametrize(
    ("were", "of", "low", "high"),
    [(0, 10, 0.0, 0.277532), (5, 10, 0.236593, 0.763407), (10, 10, 0.722468, 1.0)],
)
def test_the_range_of_chance_is_wilsons(were: int, of: int, low: float, high: float) -> None:
    assert list(wilson(were, of)) == pytest.approx([low, high], abs=1e-5)


def test_what_is_expected_follows_the_persons_own_mix() -> None:
    """Who has the harder segments is compared with what others have there."""
    easy, hard = "easy", "hard"
    rows = [
        *a_person("ann", 20, 100, hard),
        worked("ann", "attempt", 100, "nobody else's"),
    ]
    for peer in ("bob", "cat", "dan", "eve", "fay"):
        rows += [*a_person(peer, 90, 100, easy), *a_person(peer, 10, 100, hard)]
    works = works_of(rows)
    ann = works["ann"]
    found = rate_of(ann, peers_of(ann, works.values()), RATE)
    assert found["expected"] == pytest.approx(0.1)  # of `hard` alone: the third has no peers
    assert found["value"] == pytest.approx(0.1)
    assert found["word"] == "as expected"
    assert found["peers"] == {"n": 5, "p25": 0.5, "median": 0.5, "p75": 0.5}


def test_a_word_is_said_where_chance_does_not_explain_it() -> None:
    rows = [*a_person("ann", 90, 100), *a_person("ben", 5, 100)]
    for peer in ("bob", "cat", "dan", "eve", "fay"):
        rows += a_person(peer, 50, 100)
    works = works_of(rows)
    words = {
        name: rate_of(works[name], peers_of(works[name], works.values()), RATE)["word"]
        for name in ("ann", "ben")
    }
    assert words == {"ann": "above", "ben": "below"}


def test_with_fewer_than_five_peers_nothing_is_expected() -> None:
    rows = a_person("ann", 20, 100)
    for peer in ("bob", "cat", "dan", "eve"):
        rows += a_person(peer, 10, 100)
    rows += [worked("few", "task", PEER_TASKS - 1, "late", "collectors")]
    rows += [worked("far", "task", 100, "late", "elsewhere")]
    works = works_of(rows)
    peers = peers_of(works["ann"], works.values())
    found = rate_of(works["ann"], peers, RATE)
    assert (found["expected"], found["word"]) == (None, None)
    assert found["peers"] == {"n": 4, "p25": None, "median": None, "p75": None}


def test_the_median_is_of_all_tasks_in_the_queue() -> None:
    rng = Random(7)
    work, times = Work("ann"), []
    for _ in range(30):
        seconds = rng.randint(1, 9)
        times.append(seconds)
        work.take(worked("ann", "task_seconds", 1, mark=f"a/b/{seconds}"))
        work.take(worked("ann", "task_seconds", 1, mark="other/1000"))
    times.sort()
    assert work.median_seconds("a/b") == (times[14] + times[15]) / 2
    assert Work("bob").median_seconds(None) is None


def test_people_come_by_name_and_the_team_is_all_of_them() -> None:
    works = works_of([*a_person("cat", 1, 10), *a_person("ann", 2, 10), *a_person("", 5, 10)])
    found = in_queue(works, "collectors")
    assert [work.collector for work in found] == ["ann", "cat"]
    team = figures_of(together(found), (), "collectors")
    assert (team["tasks"], team["attempts"], team[RATE]["value"]) == (2 * PEER_TASKS, 20, 0.15)
    assert in_queue(works, "elsewhere") == []


def test_what_follows_a_conversation_is_its_collectors() -> None:
    """A dispute or a revocation within 7 days after the right party was spoken with."""
    world = a_world("A")
    world.owes("A", "A1", 1000, "01-01", "01-10")
    world.contact("sent", "V1", "A", at_nine("01-12"), channel="voice", collector="ann")
    world.party("T1", "A", moment("01-12"), contact="V1", channel="voice")
    world.party("T2", "A", moment("02-12"), channel="voice", collector="bob")
    world.revoke("A", "sms", moment("01-19"))
    world.revoke("A", "email", moment("02-20"))
    memory = Memory()
    memory.take(world.events)
    found = {
        (cell.measure, cell.collector): added.count
        for cell, added in memory.sums().items()
        if cell.measure in ("revoked_after", "disputed_after") and added.count
    }
    assert found == {("revoked_after", "ann"): 1}
