"""Beginning days: the day before is judged, alerts come and go, contingencies act, plans start.

Days begin in their order, each once. Judging reads the figures with no transaction open; what comes
of it is kept in one transaction for each plan and day. One plan that fails does not stop others.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec
from msgspec import Struct, structs

from services.metrics.commands.plan_days import (
    Beginning,
    CheckedPlan,
    begin_plans,
    keep_check,
)
from services.metrics.context import Context
from services.metrics.domain.plans.alerts import CORRECTED_WITHIN, Alert
from services.metrics.domain.plans.checks import (
    CheckInput,
    SaidDay,
    Watched,
    days_to_look_at_again,
    watched_by,
)
from services.metrics.domain.plans.conditions import Condition, DayFacts
from services.metrics.domain.plans.document import people_of
from services.metrics.domain.plans.news import When
from services.metrics.domain.plans.progress import standing
from services.metrics.domain.plans.states import PlanRecord
from services.metrics.domain.windows import ONE_DAY
from services.metrics.processes.experiments import experiment_subjects, judge_run, list_runs
from services.metrics.processes.plan_actions import act_due
from services.metrics.processes.plan_figures import KeptFigures
from services.metrics.processes.plan_progress import (
    ask_conditions,
    experiments_of,
    judge_plan,
)
from services.metrics.store import alerts as alert_store
from services.metrics.store import plan_actions as action_store
from services.metrics.store import plan_days as store
from services.metrics.store import plans as plan_store
from services.metrics.store.alerts import KeptRules
from services.metrics.store.business_times import get_business_time
from shared import clock
from shared.business_time import refuse_future, refuse_future_day
from shared.clock import day_start, local_day
from shared.database import Session
from shared.errors import Unavailable
from shared.log.lag import LagReport
from shared.process.failures import is_for_now, note_failure

CHECKED_DAYS = 400  # of the days before, as far back as any rule asks
BEHIND_SECONDS = 600.0


class Backlog(Struct, frozen=True):
    """How far behind this service is."""

    behind: int
    oldest_seconds: float

    @property
    def is_long(self) -> bool:
        return self.behind > 0 and self.oldest_seconds >= BEHIND_SECONDS


AskBacklog = Callable[[], Awaitable[Backlog]]
NOT_KNOWN = Backlog(1, 0.0)  # whoever cannot be asked may have said something


def backlog_of(lag: Callable[[], Awaitable[LagReport]]) -> AskBacklog:
    """How far behind, by what `/v1/lag` says."""

    async def ask_backlog() -> Backlog:
        try:
            report = await lag()
        except Unavailable:
            return NOT_KNOWN
        waiting = [item.oldest_seconds for item in report.items if item.behind]
        return Backlog(report.behind, max(waiting, default=0.0))

    return ask_backlog


class StartedDays(Struct, frozen=True):
    """What beginning days came to."""

    day: date
    counts: dict[str, int]


async def start_day(
    context: Context,
    tenant: str,
    backlog: AskBacklog,
    *,
    day: date | None = None,
    at: datetime | None = None,
) -> StartedDays:
    """Begin a day, and every missed one before it. Safe to call again, and by several at once."""
    now = clock.now()
    async with context.db.reading() as session:
        zone, _ = await get_business_time(session, tenant)
        begun = await store.find_begun(session, tenant)
    refuse_future(context.clock, now, at=at)
    refuse_future_day(context.clock, now, day=day, zone=zone)
    last = day if day is not None else local_day(at or now, zone)
    behind = await backlog()
    counts: Counter[str] = Counter(checked=0, raised=0, cleared=0, corrected=0, acted=0)
    first = last if begun is None else begun.on + ONE_DAY
    for each in await _days_to_begin(context, tenant, first, last):
        await _begin(context, tenant, When(each, zone), behind, counts)
    async with context.db.transaction() as session:
        await store.upsert_begun(session, tenant, last, at or day_start(last, zone))
    counts["acted"] += await act_due(context, tenant=tenant)
    return StartedDays(last, dict(counts))


async def _days_to_begin(context: Context, tenant: str, first: date, last: date) -> Sequence[date]:
    """Where there is nothing to judge or to start, the last alone."""
    if first > last:
        return ()
    async with context.db.reading() as session:
        plans = await plan_store.list_plans(
            session, tenant, states=("approved", "running"), limit=1
        )
        rules = await alert_store.find_rules(session, tenant)
        runs = await list_runs(session, tenant, None)
    if not plans and not rules.rules.rules and not runs:
        return (last,)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


async def _begin(
    context: Context, tenant: str, when: When, backlog: Backlog, counts: Counter[str]
) -> None:
    """One day: what was is judged first, then plans start."""
    machine = clock.now()
    beginning = Beginning(
        tenant=tenant,
        when=when,
        recorded_at=max(machine, when.time) if context.clock == "system" else when.time,
        has_mailer=context.mailer is not None,
    )
    day = when.day - ONE_DAY
    async with context.db.reading() as session:
        running = await plan_store.list_plans(session, tenant, states=("running",))
        rules = await alert_store.find_rules(session, tenant)
        parked = await alert_store.count_parked(session, tenant)
    for record in running:
        if record.started_on is None or record.started_on > day:
            continue
        try:
            checked = await _checked_plan(context, tenant, record, day, backlog, parked)
        except Exception as error:
            if is_for_now(error):
                raise
            note_failure("metrics", "start-day", error, tenant=tenant, plan=record.plan_id)
            continue
        await _keep(context, beginning, checked, counts)
    if rules.rules.rules:
        await _keep(
            context,
            beginning,
            await _checked_rules(context, tenant, rules, day, backlog, parked),
            counts,
        )
    await _judge_experiments(context, tenant, day)
    async with context.db.transaction() as session:
        await store.lock_tenant_days(session, tenant)
        await begin_plans(session, beginning)
        await store.upsert_begun(session, tenant, when.day, when.time)
    counts["acted"] += await act_due(context, tenant=tenant)


async def _keep(
    context: Context, beginning: Beginning, checked: CheckedPlan, counts: Counter[str]
) -> None:
    async with context.db.transaction() as session:
        await store.lock_tenant_days(session, beginning.tenant)
        result = await keep_check(session, beginning, checked)
    counts["checked"] += 1
    counts["acted"] += sum(action.action == "alert" for action in result.actions)
    for change in result.changes:
        counts[change.change] += 1


async def _checked_plan(
    context: Context, tenant: str, record: PlanRecord, day: date, backlog: Backlog, parked: int
) -> CheckedPlan:
    """The check of a running plan: by what was known at the end of the day."""
    version = record.holding_on(day) or record.approved
    assert version is not None, "a running plan was approved"
    judged = await judge_plan(context, tenant, record, version, day=day, known_on=day)
    async with context.db.reading() as session:
        alerts, said = await _history(session, tenant, record.plan_id, day)
        actions = await action_store.list_actions(session, tenant, record.plan_id)
    again: dict[date, DayFacts] = {}
    for each in days_to_look_at_again(alerts, day):
        held = record.holding_on(each) or version
        known = await judge_plan(context, tenant, record, held, day=each, known_on=day)
        again[each] = known.facts(is_behind=False, parked=0)
    plan = version.plan
    rules = watched_by(plan)
    states = standing(plan, actions, alerts)
    given = CheckInput(
        tenant=tenant,
        plan_id=record.plan_id,
        version=version.version,
        rules=rules,
        facts=judged.facts(is_behind=backlog.is_long, parked=parked),
        said=said,
        alerts=alerts,
        looked_at_again=_without_platform(again, plan_rules=rules),
        armed=frozenset(each.id for each in states if each.state == "armed"),
        is_behind=backlog.behind > 0,
    )
    return CheckedPlan(
        given=given,
        people=people_of(plan.people),
        title=plan.title,
        progress=msgspec.json.encode(
            {
                "objectives": [structs.replace(each, path=()) for each in judged.objectives],
                "budget": judged.budget,
                "reviews": judged.reviews,
            }
        ),
    )


def _without_platform(
    again: dict[date, DayFacts], *, plan_rules: Sequence[Watched]
) -> dict[date, DayFacts]:
    """Days are looked at again by facts; what only the moment knew is not corrected."""
    has_moments = any(rule.when.platform or rule.when.review for rule in plan_rules)
    if not has_moments:
        return again
    return {day: facts for day, facts in again.items() if facts.objectives or facts.kpis}


async def _checked_rules(
    context: Context, tenant: str, kept: KeptRules, day: date, backlog: Backlog, parked: int
) -> CheckedPlan:
    """The check of a tenant's own rules."""
    rules = [Watched.of_rule(rule) for rule in kept.rules.rules]
    conditions = [rule.when for rule in rules]
    facts = await _facts(context, tenant, conditions, day, day, backlog=backlog, parked=parked)
    async with context.db.reading() as session:
        alerts, said = await _history(session, tenant, "", day)
    again = {
        each: await _facts(context, tenant, conditions, each, day)
        for each in days_to_look_at_again(alerts, day)
    }
    given = CheckInput(
        tenant=tenant,
        plan_id=None,
        version=None,
        rules=rules,
        facts=facts,
        said=said,
        alerts=alerts,
        looked_at_again=again,
        armed=frozenset(),
        is_behind=backlog.behind > 0,
    )
    return CheckedPlan(given=given, people=people_of(kept.rules.people), title="Recoup")


