"""Which strategy whom: the rules of assignment over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from services.outreach.dunning.api.strategies import (
    ActivatedStrategyView,
    ActivateStrategyRequest,
    StrategyActivationView,
    StrategyVersionsView,
    activated_strategy,
    activation_view,
    second_pair_for,
    strategy_books,
    tenant_now,
    tenant_zone,
    terms_of_strategy,
    version_view,
)
from services.outreach.dunning.commands.strategies import activate_assignments
from services.outreach.dunning.domain.assignment_document import ASSIGNMENTS, assignments_schema
from services.outreach.dunning.domain.assignments import Assignments
from services.outreach.dunning.processes import assignments as processes
from services.outreach.dunning.processes import strategies as strategy_processes
from shared.database import Session
from shared.documents import ActivationRequest, ActivationResult, Documents, KeptVersion
from shared.documents import store as document_store
from shared.web import Model, ReadSessionDep, context_of, json_response
from shared.web.auth import Caller, needs
from shared.web.documents import DocumentRoutes, DryRun, RouteTexts, Surface

ASSIGNMENTS_BYTES_MAX = 256 * 1024

router = APIRouter(tags=["strategies"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]


class AssignmentsView(Model):
    """The rules in force now."""

    version: str
    shipped: bool
    rules: int
    source: str
    activations: list[StrategyActivationView]


class AssignmentsUploadView(Model):
    version: str
    rules: int
    new: bool  # whether this text had not come before


class StrategyMove(Model):
    from_strategy: str | None
    from_version: str | None
    strategy: str | None  # none: nobody contacts them of his own accord
    version: str | None
    accounts: int


class AssignmentsTrialView(Model):
    """Today: how many accounts there are, and which would change."""

    version: str
    accounts: int
    moves: list[StrategyMove]
    summary: str


def _documents(request: Request) -> Documents[Assignments]:
    return strategy_books(request).assignments


async def _activate(
    request: Request, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    return await activate_assignments(session, tenant, strategy_books(request), asked)


async def _known(request: Request, tenant: str, _name: str, source: str) -> None:
    await strategy_processes.check_assignments(context_of(request), tenant, source)


async def _dry_run(tried: DryRun[Assignments]) -> dict[str, Any]:
    assignments = tried.parse()
    trial = await processes.try_assignments(context_of(tried.request), tried.tenant, assignments)
    moving = sum(move.accounts for move in trial.moves)
    return {
        "version": assignments.version,
        "accounts": trial.accounts,
        "moves": [
            {
                "from_strategy": move.before[0],
                "from_version": move.before[1],
                "strategy": move.after[0],
                "version": move.after[1],
                "accounts": move.accounts,
            }
            for move in trial.moves
        ],
        "summary": f"{moving:,} of {trial.accounts:,} accounts would change their strategy",
    }


def _upload(kept: KeptVersion) -> dict[str, Any]:
    return {"version": kept.stored.version, "rules": kept.outline.size, "new": kept.is_new}


_routes = DocumentRoutes(
    router,
    Surface(
        path="/v1/strategy-assignments",
        name=ASSIGNMENTS,
        documents=_documents,
        business_now=tenant_now,
        zone=tenant_zone,
        dry_run=_dry_run,
        known=_known,
        activate=_activate,
        second_pair=second_pair_for(ASSIGNMENTS),
        schema=lambda _name: assignments_schema(),
        readers=("outreach:read", "outreach:write"),
        writers=("outreach:write",),
        bytes_max=ASSIGNMENTS_BYTES_MAX,
        stored_in_machine_time=True,
    ),
)


@router.get(
    "/v1/strategy-assignments",
    response_model=AssignmentsView,
    summary="The rules of assignment in force now",
)
async def get_strategy_assignments(
    caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    documents, tenant = _documents(request), caller.tenant
    now = await tenant_now(request, session, tenant)
    version, _ = await documents.find_active(session, tenant, ASSIGNMENTS, now)
    assert version is not None, "they are never ended"
    stored = await documents.get_version(session, tenant, ASSIGNMENTS, version)
    content = await documents.content(session, tenant, ASSIGNMENTS, version)
    activations = await document_store.list_activations(session, documents.kind.kind, tenant)
    return json_response(
        {
            "version": version,
            "shipped": stored.is_built_in,
            "rules": len(content.rules),
            "source": stored.source,
            "activations": [activation_view(each) for each in activations],
        }
    )


_routes.schema(
    RouteTexts(name="get_assignments_schema", summary="JSON Schema of assignments, for editors")
)


@router.get(
    "/v1/strategy-assignments/versions",
    response_model=StrategyVersionsView,
    summary="Every version of the assignments, oldest first",
)
async def list_assignments_versions(
    caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    found = await _documents(request).list_versions(session, caller.tenant, ASSIGNMENTS)
    return json_response({"name": ASSIGNMENTS, "items": [version_view(each) for each in found]})


@router.get(
    "/v1/strategy-assignments/versions/{version}",
    response_model=None,
    summary="The text of a version of the assignments, as it was sent",
    responses={200: {"content": {"application/yaml": {"schema": {"type": "string"}}}}},
)
async def get_assignments_text(
    version: str, caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    documents = _documents(request)
    stored = await documents.get_version(session, caller.tenant, ASSIGNMENTS, version)
    return Response(stored.source, media_type="application/yaml")


_routes.put(
    RouteTexts(
        name="put_strategy_assignments",
        summary="Keep a version of the assignments; it counts when activated",
    ),
    AssignmentsUploadView,
    _upload,
)
_routes.dry_run_of_version(
    RouteTexts(
        name="dry_run_strategy_assignments",
        summary="Which accounts would change their strategy today; nothing is kept",
    ),
    AssignmentsTrialView,
    cases=20_000,
)
_routes.activate(
    RouteTexts(
        name="activate_strategy_assignments",
        summary="Let a version of the assignments count from a day on; safe to repeat",
    ),
    ActivateStrategyRequest,
    terms_of_strategy,
    ActivatedStrategyView,
    activated_strategy,
)
