"""Collection plans, pure: documents, states, forecasts, verdicts, budgets, reviews."""

import copy
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from services.metrics.domain.plans.document import ReviewRhythm
from services.metrics.domain.plans.drafts import approval_faults, read_alert_rules, read_plan
from services.metrics.domain.plans.reviews import day_of_review, due_days, review_times
from services.metrics.domain.plans.states import (
    PlanRecord,
    PlanVersion,
    WrongPlanState,
    approved,
    may_close,
    may_review,
    withdrawn,
    written,
)
from services.metrics.domain.plans.traits import find_traits
from shared.errors import Conflict, Forbidden, Invalid

FROM, TO = date(2026, 2, 1), date(2026, 6, 30)
PLAN: Mapping[str, Any] = {
    "plan_id": "spring-2026",
    "title": "Spring: half of the new arrears within a month",
    "currency": "EUR",
    "from": "2026-02-01",
    "to": "2026-06-30",
    "objectives": [
        {
            "id": "faster",
            "kpi": "average_days_to_pay",
            "split": {"kind": "business"},
            "days": 90,
            "at_most": 38,
            "by": "2026-06-30",
        },
        {
            "id": "cash",
            "kpi": "recovered",
            "days": "plan",
            "at_least": 25000000,
            "by": "2026-06-30",
            "why": "liquidity",
        },
    ],
    "resources": {
        "people": [{"collector": "mia", "role": "collector", "hours_per_week": 30}],
        "channels": [{"channel": "sms", "per_day": 400}],
        "tools": ["dialler"],
        "training": ["first-call"],
    },
    "budget": [
        {"id": "calls", "kinds": ["task"], "queues": ["collectors"], "amount_minor": 1800000},
        {
            "id": "messages",
            "kinds": ["contact"],
            "channels": ["email", "sms"],
            "amount_minor": 150000,
        },
    ],
    "strategies": [{"name": "consumer-retail", "version": "2026-02-01"}],
    "policies": [{"kind": "segments", "version": "7"}],
    "contingencies": [
        {
            "id": "firmer",
            "when": {"objective": "cash", "verdict": ["off_track"]},
            "for_days": 7,
            "do": {
                "activate_strategy": {
                    "name": "consumer-retail",
                    "version": "2026-03-firm",
                    "in_flight": "keep",
                }
            },
            "once": True,
        }
    ],
    "reviews": {"every": "month", "day": 3, "people": ["lea"]},
    "people": [{"id": "lea", "name": "Lea", "email": "lea@example.com"}],
    "alerts": [
        {
            "id": "late",
            "when": {"objective": "*", "verdict": ["off_track"]},
            "for_days": 3,
            "to": ["lea"],
        }
    ],
}


def pointers_of(raw: Any) -> set[str]:
    with pytest.raises(Invalid) as refused:
        read_plan(raw)
    return {error.pointer for error in refused.value.errors}


# ------------------------------------------------------------------------------- the document


def test_the_plan_of_the_page_is_read_and_may_be_approved() -> None:
    read = read_plan(PLAN)
    assert read.warnings == ()
    assert approval_faults(read.plan) == []
    assert read.plan.objectives[1].days == "plan"


def test_a_draft_needs_an_id_and_a_title_alone_and_an_approval_more() -> None:
    read = read_plan({"plan_id": "p", "title": "Later"})
    assert [error.pointer for error in approval_faults(read.plan)] == [
        "/currency",
        "/from",
        "/to",
        "/objectives",
        "/budget",
        "/reviews",
    ]
    assert pointers_of({}) == {"/plan_id", "/title"}


