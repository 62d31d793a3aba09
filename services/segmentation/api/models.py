"""Models: training, testing on the past, the registry, promotion, rollback, shadow."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.segmentation.commands import models as commands
from services.segmentation.commands.business_time import business_now
from services.segmentation.processes.training import Order, run_backtest, train_model
from services.segmentation.learning.cases import HORIZON_DAYS, HORIZON_DAYS_MAX, Target
from services.segmentation.learning.model import described
from services.segmentation.store import models as store
from services.segmentation.store import rescoring
from shared.database import Session
from shared.web import (
    Day,
    Model,
    Paging,
    PagingDep,
    ReadSessionDep,
    SessionDep,
    json_response,
    once,
    page,
)
from shared.web.auth import Caller, needs

router = APIRouter(tags=["models"])
Reader = Annotated[Caller, needs("segmentation:read", "segmentation:write")]
Writer = Annotated[Caller, needs("segmentation:write")]
Horizon = Annotated[int, Field(ge=1, le=HORIZON_DAYS_MAX)]
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class TrainRequest(Model):
    target: Target
    horizon_days: Horizon = HORIZON_DAYS
    until: Day | None = None


class BacktestRequest(Model):
    target: Target
    train_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.7
    horizon_days: Horizon = HORIZON_DAYS


class PromoteRequest(Model):
    reason: Reason
    target: Target | None = None  # needed for the rule card alone, which answers for both


class RollbackRequest(Model):
    target: Target
    reason: Reason


class ShadowRequest(Model):
    reason: Reason
    stop: bool = False


class CalibrationView(Model):
    from_probability: float
    to_probability: float
    cases: int
    mean_probability: float
    observed_share: float


class FiguresView(Model):
    share: float | None
    auc: float | None
    brier: float | None
    log_loss: float | None
    calibration_error: float | None
    calibration: list[CalibrationView]


class BacktestView(FiguresView):
    target: Target
    horizon_days: int
    train_fraction: float
    split_on: date
    n_train: int
    n_test: int
    n_learned: int
    baseline: FiguresView
    challenger: FiguresView | None
    model_version: str
    features: list[str]


class ChallengerView(FiguresView):
    version: str


class TrainedView(FiguresView):
    version: str
    sha256: str
    target: Target
    horizon_days: int
    code_version: str
    features: list[str]
    window: dict[str, Any]
    validation: dict[str, Any] | None
    shrinkage: float
    until: date
    n_train: int
    n_test: int
    baseline: FiguresView
    challenger: ChallengerView


class PromotedView(Model):
    target: Target
    model_version: str
    from_version: str
    is_rollback: bool
    changed: bool
    rescoring: int | None


class RoleView(Model):
    target: Target
    role: Literal["champion", "shadow"]
    number: int
    version: str | None
    from_version: str | None
    is_rollback: bool
    reason: str
    promoted_by: str
    at: str


class RolePage(Model):
    items: list[RoleView]
    next_cursor: str | None


class RegisteredView(Model):
    number: int
    version: str
    target: Target
    role: Literal["champion", "shadow"] | None
    horizon_days: int
    until: date
    beside: str | None
    report: dict[str, Any]
    trained_by: str
    created_at: str


class RegistryPage(Model):
    in_force: dict[str, str]
    shadows: dict[str, str]
    items: list[RegisteredView]
    next_cursor: str | None


class RescoringView(Model):
    number: int
    because: str
    at: str
    accounts: int
    done: int
    changed: int
    begun_at: str
    ended_at: str | None
    is_superseded: bool
    with_shadows: bool


class RescoringPage(Model):
    items: list[RescoringView]
    next_cursor: str | None


@router.post("/v1/models/train", response_model=TrainedView, status_code=201)
async def train(
    body: TrainRequest, request: Request, session: SessionDep, caller: Writer
) -> Response:
    """Train on what was known by `until`; the figures are those on the part after it.

    Boosted trees are grown from the same cases; they answer in the model's shadow.

    The model is in the registry then, and answers nobody before it is promoted.
    """
    state = request.app.state
    order = Order(
        target=body.target, horizon_days=body.horizon_days, until=body.until, by=caller.subject
    )

    async def create() -> dict[str, Any]:
        return await train_model(
            session, caller.tenant, order, mode=state.clock, workshop=state.workshop
        )

    return await once(request, session, caller, create)


@router.post("/v1/backtests", response_model=BacktestView)
async def backtests(
    body: BacktestRequest, request: Request, session: SessionDep, caller: Writer
) -> Response:
    """Learn from the first part of the tenant's own history, answer the rest, and compare."""
    state = request.app.state

    async def create() -> dict[str, Any]:
        return await run_backtest(
            session,
            caller.tenant,
            body.target,
            body.train_fraction,
            body.horizon_days,
            mode=state.clock,
            workshop=state.workshop,
        )

    return await once(request, session, caller, create, status=200)


