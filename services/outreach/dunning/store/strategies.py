"""The strategies of tenants and their assignments, as they count at an instant; and which strategy
each account is on."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from services.outreach.debtors.store.rows import columns
from services.outreach.dunning.domain.assignment_document import ASSIGNMENTS
from services.outreach.dunning.domain.assignments import (
    IN_FLIGHT_DEFAULT,
    AccountStrategy,
    Asked,
    Assignments,
    InFlight,
    Override,
    StrategiesInForce,
)
from services.outreach.dunning.domain.conditions import ConditionFacts
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_kinds import STRATEGIES, STRATEGY_ASSIGNMENTS
from shared.database import Record, Session
from shared.documents import Activation, BuiltIn, Documents, History, StoredVersion
from shared.documents import store as document_store
from shared.documents.activations import in_force as in_force_of

StrategyKey = tuple[str, str]  # name, version


class StrategyBooks:
    """One per process."""

    def __init__(
        self, packs: Iterable[BuiltIn[Strategy]], assignments: BuiltIn[Assignments]
    ) -> None:
        self.strategies = Documents(STRATEGIES, packs)
        self.assignments = Documents(STRATEGY_ASSIGNMENTS, [assignments])
        self._kept: set[tuple[str, str, str]] = set()  # shipped versions stored for a tenant

    async def in_force(self, session: Session, tenant: str, at: datetime) -> StrategiesInForce:
        """What counts for the tenant at an instant."""
        strategies = await self.strategies.history(session, tenant)
        rules = await self.assignments.history(session, tenant)
        active = in_force_of(strategies.activations, at)
        assigning = in_force_of(rules.activations, at).get(ASSIGNMENTS)
        return StrategiesInForce(
            versions={n: found.version for n, found in strategies.in_force(at).items()},
            version_modes={name: in_flight(each) for name, each in active.items()},
            assignments=_rules_at(rules, at),
            assignments_mode=IN_FLIGHT_DEFAULT if assigning is None else in_flight(assigning),
        )

    async def find_assignments(
        self, session: Session, tenant: str, versions: Collection[str]
    ) -> dict[str, Assignments]:
        """The rules of versions; those that are not there any more are left out."""
        found = {}
        for version in versions:
            known = await self.assignments.find_version(session, tenant, ASSIGNMENTS, version)
            if known is not None:
                found[version] = await self.assignments.content(
                    session, tenant, ASSIGNMENTS, version
                )
        return found

    async def get(self, session: Session, tenant: str, name: str, version: str) -> Strategy:
        """A version. Raises `NotFound`."""
        return await self.strategies.content(session, tenant, name, version)

    async def get_all(
        self, session: Session, tenant: str, keys: Iterable[StrategyKey]
    ) -> dict[StrategyKey, Strategy]:
        """Versions that accounts are on. Raises `NotFound`."""
        return {key: await self.get(session, tenant, *key) for key in sorted(set(keys))}

    async def keep_shipped(
        self, session: Session, tenant: str, keys: Collection[StrategyKey]
    ) -> None:
        """Versions that came with the platform are stored once an account is on them: they stay,
        whatever comes with a later release."""
        for name, version in keys:
            shipped = self.strategies.built_in.get(name)
            if shipped is None or shipped.version != version:
                continue
            key = (tenant, name, version)
            if key in self._kept:
                continue
            stored: StoredVersion = self.strategies.as_stored(shipped)
            await document_store.insert_version(session, STRATEGIES.kind, tenant, stored)
            session.after_commit(partial(self._kept.add, key))


def in_flight(activation: Activation) -> InFlight:
    """What an activation wants of accounts under way."""
    options: Mapping[str, Any] = activation.options or {}
    found: InFlight = options.get("in_flight", IN_FLIGHT_DEFAULT)
    return found


def _rules_at(history: History[Assignments], at: datetime) -> Assignments:
    found = history.in_force(at)
    return found[ASSIGNMENTS]  # they are never ended


# ----------------------------------------------------------------------------------- of accounts


@dataclass(frozen=True, kw_only=True)
class AccountQuestion:
    """An account whose strategy is asked for, and the debtor whose plans it may change."""

    account_id: str
    debtor_key: str
    zone: str
    asked: Asked


async def lock_debtors_of(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    """One change of an account's strategy at a time: its debtor's row is the lock."""
    await session.execute(
        """
        select from debtors where tenant_id = $1 and debtor_key in (
          select debtor_key from accounts where tenant_id = $1 and account_id = any($2))
        order by debtor_key for update
        """,
        tenant,
        sorted(account_ids),
    )


async def list_questions(
    session: Session, tenant: str, account_ids: Collection[str]
) -> list[AccountQuestion]:
    """The registered accounts among these."""
    rows = await session.fetch(
        """
        select a.account_id, a.debtor_key, a.kind, a.country, a.segment, a.arms, a.tags, t.party,
               s.account_id is not null as has_strategy, s.strategy, s.version, s.because, s.rule,
               s.assignments_version, s.is_kept, s.number, a.timezone,
               o.account_id is not null as is_overridden, o.strategy as override_strategy,
               s.account_id is not null and exists (
                 select from steps m join invoices i
                   on i.tenant_id = m.tenant_id and i.account_id = m.account_id
                     and i.invoice_id = m.subject_id
                 where m.tenant_id = a.tenant_id and m.account_id = a.account_id
                   and m.subject = 'invoice' and m.reaction = '' and m.state <> 'open'
                   and i.state = 'open') as is_under_way
        from accounts a
        left join tenants t using (tenant_id)
        left join account_strategies s using (tenant_id, account_id)
        left join strategy_overrides o using (tenant_id, account_id)
        where a.tenant_id = $1 and a.account_id = any($2) and a.is_registered and not a.is_erased
        order by a.account_id
        """,
        tenant,
        sorted(account_ids),
    )
    return [_question(row) for row in rows]


def _question(row: Record) -> AccountQuestion:
    facts = ConditionFacts(
        kind=row["kind"],
        country=row["country"],
        segment=row["segment"],
        party=row["party"],
        arms=msgspec.json.decode(row["arms"], type=dict[str, str]),
        tags=frozenset(row["tags"]),
    )
    return AccountQuestion(
        account_id=row["account_id"],
        debtor_key=row["debtor_key"],
        zone=row["timezone"],
        asked=Asked(
            facts=facts,
            now_on=_account_strategy(row) if row["has_strategy"] else None,
            override=Override(strategy=row["override_strategy"]) if row["is_overridden"] else None,
            is_under_way=row["is_under_way"],
        ),
    )


def _account_strategy(row: Record) -> AccountStrategy:
    return AccountStrategy(
        strategy=row["strategy"],
        version=row["version"],
        because=row["because"],
        rule=row["rule"],
        assignments_version=row["assignments_version"],
        is_kept=row["is_kept"],
        number=row["number"],
    )


async def find_account_strategies(
    session: Session, tenant: str, account_ids: Collection[str]
) -> dict[str, AccountStrategy]:
    """What accounts are on; those that were never asked are left out."""
    rows = await session.fetch(
        "select * from account_strategies where tenant_id = $1 and account_id = any($2)",
        tenant,
        sorted(account_ids),
    )
    return {row["account_id"]: _account_strategy(row) for row in rows}


async def upsert_account_strategies(
    session: Session, tenant: str, found: Mapping[str, AccountStrategy], at: datetime
) -> None:
    rows = [
        (
            account_id,
            s.strategy,
            s.version,
            s.because,
            s.rule,
            s.assignments_version,
            s.is_kept,
            s.number,
        )
        for account_id, s in sorted(found.items())
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into account_strategies (tenant_id, account_id, strategy, version, because, rule,
                                        assignments_version, is_kept, number, assigned_at)
        select $9, k.*, $10 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[],
                                       $6::text[], $7::bool[], $8::int[]) k
        on conflict (tenant_id, account_id) do update set
          strategy = excluded.strategy, version = excluded.version, because = excluded.because,
          rule = excluded.rule, assignments_version = excluded.assignments_version,
          is_kept = excluded.is_kept, number = excluded.number,
          assigned_at = excluded.assigned_at
        """,
        *columns(rows, 8),
        tenant,
        at,
    )