def test_every_fault_of_a_plan_is_named_at_once() -> None:
    raw = copy.deepcopy(dict(PLAN))
    raw["currency"] = "EURO"
    raw["to"] = "2026-01-31"
    raw["objectives"][0] |= {"kpi": "profit", "at_least": 3}
    raw["objectives"][1] |= {"id": "faster", "by": "2027-01-01", "split": {"channel": "sms"}}
    raw["objectives"].append({"id": "x", "kpi": "dso", "days": "plan", "at_most": 1, "by": "2026"})
    raw["budget"].append({"id": "calls", "kinds": ["task"], "queues": ["collectors"]})
    raw["budget"].append(dict(raw["budget"][1], id="more"))
    raw["resources"]["people"].append({"collector": "mia", "hours_per_week": 300})
    raw["policies"] = [{"kind": "template", "version": "1"}]
    raw["contingencies"][0]["when"] = {"objective": "none", "budget": "calls"}
    raw["contingencies"][0]["do"]["alert"] = {"to": ["tom"]}
    raw["reviews"] = {"every": "week", "day": 3, "people": ["tom"]}
    raw["people"][0]["email"] = "lea"
    raw["alerts"][0] |= {"when": {"kpi": "dso", "split": {"channel": "x"}}, "to": ["tom"]}
    raw["wish"] = "more"
    assert pointers_of(raw) == {
        "/wish",
        "/currency",
        "/to",
        "/objectives/0/kpi",
        "/objectives/0/at_least",
        "/objectives/0/by",
        "/objectives/1/id",
        "/objectives/1/by",
        "/objectives/1/split/channel",
        "/objectives/2/by",
        "/objectives/2/days",
        "/budget/2/id",
        "/budget/2/amount_minor",
        "/budget/3",
        "/resources/people/0/collector",
        "/resources/people/1/collector",
        "/resources/people/1/hours_per_week",
        "/policies/0/name",
        "/contingencies/0/when",
        "/contingencies/0/when/objective",
        "/contingencies/0/do",
        "/contingencies/0/do/alert/to/0",
        "/reviews/weekday",
        "/reviews/day",
        "/reviews/people/0",
        "/people/0/email",
        "/alerts/0/when/above",
        "/alerts/0/when/split/channel",
        "/alerts/0/to/0",
    }


@pytest.mark.parametrize("raw", [None, [], "plan", 7])
def test_what_is_no_object_is_no_plan(raw: Any) -> None:
    assert pointers_of(raw) == {""}


def test_a_plan_is_not_for_ever() -> None:
    of_ten_years = {"plan_id": "p", "title": "Long", "from": "2026-01-01", "to": "2036-01-08"}
    assert read_plan(of_ten_years).plan.to_on == date(2036, 1, 8)
    with pytest.raises(Invalid) as refused:
        read_plan({**of_ten_years, "to": "2036-01-09"})
    assert [error.pointer for error in refused.value.errors] == ["/to"]


def test_a_target_in_the_wrong_direction_is_odd_and_may_stand() -> None:
    raw = copy.deepcopy(dict(PLAN))
    raw["objectives"][0] = {"id": "faster", "kpi": "dso", "at_least": 38, "by": "2026-06-30"}
    raw["objectives"].append(
        {"id": "r", "kpi": "recovery_rate", "at_least": 60, "by": "2026-06-30"}
    )
    warned = [warning.pointer for warning in read_plan(raw).warnings]
    assert warned == ["/objectives/0/at_least", "/objectives/2/at_least"]


def test_a_person_who_is_to_be_told_without_an_address_is_odd() -> None:
    raw = copy.deepcopy(dict(PLAN))
    del raw["people"][0]["email"]
    assert [warning.pointer for warning in read_plan(raw).warnings] == ["/people/0/email"]


def test_rules_of_a_tenant_know_no_plan() -> None:
    rules = read_alert_rules(
        {
            "rules": [
                {"id": "dso", "when": {"kpi": "dso", "days": 90, "above": 60}, "to": ["lea"]},
                {"id": "away", "when": {"platform": "behind"}, "to": ["lea"]},
                {"id": "calls", "when": {"experiment": "calls", "verdict": ["harmed"]}},
            ],
            "people": [{"id": "lea", "name": "Lea", "email": "lea@example.com"}],
        }
    )
    assert [rule.when.of for rule in rules.rules] == ["kpi", "platform", "experiment"]
    with pytest.raises(Invalid) as refused:
        read_alert_rules(
            {"rules": [{"id": "a", "when": {"objective": "*", "verdict": ["missed"]}}, {"id": "a"}]}
        )
    assert {error.pointer for error in refused.value.errors} == {
        "/rules/0/when/objective",
        "/rules/1/id",
        "/rules/1/when",
    }


# -------------------------------------------------------------------------------------- states


def a_record() -> PlanRecord:
    version = PlanVersion(
        version=1, edit=1, plan=read_plan(PLAN).plan, authors=("ann",), written_on=FROM
    )
    return PlanRecord(plan_id="spring-2026", state="draft", versions=(version,))


def running() -> PlanRecord:
    record = approved(a_record(), 1, by="bea", on=date(2026, 1, 30))
    return PlanRecord(
        plan_id=record.plan_id, state="running", versions=record.versions, started_on=FROM
    )


def test_nobody_approves_what_they_wrote() -> None:
    with pytest.raises(Forbidden):
        approved(a_record(), 1, by="ann", on=FROM)
    other = read_plan(dict(PLAN, title="Other")).plan
    second = written(a_record(), other, by="bea", on=FROM)
    assert second.newest.authors == ("ann", "bea")
    with pytest.raises(Forbidden):
        approved(second, 1, by="bea", on=FROM)
    assert approved(second, 1, by="cem", on=FROM).state == "approved"


