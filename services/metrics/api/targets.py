"""Targets of KPIs over HTTP; answers about a KPI carry the one that holds for them."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from services.metrics.api.answer_models import KpiTargetList, KpiTargets
from services.metrics.api.dependencies import CallerDep, SetterDep
from services.metrics.api.questions import find_kpi
from services.metrics.domain.targets import Target, target_faults
from services.metrics.store.changes import announce_change
from services.metrics.store.targets import list_targets, replace_targets
from shared.errors import Invalid
from shared.money import MAX_MINOR
from shared.web import Day, Model, ReadSessionDep, SessionDep

router = APIRouter(tags=["targets"])

TARGETS_MAX = 500
SPLIT_MAX = 10


class SentTarget(Model):
    from_on: Day
    split: dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=200)]] = (
        Field(default_factory=dict, max_length=SPLIT_MAX)
    )
    value: Annotated[float, Field(allow_inf_nan=False, ge=-MAX_MINOR, le=MAX_MINOR)]


class SentTargets(Model):
    items: list[SentTarget] = Field(max_length=TARGETS_MAX)


@router.get("/v1/targets", response_model=KpiTargetList)
async def list_all_targets(session: ReadSessionDep, caller: CallerDep) -> Any:
    """Every target of the tenant, by KPI."""
    found = await list_targets(session, caller.tenant)
    return {"items": [_shown(kpi, targets) for kpi, targets in found.items()]}


@router.get("/v1/targets/{kpi}", response_model=KpiTargets)
async def get_targets(kpi: str, session: ReadSessionDep, caller: CallerDep) -> Any:
    """A KPI's targets, in the order of their days."""
    name = find_kpi(kpi).name
    found = await list_targets(session, caller.tenant)
    return _shown(name, found.get(name, []))


@router.put("/v1/targets/{kpi}", response_model=KpiTargets)
async def put_targets(kpi: str, body: SentTargets, session: SessionDep, caller: SetterDep) -> Any:
    """Give a KPI these targets in place of those it has. One without a currency holds for each;
    sums of money need one. A later `from_on` takes over from an earlier one of the same split."""
    found = find_kpi(kpi)
    targets = [Target(item.from_on, item.split, item.value) for item in body.items]
    if faults := target_faults(found, targets):
        raise Invalid("The targets cannot be taken.", faults)
    await replace_targets(session, caller.tenant, found.name, targets)
    await announce_change(session, caller.tenant, "figures", {"targets": [found.name]})
    stored = await list_targets(session, caller.tenant)
    return _shown(found.name, stored.get(found.name, []))


def _shown(kpi: str, targets: list[Target]) -> dict[str, Any]:
    items = [{"from_on": t.from_on, "split": t.split, "value": t.value} for t in targets]
    return {"kpi": kpi, "items": items}
