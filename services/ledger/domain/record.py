"""Taking facts in: the account after them, and everything that follows from them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct

from services.ledger.domain.begin import advance
from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.consequences import Former, announce_fact, reject_excess
from services.ledger.domain.credit import announce_crossing, is_exceeded
from services.ledger.domain.decision import Decision
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Need, Position, instant_text, newest
from services.ledger.domain.kinds import ANEW
from services.ledger.domain.object_news import ObjectNews
from services.ledger.domain.registration import announce_history
from services.ledger.domain.registry import KINDS, cause_of, view_of
from services.ledger.domain.replay import Act, act, act_beyond, act_next_boundary
from services.ledger.domain.slices import SLICE_ENTRIES, Slices, run
from services.ledger.domain.stage_events import announce_age, announce_paid
from services.ledger.domain.stages import StageNotice
from services.ledger.domain.state import AccountState
from shared.business_time import Begun
from shared.clock import local_day
from shared.events import billing


def record(state: AccountState, facts: Sequence[Fact], begun: Begun) -> Decision:
    """Take accepted facts in, in the order of arrival; none of them is known already.

    The account is changed in place. What is announced of *n* facts is what *n* calls with one each
    announce.
    """
    return run(record_in_slices(state, facts, begun))


def record_in_slices(state: AccountState, facts: Sequence[Fact], begun: Begun) -> Slices[Decision]:
    """The same, giving way."""
    builder, work = DecisionBuilder(state), 0
    for fact in facts:
        redone = builder.redone_facts
        yield from _record_one(builder, fact, begun)
        # What follows from a fact is dearer than that it acts (again).
        work += 10 + builder.redone_facts - redone
        if work >= SLICE_ENTRIES:
            yield
            work = 0
    return builder.decision()


def _record_one(builder: DecisionBuilder, fact: Fact, begun: Begun) -> Slices[None]:
    state = builder.state
    was_registered, former = state.registered, Former.of(state)
    begun_on = begun.on(state.zone)
    if state.objects.values:
        yield from advance(builder, begun_on)
    state.age_to(begun_on)
    was_exceeded = is_exceeded(state)
    state.forget()
    effects = _Effects()
    _note(state, fact, effects)
    if effects.since == ANEW:
        state.aged_on = begun.on(state.zone)  # another zone may have begun another day
    redone = yield from act(state, effects.acts, effects.since)
    builder.redone_facts += redone
    builder.recomputations += redone == len(state.facts)  # the new one too: all from nothing
    at = effects.took_effect.get(id(fact))
    if at is None:
        return  # kept; its event is announced when it takes effect
    builder.released = effects.released()
    begun_on = begun.on(state.zone)
    state.age_to(begun_on)
    day = KINDS[fact.kind].day_of(fact.data, at, state.zone)
    view = view_of(state, fact, at, begun_on)
    builder.post(fact.kind, fact.fact_id, view.cause, day)
    if was_registered:
        yield from _announce(builder, view, day, former)
    elif state.registered:
        yield from announce_history(builder, fact, begun_on)
    if is_exceeded(state) != was_exceeded:
        announce_crossing(builder, view_of(state, fact, at, begun_on), was_exceeded)
    reject_excess(builder)
    builder.changed.update(state.before_invoices)


def _announce(builder: DecisionBuilder, view: View, day: date, former: Former) -> Slices[None]:
    """Announce a fact, and all that it changed."""
    news = None
    if view.state.objects.before:
        news = ObjectNews(builder, view)
        yield from news.find(view.state.objects.before)
    yield from announce_fact(builder, view, day, former, news.carried if news is not None else ())
    if news is not None:
        news.announce_corrections()
    paid = yield from announce_age(builder, view, view.begun_on)
    if news is not None:
        news.announce_new()
    if paid:
        yield from announce_paid(builder, view, paid)


class _Effects(Struct):
    """What facts bring about, before any of them acts."""

    acts: list[Act] = []
    since: Position | None = None  # from where all act again, because of what is timeless
    took_effect: dict[int, datetime] = {}  # by the identity of the object
    timeless: list[tuple[datetime, Fact]] = []  # released ones that had waited
    dated: list[tuple[Position, Fact]] = []
    coming: dict[Need, datetime] = {}

    def released(self) -> list[tuple[datetime, Fact]]:
        """Those that had waited and take effect now: amendments first, each in its order."""
        self.timeless.sort(key=lambda item: newest(item[1]))
        self.dated.sort()
        return [*self.timeless, *((position[0], fact) for position, fact in self.dated)]


def _note(state: AccountState, fact: Fact, effects: _Effects) -> None:
    """Keep a fact, and find what acts because of it."""
    state.keep(fact)
    kind = KINDS[fact.kind]
    if kind.learn is not None:
        since = kind.learn(state, fact, fact.data)
        if since is not None and (effects.since is None or since < effects.since):
            effects.since = since
            if since == ANEW:
                state.zone = state.own_zone()
    if not state.registered and not kind.acts_unregistered:
        return
    _wait_or_take_effect(state, fact, effects)


def _wait_or_take_effect(state: AccountState, fact: Fact, effects: _Effects) -> bool:
    """Let a fact wait for the first of its needs that is not there, or take effect."""
    kind = KINDS[fact.kind]
    at = kind.instant_of(fact, fact.data, state.zone)
    for need in kind.all_needs(fact.data):
        there = state.acts.get(need) or effects.coming.get(need)
        if there is None:
            state.waiting[need] = (*state.waiting.get(need, ()), fact)
            return False
        at = max(at, there)
    _take_effect(state, fact, at, effects)
    return True


def _take_effect(state: AccountState, fact: Fact, at: datetime, effects: _Effects) -> None:
    """Let a fact act at an instant, and those that waited for it."""
    kind = KINDS[fact.kind]
    effects.took_effect[id(fact)] = at
    if kind.apply is not None:
        effects.acts.append(((at, kind.rank, fact.fact_id), fact))
    brings = kind.brings(fact.data)
    if brings is None:
        return
    effects.coming[brings] = at
    for waited in state.waiting.pop(brings, ()):
        if _wait_or_take_effect(state, waited, effects):
            waiting_kind, then = KINDS[waited.kind], effects.took_effect[id(waited)]
            if waiting_kind.apply is None:
                effects.timeless.append((then, waited))
            else:
                effects.dated.append(((then, waiting_kind.rank, waited.fact_id), waited))


def absorb(
    state: AccountState,
    facts: Sequence[Fact],
    notices: Iterable[StageNotice],
    begun_on: date | None = None,
) -> None:
    """Take in silently what another process has recorded: facts, stage notices, a begun day.

    Afterwards the account is what `load_account` makes of all facts and notices.
    """
    run(absorb_in_slices(state, facts, notices, begun_on))


def absorb_in_slices(
    state: AccountState,
    facts: Sequence[Fact],
    notices: Iterable[StageNotice],
    begun_on: date | None = None,
) -> Slices[None]:
    """The same, giving way."""
    effects = _Effects()
    state.forget()
    for number, fact in enumerate(facts, start=1):
        _note(state, fact, effects)
        if not number % SLICE_ENTRIES:
            yield
    yield from act(state, effects.acts, effects.since)
    touched = set(state.before_invoices)
    known_on = state.aged_on
    if begun_on is not None:
        state.age_to(begun_on)
    yield from act_beyond(state, known_on)
    touched.update(state.before_invoices)
    while (yield from act_next_boundary(state)) is not None:
        touched.update(state.before_invoices)
    for notice in notices:
        known = state.notices.get(notice.invoice_id, ())
        others = [other for other in known if other.key != notice.key]
        state.notices[notice.invoice_id] = (*others, notice)
        touched.add(notice.invoice_id)
    if state.registered:
        for invoice_id in touched:
            state.refresh(invoice_id)
    state.forget()


def rezone(
    state: AccountState, tenant_zone: str, *, at: datetime, recordedtime: datetime, begun: Begun
) -> Decision:
    """The account in its tenant's new zone; one that has a zone of its own stays as it is.

    Announced as an update of its record at `at`; no fact of a billing platform, and not kept.
    """
    return run(rezone_in_slices(state, tenant_zone, at=at, recordedtime=recordedtime, begun=begun))


def rezone_in_slices(
    state: AccountState, tenant_zone: str, *, at: datetime, recordedtime: datetime, begun: Begun
) -> Slices[Decision]:
    """The same, giving way."""
    builder, former = DecisionBuilder(state), Former.of(state)
    state.forget()
    state.tenant_zone = tenant_zone
    if state.own_zone() == state.zone:
        return builder.decision()
    yield from advance(builder, begun.on(state.zone))
    state.aged_on = begun.on(state.own_zone())
    builder.redone_facts += yield from act(state, (), ANEW)
    cause = Fact(
        kind="account-updated",
        fact_id=f"of the tenant's zone to {tenant_zone} at {instant_text(at)}",
        account_id=state.account_id,
        source="/recoup",
        event_id=f"tenant-zone {tenant_zone}",
        time=at,
        recordedtime=recordedtime,
        data=state.profile or billing.AccountRegistered(account_id=state.account_id, name=""),
    )
    day = local_day(at, state.zone)
    builder.post(cause.kind, cause.fact_id, cause_of(cause), day)
    if state.registered:
        begun_on = begun.on(state.zone)
        state.age_to(begun_on)
        yield from _announce(builder, view_of(state, cause, at, begun_on), day, former)
    builder.changed.update(state.before_invoices)
    return builder.decision()
