"""The figures of plans, pure: forecasts, verdicts, budgets, resources, what is in force."""

import random
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.domain.plans.budget import CostDay, judge_budget
from services.metrics.domain.plans.document import BudgetLine, Objective
from services.metrics.domain.plans.drafts import read_plan
from services.metrics.domain.plans.forecast import forecast
from services.metrics.domain.plans.in_force import AnnouncedVersion, matches
from services.metrics.domain.plans.objectives import JudgedObjective, expected_on, judge_objective
from services.metrics.domain.plans.questions import last_whole_month, running_totals, weekly_days
from services.metrics.domain.plans.resources import Certificate, WorkDone, use_of
from services.metrics.domain.plans.traits import KpiTraits
from tests.unit.metrics.test_plans import PLAN

FROM, TO = date(2026, 2, 1), date(2026, 6, 30)

# ----------------------------------------------------------------------------------- forecasts

WEEKLY = [40, 41, 41, 42, 43, 43, 44, 46, 46, 47, 47, 48, 50, 50, 51, 51, 52, 53, 53, 54, 56]
TRAITS = KpiTraits("k", "", "count", "higher", (), ("count",), (), False, True, False, False, 0)
DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("days", "value", "low", "high", "errors", "weeks"),
    [(21, 58.25, 57.5, 59.0, 10, 3), (70, 63.5, 60.3798, 66.6202, 8, 5)],
)
def test_met_11_the_forecast(
    days: int, value: float, low: float, high: float, errors: int, weeks: int
) -> None:
    """MET-11: to the digits of the page."""
    found = forecast(WEEKLY, days)
    assert found is not None
    assert (found.value, round(found.low, 4), round(found.high, 4)) == (value, low, high)
    assert (found.errors, found.weeks) == (errors, weeks)


def judged(target: float, values: list[int], days: int = 21, **more: Any) -> JudgedObjective:
    objective = Objective(
        id="o", kpi="k", by=DAY + timedelta(days=days), **({"at_least": target} | more)
    )
    return judge_objective(
        objective, TRAITS, day=DAY, from_on=FROM, values=[None, *values], baseline=40
    )


@pytest.mark.parametrize(
    ("target", "verdict"),
    [(57.5, "ahead"), (58, "on_track"), (58.5, "at_risk"), (60, "off_track")],
)
def test_met_11_verdicts(target: float, verdict: str) -> None:
    """MET-11: by where the band lies."""
    assert judged(target, WEEKLY).verdict == verdict
    mirrored = [-each for each in WEEKLY]
    assert judged(0, mirrored, at_least=None, at_most=-target).verdict == verdict


def test_met_11_sixteen_values_are_too_few() -> None:
    """MET-11: nothing can be said with sixteen."""
    assert judged(60, WEEKLY[-16:]).verdict == "too_early"
    assert judged(60, WEEKLY[-17:]).verdict != "too_early"


def test_from_its_last_day_on_an_objective_is_met_or_missed_by_its_value_then() -> None:
    objective = Objective(id="o", kpi="k", by=DAY, at_least=50)
    ripening = TRAITS._replace(ripen_days=90)
    known: dict[str, Any] = {"from_on": FROM, "values": [10, 20], "baseline": None}
    met = judge_objective(objective, ripening, day=DAY, at_by=51, **known)
    assert (met.verdict, met.is_provisional, met.value) == ("met", True, 51)
    later = DAY + timedelta(days=90)
    missed = judge_objective(objective, ripening, day=later, at_by=49, **known)
    assert (missed.verdict, missed.is_provisional) == ("missed", False)
    unknown = judge_objective(objective, ripening, day=DAY, at_by=None, **known)
    assert unknown.verdict == "too_early"


def test_what_is_expected_lies_on_the_line_from_before_the_plan_to_the_target() -> None:
    objective = Objective(id="o", kpi="k", by=date(2026, 2, 10), at_least=100)
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 10), date(2026, 3, 1)]
    assert [expected_on(objective, day, FROM, 50) for day in days] == [50, 55, 100, 100]
    assert expected_on(objective, FROM, FROM, None) is None


@settings(max_examples=60)
@given(st.lists(st.integers(0, 1000), min_size=17, max_size=60), st.integers(1, 400))
def test_a_band_holds_its_point_and_shares_stay_shares(values: list[int], days: int) -> None:
    found = forecast(values, days)
    assert found is not None
    assert found.low <= found.value <= found.high
    assert found.errors >= 8
    share = forecast([Fraction(value, 1000) for value in values], days, is_share=True)
    assert share is not None
    assert 0 <= share.low <= share.value <= share.high <= 1


def covered(seed: int, *, drift: float, weeks: int, noise: float) -> float:
    """The share of simulated series whose later value lies within the band."""
    chance = random.Random(seed)
    held = 0
    for _ in range(400):
        value, path = 0.0, []
        for _ in range(53 + weeks):
            value += drift + chance.gauss(0, noise)
            path.append(value)
        found = forecast(path[:53], weeks * 7)
        assert found is not None
        held += found.low <= path[52 + weeks] <= found.high
    return held / 400


