"""Models: training, testing on the past, the registry."""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.segmentation.api.dependencies import ContextDep, Reader, Writer
from services.segmentation.api.rescoring import number_before
from services.segmentation.commands import models as commands
from services.segmentation.domain.learning_jobs import BacktestOrder
from services.segmentation.learning.cases import HORIZON_DAYS, HORIZON_DAYS_MAX, Target
from services.segmentation.learning.model import described
from services.segmentation.learning.trial import TrainingOrder
from services.segmentation.processes import training
from services.segmentation.store import models as store
from shared.web import (
    Day,
    Model,
    PagingDep,
    ReadSessionDep,
    first_answer,
    json_response,
    once,
    page,
)

router = APIRouter(tags=["models"])
Horizon = Annotated[int, Field(ge=1, le=HORIZON_DAYS_MAX)]


class TrainRequest(Model):
    target: Target
    horizon_days: Horizon = HORIZON_DAYS
    until: Day | None = None


class BacktestRequest(Model):
    target: Target
    train_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.7
    horizon_days: Horizon = HORIZON_DAYS


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


@router.post("/v1/models/train", response_model=TrainedView, status_code=201)
async def train(
    body: TrainRequest, request: Request, context: ContextDep, caller: Writer
) -> Response:
    """Train on what was known by `until`; the figures are those on the part after it.

    Boosted trees are grown from the same cases; they answer in the model's shadow.

    The model is in the registry then, and answers nobody before it is promoted.
    """
    order = TrainingOrder(
        target=body.target, horizon_days=body.horizon_days, until=body.until, by=caller.subject
    )
    async with first_answer(request, context.db, caller) as answered:
        if answered is not None:
            return answered
        trained = await training.train_model(context, caller.tenant, order)

        async def create() -> dict[str, Any]:
            await commands.keep_models(session, caller.tenant, order, trained)
            return trained.report

        async with context.db.transaction() as session:
            return await once(request, session, caller, create)


@router.post("/v1/backtests", response_model=BacktestView)
async def backtests(
    body: BacktestRequest, request: Request, context: ContextDep, caller: Writer
) -> Response:
    """Learn from the first part of the tenant's own history, answer the rest, and compare."""
    order = BacktestOrder(
        target=body.target, train_fraction=body.train_fraction, horizon_days=body.horizon_days
    )
    async with first_answer(request, context.db, caller) as answered:
        if answered is not None:
            return answered
        report = await training.run_backtest(context, caller.tenant, order)

        async def create() -> dict[str, Any]:
            return report

        async with context.db.transaction() as session:
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
        before=number_before(paging),
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
    version: str, context: ContextDep, session: ReadSessionDep, caller: Reader
) -> Response:
    """One model: what it is, its bins and points, and the figures it was kept with."""
    kept = await store.find_model(session, caller.tenant, version)
    if kept is None:
        raise commands.no_model(version)
    if kept.beside is not None:  # trees have no points to show
        return json_response(kept)
    scorer = await context.rules.scorer(session, caller.tenant, version)
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
