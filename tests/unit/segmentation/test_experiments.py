"""Arms are drawn by a hash that never changes, kept for a run, and stopped by guardrails."""

from collections import Counter
from typing import Any

import pytest

from services.segmentation.domain.commitments import ArmAssignment
from services.segmentation.domain.experiments import (
    Design,
    Experiment,
    arms_of,
    draw,
    enrol,
    parse,
    takes,
)
from services.segmentation.domain.guardrails import Seen, Tally, breaches
from shared.errors import Invalid

pytestmark = pytest.mark.slow


def a_design(**changes: Any) -> dict[str, Any]:
    return {
        "description": "a kinder first reminder",
        "champion": "control",
        "arms": [{"name": "control", "share": 0.5}, {"name": "kinder", "share": 0.5}],
        **changes,
    }


def an_experiment(name: str = "tone", run: int = 1, **changes: Any) -> Experiment:
    return Experiment(tenant="demo", name=name, run=run, design=parse(a_design(**changes)))


KNOWN = "kkkkkckkckccckcckkkcckck"
KNOWN_THIRDS = "-bb--cd--d---bbcd---c--b"
ACCOUNTS = [f"C{number}" for number in range(20_000)]


# ── The draw ────────────────────────────────────────────────────────────────────────────────────


def test_the_draw_is_the_same_for_ever() -> None:
    """Known answers: whoever changes the hash moves accounts of running experiments."""
    experiment = an_experiment()
    assert "".join((draw(experiment, f"C{n}") or "-")[0] for n in range(24)) == KNOWN
    thirds = an_experiment(
        arms=[
            {"name": "control", "share": 0.3333},
            {"name": "b", "share": 0.3333},
            {"name": "d", "share": 0.3334},
        ],
        population=0.5,
    )
    assert "".join((draw(thirds, f"C{n}") or "-")[0] for n in range(24)) == KNOWN_THIRDS


def test_arms_have_their_shares() -> None:
    experiment = an_experiment(
        arms=[{"name": "control", "share": 0.9}, {"name": "kinder", "share": 0.1}]
    )
    counts = Counter(draw(experiment, account) for account in ACCOUNTS)
    assert counts["kinder"] / len(ACCOUNTS) == pytest.approx(0.1, abs=0.007)  # three sigmas
    assert set(counts) == {"control", "kinder"}


def test_a_part_of_the_population_takes_part() -> None:
    counts = Counter(draw(an_experiment(population=0.2), account) for account in ACCOUNTS)
    assert counts[None] / len(ACCOUNTS) == pytest.approx(0.8, abs=0.009)
    assert counts["kinder"] / counts["control"] == pytest.approx(1, abs=0.1)
    assert Counter(draw(an_experiment(population=0), account) for account in ACCOUNTS[:100]) == {
        None: 100
    }


def test_experiments_and_runs_draw_independently() -> None:
    first, other, again = an_experiment(), an_experiment("hour"), an_experiment(run=2)
    for second in (other, again):
        pairs = Counter((draw(first, a), draw(second, a)) for a in ACCOUNTS)
        assert all(count == pytest.approx(5_000, abs=250) for count in pairs.values()), pairs


def test_an_arm_without_a_share_gets_nobody() -> None:
    experiment = an_experiment(
        arms=[{"name": "control", "share": 1}, {"name": "kinder", "share": 0}]
    )
    assert {draw(experiment, account) for account in ACCOUNTS[:2_000]} == {"control"}


# ── Who takes part ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "tags", "segment", "taken"),
    [
        ({}, (), "reminder", True),
        ({"exclude_tags": ["vip"]}, ("vip", "x"), "reminder", False),
        ({"exclude_tags": ["vip"]}, ("x",), "reminder", True),
        ({"exclude_segments": ["legal"]}, (), "legal", False),
        ({"only_segments": ["reminder"]}, (), "legal", False),
        ({"only_segments": ["reminder"]}, (), "reminder", True),
    ],
)
def test_exclusions(
    changes: dict[str, Any], tags: tuple[str, ...], segment: str, taken: bool
) -> None:
    assert takes(parse(a_design(**changes)), tags, segment) is taken


def test_an_account_keeps_its_arm_whatever_its_tags_and_segment_become() -> None:
    experiment = an_experiment(exclude_tags=["vip"], exclude_segments=["legal"])
    drawn = enrol([experiment], "C1", tags=(), segment="reminder", drawn={})
    arm = arms_of([experiment], drawn)["tone"]
    later = enrol([experiment], "C1", tags=("vip",), segment="legal", drawn=drawn)
    assert arms_of([experiment], later) == {"tone": arm}
    fresh = enrol([experiment], "C1", tags=("vip",), segment="reminder", drawn={})
    assert fresh == {}


def test_what_was_drawn_outlives_a_hash_that_would_say_otherwise() -> None:
    experiment = an_experiment()
    other = "kinder" if draw(experiment, "C1") == "control" else "control"
    drawn = enrol([experiment], "C1", tags=(), segment="x", drawn={"tone": ArmAssignment(1, other)})
    assert arms_of([experiment], drawn) == {"tone": other}


def test_a_new_run_draws_anew_and_a_stopped_experiment_is_not_said() -> None:
    second = an_experiment(run=2)
    drawn = enrol([second], "C1", tags=(), segment="x", drawn={"tone": ArmAssignment(1, "kinder")})
    assert drawn == {"tone": ArmAssignment(2, draw(second, "C1") or "")}
    assert arms_of([], drawn) == {}
    assert arms_of([an_experiment(run=3)], drawn) == {}


