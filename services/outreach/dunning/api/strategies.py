"""Strategies over HTTP: all of the tenant, new versions, dry runs, from when each counts."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.outreach.activity.commands import ask_to_activate
from services.outreach.dunning.commands.strategies import activate_strategy
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_text import json_schema
from services.outreach.dunning.processes import strategies as processes
from services.outreach.dunning.processes.trial_runs import try_strategy
from services.outreach.dunning.store.strategies import StrategyBooks, in_flight
from services.outreach.dunning.store.trials import TrialRequest
from services.outreach.rulebooks.commands import business_now
from services.outreach.rulebooks.store import get_tenant_zone
from shared.database import Session
from shared.documents import (
    Activation,
    ActivationRequest,
    ActivationResult,
    Documents,
    KeptVersion,
    StoredVersion,
)
from shared.errors import NotFound
from shared.web import Day, Model, ReadSessionDep, context_of, json_response
from shared.web.auth import Caller, needs
from shared.web.documents import DocumentRoutes, DryRun, RouteTexts, Surface, Terms

SecondPair = Callable[[Request, Session, str, ActivationRequest], Awaitable[dict[str, Any] | None]]
STRATEGY_BYTES_MAX = 256 * 1024
TRIAL_DAYS = 30  # of a dry run, unless a request says otherwise

router = APIRouter(tags=["strategies"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class StrategyActivationView(Model):
    version: str | None  # none: from then on there is no such strategy
    from_: Annotated[date, Field(alias="from")]
    from_at: datetime
    in_flight: Literal["keep", "move"]
    recorded_at: datetime
    recorded_by: str
    reason: str | None


class StrategyView(Model):
    name: str
    title: str
    version: str | None  # in force now; none: it is not
    steps: int  # of its ladder
    shipped: bool  # whether one of its versions comes with the platform
    activations: list[StrategyActivationView]


class StrategiesView(Model):
    items: list[StrategyView]


class StrategyVersionView(Model):
    version: str
    shipped: bool
    recorded_at: datetime | None  # of the ones that come with the platform: none
    recorded_by: str


class StrategyVersionsView(Model):
    name: str
    items: list[StrategyVersionView]


class StrategyUploadView(Model):
    name: str
    title: str
    version: str
    steps: int
    new: bool  # whether this text had not come before


class ActivateStrategyRequest(Model):
    """Which version counts from which day on (00:00 in the tenant's zone). No version: from then on
    there is no such strategy. `in_flight`: an account with a made step on an open invoice stays on
    its version until it has none (keep), or moves at once (move)."""

    version: str | None
    from_: Annotated[Day, Field(alias="from")]
    in_flight: Literal["keep", "move"] = "keep"
    reason: Reason | None = None


class ActivatedStrategyView(Model):
    name: str
    version: str | None
    from_: Annotated[date, Field(alias="from")]
    from_at: datetime
    in_flight: Literal["keep", "move"]


# ---------------------------------------------------------- the context, as surfaces ask for it


def strategy_books(request: Request) -> StrategyBooks:
    books: StrategyBooks = context_of(request).strategies
    return books


def _documents(request: Request) -> Documents[Strategy]:
    return strategy_books(request).strategies


async def tenant_now(request: Request, session: Session, tenant: str) -> datetime:
    return await business_now(session, context_of(request).clock, tenant)


async def tenant_zone(_request: Request, session: Session, tenant: str) -> str:
    return await get_tenant_zone(session, tenant)


async def _activate(
    request: Request, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    return await activate_strategy(session, tenant, strategy_books(request), asked)


def second_pair_for(documents: str) -> SecondPair:
    """Somebody else agrees first, where the tenant wants that."""

    async def asked_first(
        request: Request, session: Session, tenant: str, asked: ActivationRequest
    ) -> dict[str, Any] | None:
        if not await context_of(request).has_four_eyes(session, tenant):
            return None
        return await ask_to_activate(session, tenant, documents, asked)

    return asked_first


async def _known(request: Request, tenant: str, name: str, source: str) -> None:
    await processes.check_strategy(context_of(request), tenant, name, source)


async def _dry_run(tried: DryRun[Strategy]) -> Any:
    request = TrialRequest(name=tried.name, source=tried.source, days=TRIAL_DAYS)
    return await try_strategy(context_of(tried.request), tried.tenant, request)


# ----------------------------------------------------------------------- answers, as released


def _upload(kept: KeptVersion) -> dict[str, Any]:
    return {
        "name": kept.stored.name,
        "title": kept.outline.title or "",
        "version": kept.stored.version,
        "steps": kept.outline.size,
        "new": kept.is_new,
    }


def terms_of_strategy(body: ActivateStrategyRequest) -> Terms:
    return Terms(
        version=body.version,
        from_on=body.from_,
        reason=body.reason,
        options={"in_flight": body.in_flight},
    )


def activated_strategy(name: str, terms: Terms, done: ActivationResult) -> dict[str, Any]:
    assert done.activation is not None, "it counts from a day on"
    return {
        "name": name,
        "version": terms.version,
        "from": done.activation.from_on,
        "from_at": done.activation.from_at,
        "in_flight": in_flight(done.activation),
    }


def activation_view(activation: Activation) -> dict[str, Any]:
    return {
        "version": activation.version,
        "from": activation.from_on,
        "from_at": activation.from_at,
        "in_flight": in_flight(activation),
        "recorded_at": activation.recorded_at,
        "recorded_by": activation.recorded_by,
        "reason": activation.reason,
    }


def version_view(stored: StoredVersion) -> dict[str, Any]:
    return {
        "version": stored.version,
        "shipped": stored.is_built_in,
        "recorded_at": None if stored.is_built_in else stored.stored_at,
        "recorded_by": stored.stored_by,
    }


def _strategy(
    listed: processes.ListedStrategy, activations: Sequence[Activation]
) -> dict[str, Any]:
    return {
        "name": listed.name,
        "title": listed.title,
        "version": listed.version,
        "steps": listed.steps,
        "shipped": listed.is_shipped,
        "activations": [activation_view(a) for a in activations if a.name == listed.name],
    }


# ------------------------------------------------------------------------------------------- routes

SURFACE = Surface(
    path="/v1/strategies/{name}",
    documents=_documents,
    business_now=tenant_now,
    zone=tenant_zone,
    dry_run=_dry_run,
    known=_known,
    activate=_activate,
    second_pair=second_pair_for("strategies"),
    schema=lambda _name: json_schema(),
    readers=("outreach:read", "outreach:write"),
    writers=("outreach:write",),
    bytes_max=STRATEGY_BYTES_MAX,
    stored_in_machine_time=True,
)
_routes = DocumentRoutes(router, SURFACE)


@router.get(
    "/v1/strategies",
    response_model=StrategiesView,
    summary="The strategies of the tenant: those that come with the platform, and its own",
)
async def list_strategies(caller: Reader, request: Request) -> Response:
    listed, activations = await processes.list_strategies(context_of(request), caller.tenant)
    return json_response({"items": [_strategy(each, activations) for each in listed]})


_routes.schema(
    RouteTexts(name="get_strategy_schema", summary="JSON Schema of a strategy, for editors"),
    path="/v1/strategies/schema",
)


@router.get("/v1/strategies/{name}", response_model=StrategyView, summary="One strategy")
async def get_strategy(name: str, caller: Reader, request: Request) -> Response:
    listed, activations = await processes.list_strategies(context_of(request), caller.tenant)
    for each in listed:
        if each.name == name:
            return json_response(_strategy(each, activations))
    raise NotFound(f"There is no strategy {name}.")


@router.get(
    "/v1/strategies/{name}/versions",
    response_model=StrategyVersionsView,
    summary="Every version of a strategy, oldest first",
)
async def list_strategy_versions(
    name: str, caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    found = await _documents(request).list_versions(session, caller.tenant, name)
    return json_response({"name": name, "items": [version_view(stored) for stored in found]})


@router.get(
    "/v1/strategies/{name}/versions/{version}",
    response_model=None,
    summary="The text of a version, as it was sent",
    responses={200: {"content": {"application/yaml": {"schema": {"type": "string"}}}}},
)
async def get_strategy_text(
    name: str, version: str, caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    stored = await _documents(request).get_version(session, caller.tenant, name, version)
    return Response(stored.source, media_type="application/yaml")


_routes.put(
    RouteTexts(
        name="put_strategy",
        summary="Keep a version (YAML or JSON), checked as a whole; it counts when activated",
    ),
    StrategyUploadView,
    _upload,
)
_routes.activate(
    RouteTexts(
        name="activate_strategy", summary="Let a version count from a day on; safe to repeat"
    ),
    ActivateStrategyRequest,
    terms_of_strategy,
    ActivatedStrategyView,
    activated_strategy,
)
