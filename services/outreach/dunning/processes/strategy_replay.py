"""A dry run of a strategy back: what was recorded comes again, each fact from the instant on at
which it was known, and the strategy acts on it. Nothing is stored and nothing is announced."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from services.outreach.activity.store.timeline import list_recorded
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.dunning.domain.attempts import is_attempt
from services.outreach.dunning.domain.debtor_facts import Account, DebtorFacts, StepMade, SubjectKey
from services.outreach.dunning.domain.means import means_of
from services.outreach.dunning.domain.recorded_debtors import TOLD, in_order
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_trial import TrialCounts, TrialTerms, reported
from services.outreach.dunning.domain.trial_part import KnownDebtor, TrialPart, try_part
from services.outreach.dunning.processes.strategy_trial import (
    PART_DEBTORS,
    Progress,
    TrialScope,
    load_known,
    moves_of,
    terms_of,
    travelling,
)
from services.outreach.dunning.store.debtor_facts import ATTEMPT_DAYS
from services.outreach.dunning.store.steps import find_steps
from services.outreach.dunning.store.trials import count_made
from services.outreach.rulebooks.processes.books import ready_books
from services.outreach.rulebooks.processes.calculation import calculate
from shared.clock import day_start
from shared.database import Session
from shared.errors import FieldError, Invalid
from shared.events import Received

BACK_DAYS_MAX = 366


async def try_back(
    context: Context,
    tenant: str,
    strategy: Strategy,
    days: tuple[date, date],
    scope: TrialScope,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """What it would have done from the first to the last of these days. Raises `Invalid`."""
    async with context.db.reading() as session:
        settings = (await get_settings(session, tenant)).settings
        terms = _back(await terms_of(context, session, tenant, strategy, 1), *days)
    channels = await context.channels.channels(tenant, settings)
    means = means_of(settings, channels.configured, context.content)
    books = await ready_books(context, tenant)
    counts, keys = TrialCounts(), scope.debtors
    contacts = micros = 0
    until = day_start(terms.until_on, terms.zone)
    for start in range(0, len(keys), PART_DEBTORS):
        part_keys = keys[start : start + PART_DEBTORS]
        async with context.db.reading() as session:
            known = await load_known(context, session, tenant, part_keys, scope, terms)
            known = await _recorded(session, tenant, known, terms)
            accounts = sorted({a for key in part_keys for a in scope.accounts[key]})
            made = await count_made(session, tenant, accounts, terms.at, until)
        contacts, micros = contacts + made[0], micros + made[1]
        part = TrialPart(
            terms, strategy, travelling(means, strategy, known), settings.costs, known,
            dict(counts.slots),
        )  # fmt: skip
        counts.add(await calculate(context, tenant, books, try_part, part))
        if progress is not None:
            await progress(min(start + PART_DEBTORS, len(keys)))
    return {
        **reported(terms, counts, settings.costs.currency),
        "mode": "back",
        "moves": moves_of(scope),
        "paid_soon": counts.paid_soon,
        "made": {"contacts": contacts, "cost_micros": micros},
    }


def _back(today: TrialTerms, from_on: date, to_on: date) -> TrialTerms:
    """Raises `Invalid`: only what has been can be told again."""
    errors = []
    if to_on > today.from_on:
        errors.append(FieldError("/query/to", f"is after today, {today.from_on}"))
    if from_on > to_on:
        errors.append(FieldError("/query/from", "is after `to`"))
    elif (to_on - from_on).days >= BACK_DAYS_MAX:
        errors.append(FieldError("/query/from", f"is more than {BACK_DAYS_MAX} days before `to`"))
    if errors:
        raise Invalid("These days cannot be told again.", errors)
    return replace(
        today,
        from_on=from_on,
        until_on=to_on + timedelta(days=1),
        at=day_start(from_on, today.zone),
        version_from=from_on,
    )


async def _recorded(
    session: Session, tenant: str, found: Sequence[KnownDebtor], terms: TrialTerms
) -> list[KnownDebtor]:
    """The debtors as they were before the first day, and what was recorded of them."""
    ids = sorted({a.account_id for each in found for a in each.facts.accounts})
    types = sorted({(topic, type_) for topic, names in TOLD.items() for type_ in names})
    events = await list_recorded(session, tenant, ids, types)
    steps = await find_steps(session, tenant, ids, with_closed=True)
    by_account: dict[str, list[Received]] = {}
    for event in events:
        by_account.setdefault(event.key, []).append(event)
    return [_at_first(each, by_account, steps, terms) for each in found]


def _at_first(
    known: KnownDebtor,
    events: Mapping[str, Sequence[Received]],
    steps: Mapping[str, Mapping[SubjectKey, tuple[StepMade, ...]]],
    terms: TrialTerms,
) -> KnownDebtor:
    profile = replace(
        known.profile,
        history=tuple(p for p in known.profile.history if not p.is_own or p.at < terms.at),
    )
    names = [account.account_id for account in known.facts.accounts]
    before = {
        key: kept
        for name in names
        for key, made in steps.get(name, {}).items()
        if (kept := tuple(step for step in made if step.made_on < terms.from_on))
    }
    attempts = tuple(
        past.at
        for past in profile.history
        if is_attempt(past) and terms.at - timedelta(days=ATTEMPT_DAYS) <= past.at < terms.at
    )
    own = [past.at for past in profile.history if past.is_own and not past.is_answer]
    facts: DebtorFacts = replace(
        known.facts,
        accounts=tuple(_account_then(a, profile, before, terms.at) for a in known.facts.accounts),
        invoices=(),
        steps=before,
        occasions=(),
        attempts=attempts,
        last_message_at=max(own, default=None),
    )
    recorded = in_order([event for name in names for event in events.get(name, ())])
    return replace(known, facts=facts, profile=profile, recorded=tuple(recorded))


def _account_then(
    account: Account,
    profile: DebtorProfile,
    steps: Mapping[SubjectKey, tuple[StepMade, ...]],
    at: datetime,
) -> Account:
    name = account.account_id
    mine = [past for past in profile.history if name in past.account_ids and past.at < at]
    asked = [
        step.made_on
        for key, made in steps.items()
        if key[0] == name and key[1] == "invoice" and not key[4]
        for step in made
        if step.n > 0 and step.may_have_arrived
    ]
    return replace(
        account,
        is_contacted=any(past.is_own and not past.is_answer for past in mine),
        paid_on=None,
        asked_on=max(asked, default=None),
        contacts=sum(map(is_attempt, mine)),
        promises_broken_on=(),
        answered_on=None,
    )