async def list_kept(session: Session, tenant: str, account_ids: Collection[str]) -> list[str]:
    """Those that stay on what was in force before."""
    rows = await session.fetch(
        """
        select account_id from account_strategies
        where tenant_id = $1 and account_id = any($2) and is_kept
        """,
        tenant,
        sorted(account_ids),
    )
    return [row["account_id"] for row in rows]


async def page_accounts(session: Session, tenant: str, *, after: str, limit: int) -> list[str]:
    """The accounts of a tenant in order."""
    rows = await session.fetch(
        """
        select account_id from accounts
        where tenant_id = $1 and account_id > $2 and is_registered and not is_erased
        order by account_id limit $3
        """,
        tenant,
        after,
        limit,
    )
    return [row["account_id"] for row in rows]


async def find_mark(session: Session, tenant: str) -> datetime | None:
    """Up to which instant activations have reached the accounts; None: none has."""
    at: datetime | None = await session.fetchval(
        "select at from assignment_marks where tenant_id = $1", tenant
    )
    return at


async def set_mark(session: Session, tenant: str, at: datetime) -> None:
    await session.execute(
        """
        insert into assignment_marks (tenant_id, at) values ($1, $2)
        on conflict (tenant_id) do update set at = greatest(assignment_marks.at, excluded.at)
        """,
        tenant,
        at,
    )


async def delete_mark(session: Session, tenant: str) -> None:
    """All accounts are asked again with the next run."""
    await session.execute("delete from assignment_marks where tenant_id = $1", tenant)


async def has_begun_since(session: Session, tenant: str, mark: datetime, at: datetime) -> bool:
    """Whether an activation of strategies or assignments has begun since the mark."""
    found: bool = await session.fetchval(
        """
        select exists (select from activations where tenant_id = $1 and kind = any($2)
                       and from_at > $3 and from_at <= $4)
        """,
        tenant,
        [STRATEGIES.kind, STRATEGY_ASSIGNMENTS.kind],
        mark,
        at,
    )
    return found


async def find_priorities(
    session: Session, tenant: str, account_ids: Collection[str]
) -> dict[str, int]:
    rows = await session.fetch(
        """
        select account_id, priority from accounts
        where tenant_id = $1 and account_id = any($2) and priority is not null
        """,
        tenant,
        list(account_ids),
    )
    return {row["account_id"]: row["priority"] for row in rows}
