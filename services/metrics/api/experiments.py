"""Experiments over HTTP: what is to be compared, and what came of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response

from services.metrics.api import plan_models as models
from services.metrics.api.dependencies import CallerDep, ContextDep, WriterDep
from services.metrics.commands.experiments import write_analysis
from services.metrics.domain.experiments.analysis import read_analysis
from services.metrics.domain.windows import ONE_DAY
from services.metrics.processes.experiments import experiment_answer, list_runs
from shared.errors import FieldError, Invalid
from shared.web import Day, ReadSessionDep, SessionDep, json_response

RUN_MAX = 2_147_483_647  # as they are counted in the database

router = APIRouter(tags=["experiments"])
Name = Annotated[str, Path(max_length=128)]
Run = Annotated[int | None, Query(ge=1, le=RUN_MAX, description="Default: the last.")]


@router.get(
    "/v1/experiments", response_model=models.ExperimentList, summary="Experiments that were started"
)
async def list_experiments(session: ReadSessionDep, caller: CallerDep) -> Response:
    """Every run, by name and number."""
    runs = await list_runs(session, caller.tenant, None)
    return json_response(
        {
            "items": [
                {
                    "name": run.name,
                    "run": run.run,
                    "status": run.status,
                    "champion": run.champion,
                    "started_on": run.started_on,
                    "stopped_on": run.stopped_on,
                }
                for run in runs
            ]
        }
    )


@router.get(
    "/v1/experiments/{name}",
    response_model=models.ExperimentAnswer,
    summary="An experiment: arms, effects, verdict",
)
async def get_experiment(
    name: Name,
    context: ContextDep,
    caller: CallerDep,
    run: Run = None,
    at: Annotated[Day | None, Query(description="By the accounts ripe at this day's end.")] = None,
    as_of: Annotated[Day | None, Query(description="By what was known at this day's end.")] = None,
) -> Response:
    """Intervals hold on all days at once: looking often does no harm."""
    if at is not None and as_of is not None and at > as_of + ONE_DAY * 366:
        raise Invalid("The question cannot be answered.", [FieldError("/query/at", "is too far")])
    answer = await experiment_answer(context.db, caller.tenant, name, run=run, at=at, as_of=as_of)
    return json_response(answer)


@router.put(
    "/v1/experiments/{name}/analysis",
    response_model=models.AnalysisView,
    summary="Say what an experiment is to compare",
)
async def put_analysis(
    name: Name,
    body: Annotated[
        Any,
        Body(
            description="docs/experiments.md; every member has a default.",
            examples=[{"primary": {"metric": "settled", "worthwhile": 0.02}}],
        ),
    ],
    session: SessionDep,
    caller: WriterDep,
    run: Run = None,
) -> Response:
    """Kept per run, by default for the next one. Once the run has started: 409."""
    analysis = read_analysis(body)
    written = await write_analysis(session, caller.tenant, name, run, analysis, by=caller.subject)
    return json_response({"name": name, "run": written, "analysis": analysis})
