"""Open a run: the tenant's channels, rule books and slots as they are now."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from services.outreach.channels.domain.creditors import creditor_of
from services.outreach.channels.domain.tenant_settings import TenantSettings
from services.outreach.channels.processes.templates import with_templates
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.dunning.commands.shared_attempts import find_limits
from services.outreach.dunning.commands.slots import load_limits
from services.outreach.dunning.domain.means import means_of
from services.outreach.dunning.processes.contact_runs import ContactRun
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from services.outreach.rulebooks.processes.books import ready_books
from services.outreach.rulebooks.store import get_tenant_zone
from shared.errors import Invalid, Unavailable

_R = TypeVar("_R", bound="ContactRun")


async def open_run(context: Context, tenant: str, at: datetime, *, kind: type[_R]) -> _R:
    """A run, with the tenant's channels, rule books and templates as they are now."""
    async with context.db.reading() as session:
        stored = await get_settings(session, tenant)
        zone = await get_tenant_zone(session, tenant)
    channels = replace(await context.channels.channels(tenant, stored.settings), zone=zone)
    context = _with_creditor(await with_templates(context, tenant, at), stored.settings)
    async with context.db.reading() as session:
        shared = await find_limits(session, tenant, context.links.keys.signing.secret)
        limits = await load_limits(session, tenant, at, stored.settings, context.strategies)
    means = means_of(stored.settings, channels.configured, context.content, shared)
    rulebooks = await _rulebooks(context, tenant, at)
    return kind(context, tenant, at, rulebooks, channels, means, limits)


def _with_creditor(context: Context, settings: TenantSettings) -> Context:
    """The context with the disclosures that there are words for, naming the tenant's creditor."""
    creditor = creditor_of(settings, context.sender)
    if creditor == context.creditor:
        return context
    text_ids = context.templates.text_ids(creditor)
    return replace(context, content=replace(context.content, text_ids=text_ids))


async def _rulebooks(context: Context, tenant: str, at: datetime) -> RuleBookVersions:
    """The tenant's rule books. Raises `Unavailable` where they contradict each other: then nobody
    is contacted, and the tenants after it have their turn all the same."""
    rulebooks = await ready_books(context, tenant)
    try:
        rulebooks.at(at)
    except Invalid as error:
        raise Unavailable(f"the rule books of {tenant}: {error.detail}") from error
    return rulebooks
