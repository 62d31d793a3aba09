"""Ask accounts which strategy they are on: after what segmentation or the ledger announces of them,
a person's word, and what comes into force."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.outreach.activity.commands import announce_events
from services.outreach.activity.store.accounts import lock_debtor_of
from services.outreach.activity.store.business_times import get_business_time
from services.outreach.activity.store.debtors import mark_dirty
from services.outreach.dunning.domain.assignments import (
    AccountStrategy,
    Assignments,
    Because,
    StrategiesInForce,
    assign,
)
from services.outreach.dunning.store import strategies as store
from services.outreach.dunning.store.overrides import (
    StrategyOverride,
    delete_overrides,
    upsert_override,
)
from services.outreach.dunning.store.strategies import AccountQuestion, StrategyBooks
from shared import clock
from shared.business_time import Clock
from shared.clock import local_day
from shared.database import Session
from shared.errors import FieldError, Invalid
from shared.events import LEDGER, OUTREACH, Event, Received, outreach

ACCOUNTS_MAX = 500  # asked in one transaction


@dataclass(frozen=True, kw_only=True)
class AssignmentOccasion:
    """Why accounts are asked, and when."""

    because: Because
    at: datetime  # business time: what counts then
    recorded_at: datetime
    causes: Mapping[str, Received] = field(default_factory=dict)  # by account, the event before


async def assign_accounts(
    session: Session,
    tenant: str,
    books: StrategyBooks,
    account_ids: Collection[str],
    occasion: AssignmentOccasion,
) -> int:
    """Put accounts on the strategies that they are on now; gives how many have changed. The plans
    of these are made anew; a contact that is claimed stays."""
    await store.lock_debtors_of(session, tenant, account_ids)
    questions = await store.list_questions(session, tenant, account_ids)
    if not questions:
        return 0
    in_force = await books.in_force(session, tenant, occasion.at)
    found = await _answers(session, tenant, books, questions, in_force, occasion.because)
    changed = {
        question.account_id: answer
        for question, answer in found
        if not answer.is_on_same(question.asked.now_on)
    }
    await mark_dirty(
        session,
        {(tenant, question.debtor_key) for question, _ in found if question.account_id in changed},
    )
    await store.upsert_account_strategies(
        session,
        tenant,
        {question.account_id: answer for question, answer in found if _is_new(question, answer)},
        occasion.at,
    )
    on = {(s.strategy, s.version) for s in changed.values()}
    keys = [(name, version) for name, version in on if name is not None and version is not None]
    await books.keep_shipped(session, tenant, keys)
    events = [
        _assigned(tenant, question, answer, occasion)
        for question, answer in found
        if question.account_id in changed
    ]
    await announce_events(session, [(event, (event.key,)) for event in events])
    return len(changed)


async def _answers(
    session: Session,
    tenant: str,
    books: StrategyBooks,
    questions: Sequence[AccountQuestion],
    in_force: StrategiesInForce,
    because: Because,
) -> list[tuple[AccountQuestion, AccountStrategy]]:
    versions = {
        now_on.assignments_version
        for question in questions
        if (now_on := question.asked.now_on) is not None
        and now_on.assignments_version not in (None, in_force.assignments.version)
    }
    earlier: dict[str, Assignments] = await books.find_assignments(
        session, tenant, [version for version in versions if version is not None]
    )
    found = []
    for question in questions:
        before = question.asked.now_on
        answer = assign(question.asked, in_force, earlier.get, because)
        number = 0 if before is None else before.number
        is_same = answer.is_on_same(before)
        found.append((question, replace(answer, number=number if is_same else number + 1)))
    return found


def _is_new(question: AccountQuestion, answer: AccountStrategy) -> bool:
    """Whether anything is to be written; why it is on it stays as it was when it got there."""
    now_on = question.asked.now_on
    if now_on is None or not answer.is_on_same(now_on):
        return True
    return (now_on.rule, now_on.assignments_version, now_on.is_kept) != (
        answer.rule,
        answer.assignments_version,
        answer.is_kept,
    )


def _assigned(
    tenant: str, question: AccountQuestion, answer: AccountStrategy, occasion: AssignmentOccasion
) -> Event:
    before, cause = question.asked.now_on, occasion.causes.get(question.account_id)
    return Event(
        topic=OUTREACH,
        tenant=tenant,
        key=question.account_id,
        type="strategy-assigned",
        entity=question.account_id,
        cause=str(answer.number),
        time=occasion.at,
        day=local_day(occasion.at, question.zone),
        recordedtime=occasion.recorded_at,
        correlationid=None if cause is None else cause.correlationid,
        causationid=None if cause is None else cause.id,
        traceparent=None if cause is None else cause.traceparent,
        data=outreach.StrategyAssigned(
            account_id=question.account_id,
            strategy=answer.strategy,
            version=answer.version,
            from_strategy=None if before is None else before.strategy,
            from_version=None if before is None else before.version,
            because=answer.because,
            rule=answer.rule,
        ),
    )


# ------------------------------------------------------------------------- when they are asked

_ASK = frozenset({"segment-changed", "account-registered", "account-updated"})


async def assign_after(
    session: Session, events: Sequence[Received], books: StrategyBooks, clock_mode: Clock
) -> None:
    """After a batch of events is written: the accounts that it has something new of; and those that
    stay on what was in force before, whose last made step may have gone."""
    by_tenant: dict[str, dict[str, Received]] = defaultdict(dict)
    facts: dict[str, dict[str, Received]] = defaultdict(dict)
    for event in events:
        if event.type == "tenant-settings":
            await store.delete_mark(session, event.tenant)  # the party may be another
        elif event.type == "account-erased":
            await delete_overrides(session, event.tenant, [event.key])
        elif event.type in _ASK:
            by_tenant[event.tenant][event.key] = event
        elif event.topic == LEDGER and event.key:
            facts[event.tenant][event.key] = event
    for tenant, found in facts.items():
        for account_id in await store.list_kept(session, tenant, found):
            by_tenant[tenant].setdefault(account_id, found[account_id])
    for tenant, causes in by_tenant.items():
        latest = max(event.recordedtime for event in causes.values())
        at = await _now(session, tenant, clock_mode, latest)
        occasion = AssignmentOccasion(because="rule", at=at, recorded_at=at, causes=causes)
        await assign_accounts(session, tenant, books, causes, occasion)


async def _now(session: Session, tenant: str, clock_mode: Clock, latest: datetime) -> datetime:
    if clock_mode == "system":
        return clock.now()
    reached = await get_business_time(session, tenant)
    return latest if reached is None else max(reached, latest)


async def override_strategy(
    session: Session,
    tenant: str,
    books: StrategyBooks,
    account_id: str,
    override: StrategyOverride | None,
    at: datetime,
) -> None:
    """A person puts an account on a strategy, or (None) gives it back to the rules. Raises
    `NotFound` for an unknown account, `Conflict` for an erased one, `Invalid` for a strategy that
    is not in force."""
    await lock_debtor_of(session, tenant, account_id)
    if override is None:
        await delete_overrides(session, tenant, [account_id])
    else:
        await _check_in_force(session, tenant, books, override.strategy, at)
        await upsert_override(session, tenant, account_id, override)
    occasion = AssignmentOccasion(because="override", at=at, recorded_at=at)
    await assign_accounts(session, tenant, books, [account_id], occasion)


async def _check_in_force(
    session: Session, tenant: str, books: StrategyBooks, strategy: str | None, at: datetime
) -> None:
    in_force = await books.in_force(session, tenant, at)
    if strategy is not None and strategy not in in_force.versions:
        known = ", ".join(sorted(in_force.versions))
        problem = FieldError("/strategy", f"{strategy} is not in force; those in force: {known}")
        raise Invalid("The strategy is not in force.", [problem])