async def _facts(
    context: Context,
    tenant: str,
    conditions: Sequence[Condition],
    day: date,
    known_on: date,
    *,
    backlog: Backlog | None = None,
    parked: int = 0,
) -> DayFacts:
    figures = KeptFigures(context.db)
    return DayFacts(
        day=day,
        kpis=await ask_conditions(figures, tenant, conditions, None, day, known_on),
        experiments=await experiment_subjects(
            context.db, tenant, experiments_of(conditions), day=day, known_on=known_on
        ),
        is_behind=backlog is not None and backlog.is_long,
        parked=parked,
    )


async def _history(
    session: Session, tenant: str, plan_id: str, day: date
) -> tuple[list[Alert], list[SaidDay]]:
    since = day - max(CORRECTED_WITHIN, timedelta(days=CHECKED_DAYS))
    alerts = await alert_store.list_alerts_of(session, tenant, plan_id, since=since)
    said = await store.list_said(session, tenant, plan_id, until=day - ONE_DAY, limit=CHECKED_DAYS)
    return alerts, said


async def _judge_experiments(context: Context, tenant: str, day: date) -> None:
    """Runs whose verdict is one that stops them are to be stopped: asked for once each."""
    async with context.db.reading() as session:
        runs = [run for run in await list_runs(session, tenant, day) if run.status == "running"]
        stops = []
        for run in runs:
            judged = await judge_run(session, tenant, run, at=day, known_on=day)
            verdict = judged.judgement.verdict
            if verdict in judged.analysis.stop_when:
                stops.append(
                    action_store.ExperimentStop(
                        tenant=tenant,
                        name=run.name,
                        run=run.run,
                        verdict=verdict,
                        words=judged.judgement.words,
                        made_at=clock.now(),
                    )
                )
    if stops:
        async with context.db.transaction() as session:
            for stop in stops:
                await action_store.insert_stop(session, stop, day)
