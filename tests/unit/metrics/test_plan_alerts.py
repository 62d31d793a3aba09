"""Alerts and contingencies, pure: raised, cleared, corrected; triggered and done."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.domain.plans.alerts import (
    Alert,
    CheckedDay,
    clearing_days,
    corrected_row,
    corrections,
    raising_days,
)
from services.metrics.domain.plans.conditions import (
    Condition,
    DayFacts,
    SubjectFigures,
    findings,
    kpi_key,
)
from services.metrics.domain.plans.contingencies import (
    CallAnswer,
    PlannedAction,
    answered,
    call_of,
    decided,
    idempotency_key,
    retry_after,
    triggered,
    unanswered,
)
from services.metrics.domain.plans.document import (
    ActivateAssignments,
    ActivateStrategy,
    Contingency,
    Deed,
    SendAlert,
    StopExperiment,
)

START = date(2026, 3, 1)
NOW = datetime(2026, 3, 8, 0, 15, tzinfo=UTC)
NOTHING = frozenset[int]()


class Row:
    """Days checked one after the other, as the checks do it: correct, then raise or clear."""

    def __init__(self, for_days: int) -> None:
        self.for_days = for_days
        self.row: list[CheckedDay] = []
        self.alert: Alert | None = None
        self.corrected: dict[date, str] = {}
        self.said: list[tuple[str, int, list[int]]] = []

    def check(self, number: int, held: bool, known_not_held: frozenset[int] = NOTHING) -> None:
        day = START + timedelta(days=number)
        self.row.append(CheckedDay(day, held, "y" if held else "n"))
        self._correct(number, day, known_not_held)
        self._raise_or_clear(number, day)

    def _correct(self, number: int, day: date, known_not_held: frozenset[int]) -> None:
        if self.alert is None or not self.alert.may_be_corrected(day):
            return
        known = {START + timedelta(days=each): each for each in known_not_held}
        found = corrections(
            self.alert, self.row, {each: CheckedDay(each, False, "n") for each in known}
        )
        if found:
            self.say("corrected", number, [each.day for each in found])
            self.corrected |= {each.day: each.now for each in found}
            self.alert = None

    def _raise_or_clear(self, number: int, day: date) -> None:
        row = corrected_row(self.row, self.corrected)
        if days := raising_days(row, self.for_days, is_open=self.alert is not None):
            self.say("raised", number, list(days))
            self.alert = Alert(
                alert_id=f"a{number}", plan_id="p", kind="rule", rule="late", subject="cash",
                state="raised", raised_on=day, days=days, figures={}, words="",
            )  # fmt: skip
        elif days := clearing_days(row, self.for_days, is_open=self.alert is not None):
            self.say("cleared", number, list(days))
            self.alert = None

    def say(self, what: str, number: int, days: list[date]) -> None:
        self.said.append((what, number, [(day - START).days for day in days]))


def test_met_12_raised_and_cleared() -> None:
    """MET-12: n y y y y n n y n n n: raised at day 3, cleared at day 10."""
    row = Row(3)
    for number, held in enumerate("nyyyynnynnn"):
        row.check(number, held == "y")
    assert row.said == [("raised", 3, [1, 2, 3]), ("cleared", 10, [8, 9, 10])]


def test_met_12_corrected() -> None:
    """MET-12: a fact of day 6 shows that day 2 was n: corrected then, and nothing at day 10."""
    row = Row(3)
    for number, held in enumerate("nyyyynnynnn"):
        row.check(number, held == "y", frozenset({2}) if number >= 6 else NOTHING)
    assert row.said == [("raised", 3, [1, 2, 3]), ("corrected", 6, [2])]
    row.say("end", 11, [])


def test_a_day_is_not_looked_at_again_after_fourteen() -> None:
    row = Row(1)
    row.check(0, held=True)
    for number in range(1, 20):
        row.check(number, held=True, known_not_held=frozenset({0}) if number > 14 else NOTHING)
    assert row.said == [("raised", 0, [0])]


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.booleans(), st.frozensets(st.integers(0, 30), max_size=3)), max_size=40),
    st.integers(1, 5),
)
def test_no_alert_is_said_twice(days: list[tuple[bool, frozenset[int]]], for_days: int) -> None:
    """Between two that are raised, the first has ended; and none ends that was not raised."""
    row = Row(for_days)
    for number, (held, known) in enumerate(days):
        row.check(number, held, known)
    is_open = False
    for what, _, _ in row.said:
        assert (what == "raised") is not is_open
        is_open = what == "raised"


# ------------------------------------------------------------------------------------ conditions


def facts(**more: Any) -> DayFacts:
    return DayFacts(day=START, **more)


CASH = SubjectFigures(subject="cash", state="off_track", figures={"value": 1.0}, words="bad")
FASTER = SubjectFigures(subject="faster", state="ahead")


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        (Condition(objective="*", verdict=("off_track",)), {"cash": True, "faster": False}),
        (Condition(objective="cash", verdict=("missed",)), {"cash": False}),
        (Condition(budget="calls", state=("over",)), {"calls": True}),
        (Condition(kpi="dso", days=90, above=60), {"dso": True}),
        (Condition(kpi="dso", days=90, below=60), {"dso": False}),
        (Condition(kpi="dso", days=30, above=60), {"dso": False}),
        (Condition(experiment="calls", verdict=("harmed",)), {"calls": True}),
        (Condition(experiment="none", verdict=("harmed",)), {}),
        (Condition(review="overdue"), {"review": True}),
        (Condition(platform="behind"), {"behind": False}),
        (Condition(platform="parked"), {"parked": True}),
    ],
)
def test_a_condition_holds_for_its_subjects(condition: Condition, held: dict[str, bool]) -> None:
    known = facts(
        objectives=[CASH, FASTER],
        budget=[SubjectFigures(subject="calls", state="over")],
        kpis={kpi_key(Condition(kpi="dso", days=90)): 61.5},
        experiments={"calls": SubjectFigures(subject="calls", state="harmed")},
        review_due_on=START - timedelta(days=5),
        parked=3,
    )
    assert {each.subject: each.held for each in findings(condition, known)} == held


def test_a_review_has_five_days() -> None:
    late = facts(review_due_on=START - timedelta(days=4))
    assert not findings(Condition(review="overdue"), late)[0].held


# --------------------------------------------------------------------------------- contingencies


def an_action(**deed: Any) -> PlannedAction:
    contingency = Contingency(
        id="firmer",
        when=Condition(objective="cash", verdict=("off_track",)),
        for_days=7,
        do=Deed(**deed),
    )
    return triggered(
        contingency,
        plan_id="spring",
        version=1,
        day=date(2026, 3, 7),
        alert_id="A",
        first_day_not_begun=date(2026, 3, 9),
        words="cash is off track",
    )


STRATEGY = ActivateStrategy(name="retail", version="firm")


def test_met_13_the_strategy_is_asked_for_from_the_first_day_not_begun() -> None:
    """MET-13: as 8 March begins, from 9 March."""
    call = call_of(an_action(activate_strategy=STRATEGY))
    assert call is not None
    assert (call.service, call.path) == ("outreach", "/v1/strategies/retail/activate")
    assert call.body == {
        "version": "firm",
        "from": "2026-03-09",
        "in_flight": "keep",
        "reason": "plan spring, firmer: cash is off track",
    }


@pytest.mark.parametrize(
    ("deed", "path"),
    [
        (
            {"activate_assignments": ActivateAssignments(version="2")},
            "/v1/strategy-assignments/activate",
        ),
        ({"stop_experiment": StopExperiment(name="calls")}, "/v1/experiments/calls/stop"),
        ({"alert": SendAlert()}, None),
    ],
)
def test_every_deed_has_its_call(deed: dict[str, Any], path: str | None) -> None:
    call = call_of(an_action(**deed))
    assert (call and call.path) == path


def test_a_day_that_is_refused_gives_way_to_the_next_three_in_all() -> None:
    action = an_action(activate_strategy=STRATEGY)
    refused = CallAnswer(409, {"detail": "that day has begun"})
    second = answered(action, refused)
    third = answered(second, refused)
    assert [each.from_on for each in (second, third)] == [date(2026, 3, 10), date(2026, 3, 11)]
    assert third.state == "triggered"
    failed = answered(third, refused)
    assert (failed.state, failed.because) == ("failed", "answered 409: that day has begun")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (CallAnswer(200, {}), "acted"),
        (CallAnswer(202, {"approval_id": "P1"}), "waiting"),
        (CallAnswer(404, {"detail": "no such version"}), "failed"),
        (CallAnswer(422, None), "failed"),
    ],
)
def test_what_an_answer_means(answer: CallAnswer, state: str) -> None:
    assert answered(an_action(activate_strategy=STRATEGY), answer).state == state


def test_an_experiment_that_has_stopped_is_what_was_wanted() -> None:
    action = an_action(stop_experiment=StopExperiment(name="calls"))
    assert answered(action, CallAnswer(409, {"detail": "stopped"})).state == "acted"
    assert answered(action, CallAnswer(404, {})).state == "failed"


def test_an_approval_ends_the_waiting() -> None:
    waiting = answered(
        an_action(activate_strategy=STRATEGY), CallAnswer(202, {"approval_id": "P1"})
    )
    assert waiting.approval_id == "P1"
    assert decided(waiting, "approved").state == "acted"
    assert decided(waiting, "expired").because == "the approval was expired"


def test_without_an_answer_it_is_tried_again_for_a_day() -> None:
    action = an_action(activate_strategy=STRATEGY)
    early = unanswered(action, since=NOW, now=NOW + timedelta(hours=23))
    late = unanswered(early, since=NOW, now=NOW + timedelta(hours=24))
    assert (early.state, early.attempts, late.state) == ("triggered", 1, "failed")
    waits = [retry_after(attempts) for attempts in (1, 2, 3, 50)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(minutes=15)


def test_a_triggering_has_one_key_and_each_its_own() -> None:
    day = date(2026, 3, 7)
    keys = {
        idempotency_key(tenant, plan, each, on)
        for tenant in ("a", "b")
        for plan in ("p", "q")
        for each in ("x", "y")
        for on in (day, START)
    }
    assert len(keys) == 16
    assert idempotency_key("a", "p", "x", day) in keys
