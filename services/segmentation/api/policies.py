"""Segment policies: what is in force, every version, ready packs, others on trial."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import to_builtins
from pydantic import Field

from services.segmentation.api.dependencies import Reader
from services.segmentation.commands import policies as commands
from services.segmentation.commands.business_time import business_now
from services.segmentation.context import Context
from services.segmentation.domain.policies.schema import json_schema
from services.segmentation.domain.policy import Policy
from services.segmentation.domain.policy_trial import Trial
from services.segmentation.processes.policy_trial import try_policy
from services.segmentation.store.active_policies import SEGMENTS, checked_policy
from shared.database import Session
from shared.documents import (
    Activation,
    ActivationRequest,
    ActivationResult,
    Documents,
    KeptVersion,
    Outline,
    StoredVersion,
)
from shared.errors import NotFound
from shared.web import Minor, Model, context_of, json_response
from shared.web.documents import DocumentRoutes, DryRun, Reason, RouteTexts, Shown, Surface, Terms

POLICY_BYTES_MAX = 64 * 1024  # ten times the largest pack

router = APIRouter(tags=["policies"])


class PolicyView(Model):
    policy_version: str
    policy: dict[str, Any]
    in_force_since: datetime | None
    activated_by: str | None
    reason: str | None


class StoredView(Model):
    policy_version: str
    is_new: bool
    in_force: bool
    is_activated: bool
    rescoring: int | None


class VersionView(Model):
    policy_version: str
    stored_at: datetime
    stored_by: str
    in_force: bool


class VersionPage(Model):
    items: list[VersionView]
    next_cursor: str | None


class VersionDetail(Model):
    policy_version: str
    in_force: bool
    stored_at: datetime | None
    stored_by: str | None
    source: str | None
    policy: dict[str, Any]


class ActivationView(Model):
    number: int
    policy_version: str
    from_version: str
    activated_at: datetime
    activated_by: str
    reason: str | None


class ActivationPage(Model):
    items: list[ActivationView]
    next_cursor: str | None


class ExampleView(Model):
    account_id: str
    because: str


class MoveView(Model):
    from_segment: str
    to_segment: str
    accounts: Minor
    words: str
    examples: list[ExampleView]


class TrialView(Model):
    policy_version: str
    accounts: int
    moved: int
    segments: dict[str, int]
    moves: list[MoveView]


class PackView(Model):
    name: str
    title: str
    description: str
    policy_version: str
    segments: list[str]


class PackList(Model):
    items: list[PackView]


class PackDetail(PackView):
    source: str


class ActivateRequest(Model):
    policy_version: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Reason | None = None


class ActivatedView(Model):
    policy_version: str
    in_force: bool
    is_activated: bool
    rescoring: int | None


# ---------------------------------------------------------- the context, as surfaces ask for it


def _context(request: Request) -> Context:
    context: Context = context_of(request)
    return context


def _documents(request: Request) -> Documents[Policy]:
    return _context(request).policies.documents


async def _business_now(request: Request, session: Session, tenant: str) -> datetime:
    return await business_now(session, tenant, _context(request).clock)


async def _activate(
    request: Request, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    policies = context_of(request).rules.policies
    return await commands.activate_policy(session, tenant, policies, asked)


async def _checked(request: Request, tenant: str, name: str, source: str) -> Outline:
    return await _context(request).compute.run(tenant, checked_policy, name, source)


async def _dry_run(tried: DryRun[Policy]) -> Trial:
    return await try_policy(context_of(tried.request), tried.tenant, tried.source)


# ----------------------------------------------------------------------- answers, as released


def _policy_answer(shown: Shown[Policy]) -> dict[str, Any]:
    activation = shown.activation
    assert shown.content is not None, "some policy is always in force"
    return {
        "policy_version": shown.version,
        "policy": shown.content.document,
        "in_force_since": activation.recorded_at if activation else None,
        "activated_by": activation.recorded_by if activation else None,
        "reason": activation.reason if activation else None,
    }


def _stored_answer(
    kept: KeptVersion, done: ActivationResult | None, in_force: bool
) -> dict[str, Any]:
    return {
        "policy_version": kept.stored.version,
        "is_new": kept.is_new,
        "in_force": in_force,
        "is_activated": done is not None and done.is_new,
        "rescoring": done.effect if done is not None else None,
    }


def _terms(body: ActivateRequest) -> Terms:
    return Terms(version=body.policy_version, reason=body.reason)


def _activated_answer(_name: str, terms: Terms, done: ActivationResult) -> dict[str, Any]:
    return {
        "policy_version": terms.version,
        "in_force": True,
        "is_activated": done.is_new,
        "rescoring": done.effect,
    }


def _activation_answer(activation: Activation) -> dict[str, Any]:
    return {
        "number": activation.number,
        "policy_version": activation.version,
        "from_version": activation.from_version,
        "activated_at": activation.recorded_at,
        "activated_by": activation.recorded_by,
        "reason": activation.reason,
    }


def _version_answer(stored: StoredVersion, in_force: bool) -> dict[str, Any]:
    return {
        "policy_version": stored.version,
        "stored_at": stored.stored_at,
        "stored_by": stored.stored_by,
        "in_force": in_force,
    }


def _detail_answer(stored: StoredVersion, policy: Policy, in_force: bool) -> dict[str, Any]:
    sent = None if stored.is_built_in else stored  # the settings' own nobody sent
    return {
        "policy_version": stored.version,
        "in_force": in_force,
        "stored_at": sent.stored_at if sent else None,
        "stored_by": sent.stored_by if sent else None,
        "source": sent.source if sent else None,
        "policy": policy.document,
    }


# ------------------------------------------------------------------------------------------- routes

_routes = DocumentRoutes(
    router,
    Surface(
        path="/v1/policies/segments",
        name=SEGMENTS,
        documents=_documents,
        business_now=_business_now,
        dry_run=_dry_run,
        checked=_checked,
        activate=_activate,
        schema=lambda _name: json_schema(),
        readers=("segmentation:read", "segmentation:write"),
        writers=("segmentation:write",),
        bytes_max=POLICY_BYTES_MAX,
    ),
)
_routes.get(
    RouteTexts(name="get_policy", description="The policy in force."), PolicyView, _policy_answer
)
_routes.put_in_force(
    RouteTexts(
        name="put_policy",
        description="Keep a policy (YAML or JSON) and bring it into force. The same content is the "
        "same version.\n\nBringing it into force re-scores the population in the background, "
        "while events go on.",
    ),
    StoredView,
    _stored_answer,
    activate_help="Bring it into force too; `false` only keeps it.",
)
_routes.dry_run(
    RouteTexts(
        name="dry_run",
        description="Try a policy (YAML or JSON) on today's accounts: how many would move from "
        "where to where.",
    ),
    TrialView,
)
_routes.activate(
    RouteTexts(
        name="activate_policy",
        description="Bring a stored version into force; an earlier one is a rollback. Packs need "
        "no storing.",
    ),
    ActivateRequest,
    _terms,
    ActivatedView,
    _activated_answer,
)
_routes.activations(
    RouteTexts(
        name="list_activations",
        description="What came into force when, by whom and why, the latest first.",
    ),
    ActivationPage,
    _activation_answer,
)
_routes.schema(
    RouteTexts(name="get_schema", description="The JSON Schema of a policy, for editors.")
)
_routes.versions(
    RouteTexts(
        name="list_versions", description="Every version that was stored, the latest first."
    ),
    VersionPage,
    _version_answer,
)
_routes.version(
    RouteTexts(
        name="get_version",
        description="One version: its text as it was sent, and what it says.",
    ),
    VersionDetail,
    _detail_answer,
    parameter="policy_version",
)


@router.get("/v1/policies/packs", response_model=PackList)
async def list_packs(caller: Reader) -> Response:
    """Ready policies to start from, by trade."""
    items = [to_builtins(pack) for pack in commands.packs().values()]
    for item in items:
        del item["source"]
    return json_response({"items": items})


@router.get("/v1/policies/packs/{name}", response_model=PackDetail)
async def get_pack(name: str, caller: Reader) -> Response:
    """One pack with its text."""
    pack = commands.packs().get(name)
    if pack is None:
        raise NotFound(f"there is no pack {name!r}; packs are: {', '.join(commands.packs())}")
    return json_response(pack)
