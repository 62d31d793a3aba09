"""The policies of tenants, kept as values until another version is activated."""

from collections import OrderedDict
from datetime import date

from services.ledger.domain.policies import Policy
from services.ledger.domain.policies.kind import BUILT_INS, POLICIES
from services.ledger.domain.rules import Dated, Rules, dated, rules_of
from shared.database import Session
from shared.documents import Documents, History
from shared.events.ledger import Tenant

TENANTS_MAX = 256  # whose rules are kept


class Policies:
    """One per process. What another process activates counts at once: the database is asked."""

    def __init__(self) -> None:
        self.documents: Documents[Policy] = Documents(POLICIES, BUILT_INS)
        self._rules: OrderedDict[str, tuple[History[Policy], Tenant, Rules]] = OrderedDict()

    async def in_force(
        self, session: Session, tenant_id: str, name: str, day: date
    ) -> tuple[str, Policy]:
        """The version of a policy on a day of an account's zone, and what it says."""
        policy = (await self.by_day(session, tenant_id, name)).at(day)
        return policy.version, policy

    async def by_day(self, session: Session, tenant_id: str, name: str) -> Dated[Policy]:
        """A policy as it is in force on every day."""
        return dated(await self.documents.history(session, tenant_id), name)

    async def rules(self, session: Session, tenant: Tenant) -> Rules:
        """The rules of a tenant's accounts: the same object until something changes."""
        history = await self.documents.history(session, tenant.tenant_id)
        known = self._rules.get(tenant.tenant_id)
        if known is None or known[0] is not history or known[1] != tenant:
            made = rules_of(
                history, reporting_currency=tenant.reporting_currency, calendar=tenant.calendar
            )
            known = self._rules[tenant.tenant_id] = (history, tenant, made)
            if len(self._rules) > TENANTS_MAX:
                self._rules.popitem(last=False)
        self._rules.move_to_end(tenant.tenant_id)
        return known[2]
