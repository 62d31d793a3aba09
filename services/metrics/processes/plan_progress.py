"""A plan judged at the end of a day, and its progress as it is answered."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.metrics.commands.plan_times import plan_time
from services.metrics.context import Context
from services.metrics.domain.announced import (
    CERTIFICATES,
    VERSIONS,
    certificates_of,
    versions_of,
)
from services.metrics.domain.plans.budget import JudgedLine, first_cost_day, judge_budget
from services.metrics.domain.plans.conditions import Condition, kpi_key
from services.metrics.domain.plans.document import CollectionPlan, Objective
from services.metrics.domain.plans.forecast import Figure
from services.metrics.domain.plans.in_force import matches
from services.metrics.domain.plans.objectives import JudgedObjective, judge_objective
from services.metrics.domain.plans.progress import JudgedDay, progress_answer, standing
from services.metrics.domain.plans.questions import (
    FigureQuestion,
    condition_question,
    question_at,
    running_totals,
    weekly_days,
)
from services.metrics.domain.plans.resources import use_of
from services.metrics.domain.plans.reviews import review_times
from services.metrics.domain.plans.states import PlanRecord, PlanVersion
from services.metrics.domain.plans.traits import KpiTraits, find_traits
from services.metrics.domain.windows import ONE_DAY, Window
from services.metrics.processes.experiments import experiment_subjects
from services.metrics.processes.figures import before_end_of
from services.metrics.processes.plan_figures import KeptFigures, PlanFigures
from services.metrics.store import alerts as alert_store
from services.metrics.store import plan_actions as action_store
from services.metrics.store import plans as store
from services.metrics.store.announcements import list_announcements
from services.metrics.store.business_times import get_business_time
from shared.errors import Conflict, FieldError, Invalid

SHOWN_ALERTS_DAYS = timedelta(days=14)


class NothingToJudge(Conflict):
    """A draft that has no days or no currency yet."""


async def judge_plan(
    context: Context,
    tenant: str,
    record: PlanRecord,
    version: PlanVersion,
    *,
    day: date,
    known_on: date | None,
    figures: PlanFigures | None = None,
) -> JudgedDay:
    """What the figures say of a plan at the end of a day, by what was known."""
    plan = version.plan
    figures = figures or KeptFigures(context.db)
    from_on, to_on, currency = whole(plan)
    first_on = await figures.first_day(tenant, currency, known_on)
    objectives = [
        await _judge_objective(figures, tenant, plan, each, day, known_on, first_on)
        for each in plan.objectives
    ]
    lines: list[JudgedLine] = []
    if plan.budget:
        window = Window(first_cost_day(day, from_on), day)
        costs = await figures.costs(tenant, currency, window, known_on)
        lines = judge_budget(
            plan.budget,
            costs,
            currency=currency,
            day=day,
            from_on=from_on,
            to_on=to_on,
            first_on=first_on,
        )
    conditions = [rule.when for rule in plan.alerts]
    conditions += [each.when for each in plan.contingencies]
    async with context.db.reading() as session:
        reviews = await store.list_reviews(session, tenant, record.plan_id)
    held = [review for review in reviews if review.reviewed_on <= day + ONE_DAY]
    return JudgedDay(
        day=day,
        version=version.version,
        objectives=tuple(objectives),
        budget=tuple(lines),
        kpis=await ask_conditions(figures, tenant, conditions, currency, day, known_on),
        experiments=await experiment_subjects(
            context.db, tenant, experiments_of(conditions), day=day, known_on=known_on
        ),
        reviews=review_times(
            plan.reviews,
            [review.for_day for review in held],
            from_on=from_on,
            to_on=to_on,
            day=day,
            has_final=any(review.is_final for review in held),
        ),
    )


def whole(plan: CollectionPlan) -> tuple[date, date, str]:
    """Its days and its currency. Raises `NothingToJudge`."""
    if plan.from_on is None or plan.to_on is None or plan.currency is None:
        raise NothingToJudge("The plan is a draft without days or currency: nothing can be judged.")
    return plan.from_on, plan.to_on, plan.currency


def traits_of(name: str) -> KpiTraits:
    traits = find_traits(name)
    assert traits is not None, "unknown KPIs are refused when a plan is written"
    return traits


async def ask_conditions(
    figures: PlanFigures,
    tenant: str,
    conditions: Sequence[Condition],
    currency: str | None,
    day: date,
    known_on: date | None,
) -> dict[str, float | None]:
    """The KPIs that conditions ask for, by their keys."""
    asked = {kpi_key(each): each for each in conditions if each.kpi is not None}
    questions = [
        condition_question(each, currency, traits_of(each.kpi or ""), day)
        for each in asked.values()
    ]
    if not questions:
        return {}
    values = await figures.values(tenant, questions, known_on)
    return {
        key: None if value is None else float(value)
        for key, value in zip(asked, values, strict=True)
    }


def experiments_of(conditions: Sequence[Condition]) -> frozenset[str]:
    return frozenset(each.experiment for each in conditions if each.experiment is not None)


async def _judge_objective(
    figures: PlanFigures,
    tenant: str,
    plan: CollectionPlan,
    objective: Objective,
    day: date,
    known_on: date | None,
    first_on: date | None,
) -> JudgedObjective:
    from_on, _, plan_currency = whole(plan)
    traits = traits_of(objective.kpi)
    currency = objective.currency or plan_currency
    if traits.is_money and objective.currency not in (None, plan_currency):
        first_on = await figures.first_day(tenant, currency, known_on)
    elif not traits.is_money:
        first_on = await figures.first_day(tenant, None, known_on)
    days = [day] if day >= objective.by else weekly_days(day)
    ask_path = _running if objective.days == "plan" else _trailing
    asked = (from_on, days, day, known_on, first_on)
    values, baseline, at_by = await ask_path(figures, tenant, objective, currency, traits, asked)
    return judge_objective(
        objective,
        traits,
        day=day,
        from_on=from_on,
        values=values,
        baseline=baseline,
        at_by=at_by,
        currency=currency if traits.is_money else None,
    )


_Asked = tuple[date, list[date], date, date | None, date | None]
_Path = tuple[list[Figure | None], Figure | None, Figure | None]


async def _running(
    figures: PlanFigures,
    tenant: str,
    objective: Objective,
    currency: str,
    traits: KpiTraits,
    asked: _Asked,
) -> _Path:
    """Of a sum over the plan: each day's total, 0 before it, and the total at `by`."""
    from_on, days, day, known_on, first_on = asked
    first = min(days[0], from_on) - ONE_DAY
    question = FigureQuestion(
        kpi=objective.kpi,
        split=objective.split,
        currency=currency if traits.is_money else None,
        per=objective.per,
        counted=objective.counted,
        from_on=first,
        to_on=day,
        at=day,
    )
    daily = await figures.daily(tenant, question, known_on)
    totals: list[Figure | None] = list(
        running_totals(daily, days, from_on=from_on, first_on=first_on)
    )
    at_by: Figure | None = None
    if day >= objective.by:
        (at_by,) = running_totals(daily, [objective.by], from_on=from_on, first_on=first_on)
    return totals, None if day < from_on - ONE_DAY else 0, at_by


