"""What of its tenant an account is computed by: the time zone, and the rules of each day."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from services.ledger.context import Context
from services.ledger.domain.rules import NO_RULES, Rules
from services.ledger.store.tenants import LockedTenant, find_tenant_times
from shared.database import Session
from shared.events.ledger import Tenant


class Terms(Struct, frozen=True):
    """Of one tenant."""

    zone: str
    rules: Rules = NO_RULES


async def find_terms(
    session: Session, tenant_ids: Iterable[str], context: Context
) -> dict[str, Terms]:
    """The terms of those tenants that exist."""
    return await terms_of(session, await find_tenant_times(session, tenant_ids), context)


async def terms_of(
    session: Session, tenants: Mapping[str, LockedTenant], context: Context
) -> dict[str, Terms]:
    """The same of tenants whose settings are known."""
    return {
        tenant_id: await terms_for(session, tenant.settings, context)
        for tenant_id, tenant in tenants.items()
    }


async def terms_for(session: Session, settings: Tenant, context: Context) -> Terms:
    return Terms(settings.timezone, await context.policies.rules(session, settings))
