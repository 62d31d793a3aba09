"""What stands on a printed plan: sections of facts, sentences, tables; the same in every form."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from services.metrics.domain.plans.conditions import Condition
from services.metrics.domain.plans.document import CollectionPlan, Contingency, Objective
from services.metrics.domain.plans.reviews import PlanReview, due_days
from services.metrics.domain.plans.states import PlanRecord, PlanVersion
from services.metrics.domain.plans.texts import figure_text, money_text
from services.metrics.domain.plans.traits import find_traits

Row = tuple[str, ...]


class PaperTable(Struct, frozen=True, kw_only=True):
    """Columns with their share of the width, and rows."""

    columns: tuple[tuple[str, float], ...]
    rows: tuple[Row, ...]


class PaperSection(Struct, frozen=True, kw_only=True):
    heading: str
    facts: tuple[tuple[str, str], ...] = ()
    text: str = ""  # what is said where there is no row
    table: PaperTable | None = None


class PlanPaper(Struct, frozen=True, kw_only=True):
    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[PaperSection, ...]
    made_on: date
    plan_id: str


def paper_of(
    record: PlanRecord, version: PlanVersion, reviews: Sequence[PlanReview], *, made_on: date
) -> PlanPaper:
    """A version of a plan, with all that its JSON has."""
    plan = version.plan
    span = f"{plan.from_on or 'open'} to {plan.to_on or 'open'}"
    return PlanPaper(
        title=plan.title,
        facts=(
            ("Plan", plan.plan_id),
            ("State", record.state),
            ("Version", str(version.version)),
            ("Days", span),
            ("Currency", plan.currency or "open"),
        ),
        sections=(
            _objectives(plan),
            _people(plan),
            _channels(plan),
            _budget(plan),
            _strategies(plan),
            _policies(plan),
            _measures(plan),
            _contingencies(plan),
            _alerts(plan),
            _rhythm(plan),
            _reviews(reviews),
            _approvals(record),
        ),
        made_on=made_on,
        plan_id=plan.plan_id,
    )


def _table(
    heading: str, columns: Mapping[str, float], rows: Iterable[Row], nothing: str
) -> PaperSection:
    listed = tuple(rows)
    if not listed:
        return PaperSection(heading=heading, text=nothing)
    table = PaperTable(columns=tuple(columns.items()), rows=listed)
    return PaperSection(heading=heading, table=table)


def _objectives(plan: CollectionPlan) -> PaperSection:
    columns = {"Objective": 3, "KPI": 4, "Of": 3, "Days": 2, "Target": 3, "By": 2.6, "Why": 3.4}
    rows = [_objective(each, plan.currency) for each in plan.objectives]
    return _table("Objectives", columns, rows, "None yet.")


def _objective(each: Objective, currency: str | None) -> Row:
    traits = find_traits(each.kpi)
    assert traits is not None, "unknown KPIs are refused when a plan is written"
    money = each.currency or currency if traits.is_money else None
    target = (
        f"{'at least' if each.is_floor else 'at most'} {figure_text(each.target, traits, money)}"
    )
    of = [f"{name} {value}" for name, value in sorted(each.split.items())]
    of += [f"per {each.per}"] if each.per else []
    of += [f"by {each.counted}"] if each.counted else []
    of += [each.currency] if each.currency else []
    days = each.days or ("month" if traits.is_monthly else 90)
    return (each.id, each.kpi, ", ".join(of), str(days), target, str(each.by), each.why or "")


def _people(plan: CollectionPlan) -> PaperSection:
    rows = [
        (each.collector, each.role or "", f"{each.hours_per_week:g} h a week")
        for each in plan.resources.people
    ]
    columns = {"Person": 3, "Role": 3, "Time": 2}
    return _table("Resources: people", columns, rows, "None are named.")


def _channels(plan: CollectionPlan) -> PaperSection:
    resources = plan.resources
    rows = [
        *(("channel", each.channel, f"{each.per_day:,} a day") for each in resources.channels),
        *(("tool", name, "") for name in resources.tools),
        *(("training", name, "certificate") for name in resources.training),
    ]
    columns = {"Kind": 2, "Name": 3, "How much": 2}
    return _table("Resources: channels, tools, training", columns, rows, "None are named.")


def _budget(plan: CollectionPlan) -> PaperSection:
    rows: list[Row] = []
    for line in plan.budget:
        members = (
            ("", line.kinds),
            ("by ", line.channels),
            ("queue ", line.queues),
            ("by ", line.collectors),
        )
        takes = "; ".join(f"{word}{', '.join(names)}" for word, names in members if names)
        amount = money_text(line.amount_minor, plan.currency or "EUR")
        rows.append((line.id, takes or "all costs", amount))
    return _table("Budget", {"Line": 3, "Costs": 5, "Amount": 3}, rows, "None yet.")


def _strategies(plan: CollectionPlan) -> PaperSection:
    rows = [(each.name, each.version) for each in plan.strategies]
    return _table("Strategies", {"Strategy": 3, "Version": 3}, rows, "None are named.")


def _policies(plan: CollectionPlan) -> PaperSection:
    rows = [(each.kind, each.name or "", each.version) for each in plan.policies]
    return _table("Policies", {"Kind": 2, "Name": 3, "Version": 3}, rows, "None are named.")


def _measures(plan: CollectionPlan) -> PaperSection:
    """How each KPI of the objectives is measured."""
    rows = []
    for name in dict.fromkeys(each.kpi for each in plan.objectives):
        traits = find_traits(name)
        assert traits is not None, "unknown KPIs are refused when a plan is written"
        better = f"{traits.better} is better" if traits.better else ""
        rows.append((name, traits.definition, traits.unit, better))
    columns = {"KPI": 3, "Definition": 8, "Unit": 1.5, "Direction": 2}
    return _table("Measures", columns, rows, "None yet.")


def _contingencies(plan: CollectionPlan) -> PaperSection:
    rows = [
        (each.id, condition_text(each.when), _days(each.for_days), _deed(each))
        for each in plan.contingencies
    ]
    columns = {"Contingency": 3, "When": 5, "For": 2, "Then": 5}
    return _table("Contingencies", columns, rows, "None are planned.")


def _deed(each: Contingency) -> str:
    deed, once = each.do, ", once" if each.once else ""
    if deed.activate_strategy is not None:
        asked = deed.activate_strategy
        return f"activate strategy {asked.name} {asked.version} ({asked.in_flight}){once}"
    if deed.activate_assignments is not None:
        asked_for = deed.activate_assignments
        return f"activate assignments {asked_for.version} ({asked_for.in_flight}){once}"
    if deed.stop_experiment is not None:
        return f"stop experiment {deed.stop_experiment.name}{once}"
    return f"tell {_names(deed.alert.to if deed.alert is not None else ())}{once}"


def _alerts(plan: CollectionPlan) -> PaperSection:
    rows = [
        (rule.id, condition_text(rule.when), _days(rule.for_days), _names(rule.to))
        for rule in plan.alerts
    ]
    return _table("Alerts", {"Alert": 3, "When": 5, "For": 2, "Tells": 4}, rows, "None.")


def condition_text(when: Condition) -> str:
    """A condition in words."""
    if when.objective is not None:
        which = "any objective" if when.objective == "*" else f"objective {when.objective}"
        return f"{which} is {' or '.join(when.verdict)}"
    if when.budget is not None:
        which = "any budget line" if when.budget == "*" else f"budget line {when.budget}"
        return f"{which} is {' or '.join(when.state)}"
    if when.kpi is not None:
        split = ", ".join(f"{name} {value}" for name, value in sorted(when.split.items()))
        of = f" of {split}" if split else ""
        bound = f"above {when.above:g}" if when.above is not None else f"below {when.below:g}"
        return f"{when.kpi}{of} is {bound}"
    if when.experiment is not None:
        return f"experiment {when.experiment} is {' or '.join(when.verdict)}"
    if when.review is not None:
        return "a review is overdue"
    return "events are behind" if when.platform == "behind" else "accounts are parked"


def _rhythm(plan: CollectionPlan) -> PaperSection:
    rhythm = plan.reviews
    if rhythm is None:
        return PaperSection(heading="Review rhythm", text="None yet.")
    on = rhythm.weekday if rhythm.every == "week" else f"day {rhythm.day}"
    facts = [
        ("Every", f"{rhythm.every}, {on}"),
        ("People", _people_names(plan, rhythm.people)),
    ]
    if plan.from_on is not None and plan.to_on is not None:
        days = ", ".join(str(day) for day in due_days(rhythm, plan.from_on, plan.to_on))
        facts.append(("Due", days))
    return PaperSection(heading="Review rhythm", facts=tuple(facts))


def _reviews(reviews: Sequence[PlanReview]) -> PaperSection:
    rows = []
    for review in reviews:
        decisions = "; ".join(
            " ".join(
                filter(
                    None,
                    (
                        each.text,
                        f"({each.who})" if each.who else "",
                        f"by {each.by}" if each.by else "",
                    ),
                )
            )
            for each in review.decisions
        )
        kind = " (final)" if review.is_final else ""
        rows.append((f"{review.for_day}{kind}", review.reviewed_by, review.notes, decisions))
    columns = {"For": 3, "By": 2, "Notes": 6, "Decisions": 6}
    return _table("Reviews", columns, rows, "None were held.")


def _approvals(record: PlanRecord) -> PaperSection:
    rows = [
        (
            str(each.version),
            ", ".join(each.authors),
            str(each.written_on),
            each.approved_by or "not approved",
            str(each.approved_on or ""),
            str(each.holds_from or ""),
        )
        for each in record.versions
    ]
    columns: dict[str, Any] = {
        "Version": 1.5, "Written by": 4, "On": 2, "Approved by": 4, "Approved on": 2.5,
        "Holds from": 2.5,
    }  # fmt: skip
    return _table("Approvals", columns, rows, "None.")


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "nobody"


def _people_names(plan: CollectionPlan, ids: Sequence[str]) -> str:
    known = {person.id: person.name for person in plan.people}
    return _names([known.get(each, each) for each in ids])
