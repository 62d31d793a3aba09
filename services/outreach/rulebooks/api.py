"""Rule books over HTTP: all books of the tenant, new versions, dry runs, from when each applies."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.outreach.activity.commands import ask_to_activate
from services.outreach.compliance import RuleBook, schema
from services.outreach.rulebooks import commands
from services.outreach.rulebooks import store as rulebook_store
from services.outreach.rulebooks.domain.trial import counted
from services.outreach.rulebooks.processes import books as processes
from services.outreach.rulebooks.processes.book_trial import try_rulebook
from services.outreach.rulebooks.processes.books import check_book
from services.outreach.rulebooks.store import RuleBooks
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
from shared.web import Day, Model, ReadSessionDep, context_of, json_response
from shared.web.auth import Caller, needs
from shared.web.documents import DocumentRoutes, DryRun, RouteTexts, Surface, Terms

BOOK_BYTES_MAX = 2 * 1024 * 1024
TRIAL_CONTACTS = 12_000  # unless a request says otherwise

router = APIRouter(tags=["rule books"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]


class ActivationView(Model):
    version: str | None  # none: from then on the book does not apply
    from_: Annotated[date, Field(alias="from")]
    from_at: datetime
    recorded_at: datetime
    recorded_by: str


class BookView(Model):
    name: str
    class_: Annotated[Literal["law", "policy"], Field(alias="class")]
    title: str
    version: str | None  # in force now; none: it does not apply
    rules: int
    shipped: bool  # whether one of its versions comes with the platform
    activations: list[ActivationView]


class BooksView(Model):
    items: list[BookView]
    notice: str


class VersionView(Model):
    version: str
    shipped: bool
    recorded_at: datetime | None  # of the ones that come with the platform: none
    recorded_by: str


class VersionsView(Model):
    name: str
    items: list[VersionView]


class UploadView(Model):
    name: str
    class_: Annotated[Literal["law", "policy"], Field(alias="class")]
    version: str
    rules: int
    new: bool  # whether this text had not come before


class ActivateRequest(Model):
    """Which version counts from which day on (00:00 in the tenant's zone). No version: a book of
    house policy no longer applies."""

    version: str | None
    from_: Annotated[Day, Field(alias="from")]


class ActivatedView(Model):
    name: str
    version: str | None
    from_: Annotated[date, Field(alias="from")]
    from_at: datetime


class MoveView(Model):
    from_verdict: str
    to_verdict: str
    contacts: int


class TrialView(Model):
    """Over the newest recorded contacts: how many would have been decided otherwise, and why."""

    version: str
    contacts: int
    changed: int
    cut_off: bool  # there are older contacts, past `limit`
    moves: list[MoveView]
    rules: dict[str, int]  # that decide what changes: in how many contacts
    examples: list[dict[str, Any]]
    summary: str


# ---------------------------------------------------------- the context, as surfaces ask for it


def _rule_books(request: Request) -> RuleBooks:
    books: RuleBooks = context_of(request).rulebooks
    return books


def _documents(request: Request) -> Documents[RuleBook]:
    return _rule_books(request).documents


async def _business_now(request: Request, session: Session, tenant: str) -> datetime:
    return await commands.business_now(session, context_of(request).clock, tenant)


async def _zone(_request: Request, session: Session, tenant: str) -> str:
    return await rulebook_store.get_tenant_zone(session, tenant)


async def _activate(
    request: Request, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    return await commands.activate_rulebook(session, tenant, _rule_books(request), asked)


async def _second_pair(
    request: Request, session: Session, tenant: str, asked: ActivationRequest
) -> dict[str, Any] | None:
    if not await context_of(request).has_four_eyes(session, tenant):
        return None
    return await ask_to_activate(session, tenant, "rulebooks", asked)


async def _checked(request: Request, tenant: str, name: str, source: str) -> Outline:
    return await check_book(context_of(request), tenant, name, source)


async def _dry_run(tried: DryRun[RuleBook]) -> dict[str, Any]:
    trial = await try_rulebook(
        context_of(tried.request), tried.tenant, tried.name, tried.source, tried.limit
    )
    return {
        "version": trial.version,
        "contacts": trial.judged,
        "changed": trial.changed,
        "cut_off": trial.is_cut_off,
        "moves": counted(trial),
        "rules": dict(trial.rules.most_common()),
        "examples": trial.examples,
        "summary": f"{trial.changed:,} of {trial.judged:,} contacts would change",
    }


# ----------------------------------------------------------------------- answers, as released


def _upload(kept: KeptVersion) -> dict[str, Any]:
    return {
        "name": kept.stored.name,
        "class": kept.stored.category,
        "version": kept.stored.version,
        "rules": kept.outline.size,
        "new": kept.is_new,
    }


def _terms(body: ActivateRequest) -> Terms:
    return Terms(version=body.version, from_on=body.from_)


def _activated(name: str, terms: Terms, done: ActivationResult) -> dict[str, Any]:
    assert done.activation is not None, "a book applies from a day on"
    return {
        "name": name,
        "version": terms.version,
        "from": done.activation.from_on,
        "from_at": done.activation.from_at,
    }


def _book(
    book: Outline, in_force: str | None, is_shipped: bool, activations: Sequence[Activation]
) -> dict[str, Any]:
    return {
        "name": book.name,
        "class": book.category,
        "title": book.title,
        "version": in_force,
        "rules": book.size,
        "shipped": is_shipped,
        "activations": [
            {
                "version": a.version,
                "from": a.from_on,
                "from_at": a.from_at,
                "recorded_at": a.recorded_at,
                "recorded_by": a.recorded_by,
            }
            for a in activations
        ],
    }


def _version(stored: StoredVersion) -> dict[str, Any]:
    return {
        "version": stored.version,
        "shipped": stored.is_built_in,
        "recorded_at": None if stored.is_built_in else stored.stored_at,
        "recorded_by": stored.stored_by,
    }


async def _books(request: Request, tenant: str) -> list[dict[str, Any]]:
    kind, built_in = _documents(request).kind, _documents(request).built_in
    listed = await processes.list_books(context_of(request), tenant)
    versions = listed.versions
    present, applied = versions.present(listed.at), versions.applied(listed.at)
    outlines = {**listed.waiting, **{n: kind.outline(n, book) for n, book in present.items()}}
    return [
        _book(
            outlines[name],
            present[name].version if name in applied else None,
            name in built_in,
            [a for a in versions.history.activations if a.name == name],
        )
        for name in sorted(outlines)
    ]


# ------------------------------------------------------------------------------------------- routes

_routes = DocumentRoutes(
    router,
    Surface(
        path="/v1/rulebooks/{name}",
        documents=_documents,
        business_now=_business_now,
        zone=_zone,
        dry_run=_dry_run,
        checked=_checked,
        activate=_activate,
        second_pair=_second_pair,
        schema=lambda _name: schema(),
        readers=("outreach:read", "outreach:write"),
        writers=("outreach:write",),
        bytes_max=BOOK_BYTES_MAX,
        stored_in_machine_time=True,
    ),
)


@router.get(
    "/v1/rulebooks",
    response_model=BooksView,
    summary="The rule books of the tenant: those that come with the platform, and its own",
)
async def list_books(caller: Reader, request: Request) -> Response:
    items = await _books(request, caller.tenant)
    return json_response({"items": items, "notice": "Not legal advice."})


_routes.schema(
    RouteTexts(name="get_schema", summary="JSON Schema of a rule book, for editors"),
    path="/v1/rulebooks/schema",
)


@router.get("/v1/rulebooks/{name}", response_model=BookView, summary="One rule book")
async def get_book(name: str, caller: Reader, request: Request) -> Response:
    for item in await _books(request, caller.tenant):
        if item["name"] == name:
            return json_response(item)
    raise NotFound(f"There is no rule book {name}.")


@router.get(
    "/v1/rulebooks/{name}/versions",
    response_model=VersionsView,
    summary="Every version of a rule book, oldest first",
)
async def list_versions(
    name: str, caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    found = await _documents(request).list_versions(session, caller.tenant, name)
    return json_response({"name": name, "items": [_version(stored) for stored in found]})


@router.get(
    "/v1/rulebooks/{name}/versions/{version}",
    response_model=None,
    summary="The text of a version, as it was uploaded",
    responses={200: {"content": {"application/yaml": {"schema": {"type": "string"}}}}},
)
async def get_text(
    name: str, version: str, caller: Reader, session: ReadSessionDep, request: Request
) -> Response:
    stored = await _documents(request).get_version(session, caller.tenant, name, version)
    return Response(stored.source, media_type="application/yaml")


_routes.put(
    RouteTexts(
        name="put_book",
        summary="Take a version in (YAML or JSON), checked as a whole; it counts when activated",
    ),
    UploadView,
    _upload,
)
_routes.dry_run_of_version(
    RouteTexts(
        name="dry_run",
        summary="Try a book on recorded contacts: which would have been decided otherwise, and why",
    ),
    TrialView,
    cases=TRIAL_CONTACTS,
    version_help="A version that is here; else the body is the book.",
)
_routes.activate(
    RouteTexts(name="activate", summary="Let a version count from a day on; safe to repeat"),
    ActivateRequest,
    _terms,
    ActivatedView,
    _activated,
)
