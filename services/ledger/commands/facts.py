"""Facts are recorded, a batch at a time: known ones are repeats, new ones change their account."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from services.ledger.commands.accounts import (
    HeldTurns,
    LockedAccount,
    in_slices,
    lock_accounts,
    remember_updates,
    take_turns,
)
from services.ledger.commands.decisions import Tracing, contact_of, events_of, update_of
from services.ledger.commands.misplaced import refuse_misplaced
from services.ledger.commands.new_facts import NewFact, Outcome
from services.ledger.commands.tenants import lock_tenants, recorded_time
from services.ledger.commands.terms import terms_of
from services.ledger.context import Context
from services.ledger.domain import (
    AmountLimit,
    Fact,
    Ineffective,
    difference,
    doubtful_ids,
    record_in_slices,
)
from services.ledger.domain.personal import impersonal_fact
from services.ledger.domain.recorded_time import RecordedTime
from services.ledger.domain.waiting import Wait, waits
from services.ledger.store import accounts as account_store
from services.ledger.store import facts as fact_store
from services.ledger.store import rejections as rejection_store
from services.ledger.store import tenants as tenant_store
from services.ledger.store.accounts import AccountUpdate
from services.ledger.store.facts import FactKey
from services.ledger.store.journal import AccountKey
from services.ledger.store.rejections import Rejection
from services.ledger.store.tenants import LockedTenant
from services.ledger.store.waiting import WaitChange, save_waits
from shared.database import Session
from shared.errors import FieldError
from shared.events import Event
from shared.log import outbox
from shared.process import telemetry
from shared.process.crash import crash_point

_SLICE_EVENTS = 1000  # made at a time: then others may have the event loop
_ACCEPTED = Outcome("accepted")
_DUPLICATE = Outcome("duplicate")


async def record_facts(
    session: Session, batch: Sequence[NewFact], context: Context, *, now: datetime
) -> list[Outcome]:
    """Record facts: one outcome each, in their order.

    A batch of n announces what n batches of one announce. `now` is machine time; with the manual
    clock it only dates rejections.
    """
    hold = await take_turns(session, {new.account_key for new in batch}, context)
    tenants = await lock_tenants(session, {new.tenant for new in batch}, context, now=now)
    outcomes = [unknown_tenant(new.tenant) if new.tenant not in tenants else None for new in batch]
    keys = {key for key in hold.keys if key[0] in tenants}
    if unseen := [key for key in keys if key not in context.accounts]:
        await account_store.insert_accounts(session, unseen)
    heads = await account_store.lock_heads(session, keys)
    terms = await terms_of(session, tenants, context)
    locked = await lock_accounts(session, hold, heads, terms, context)

    await record_locked(session, batch, outcomes, (hold, locked, tenants), context, now=now)
    return [outcome or _ACCEPTED for outcome in outcomes]


Locked = tuple[HeldTurns, Mapping[AccountKey, LockedAccount], Mapping[str, LockedTenant]]


async def record_locked(
    session: Session,
    batch: Sequence[NewFact],
    outcomes: list[Outcome | None],
    where: Locked,
    context: Context,
    *,
    now: datetime,
) -> None:
    """The same for accounts whose rows are locked: sets the outcomes that are not acceptance."""
    hold, locked, tenants = where
    times = {
        tenant_id: recorded_time(tenant, context, now) for tenant_id, tenant in tenants.items()
    }
    batch = [_admitted(new, locked) for new in batch]
    await refuse_misplaced(session, batch, outcomes)
    accepted = await _insert_new(session, batch, outcomes, locked, times)
    hold.changing.update(batch[index].account_key for index in accepted)
    await _refuse_beyond_limit(session, batch, outcomes, locked, accepted)
    before = {key: waits(account.state) for key, account in locked.items()}
    updates, ineffective, events = await _decide(session, batch, accepted, locked, tenants)
    outbox.append(session, events)
    await account_store.save_updates(session, updates)
    await save_waits(session, _changed_waits(before, updates))
    await _list_rejections(session, batch, outcomes, ineffective, now)
    for tenant_id, time in sorted(times.items()):
        if time.grows and time.latest is not None:
            await tenant_store.update_recorded_at(session, tenant_id, time.latest)
    crash_point("ledger.intake.before_commit")
    session.after_commit(partial(crash_point, "ledger.intake.after_commit"))
    session.after_commit(partial(remember_updates, hold, context, locked, updates))


def _admitted(new: NewFact, locked: Mapping[AccountKey, LockedAccount]) -> NewFact:
    """An erased account takes no personal data: what came without it is compared and kept."""
    account = locked.get(new.account_key)
    if account is None or account.state.timeless.erased_at is None:
        return new
    return replace(new, fact=impersonal_fact(new.fact))


def _changed_waits(
    before: Mapping[AccountKey, frozenset[Wait]], updates: Sequence[AccountUpdate]
) -> list[WaitChange]:
    changes = []
    for update in updates:
        known, now = before[update.key], waits(update.state)
        if known != now:
            changes.append(WaitChange(update.key, known - now, now - known))
    return changes


async def _insert_new(
    session: Session,
    batch: Sequence[NewFact],
    outcomes: list[Outcome | None],
    locked: Mapping[AccountKey, LockedAccount],
    times: Mapping[str, RecordedTime],
) -> dict[int, Fact]:
    """Insert what is new and give it by index; set the outcome of repeats and conflicts."""
    first: dict[FactKey, int] = {}
    repeats: list[int] = []
    for index, new in enumerate(batch):
        if outcomes[index] is None:
            if new.key in first:
                repeats.append(index)
            else:
                first[new.key] = index
    known: dict[FactKey, Fact] = {}
    if any(time.grows for time in times.values()):
        # A repeat must not move recorded time: look before inserting.
        known = await fact_store.find_facts(session, first)
    inserted = {}
    for key, index in first.items():
        if key not in known:
            fact = batch[index].fact
            recordedtime = times[key[0]].of_event(fact.time)
            inserted[index] = replace(fact, recordedtime=recordedtime)
    if inserted:
        rows = [
            (batch[index].tenant, locked[batch[index].account_key].head.version + 1, fact)
            for index, fact in inserted.items()
        ]
        fresh = await fact_store.insert_facts(session, rows)
        if len(fresh) < len(rows):
            missed = [key for key, index in first.items() if index in inserted and key not in fresh]
            known |= await fact_store.find_facts(session, missed)
            for key in missed:
                del inserted[first[key]]
    for key, fact in known.items():
        outcomes[first[key]] = _again(fact, batch[first[key]].fact)
    for index in repeats:
        key = batch[index].key
        outcomes[index] = _again(known.get(key) or batch[first[key]].fact, batch[index].fact)
    return inserted


def _again(known: Fact, again: Fact) -> Outcome:
    """The same fact a second time: a duplicate, or a conflict that names what differs."""
    errors = difference(known.kind, (known.time, known.data), (again.time, again.data))
    return Outcome("rejected", tuple(errors)) if errors else _DUPLICATE


async def _refuse_beyond_limit(
    session: Session,
    batch: Sequence[NewFact],
    outcomes: list[Outcome | None],
    locked: Mapping[AccountKey, LockedAccount],
    accepted: dict[int, Fact],
) -> None:
    """Take facts back that would make an account's amounts sum to more than can be kept."""
    limits: dict[AccountKey, AmountLimit] = {}
    refused: dict[int, Outcome] = {}
    for index, fact in sorted(accepted.items()):
        key = batch[index].account_key
        limit = limits.get(key)
        if limit is None:
            limit = limits[key] = AmountLimit(locked[key].state)
        if errors := limit.check(fact):
            refused[index] = Outcome("rejected", tuple(errors))
    if not refused:
        return
    await fact_store.delete_facts(session, [batch[index].key for index in refused])
    by_key = {batch[index].key: outcome for index, outcome in refused.items()}
    for index, new in enumerate(batch):
        known = outcomes[index]
        if new.key in by_key and (known is None or known.status == "duplicate"):
            outcomes[index] = by_key[new.key]  # the repeats of what was refused too
            accepted.pop(index, None)


