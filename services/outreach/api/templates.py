"""Message templates over HTTP: all of a tenant, new versions, a look at one, when each counts."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Request, Response

from services.outreach.activity.commands import ask_to_activate
from services.outreach.api.dependencies import ContextDep
from services.outreach.channels.domain.template_document import MessageTemplate, TextChannel
from services.outreach.channels.domain.template_facts import tone_of
from services.outreach.channels.domain.template_kind import checked_outline
from services.outreach.channels.processes.templates import (
    lint,
    templates_in_force,
)
from services.outreach.context import Context
from services.outreach.dunning.processes.template_activation import put_in_force
from services.outreach.dunning.processes.template_preview import (
    as_answer,
    finding_answer,
    preview,
)
from services.outreach.rulebooks.commands import business_now
from services.outreach.rulebooks.store import get_tenant_zone
from shared.database import Session
from shared.documents import (
    ActivationRequest,
    ActivationResult,
    Documents,
    Outline,
)
from shared.errors import NotFound
from shared.web import Model, context_of, json_response
from shared.web.auth import Caller, needs
from shared.web.documents import DocumentRoutes, DryRun, RouteTexts, Surface

TEMPLATE_BYTES_MAX = 512 * 1024
Severity = Literal["error", "warning"]

router = APIRouter(tags=["templates"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]


class TemplateItem(Model):
    name: str
    version: str
    asks: bool
    tone: str
    ready: bool  # whether it is as it comes with the platform
    languages: dict[str, list[str]]  # the channels that each has


class TemplatesPage(Model):
    items: list[TemplateItem]


class FindingView(Model):
    pointer: str
    rule: str
    detail: str
    severity: Severity


class TemplateTrial(Model):
    """What is wrong with the words: errors keep them from being activated."""

    version: str
    errors: int
    warnings: int
    lint: list[FindingView]


class PreviewRequest(Model):
    """Which of its texts, and whom it is filled for; without an account: for a sample."""

    language: str
    channel: TextChannel
    account_id: str | None = None
    version: str | None = None  # none: the one in force


class PreviewAnswer(Model):
    name: str
    version: str
    channel: str
    language: str  # in which it is written: the first of the chain that has the channel
    parts: dict[str, str]
    segments: int | None  # of a text message
    alphabet: str | None
    cost_micros: int
    cost_minor: int
    cost_currency: str
    lint: list[FindingView]


# ---------------------------------------------------------- the context, as surfaces ask for it


def _context(request: Request) -> Context:
    context: Context = context_of(request)
    return context


def _documents(request: Request) -> Documents[MessageTemplate]:
    return _context(request).tenant_templates.documents


async def _business_now(request: Request, session: Session, tenant: str) -> datetime:
    return await business_now(session, _context(request).clock, tenant)


async def _zone(_request: Request, session: Session, tenant: str) -> str:
    return await get_tenant_zone(session, tenant)


async def _activate(
    request: Request, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    return await put_in_force(_context(request), session, tenant, asked)


async def _second_pair(
    request: Request, session: Session, tenant: str, asked: ActivationRequest
) -> dict[str, Any] | None:
    if not await _context(request).has_four_eyes(session, tenant):
        return None
    return await ask_to_activate(session, tenant, "templates", asked)


async def _checked(request: Request, tenant: str, name: str, source: str) -> Outline:
    """Apart: a long one takes long to read."""
    return await _context(request).compute.run(tenant, checked_outline, name, source)


async def _dry_run(tried: DryRun[MessageTemplate]) -> dict[str, Any]:
    template = await asyncio.to_thread(tried.parse)
    found = await lint(_context(tried.request), tried.tenant, tried.name, template)
    errors = sum(finding.is_error for finding in found)
    return {
        "version": template.version,
        "errors": errors,
        "warnings": len(found) - errors,
        "lint": [finding_answer(each) for each in found],
    }


def _schema(_name: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **msgspec.json.schema(MessageTemplate),
    }


# ------------------------------------------------------------------------------------------- routes

_routes = DocumentRoutes(
    router,
    Surface(
        path="/v1/templates/{name}",
        documents=_documents,
        business_now=_business_now,
        zone=_zone,
        dry_run=_dry_run,
        checked=_checked,
        activate=_activate,
        second_pair=_second_pair,
        schema=_schema,
        readers=("outreach:read", "outreach:write"),
        writers=("outreach:write",),
        bytes_max=TEMPLATE_BYTES_MAX,
    ),
)


@router.get(
    "/v1/templates",
    response_model=TemplatesPage,
    summary="The templates in force: those that come with the platform, and the tenant's own",
)
async def list_templates(caller: Reader, context: ContextDep) -> Response:
    async with context.db.reading() as session:
        now = await business_now(session, context.clock, caller.tenant)
    found = await templates_in_force(context, caller.tenant, now)
    ready = context.templates.in_force.templates
    items = [
        {
            "name": name,
            "version": template.version,
            "asks": template.asks,
            "tone": tone_of(name, template),
            "ready": template is ready.get(name) or template == ready.get(name),
            "languages": {code: list(t.channels) for code, t in template.languages.items()},
        }
        for name, template in sorted(found.templates.items())
    ]
    return json_response({"items": items})


_routes.schema(
    RouteTexts(name="get_template_schema", summary="JSON Schema of a template, for editors"),
    path="/v1/templates/schema",
)
_routes.get(RouteTexts(name="get_template", summary="The template in force"))
_routes.put(
    RouteTexts(name="put_template", summary="Keep a version (JSON or YAML); it counts later")
)
_routes.dry_run_of_version(
    RouteTexts(name="lint_template", summary="What is wrong with the words; nothing is kept"),
    TemplateTrial,
    cases=1,
)
_routes.activate(
    RouteTexts(
        name="activate_template",
        summary="Let a version count from a day on; words that may not leave are refused",
    )
)
_routes.activations(
    RouteTexts(name="list_template_activations", summary="What came into force, why")
)
_routes.versions(
    RouteTexts(name="list_template_versions", summary="Every version, the latest first")
)
_routes.version(RouteTexts(name="get_template_version", summary="One version with its text"))


@router.post(
    "/v1/templates/{name}/preview",
    response_model=PreviewAnswer,
    summary="A template as a reader would get it, what it costs, and what is wrong with it",
)
async def preview_template(
    name: str,
    asked: PreviewRequest,
    caller: Annotated[Caller, needs("outreach:read", "outreach:write", is_question=True)],
    context: ContextDep,
) -> Response:
    template = await _template(context, caller.tenant, name, asked.version)
    shown = await preview(
        context,
        caller.tenant,
        name,
        template,
        language=asked.language,
        channel=asked.channel,
        account_id=asked.account_id,
    )
    return json_response(
        {"name": name, "version": template.version, "channel": asked.channel} | as_answer(shown)
    )


async def _template(
    context: Context, tenant: str, name: str, version: str | None
) -> MessageTemplate:
    documents = context.tenant_templates.documents
    if version is None:
        async with context.db.reading() as session:
            now = await business_now(session, context.clock, tenant)
        found = (await templates_in_force(context, tenant, now)).find(name)
        if found is None:
            raise NotFound(f"There is no message template {name} in force.")
        return found
    async with context.db.reading() as session:
        unread = await documents.find_unread(session, tenant, name, version)
    if unread is not None:
        await documents.read_apart(tenant, unread)
    async with context.db.reading() as session:
        return await documents.content(session, tenant, name, version)
