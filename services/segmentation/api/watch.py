"""Watching a model: drift, calibration, fairness, and its shadow's comparison."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.segmentation.api.dependencies import ContextDep, Reader
from services.segmentation.domain.model_watch import GroupBy
from services.segmentation.learning.cases import Target
from services.segmentation.processes import watch
from shared.web import Model, json_response

router = APIRouter(tags=["models"])


class DriftView(Model):
    feature: str
    psi: float
    verdict: str


class TruthfulnessView(Model):
    cases: int
    mean_probability: float | None
    observed_share: float | None
    brier: float | None
    calibration_error: float | None
    is_enough: bool


class MonthView(Model):
    month: str
    figures: TruthfulnessView


class GroupView(Model):
    group: str
    accounts: int
    overdue_accounts: int
    contact_rate: float | None
    contacts_per_account: float | None
    offer_rate: float | None
    figures: TruthfulnessView


class ShadowView(Model):
    scores: int
    mean_difference: float | None
    mean_distance: float | None


class WatchView(Model):
    model_version: str
    target: Target
    until: date
    as_of: date
    cases: int
    score_drift: DriftView | None
    drift: list[DriftView]
    calibration: TruthfulnessView
    months: list[MonthView]
    group_by: GroupBy
    groups: list[GroupView]
    shadow: ShadowView


@router.get("/v1/models/{version}/watch", response_model=WatchView)
async def watch_model(
    version: str,
    context: ContextDep,
    caller: Reader,
    group_by: Annotated[GroupBy, Query(description="The groups to compare.")] = "kind",
) -> Response:
    """Has the population moved, does the model still say the truth, is it fair to all groups?

    Over what was decided after its training window, by all that is known now. `offer_rate` is null
    as long as the ledger says of no plan or settlement that it was offered.
    """
    return json_response(
        await watch.watch_model(context, caller.tenant, version, group_by=group_by)
    )