async def _decide(
    session: Session,
    batch: Sequence[NewFact],
    accepted: Mapping[int, Fact],
    locked: Mapping[AccountKey, LockedAccount],
    tenants: Mapping[str, LockedTenant],
) -> tuple[list[AccountUpdate], list[tuple[NewFact, Ineffective]], list[Event]]:
    """Let every touched account apply its facts in the order of arrival; collect what follows."""
    by_account: dict[AccountKey, list[int]] = {}
    for index in sorted(accepted):
        by_account.setdefault(batch[index].account_key, []).append(index)
    redone = recomputed = 0
    updates: list[AccountUpdate] = []
    ineffective: list[tuple[NewFact, Ineffective]] = []
    events: list[Event] = []
    for key, indexes in by_account.items():
        account = locked[key]
        facts = [accepted[index] for index in indexes]
        decision = await in_slices(
            session, record_in_slices(account.state, facts, tenants[key[0]].begun), key[1]
        )
        redone += decision.redone_facts
        recomputed += decision.recomputations
        recorded_at = facts[-1].recordedtime
        update = update_of(key, account, decision, recorded_at, facts)
        updates.append(update)
        ineffective += [(batch[indexes[-1]], part) for part in decision.rejections]
        tracing = {
            (fact.kind, fact.fact_id): Tracing(batch[index].correlationid, batch[index].traceparent)
            for index, fact in zip(indexes, facts, strict=True)
        }
        for start in range(0, len(decision.announcements), _SLICE_EVENTS):
            some = decision.announcements[start : start + _SLICE_EVENTS]
            events += events_of(key, some, recorded_at, tracing)
            await session.give_way()
        if update.is_profile_changed and account.state.timeless.erased_at is None:
            events.append(contact_of(key, account.state, recorded_at))
    telemetry.LEDGER_REDONE_FACTS.labels("ledger").inc(redone)
    telemetry.LEDGER_RECOMPUTED_ACCOUNTS.labels("ledger").inc(recomputed)
    return updates, ineffective, events


