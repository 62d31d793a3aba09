"""Policies of the tenant: versions, dry runs, from when each counts."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, RootModel

from services.ledger.commands import policies as commands
from services.ledger.context import Context
from services.ledger.domain.policies import NAMES, Policy, charges
from services.ledger.processes.policy_trial import try_policy
from services.ledger.processes.rates import check_charges
from shared import clock
from shared.database import Session
from shared.documents import ActivationRequest, ActivationResult, Documents, Outline
from shared.web import Day, Minor, Model, context_of
from shared.web.auth import caller_of, require_role
from shared.web.documents import DocumentRoutes, DryRun, Reason, RouteTexts, Surface, Terms

POLICY_BYTES_MAX = 64 * 1024
TRIAL_CASES = 12_000  # unless a request says otherwise

router = APIRouter(tags=["policies"])


class ActivatePolicy(Model):
    """Which version counts from which day on: from its 00:00, in each account's own zone."""

    version: Annotated[str, Field(min_length=1, max_length=64)]
    from_: Annotated[Day, Field(alias="from")]
    reason: Reason | None = None


class PolicyMove(Model):
    from_: Annotated[str, Field(alias="from")]
    to: str
    count: int
    amounts: dict[str, Minor]


class PolicyExample(Model):
    account_id: str
    id: str | None  # of the invoice, where it is about one
    on: Day  # asked for, due, or of the last fact
    from_: Annotated[str, Field(alias="from")]
    to: str
    currency: str | None
    amount_minor: Minor


class PolicyTrial(Model):
    """What would come out otherwise, against the version in force today."""

    version: str
    against: str
    cases: int
    moved: list[PolicyMove]
    examples: list[PolicyExample]
    summary: str


class ChargedSum(Model):
    count: int
    amount_minor: dict[str, int]  # by currency


class ChargedAccount(Model):
    """What rules charged an account since that day, by currency: as it was, and as tried."""

    account_id: str
    before: dict[str, int]
    after: dict[str, int]


class ChargesTrial(Model):
    """What `charges` would have charged, had it been in force `since` 90 days."""

    version: str
    against: str
    since: Day
    accounts: int
    charges: dict[str, ChargedSum]  # by kind
    moved: list[ChargedAccount]  # the 100 that move most
    skipped: dict[str, int]  # by reason
    summary: str


class TrialAnswer(RootModel[PolicyTrial | ChargesTrial]):
    """Of `charges` the sums of what is charged, of the others what comes out otherwise."""


# ---------------------------------------------------------- the context, as surfaces ask for it


def _context(request: Request) -> Context:
    context: Context = context_of(request)
    return context


def _documents(request: Request) -> Documents[Policy]:
    return _context(request).policies.documents


async def _business_now(request: Request, session: Session, tenant: str) -> datetime:
    return await commands.business_now(session, tenant, _context(request), clock.now())


async def _zone(_request: Request, session: Session, tenant: str) -> str:
    return await commands.zone_of(session, tenant)


async def _activate(
    request: Request, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    require_role(caller_of(request), "manager")
    return await commands.activate_policy(
        session, tenant, _context(request), asked, now=clock.now()
    )


async def _checked(request: Request, _tenant: str, name: str, source: str) -> Outline:
    return await asyncio.to_thread(_documents(request).kind.checked, name, source)


async def _known(request: Request, tenant: str, name: str, source: str) -> None:
    """The rates and packs that `charges` names must be there."""
    if name == charges.NAME:
        await check_charges(_context(request), tenant, source)


async def _dry_run(tried: DryRun[Policy]) -> dict[str, Any]:
    await _known(tried.request, tried.tenant, tried.name, tried.source)
    policy = await asyncio.to_thread(tried.parse)
    return await try_policy(_context(tried.request), tried.tenant, tried.name, policy, tried.limit)


def _schema(name: str) -> Any:
    return NAMES[name].schema()


def _terms(body: ActivatePolicy) -> Terms:
    return Terms(version=body.version, from_on=body.from_, reason=body.reason)


# ------------------------------------------------------------------------------------------- routes

_routes = DocumentRoutes(
    router,
    Surface(
        path="/v1/policies/{name}",
        names=frozenset(NAMES),
        documents=_documents,
        business_now=_business_now,
        zone=_zone,
        dry_run=_dry_run,
        checked=_checked,
        known=_known,
        activate=_activate,
        schema=_schema,
        readers=("ledger:read", "ledger:write"),
        writers=("ledger:write",),
        bytes_max=POLICY_BYTES_MAX,
    ),
)
_routes.schema(RouteTexts(name="get_policy_schema", summary="JSON Schema of a policy, for editors"))
_routes.get(RouteTexts(name="get_policy", summary="The policy in force today"))
_routes.put(
    RouteTexts(
        name="put_policy",
        summary="Keep a version of a policy (YAML or JSON); it counts when activated",
    )
)
_routes.dry_run_of_version(
    RouteTexts(
        name="dry_run_policy",
        summary="Try a policy on the requests of the last 180 days, or on today's accounts",
    ),
    TrialAnswer,
    cases=TRIAL_CASES,
    version_help="A version that is here; else the body is the policy.",
)
_routes.activate(
    RouteTexts(
        name="activate_policy",
        summary="Let a version count from a day on that has begun nowhere; needs the role manager",
    ),
    ActivatePolicy,
    _terms,
)
_routes.activations(
    RouteTexts(name="list_policy_activations", summary="What came into force when, by whom and why")
)
_routes.versions(
    RouteTexts(name="list_policy_versions", summary="Every version that was kept, the latest first")
)
_routes.version(RouteTexts(name="get_policy_version", summary="One version with its text"))
