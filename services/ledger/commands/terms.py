"""What of its tenant an account is computed by: the time zone, and the rules of each day."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from services.ledger.context import Context
from services.ledger.domain.rules import NO_RULES, Rules
from services.ledger.store.journal import AccountHead
from services.ledger.store.runs import list_open_revisions
from services.ledger.store.tenants import LockedTenant, find_tenant_times
from shared.database import Session
from shared.events.ledger import Tenant


class Terms(Struct, frozen=True):
    """Of one tenant."""

    zone: str
    rules: Rules = NO_RULES
    # While runs restate accounts to other rates: the rules of before each, by its revision.
    older: tuple[tuple[int, Rules], ...] = ()

    def of(self, head: AccountHead) -> "Terms":
        """Those of one account: until a run comes to it, it is as its rates were."""
        for revision, rules in self.older if head.version else ():
            if head.rates_revision < revision:
                return Terms(self.zone, rules)
        return self


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
    rules = await context.policies.rules(session, settings)
    older = [
        (revision, await context.policies.rules_before(session, settings, revision))
        for revision in await list_open_revisions(session, settings.tenant_id)
    ]
    return Terms(settings.timezone, rules, tuple(older))