def test_an_arm_of_a_run_before_is_forgotten_where_the_new_run_takes_nobody() -> None:
    second = an_experiment(run=2, exclude_tags=["vip"])
    before = {"tone": ArmAssignment(1, "kinder"), "hour": ArmAssignment(1, "late")}
    drawn = enrol([second], "C1", tags=("vip",), segment="x", drawn=before)
    assert drawn == {"hour": ArmAssignment(1, "late")}


def test_a_stop_and_a_start_of_the_same_run_change_no_arm() -> None:
    experiment = an_experiment()
    drawn = enrol([experiment], "C1", tags=(), segment="x", drawn={})
    while_stopped = enrol([], "C1", tags=("vip",), segment="legal", drawn=drawn)
    assert enrol([experiment], "C1", tags=(), segment="x", drawn=while_stopped) == drawn


# ── Designs ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"arms": []}, "/arms"),
        ({"arms": [{"name": "control", "share": 1}]}, "/arms"),
        ({"arms": [{"name": "control", "share": 0.5}, {"name": "b", "share": 0.4}]}, "/arms"),
        ({"arms": [{"name": "control", "share": 0.5}] * 2}, "/arms/1/name"),
        (
            {"arms": [{"name": "control", "share": 0.33333}, {"name": "b", "share": 0.66667}]},
            "/arms/0/share",
        ),
        ({"champion": "nobody"}, "/champion"),
        ({"population": 1.5}, "/population"),
        ({"only_segments": ["a"], "exclude_segments": ["b", "a"]}, "/exclude_segments/1"),
        ({"guardrails": [{"figure": "profit", "tolerance": 1}]}, "/guardrails/0/figure"),
        ({"guardrails": [{"figure": "contacts", "tolerance": -1}]}, "/guardrails/0/tolerance"),
        (
            {"guardrails": [{"figure": "contacts", "tolerance": 1, "segment": "x"}]},
            "/guardrails/0/segment",
        ),
        ({"guardrails": [{"figure": "segment_share", "tolerance": 1}]}, "/guardrails/0/segment"),
        ({"shares": []}, "/shares"),
        ({"description": ""}, "/description"),
    ],
)
def test_a_bad_design_is_refused_with_its_place(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(a_design(**changes))
    assert pointer in [error.pointer for error in caught.value.errors]


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(Invalid):
        parse([])


def test_shares_that_add_up_in_tens_are_not_refused_for_binary_dust() -> None:
    arms = [{"name": f"a{n}", "share": 0.1} for n in range(10)]
    assert isinstance(parse(a_design(arms=arms, champion="a0")), Design)


# ── Guardrails ──────────────────────────────────────────────────────────────────────────────────


def seen(*, overdue: bool = False, pays: float = 0.5, segment: str = "current") -> Seen:
    return Seen(
        is_overdue=overdue,
        pays_within=pays,
        expected_recovery=0.0,
        is_warned=False,
        segment=segment,
        contacts=0,
    )


def tally(accounts: int, bad: int, **what: Any) -> Tally:
    """So many accounts, of which the first `bad` are as said."""
    found = Tally()
    for number in range(accounts):
        found.add(seen(**what) if number < bad else seen())
    return found


def guarded(**rail: Any) -> Design:
    return parse(a_design(guardrails=[{"tolerance": 0.05, **rail}]))


def test_a_challenger_that_is_worse_beyond_chance_breaks_the_guardrail() -> None:
    design = guarded(figure="overdue_share")
    champion = tally(1_000, 100, overdue=True)
    (breach,) = breaches(design, {"control": champion, "kinder": tally(1_000, 200, overdue=True)})
    assert (breach.arm, breach.champion, breach.challenger) == ("kinder", 0.1, 0.2)
    assert "overdue_share is 0.2 in kinder and 0.1 in the champion" in breach.because
    for bad in (0, 100, 150, 170):  # better, as good, at the tolerance, within chance
        arms = {"control": champion, "kinder": tally(1_000, bad, overdue=True)}
        assert breaches(design, arms) == [], bad


def test_few_accounts_break_nothing() -> None:
    design = guarded(figure="overdue_share", accounts_from=100)
    champion = tally(1_000, 0, overdue=True)
    assert breaches(design, {"control": champion, "kinder": tally(99, 99, overdue=True)}) == []
    assert breaches(design, {"control": champion, "kinder": tally(100, 100, overdue=True)})
    assert breaches(design, {}) == []


def test_where_more_is_better_less_is_worse() -> None:
    design = guarded(figure="pays_within")
    low, high = tally(500, 500, pays=0.3), tally(500, 500, pays=0.6)
    assert breaches(design, {"control": high, "kinder": low})
    assert breaches(design, {"control": low, "kinder": high}) == []


def test_the_share_of_a_segment() -> None:
    design = guarded(figure="segment_share", segment="at-risk")
    arms = {"control": tally(500, 10), "kinder": tally(500, 100, segment="at-risk")}
    (breach,) = breaches(design, arms)
    assert (breach.segment, breach.challenger) == ("at-risk", 0.2)
    assert breach.because.startswith("segment_share of at-risk is 0.2")