def test_a_plan_begins_with_its_first_day_or_the_day_after_its_approval() -> None:
    assert approved(a_record(), 1, by="bea", on=date(2026, 1, 30)).starts_on == FROM
    late = approved(a_record(), 1, by="bea", on=date(2026, 2, 10))
    assert late.starts_on == date(2026, 2, 11)


def test_a_version_beside_one_that_runs_counts_from_the_next_day_on() -> None:
    plan = read_plan(dict(PLAN, title="Firmer")).plan
    record = written(running(), plan, by="ann", on=date(2026, 3, 1))
    assert (record.state, record.newest.version, record.draft is None) == ("running", 2, False)
    record = approved(record, 2, by="bea", on=date(2026, 3, 5))
    held = [record.holding_on(date(2026, 3, day)) for day in (5, 6)]
    assert [version and version.version for version in held] == [1, 2]
    assert record.state == "running"


def test_the_same_again_in_the_state_it_leads_to_changes_nothing() -> None:
    record = approved(a_record(), 1, by="bea", on=FROM)
    assert approved(record, 1, by="bea", on=TO) is record
    draft = withdrawn(record)
    assert (draft.state, draft.draft is not None) == ("draft", True)
    assert withdrawn(draft) is draft
    assert written(draft, draft.newest.plan, by="zoe", on=FROM) is draft


def test_anything_else_is_refused_with_the_state() -> None:
    with pytest.raises(WrongPlanState) as refused:
        withdrawn(running())
    assert refused.value.members == {"state": "running"}
    with pytest.raises(Conflict):
        approved(a_record(), 2, by="bea", on=FROM)
    with pytest.raises(WrongPlanState):
        may_review(a_record(), is_final=False, day=FROM)
    with pytest.raises(WrongPlanState):
        may_review(running(), is_final=True, day=TO)
    may_review(running(), is_final=True, day=TO + timedelta(days=1))
    with pytest.raises(WrongPlanState):
        may_close(running(), None)
    assert may_close(running(), "no longer wanted")
    closed = PlanRecord(plan_id="p", state="closed", versions=running().versions)
    assert not may_close(closed, None)
    with pytest.raises(WrongPlanState):
        written(closed, closed.newest.plan, by="ann", on=TO)


# ------------------------------------------------------------------------------------- reviews


@pytest.mark.parametrize(
    ("rhythm", "days"),
    [
        (ReviewRhythm(every="month", day=31), ["02-28", "03-31", "04-30", "05-31", "06-30"]),
        (ReviewRhythm(every="month", day=3), ["02-03", "03-03", "04-03", "05-03", "06-03"]),
        (ReviewRhythm(every="quarter", day=15), ["04-15"]),
    ],
)
def test_reviews_fall_due_on_days_of_months(rhythm: ReviewRhythm, days: list[str]) -> None:
    expected = [date.fromisoformat(f"2026-{day}") for day in days]
    assert list(due_days(rhythm, FROM, TO)) == [*expected, TO + timedelta(days=1)]


def test_reviews_fall_due_on_a_weekday() -> None:
    days = list(due_days(ReviewRhythm(every="week", weekday="wed"), FROM, date(2026, 2, 20)))
    assert days == [date(2026, 2, 4), date(2026, 2, 11), date(2026, 2, 18), date(2026, 2, 21)]


def test_a_review_makes_up_for_those_before_it() -> None:
    rhythm = ReviewRhythm(every="month", day=3)

    def times(day: date, *held: date) -> tuple[date | None, bool]:
        found = review_times(rhythm, held, from_on=FROM, to_on=TO, day=day)
        return found.next_on, found.overdue

    assert times(date(2026, 2, 3)) == (date(2026, 2, 3), False)
    assert times(date(2026, 3, 10)) == (date(2026, 2, 3), True)
    assert times(date(2026, 3, 10), date(2026, 3, 3)) == (date(2026, 4, 3), False)
    known: dict[str, Any] = {"from_on": FROM, "to_on": TO}
    assert day_of_review(rhythm, [], day=date(2026, 3, 10), **known) == date(2026, 3, 3)
    assert day_of_review(rhythm, [date(2026, 3, 3)], day=date(2026, 3, 10), **known) == date(
        2026, 3, 10
    )


def test_every_kpi_can_be_asked_for_by_a_plan() -> None:
    traits = find_traits("received")
    assert traits is not None
    assert (traits.is_sum, traits.is_share) == (True, False)
    assert find_traits("aging") is not None
    assert find_traits("profit") is None
