"""SQL of whose providers and domains these are, by the tenants' settings as they are now."""

from collections.abc import Iterator

import msgspec

from services.outreach.channels.domain.tenant_settings import Provider, TenantSettings
from shared.database import Session

_DOCUMENT = msgspec.json.Decoder(TenantSettings)
_NEWEST = """
    select t.tenant_id, t.document from tenant_settings t
    where t.number = (select max(o.number) from tenant_settings o where o.tenant_id = t.tenant_id)
      and position(convert_to($1, 'UTF8') in t.document) > 0
    order by t.tenant_id
"""


async def find_providers(session: Session, name: str) -> list[tuple[str, Provider]]:
    """Tenants that have a provider of this name, and theirs."""
    quoted = msgspec.json.encode(name).decode()
    return [
        (tenant, settings.providers[name])
        for tenant, settings in await _settings(session, f"{quoted}:")
        if name in settings.providers
    ]


async def find_mail_tenants(session: Session, domain: str) -> list[str]:
    """Tenants whose replies or bounces go to this domain."""
    return [
        tenant
        for tenant, settings in await _settings(session, domain)
        if domain in set(_domains(settings))
    ]


def _domains(settings: TenantSettings) -> Iterator[str]:
    for provider in settings.providers.values():
        for name in (provider.reply_domain, provider.bounce_domain):
            if name is not None:
                yield name.casefold()


async def _settings(session: Session, part: str) -> list[tuple[str, TenantSettings]]:
    rows = await session.fetch(_NEWEST, part)
    return [(row["tenant_id"], _DOCUMENT.decode(row["document"])) for row in rows]