@router.get("/v1/models", response_model=RegistryPage)
async def list_models(
    session: ReadSessionDep, caller: Reader, paging: PagingDep, target: Target | None = None
) -> Response:
    """The registry, the latest model first, and what is in force for each target."""
    found = await store.list_models(
        session,
        caller.tenant,
        target=target,
        before=_number(paging),
        limit=paging.limit + 1,
    )
    in_force, shadows = await commands.versions_in_force(session, caller.tenant)
    roles = {version: "shadow" for version in shadows.values()}
    roles |= {version: "champion" for version in in_force.values()}
    listed = page(found, paging.limit, lambda model: (model.number,))
    items = [
        {**msgspec.structs.asdict(model), "role": roles.get(model.version)}
        for model in listed["items"]
    ]
    return json_response(
        {
            "in_force": in_force,
            "shadows": shadows,
            "items": items,
            "next_cursor": listed["next_cursor"],
        }
    )


@router.get("/v1/models/{version}")
async def get_model(
    version: str, request: Request, session: ReadSessionDep, caller: Reader
) -> Response:
    """One model: what it is, its bins and points, and the figures it was kept with."""
    kept = await store.find_model(session, caller.tenant, version)
    if kept is None:
        raise commands.no_model(version)
    if kept.beside is not None:  # trees have no points to show
        return json_response(kept)
    scorer = await request.app.state.force.scorer(session, caller.tenant, version)
    document = scorer.model.document
    cards = [
        {
            "feature": card.feature,
            "edges": card.edges,
            "points": card.points,
            "unknown": card.unknown,
        }
        for card in document.cards
    ]
    return json_response(
        {
            **described(scorer.model),
            "report": kept.report,
            "trained_by": kept.trained_by,
            "start": document.start,
            "cards": cards,
        }
    )


@router.post("/v1/models/rollback", response_model=PromotedView)
async def rollback(
    body: RollbackRequest, request: Request, session: SessionDep, caller: Writer
) -> Response:
    """Let answer again what answered before the model in force."""

    async def act() -> commands.Promoted:
        decision = await _decision(request, session, caller, body.reason)
        force = request.app.state.force
        return await commands.roll_back(session, caller.tenant, body.target, decision, force)

    return await once(request, session, caller, act, status=200)


@router.post("/v1/models/{version}/promote", response_model=PromotedView)
async def promote(
    version: str, body: PromoteRequest, request: Request, session: SessionDep, caller: Writer
) -> Response:
    """Let a model answer for its target, and re-score everybody in the background.

    `rules-1`, the rule card, can be promoted too; an earlier model again is a rollback.
    """

    async def act() -> commands.Promoted:
        decision = await _decision(request, session, caller, body.reason)
        return await commands.promote_model(
            session,
            caller.tenant,
            version,
            decision,
            request.app.state.force,
            target=body.target,
        )

    return await once(request, session, caller, act, status=200)


@router.post("/v1/models/{version}/shadow", response_model=RoleView)
async def shadow(
    version: str, body: ShadowRequest, request: Request, session: SessionDep, caller: Writer
) -> Response:
    """Let a model be asked beside the one in force: recorded, compared, followed by nobody."""

    async def act() -> store.Role:
        decision = await _decision(request, session, caller, body.reason)
        force = request.app.state.force
        return await commands.shadow_model(
            session, caller.tenant, version, decision, force, stop=body.stop
        )

    return await once(request, session, caller, act, status=200)


@router.get("/v1/promotions", response_model=RolePage)
async def list_promotions(
    session: ReadSessionDep, caller: Reader, paging: PagingDep, target: Target | None = None
) -> Response:
    """Who put which model in force or in shadow, when, and why; the latest first."""
    found = await store.list_roles(
        session,
        caller.tenant,
        target=target,
        before=paging.after(tuple[datetime, str, str, int]),
        limit=paging.limit + 1,
    )
    return json_response(page(found, paging.limit, lambda r: (r.at, r.target, r.role, r.number)))


@router.get("/v1/rescoring", response_model=RescoringPage)
async def list_rescorings(session: ReadSessionDep, caller: Reader, paging: PagingDep) -> Response:
    """Re-scores of the population and how far they are, the latest first."""
    found = await rescoring.list_rescorings(
        session, caller.tenant, before=_number(paging), limit=paging.limit + 1
    )
    listed = page(found, paging.limit, lambda job: (job.number,))
    shown = RescoringView.model_fields
    listed["items"] = [{name: getattr(job, name) for name in shown} for job in listed["items"]]
    return json_response(listed)


def _number(paging: Paging) -> int | None:
    after = paging.after(tuple[int])
    return after[0] if after is not None else None


async def _decision(
    request: Request, session: Session, caller: Caller, reason: str
) -> commands.ModelDecision:
    at = await business_now(session, caller.tenant, request.app.state.clock)
    return commands.ModelDecision(by=caller.subject, reason=reason, at=at)
