"""Experiments: champion/challenger arms, written, started, stopped, checked."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from services.segmentation.api.dependencies import ContextDep, Reader, Writer
from services.segmentation.commands import experiments as commands
from services.segmentation.commands.business_time import business_now, settings_now
from services.segmentation.domain.experiments import parse
from services.segmentation.processes import guardrails
from services.segmentation.store import experiments as store
from shared.web import Model, PagingDep, ReadSessionDep, SessionDep, json_response, once, page

router = APIRouter(tags=["experiments"])
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class ArmView(Model):
    name: str
    share: float


class GuardrailView(Model):
    figure: str
    tolerance: float
    segment: str | None = None
    accounts_from: int = 100


class DesignView(Model):
    description: str
    champion: str
    arms: list[ArmView]
    population: float = 1.0
    only_segments: list[str] = Field(default_factory=list)
    exclude_segments: list[str] = Field(default_factory=list)
    exclude_tags: list[str] = Field(default_factory=list)
    guardrails: list[GuardrailView] = Field(default_factory=list)


class ExperimentView(Model):
    name: str
    run: int
    design: DesignView
    status: Literal["draft", "running", "stopped"]
    stored_at: datetime
    started_at: datetime | None
    stopped_at: datetime | None
    because: str | None


class ExperimentPage(Model):
    items: list[ExperimentView]
    next_cursor: str | None


class StopRequest(Model):
    reason: Reason


class BreachView(Model):
    arm: str
    figure: str
    segment: str | None
    champion: float
    challenger: float
    tolerance: float
    because: str


class ArmFiguresView(Model):
    accounts: int
    figures: dict[str, float | None]
    segments: dict[str, int]


class CheckedView(Model):
    name: str
    run: int
    status: str
    arms: dict[str, ArmFiguresView]
    breaches: list[BreachView]


class CheckedList(Model):
    items: list[CheckedView]


@router.put("/v1/experiments/{name}", response_model=ExperimentView)
async def put_experiment(
    name: Annotated[str, Path(max_length=40, pattern=r"^[a-z][a-z0-9-]{0,39}$")],
    body: DesignView,
    context: ContextDep,
    session: SessionDep,
    caller: Writer,
) -> Response:
    """Write an experiment's design. One that runs cannot be changed (409); the design of a stopped
    one is a new run, which draws its arms anew."""
    design = parse(body.model_dump(exclude_unset=True))
    at = await business_now(session, caller.tenant, context.clock)
    policies = await context.policies.of(session, [caller.tenant])
    run = await commands.put_experiment(
        session, caller.tenant, name, design, segments=policies[caller.tenant].names, at=at
    )
    return json_response(run)


@router.get("/v1/experiments", response_model=ExperimentPage)
async def list_experiments(session: ReadSessionDep, caller: Reader, paging: PagingDep) -> Response:
    """The latest run of every experiment, by name."""
    (after,) = paging.after(tuple[str]) or ("",)
    found = await store.list_runs(session, caller.tenant, after=after, limit=paging.limit + 1)
    return json_response(page(found, paging.limit, lambda row: (row.name,)))


@router.get("/v1/experiments/{name}", response_model=ExperimentView)
async def get_experiment(name: str, session: ReadSessionDep, caller: Reader) -> Response:
    """The latest run of an experiment."""
    return json_response(await commands.get_run(session, caller.tenant, name))


@router.post("/v1/experiments/{name}/start", response_model=ExperimentView)
async def start_experiment(
    name: str, request: Request, context: ContextDep, session: SessionDep, caller: Writer
) -> Response:
    """Begin, or go on with the same arms after a stop. Accounts draw theirs in the background."""

    async def act() -> Any:
        at = await settings_now(session, caller.tenant, context.clock)
        return await commands.start_experiment(session, caller.tenant, name, at=at)

    return await once(request, session, caller, act, status=200)


@router.post("/v1/experiments/{name}/stop", response_model=ExperimentView)
async def stop_experiment(
    name: str,
    body: StopRequest,
    request: Request,
    context: ContextDep,
    session: SessionDep,
    caller: Writer,
) -> Response:
    """End it. Its arms are no longer announced."""

    async def act() -> Any:
        at = await settings_now(session, caller.tenant, context.clock)
        return await commands.stop_experiment(
            session, caller.tenant, name, because=body.reason, at=at
        )

    return await once(request, session, caller, act, status=200)


@router.post("/v1/experiments/{name}/check", response_model=CheckedView)
async def check_experiment(name: str, context: ContextDep, caller: Writer) -> Response:
    """Compare the arms; a broken guardrail stops the experiment. Reads all of the accounts."""
    return json_response(await guardrails.check_experiment(context, caller.tenant, name))


@router.post("/v1/jobs/check-experiments", response_model=CheckedList, tags=["jobs"])
async def check_experiments(context: ContextDep, caller: Writer) -> Response:
    """The same of every experiment that runs."""
    return json_response({"items": await guardrails.check_experiments(context, caller.tenant)})
