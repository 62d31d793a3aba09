"""The policies of tenants, kept as values until another version is activated."""

from collections import OrderedDict
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from services.ledger.domain.policies import Policy
from services.ledger.domain.policies.kind import BUILT_INS, POLICIES
from services.ledger.domain.rates import RateTables
from services.ledger.domain.rules import Dated, Rules, dated, rules_of
from services.ledger.store.rates import Rates, read_rate_tables
from services.ledger.store.shipped import shipped_packs
from shared.database import Session
from shared.documents import Documents, History
from shared.events.ledger import Tenant

TENANTS_MAX = 256  # whose rules are kept


class _Sources(NamedTuple):
    """What rules are made of."""

    history: History[Policy]
    rates: RateTables
    tenant: Tenant

    def are(self, others: "_Sources") -> bool:
        return (
            self.history is others.history
            and self.rates is others.rates
            and self.tenant == others.tenant
        )


class Policies:
    """One per process. What another process activates counts at once: the database is asked."""

    def __init__(self) -> None:
        self.documents: Documents[Policy] = Documents(POLICIES, BUILT_INS)
        self.rates = Rates()
        self._rules: OrderedDict[str, tuple[_Sources, Rules]] = OrderedDict()

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
        rates = await self.rates.tables(session, tenant.tenant_id)
        sources = _Sources(history, rates, tenant)
        known = self._rules.get(tenant.tenant_id)
        if known is None or not known[0].are(sources):
            made = rules_of(
                history,
                packs=shipped_packs(),
                rates=rates,
                reporting_currency=tenant.reporting_currency,
                calendar=tenant.calendar,
            )
            known = self._rules[tenant.tenant_id] = (sources, made)
            if len(self._rules) > TENANTS_MAX:
                self._rules.popitem(last=False)
        self._rules.move_to_end(tenant.tenant_id)
        return known[1]

    async def rules_before(self, session: Session, tenant: Tenant, revision: int) -> Rules:
        """The same with the rates as they were before a revision of them."""
        rules = await self.rules(session, tenant)
        tables = await read_rate_tables(session, tenant.tenant_id, revision - 1)
        return replace(rules, rates=tables)
