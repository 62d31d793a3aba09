"""What providers post: receipts of our messages, and messages of others."""

from services.outreach.channels.domain.contract import ProviderRequest
from services.outreach.context import Context
from services.outreach.inbound.domain.items import NewItem, new_receipts, new_text
from services.outreach.inbound.domain.provider_events import (
    ProviderPost,
    TenantProvider,
    read_posted,
)
from services.outreach.inbound.processes.routing import find_token_tenants
from services.outreach.inbound.processes.taking import take_item
from services.outreach.inbound.store.providers import find_providers
from shared import clock
from shared.errors import Unauthenticated

NAME_MAX = 100


async def take_posted(context: Context, name: str, request: ProviderRequest) -> None:
    """Raises `Unauthenticated` where no provider of the name has signed it."""
    found: list[TenantProvider] = []
    if len(name) <= NAME_MAX and name.isprintable():
        async with context.db.reading() as session:
            found = [
                TenantProvider(tenant, name, provider, _secret(context, provider.secret))
                for tenant, provider in await find_providers(session, name)
            ]
    read = read_posted(found, request, clock.now())
    if not read:
        raise Unauthenticated("No provider of this name has signed this.")
    of, posted = await _chosen(context, read)
    for item in _items(of, posted, request):
        await take_item(context, of.tenant, item)


def _secret(context: Context, name: str | None) -> str | None:
    return context.channels.environment.get(name) if name is not None else None


async def _chosen(
    context: Context, read: list[tuple[TenantProvider, ProviderPost]]
) -> tuple[TenantProvider, ProviderPost]:
    """Tenants that share an account of the provider's: whose number or contact it is."""
    if len(read) == 1:
        return read[0]
    for of, posted in read:
        if any(text.to == of.provider.from_ for text in posted.texts):
            return of, posted
    tokens = {r.token for _, posted in read for r in posted.receipts if r.token is not None}
    tenants = await find_token_tenants(context, [of.tenant for of, _ in read], tokens)
    return next(((of, posted) for of, posted in read if of.tenant in tenants), read[0])


def _items(of: TenantProvider, posted: ProviderPost, request: ProviderRequest) -> list[NewItem]:
    items = [new_text(text) for text in posted.texts]
    if posted.receipts:
        raw = request.url.encode() + b"\n" + request.body
        items.append(new_receipts(of.name, of.provider.channel, raw, posted.receipts))
    return items
