"""A dry run of a strategy ahead: the debtors that would have it, part by part in processes of their
own. Nothing is stored of what it does and nothing is announced."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.debtors.store.profiles import get_profiles
from services.outreach.debtors.store.tenants import find_calendar
from services.outreach.dunning.commands.assignments import ACCOUNTS_MAX
from services.outreach.dunning.commands.governors import find_unusable
from services.outreach.dunning.domain.assignments import assign
from services.outreach.dunning.domain.governor import Means, languages_of
from services.outreach.dunning.domain.means import means_of
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_trial import TrialCounts, TrialTerms, reported
from services.outreach.dunning.domain.trial_part import (
    KnownDebtor,
    TrialPart,
    texts_known,
    try_part,
)
from services.outreach.dunning.store import strategies as store
from services.outreach.dunning.store.debtor_facts import (
    DebtorSources,
    get_debtors,
    list_strategies,
)
from services.outreach.rulebooks.commands import business_now
from services.outreach.rulebooks.processes.books import ready_books
from services.outreach.rulebooks.processes.calculation import calculate
from shared import clock
from shared.clock import local_day
from shared.database import Session

PART_DEBTORS = 250  # about a second of one process
DAYS_MAX = 90

Progress = Callable[[int], Awaitable[None]]  # so many debtors are done


@dataclass
class TrialScope:
    """Who would have the strategy today."""

    accounts: dict[str, set[str]] = field(default_factory=dict)  # by debtor
    moves: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    priorities: dict[str, int] = field(default_factory=dict)  # by debtor

    @property
    def debtors(self) -> list[str]:
        """Who has a slot first stands first."""
        return sorted(self.accounts, key=lambda key: (-self.priorities.get(key, 0), key))


async def find_scope(context: Context, tenant: str, strategy: Strategy) -> TrialScope:
    """The accounts that would be on it, if it were in force today and all moved."""
    scope, after = TrialScope(), ""
    async with context.db.reading() as session:
        now = await business_now(session, context.clock, tenant)
        counting = await context.strategies.in_force(session, tenant, now)
    in_force = replace(
        counting,
        versions={**counting.versions, strategy.name: strategy.version},
        version_modes={**counting.version_modes, strategy.name: "move"},
        assignments_mode="move",
    )
    while True:
        async with context.db.reading() as session:
            page = await store.page_accounts(session, tenant, after=after, limit=ACCOUNTS_MAX)
            questions = await store.list_questions(session, tenant, page)
            priorities = await store.find_priorities(session, tenant, page)
        for question in questions:
            found = assign(question.asked, in_force, lambda _version: None, "rule")
            if (found.strategy, found.version) != (strategy.name, strategy.version):
                continue
            key, now_on = question.debtor_key, question.asked.now_on
            scope.accounts.setdefault(key, set()).add(question.account_id)
            priority = priorities.get(question.account_id, 0)
            scope.priorities[key] = max(scope.priorities.get(key, 0), priority)
            before = (None, None) if now_on is None else (now_on.strategy, now_on.version)
            if before != (strategy.name, strategy.version):
                scope.moves[before] += 1
        if len(page) < ACCOUNTS_MAX:
            return scope
        after = page[-1]


async def try_ahead(
    context: Context,
    tenant: str,
    strategy: Strategy,
    days: int,
    scope: TrialScope,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """What it would do in so many days from today on, today included."""
    async with context.db.reading() as session:
        terms = await terms_of(context, session, tenant, strategy, days)
        settings = (await get_settings(session, tenant)).settings
    channels = await context.channels.channels(tenant, settings)
    means = means_of(settings, channels.configured, context.content)
    books = await ready_books(context, tenant)
    counts, keys = TrialCounts(), scope.debtors
    for start in range(0, len(keys), PART_DEBTORS):
        part_keys = keys[start : start + PART_DEBTORS]
        async with context.db.reading() as session:
            known = await load_known(context, session, tenant, part_keys, scope, terms)
        part = TrialPart(
            terms, strategy, travelling(means, strategy, known), settings.costs, known,
            dict(counts.slots),
        )  # fmt: skip
        counts.add(await calculate(context, tenant, books, try_part, part))
        if progress is not None:
            await progress(min(start + PART_DEBTORS, len(keys)))
    report = reported(terms, counts, settings.costs.currency)
    return {**report, "mode": "ahead", "moves": moves_of(scope), "paid_soon": None, "made": None}


def moves_of(scope: TrialScope) -> list[dict[str, Any]]:
    """What the accounts are on today that would come to it."""
    return [
        {"strategy": name, "version": version, "accounts": count}
        for (name, version), count in scope.moves.most_common()
    ]


async def terms_of(
    context: Context, session: Session, tenant: str, strategy: Strategy, days: int
) -> TrialTerms:
    now = await business_now(session, context.clock, tenant)
    settings = (await get_settings(session, tenant)).settings
    zone, contact_from = await find_calendar(session, tenant)
    today = local_day(now, zone)
    return TrialTerms(
        strategy=strategy.name,
        version=strategy.version,
        from_on=today,
        until_on=today + timedelta(days=days),
        at=now,
        zone=zone,
        ramp=settings.ramp,
        ramp_from=contact_from,
        version_ramp=strategy.ramp,
        version_from=today,
        capacity=settings.capacity,
    )


async def load_known(
    context: Context,
    session: Session,
    tenant: str,
    keys: Sequence[str],
    scope: TrialScope,
    terms: TrialTerms,
) -> list[KnownDebtor]:
    profiles = await get_profiles(session, tenant, keys, context.content.residence_default)
    on = await list_strategies(session, tenant, keys)
    sources = DebtorSources(profiles, await context.strategies.get_all(session, tenant, on))
    unusable = await find_unusable(session, tenant, profiles, terms.at)
    states = await get_debtors(session, tenant, keys, sources, terms.at, clock.now())
    return [
        KnownDebtor(
            state.debtor,
            profiles[state.debtor.key],
            unusable[state.debtor.key],
            frozenset(scope.accounts[state.debtor.key]),
            scope.priorities.get(state.debtor.key, 0),
        )
        for state in states
        if state.debtor.accounts
    ]


def travelling(means: Means, strategy: Strategy, known: Sequence[KnownDebtor]) -> Means:
    """The means, with the texts that these debtors may be sent."""
    strategies = [
        strategy,
        *(a.strategy for each in known for a in each.facts.accounts if a.strategy is not None),
    ]
    by_key = {(each.name, each.version): each for each in strategies}
    languages = {languages_of(each.profile, means.language) for each in known}
    return replace(means, has_text=texts_known(means, by_key.values(), languages))