@pytest.mark.parametrize("weeks", [1, 3, 8])
@pytest.mark.parametrize(("drift", "noise"), [(0.0, 1.0), (2.0, 1.0), (5.0, 10.0)])
def test_bands_cover_what_they_promise(drift: float, noise: float, weeks: int) -> None:
    """On series that go on as they went: four of five, as far as 400 of them can tell."""
    assert 0.72 <= covered(11, drift=drift, weeks=weeks, noise=noise) <= 0.92


# --------------------------------------------------------------------------------------- sums


def test_a_running_total_goes_on_before_the_plan() -> None:
    daily = {FROM - timedelta(days=8): 100, FROM - timedelta(days=1): 10, FROM: 5, DAY: 7}
    days = [FROM - timedelta(days=each) for each in (30, 8, 1)] + [FROM, DAY]
    totals = running_totals(daily, days, from_on=FROM, first_on=FROM - timedelta(days=8))
    assert totals == [None, -10, 0, 5, 12]
    assert running_totals(daily, days, from_on=FROM, first_on=None) == [None] * 5


def test_a_month_is_the_last_whole_one() -> None:
    whole = (date(2026, 2, 1), date(2026, 2, 28))
    assert last_whole_month(date(2026, 2, 28)) == whole
    assert last_whole_month(date(2026, 3, 30)) == whole
    assert weekly_days(DAY)[-2:] == [date(2026, 2, 22), DAY]
    assert len(weekly_days(DAY)) == 53


LINES = (
    BudgetLine(id="calls", kinds=("task",), amount_minor=1000),
    BudgetLine(id="mail", kinds=("contact",), channels=("email", "sms"), amount_minor=7),
    BudgetLine(id="rest", kinds=("contact", "agency"), amount_minor=1000),
)


def test_met_13_costs_go_to_the_first_line_that_takes_them() -> None:
    """MET-13: 450, 7, 1595, unplanned 300."""
    costs = [
        CostDay(day=FROM, kind="task", queue="collectors", collector="ann", micros=450_000_000),
        CostDay(day=FROM, kind="contact", channel="sms", micros=7_000_000),
        CostDay(day=FROM, kind="contact", channel="letter", micros=95_000_000),
        CostDay(day=FROM, kind="agency", micros=1500_000_000),
        CostDay(day=FROM, kind="legal", micros=300_000_000),
        CostDay(day=FROM - timedelta(days=1), kind="legal", micros=900_000_000),
        CostDay(day=DAY + timedelta(days=1), kind="legal", micros=900_000_000),
    ]
    lines = judge_budget(
        LINES, costs, currency="EUR", day=DAY, from_on=FROM, to_on=TO, first_on=FROM
    )
    assert {line.id: line.actual_minor for line in lines} == {
        "calls": 450,
        "mail": 7,
        "rest": 1595,
        "unplanned": 300,
    }
    assert [line.state for line in lines] == ["within", "within", "over", None]


def test_a_budget_at_risk_is_one_whose_band_passes_the_amount() -> None:
    costs = [
        CostDay(
            day=DAY - timedelta(days=each), kind="task", micros=100_000_000 + each % 5 * 9_000_000
        )
        for each in range(180)
    ]
    known: dict[str, Any] = {
        "currency": "EUR",
        "day": DAY,
        "from_on": FROM,
        "to_on": TO,
        "first_on": DAY - timedelta(days=179),
    }
    for amount, state in ((30_000, "within"), (17_650, "at_risk"), (3_000, "over")):
        lines = judge_budget([BudgetLine(id="a", amount_minor=amount)], costs, **known)
        assert lines[0].state == state, lines[0]


def test_resources_say_what_was_used_and_which_certificates_are_missing() -> None:
    resources = read_plan(PLAN).plan.resources
    done = WorkDone(seconds={"mia": 15 * 3600}, attempts={"sms": 700})
    held = Certificate(collector="mia", name="first-call", valid_from=FROM, valid_until=FROM)
    day = FROM + timedelta(days=6)
    use = use_of(resources, done, [held], from_on=FROM, day=day)
    assert (use.people[0].share, use.people[0].missing) == (0.5, ("first-call",))
    assert use.channels[0].share == 0.25
    assert use_of(resources, done, [held], from_on=FROM, day=FROM).people[0].missing == ()


def test_in_force_says_same_other_or_none() -> None:
    plan = read_plan(PLAN).plan
    announced = [
        AnnouncedVersion(
            kind="strategy", name="consumer-retail", version="2026-02-01", from_on=FROM, order=1
        ),
        AnnouncedVersion(kind="segments", name="", version="8", from_on=FROM, order=2),
        AnnouncedVersion(
            kind="strategy", name="consumer-retail", version="next", from_on=TO, order=3
        ),
    ]
    assert [each.match for each in matches(plan, announced, DAY)] == ["same", "other"]
    assert [each.match for each in matches(plan, announced, TO)] == ["other", "other"]
    assert [each.match for each in matches(plan, [], DAY)] == ["none", "none"]