async def _list_rejections(
    session: Session,
    batch: Sequence[NewFact],
    outcomes: Sequence[Outcome | None],
    ineffective: Sequence[tuple[NewFact, Ineffective]],
    now: datetime,
) -> None:
    """List conflicts under rejections; and of what was accepted, parts that can have no effect and
    ids that have a twin."""
    refused = [
        _rejection(new, new.fact, outcome.errors, now)
        for new, outcome in zip(batch, outcomes, strict=True)
        if outcome is not None and outcome.status == "rejected"
    ]
    refused += [_rejection(new, part.fact, tuple(part.errors), now) for new, part in ineffective]
    refused += [
        _rejection(new, new.fact, tuple(doubts), now)
        for new, outcome in zip(batch, outcomes, strict=True)
        if outcome is None and (doubts := doubtful_ids(new.fact))
    ]
    await rejection_store.insert_rejections(session, refused)


def _rejection(
    new: NewFact, fact: Fact, errors: tuple[FieldError, ...], now: datetime
) -> Rejection:
    return Rejection(
        tenant_id=new.tenant,
        account_id=fact.account_id,
        rejected_at=now,
        origin=new.origin,
        source=fact.source,
        event_id=fact.event_id,
        type=fact.kind,
        errors=errors,
    )


def unknown_tenant(tenant_id: str) -> Outcome:
    return Outcome(
        "rejected", (FieldError("/tenantid", f"there is no tenant {tenant_id!r}; PUT it first"),)
    )
