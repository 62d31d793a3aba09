"""Dry runs of policies: nothing is kept."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import date, timedelta
from itertools import chain
from typing import Any

from msgspec import Struct

from services.ledger import domain
from services.ledger.commands.accounts import compute_accounts, in_slices
from services.ledger.commands.policies import business_now, zone_of
from services.ledger.commands.terms import find_terms
from services.ledger.context import Context
from services.ledger.domain import AccountState
from services.ledger.domain.charge_trials import TRIED_DAYS, ChargeTally, rules_from
from services.ledger.domain.erasures import still_needed
from services.ledger.domain.policies import BUILT_IN, Policy
from services.ledger.domain.policies.charges import charging
from services.ledger.domain.policies.recovery import RecoveryPolicy
from services.ledger.domain.policies.retention import RetentionPolicy
from services.ledger.domain.policy_trials import Moved, Tally, let_go
from services.ledger.domain.requests import NOUNS, answer
from services.ledger.store import accounts as account_store
from services.ledger.store import policy_trials as trial_store
from services.ledger.store.requests import list_requests
from services.ledger.store.shipped import shipped_packs
from shared import clock
from shared.clock import day_start, local_day
from shared.database import Session
from shared.errors import Conflict

REQUEST_DAYS = 180
_PAGE_ACCOUNTS = 200


class Tried(Struct, frozen=True):
    """A policy that is tried, next to the one in force today."""

    context: Context
    tenant_id: str
    zone: str
    today: date
    policy: Policy
    current: Policy
    limit: int  # cases


async def try_policy(
    context: Context, tenant_id: str, name: str, policy: Policy, limit: int
) -> dict[str, Any]:
    """What would come of a policy, against the one in force today."""
    async with context.db.reading() as session:
        zone = await zone_of(session, tenant_id)
        today = local_day(await business_now(session, tenant_id, context, clock.now()), zone)
        version, current = await context.policies.in_force(session, tenant_id, name, today)
        tried = Tried(context, tenant_id, zone, today, policy, current, limit)
        if name not in _TRIALS:
            raise Conflict(f"There is no dry run of {name} here.")
        return await _TRIALS[name](session, tried, version or BUILT_IN)


async def _try_requests(session: Session, tried: Tried) -> tuple[Tally, str]:
    trial, noun = Tally(), NOUNS[tried.policy.name]
    since = tried.today - timedelta(days=REQUEST_DAYS)
    found = list_requests(session, tried.tenant_id, noun, since=since, limit=tried.limit)
    async for request in found:
        trial.count(
            Moved(
                account_id=request.account_id,
                id=None,
                on=request.requested_on,
                was=answer(tried.current, request),
                becomes=answer(tried.policy, request),
                currency=request.situation.currency,
                amount_minor=request.amount_minor,
            )
        )
        await session.give_way()
    return trial, (
        f"{trial.moved:,} of {trial.cases:,} {noun} requests of the last {REQUEST_DAYS} days would"
        " be answered otherwise"
    )


async def _try_recovery(session: Session, tried: Tried) -> tuple[Tally, str]:
    trial = Tally()
    policy: RecoveryPolicy = tried.policy
    currencies = await trial_store.list_open_currencies(session, tried.tenant_id)
    limits = {code: policy.small_minor(code) for code in currencies}
    rows = await trial_store.list_small_balances(session, tried.tenant_id, limits, tried.today)
    async for state in _accounts(session, tried, dict.fromkeys(row[0] for row in rows)):
        today = tried.today
        now = {invoice.invoice_id for invoice in let_go(state, tried.current, today)}
        then = {invoice.invoice_id for invoice in let_go(state, policy, today)}
        for account_id, invoice_id, currency, balance_minor, due_on in rows:
            if account_id == state.account_id:
                trial.count(
                    Moved(
                        account_id=account_id,
                        id=invoice_id,
                        on=due_on,
                        was="let-go" if invoice_id in now else "open",
                        becomes="let-go" if invoice_id in then else "open",
                        currency=currency,
                        amount_minor=balance_minor,
                    )
                )
    return trial, f"{trial.moved:,} of {trial.cases:,} small balances would be let go today"


async def _try_retention(session: Session, tried: Tried) -> tuple[Tally, str]:
    trial = Tally()
    policy: RetentionPolicy = tried.policy
    before = day_start(policy.kept_from(tried.today), tried.zone)
    current = day_start(tried.current.kept_from(tried.today), tried.zone)
    silent = dict(await trial_store.list_silent_accounts(session, tried.tenant_id, before))
    async for state in _accounts(session, tried, silent):
        last, is_kept = silent[state.account_id], bool(still_needed(state))
        trial.count(
            Moved(
                account_id=state.account_id,
                id=None,
                on=local_day(last, tried.zone),
                was="kept" if is_kept or last >= current else "erased",
                becomes="kept" if is_kept else "erased",
            )
        )
    return trial, (
        f"{trial.moved:,} of {trial.cases:,} accounts that were silent for"
        f" {policy.personal_data_months} months would be erased today"
    )


async def _try_allocation(session: Session, tried: Tried) -> tuple[Tally, str]:
    return Tally(), "Money that lies stays: an order counts for money that moves from its day on"


async def _try_charges(session: Session, tried: Tried, against: str) -> dict[str, Any]:
    """Today's accounts anew, with the document in force for 90 days."""
    since = tried.today - timedelta(days=TRIED_DAYS)
    terms = (await find_terms(session, [tried.tenant_id], tried.context)).get(tried.tenant_id)
    tally = ChargeTally(since)
    if terms is not None:
        tried_rules = rules_from(terms.rules, charging(tried.policy, shipped_packs()), since)
        ids = await trial_store.list_registered_accounts(session, tried.tenant_id, tried.limit)
        async for state in _accounts(session, tried, ids):
            again = domain.load_account_in_slices(
                state.account_id,
                terms.zone,
                state.facts,
                chain(*state.notices.values()),
                0,
                rules=tried_rules,
                begun_on=state.aged_on,
            )
            tally.count(state, await in_slices(session, again, state.account_id))
    return tally.answer(tried.policy.version, against)


async def _accounts(
    session: Session, tried: Tried, account_ids: Iterable[str]
) -> AsyncIterator[AccountState]:
    """The accounts, computed from their facts, at most so many as cases are wanted."""
    ids = list(account_ids)[: tried.limit]
    if not ids:
        return
    terms = (await find_terms(session, [tried.tenant_id], tried.context))[tried.tenant_id]
    for start in range(0, len(ids), _PAGE_ACCOUNTS):
        keys = [(tried.tenant_id, account_id) for account_id in ids[start : start + _PAGE_ACCOUNTS]]
        heads = await account_store.find_heads(session, keys)
        for state in (await compute_accounts(session, heads, terms)).values():
            yield state
            await session.give_way()


Try = Callable[[Session, Tried], Awaitable[tuple[Tally, str]]]


def _tallied(trial: Try) -> Callable[[Session, Tried, str], Awaitable[dict[str, Any]]]:
    """A dry run that counts cases, and answers with what moves from where to where."""

    async def answered(session: Session, tried: Tried, against: str) -> dict[str, Any]:
        tally, summary = await trial(session, tried)
        return tally.answer(tried.policy.version, against, summary)

    return answered


_TRIALS: Mapping[str, Callable[[Session, Tried, str], Awaitable[dict[str, Any]]]] = {
    **dict.fromkeys(NOUNS, _tallied(_try_requests)),
    "recovery": _tallied(_try_recovery),
    "retention": _tallied(_try_retention),
    "allocation": _tallied(_try_allocation),
    "charges": _try_charges,
}
