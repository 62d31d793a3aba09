"""The templates of a tenant made ready to write with, and looked at before they count."""

import asyncio
from dataclasses import replace
from datetime import datetime

from services.outreach.channels.domain.languages import LANGUAGE_DEFAULT
from services.outreach.channels.domain.lint.findings import LintFinding
from services.outreach.channels.domain.lint.linting import SEGMENTS_MAX, lint_template
from services.outreach.channels.domain.template_document import MessageTemplate
from services.outreach.channels.domain.template_facts import TemplateFacts, tone_of
from services.outreach.channels.domain.tenant_settings import TenantSettings
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from shared.errors import Invalid


async def templates_in_force(context: Context, tenant: str, at: datetime) -> TemplateFacts:
    """Those that count at an instant. Long ones are read apart, once in each process."""
    templates = context.tenant_templates
    async with context.db.reading() as session:
        if await templates.documents.find_history(session, tenant) is not None:
            return await templates.in_force(session, tenant, at)
        unread = await templates.documents.list_unread(session, tenant)
    for stored in unread:
        await templates.documents.read_apart(tenant, stored)
    async with context.db.reading() as session:
        return await templates.in_force(session, tenant, at)


async def with_templates(context: Context, tenant: str, at: datetime) -> Context:
    """The context with the tenant's templates as they count at an instant."""
    found = await templates_in_force(context, tenant, at)
    if found is context.content.templates:
        return context
    return replace(context, content=replace(context.content, templates=found))


async def lint(
    context: Context, tenant: str, name: str, template: MessageTemplate
) -> list[LintFinding]:
    """What is wrong with its words, errors first; in a thread, so that nobody waits for it."""
    async with context.db.reading() as session:
        settings = (await get_settings(session, tenant)).settings
    return await asyncio.to_thread(
        lint_template,
        context.templates.wording,
        template,
        tone_of(name, template),
        tenant_language=settings.language or LANGUAGE_DEFAULT,
        segments_max=segments_max(settings),
    )


async def refuse_bad_words(
    context: Context, tenant: str, name: str, template: MessageTemplate
) -> None:
    """Raises `Invalid` with every error."""
    found = await lint(context, tenant, name, template)
    errors = [finding.as_error() for finding in found if finding.is_error]
    if errors:
        raise Invalid("The template may not be activated.", errors)


def segments_max(settings: TenantSettings) -> int:
    """What every provider of texts takes."""
    texts = [each.segments_max for each in settings.providers.values() if each.channel == "sms"]
    return min(texts, default=SEGMENTS_MAX)
