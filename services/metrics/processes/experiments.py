"""Experiments judged: the runs that were announced, with their analyses and the sums of arms."""

from datetime import date
from typing import Any

from services.metrics.domain.announced import EXPERIMENTS, runs_of
from services.metrics.domain.experiments.analysis import DEFAULT
from services.metrics.domain.experiments.report import (
    ExperimentRun,
    Findings,
    as_answer,
    findings_of,
)
from services.metrics.domain.plans.conditions import SubjectFigures
from services.metrics.processes.figures import before_end_of, business_day
from services.metrics.store import experiments as store
from services.metrics.store.announcements import list_announcements
from services.metrics.store.business_times import get_business_time
from services.metrics.store.figures import find_tenant
from shared.database import Database, Session
from shared.errors import NotFound
from shared.texts import shown


class NoSuchExperiment(NotFound):
    pass


async def list_runs(session: Session, tenant: str, known_on: date | None) -> list[ExperimentRun]:
    """By name and number, by what was known at the end of a day."""
    zone, _ = await get_business_time(session, tenant)
    before = before_end_of(known_on, zone)
    kept = await list_announcements(session, tenant, EXPERIMENTS, before)
    return runs_of(kept, zone)


async def judge_run(
    session: Session, tenant: str, run: ExperimentRun, *, at: date, known_on: date | None
) -> Findings:
    """A run at the end of a day, by what was known."""
    zone, _ = await get_business_time(session, tenant)
    before = before_end_of(known_on, zone)
    key = (tenant, run.name, run.run)
    analysis = await store.find_analysis(session, *key) or DEFAULT
    days = await store.list_arm_days(session, *key, before)
    exposures = await store.list_exposures(session, *key, before)
    return findings_of(run, analysis, days, exposures, at=at)


async def experiment_answer(
    db: Database, tenant: str, name: str, *, run: int | None, at: date | None, as_of: date | None
) -> dict[str, Any]:
    """`GET /v1/experiments/{name}`. Raises `NoSuchExperiment`."""
    async with db.reading() as session:
        found = await find_run(session, tenant, name, run, as_of)
        day = at or as_of or business_day(await find_tenant(session, tenant))
        judged = await judge_run(session, tenant, found, at=day, known_on=as_of)
    return {**as_answer(judged), "at": day}


async def find_run(
    session: Session, tenant: str, name: str, run: int | None, known_on: date | None
) -> ExperimentRun:
    """That run, or the last one. Raises `NoSuchExperiment`."""
    runs = [each for each in await list_runs(session, tenant, known_on) if each.name == name]
    found = [each for each in runs if run is None or each.run == run]
    if not found:
        what = f"no experiment {shown(name)}" if run is None else f"no run {run} of {shown(name)}"
        raise NoSuchExperiment(f"There is {what} that was started.")
    return found[-1]


async def experiment_subjects(
    db: Database, tenant: str, names: frozenset[str], *, day: date, known_on: date | None
) -> dict[str, SubjectFigures]:
    """For conditions: the verdict on the last run of each experiment."""
    if not names:
        return {}
    found: dict[str, SubjectFigures] = {}
    async with db.reading() as session:
        for run in await list_runs(session, tenant, known_on):
            if run.name in names and run.started_on <= day:
                judged = await judge_run(session, tenant, run, at=day, known_on=known_on)
                found[run.name] = SubjectFigures(
                    subject=run.name,
                    state=judged.judgement.verdict,
                    words=judged.judgement.words,
                )
    return found