async def _trailing(
    figures: PlanFigures,
    tenant: str,
    objective: Objective,
    currency: str,
    traits: KpiTraits,
    asked: _Asked,
) -> _Path:
    """Of a figure over days that end with the day asked for."""
    from_on, days, day, known_on, first_on = asked
    before = from_on - ONE_DAY
    wanted = dict.fromkeys(
        each for each in (*days, before) if each <= day and first_on and each >= first_on
    )
    questions = [question_at(objective, currency, traits, each) for each in wanted]
    is_over = day >= objective.by
    if is_over:
        questions.append(question_at(objective, currency, traits, objective.by, at=day))
    found = await figures.values(tenant, questions, known_on) if questions else []
    by_day: Mapping[date, Figure | None] = dict(zip(wanted, found, strict=False))
    values = [by_day.get(each) for each in days]
    return values, by_day.get(before), found[-1] if is_over else None


async def plan_progress(
    context: Context, tenant: str, plan_id: str, as_of: date | None
) -> tuple[JudgedDay, dict[str, Any]]:
    """The progress of a plan, by what was known at the end of a day; None: by now."""
    async with context.db.reading() as session:
        record = await store.get_plan(session, tenant, plan_id)
        today = (await plan_time(session, tenant, context.clock)).day
    day = as_of or today
    version = record.holding_on(day) or record.approved or record.newest
    last_on = max(today, version.plan.to_on or today)
    if day > last_on:
        detail = f"must not be after {last_on}: the plan is over by then"
        raise Invalid("Nothing is judged then.", [FieldError("/query/as_of", detail)])
    judged = await judge_plan(context, tenant, record, version, day=day, known_on=as_of)
    return judged, await _answer(context, tenant, record, version, judged, as_of)


async def _answer(
    context: Context,
    tenant: str,
    record: PlanRecord,
    version: PlanVersion,
    judged: JudgedDay,
    as_of: date | None,
) -> dict[str, Any]:
    plan, day = version.plan, judged.day
    from_on, _, currency = whole(plan)
    async with context.db.reading() as session:
        zone, _ = await get_business_time(session, tenant)
        before = before_end_of(as_of, zone)
        kept = await list_announcements(session, tenant, (*VERSIONS, *CERTIFICATES), before)
        known = await alert_store.list_alerts_of(
            session, tenant, record.plan_id, since=day - SHOWN_ALERTS_DAYS, until=day
        )
        actions = await action_store.list_actions(session, tenant, record.plan_id)
    work = await KeptFigures(context.db).work(tenant, Window(from_on, max(day, from_on)), as_of)
    alerts = [each for each in known if each.ended_on is None or each.ended_on > day]
    return progress_answer(
        judged,
        plan_id=record.plan_id,
        title=plan.title,
        currency=currency,
        state=record.state,
        resources=use_of(plan.resources, work, certificates_of(kept), from_on=from_on, day=day),
        in_force=matches(plan, versions_of(kept, zone), day),
        contingencies=standing(
            plan, [each for each in actions if each.triggered_on <= day], alerts
        ),
        alerts=alerts,
        kpis={each.kpi: traits_of(each.kpi) for each in plan.objectives},
    )
