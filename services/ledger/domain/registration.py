"""Registration of an account that has facts already: its whole history is announced at last.

First the account, then its facts in fact order, with the registration's `recordedtime`. All of them
are known by now, so nothing is announced that another of them refutes: each stage is announced
at its place in time (docs/ledger.md, facts and who they are).
"""

from datetime import date, datetime
from operator import itemgetter

from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.consequences import Former, announce_fact, announce_moved
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Position
from services.ledger.domain.object_news import ObjectNews
from services.ledger.domain.ordering import arrange
from services.ledger.domain.registry import KINDS, NOUNS, view_of
from services.ledger.domain.replay import apply, apply_boundary, prepared
from services.ledger.domain.slices import SLICE_ENTRIES, Slices
from services.ledger.domain.stage_events import announce_age, announce_begun, announce_paid
from services.ledger.domain.stages import StageNotice, news
from services.ledger.domain.state import AccountState
from shared.clock import local_day

_BEFORE_ALL = 0  # the rank of a stage boundary
_AFTER_ALL = 99  # the rank of a stage that is seen after all facts of its instant

_Item = tuple[Position, Fact | StageNotice]


def announce_history(
    builder: DecisionBuilder, registration: Fact, begun_on: date | None
) -> Slices[None]:
    """Announce the history of an account that knows all its facts; none of it was announced yet."""
    final = builder.state
    state = yield from prepared(final, undo_facts=0)
    replay = DecisionBuilder(state, registration.recordedtime)
    kind = KINDS[registration.kind]
    at = kind.instant_of(registration, registration.data, state.zone)
    yield from _announce_one(replay, registration, at, begun_on, acts=False)
    items = yield from _timeline(final, registration, begun_on)
    for number, (position, item) in enumerate(items, start=1):
        yield from _announce_boundaries(replay, registration, position, begun_on)
        if isinstance(item, Fact):
            kind = KINDS[item.kind]
            if kind.apply is not None:
                apply(state, position, item)
            yield from _announce_one(
                replay, item, position[0], begun_on, acts=kind.apply is not None
            )
        else:
            replay.remember(item)
            view = view_of(state, registration, at, begun_on)
            amounts = view.amounts(state.invoices[item.invoice_id].currency)
            announce_begun(replay, item, (amounts,), registration)
        if not number % (SLICE_ENTRIES // 10):
            yield
    yield from _announce_boundaries(replay, registration, None, begun_on)
    builder.announcements += replay.announcements
    builder.changed_objects |= replay.changed_objects
    builder.notices |= replay.notices
    builder.changed |= replay.changed
    final.notices = state.notices
    for number, invoice_id in enumerate(final.invoices, start=1):
        final.refresh(invoice_id)
        if not number % SLICE_ENTRIES:
            yield


def _announce_boundaries(
    replay: DecisionBuilder,
    registration: Fact,
    until: Position | None,
    begun_on: date | None,
) -> Slices[None]:
    """Let the boundaries before a place happen, and announce what came of each."""
    state = replay.state
    while (due := state.objects.due(state.horizon)) is not None:
        if until is not None and due[0] > until:
            return
        cause, day = apply_boundary(state, *due), local_day(due[0][0], state.zone)
        noun = NOUNS[due[1][0]]
        if noun.entry is not None:
            cause = " ".join(noun.entry(due[1][1], due[0]))
        # An object has many boundaries, all of them announced by one fact.
        view = View(state, registration, f"{cause}, {day}", due[0][0], begun_on)
        news = ObjectNews(replay, view)
        yield from news.find(state.objects.before)
        moved = [key for key in state.before_credits if key not in news.carried]
        yield from announce_moved(replay, view, day, moved, Former.of(state))
        news.announce_corrections()
        paid = yield from announce_age(replay, view, None)
        news.announce_new()
        yield from announce_paid(replay, view, paid)


def _announce_one(
    replay: DecisionBuilder, fact: Fact, at: datetime, begun_on: date | None, *, acts: bool
) -> Slices[None]:
    state = replay.state
    if not acts:
        state.forget()
    view = view_of(state, fact, at, begun_on)
    day = KINDS[fact.kind].day_of(fact.data, at, state.zone)
    news = ObjectNews(replay, view)
    if state.objects.before:
        yield from news.find(state.objects.before)
    yield from announce_fact(replay, view, day, Former.of(state))
    news.announce_corrections()
    paid = yield from announce_age(replay, view, None)
    news.announce_new()
    yield from announce_paid(replay, view, paid)


def _timeline(
    final: AccountState, registration: Fact, begun_on: date | None
) -> Slices[list[_Item]]:
    """Facts and stages in order of time, each with its place."""
    arranged = yield from arrange(final.facts, final.zone, True)
    waiting = {id(fact) for waited in arranged.waiting.values() for fact in waited}
    items: list[_Item] = [*arranged.ordered]
    for number, fact in enumerate(final.facts, start=1):
        kind = KINDS[fact.kind]
        if kind.apply is None and fact is not registration and id(fact) not in waiting:
            at = kind.instant_of(fact, fact.data, final.zone)
            at = max([at, *(arranged.acts[need] for need in kind.all_needs(fact.data))])
            items.append(((at, kind.rank, fact.fact_id), fact))
        if not number % SLICE_ENTRIES:
            yield
    for number, invoice in enumerate(final.invoices.values(), start=1):
        for now in news(invoice, (), final.zone, begun_on).begun:
            if now.kind == "stage":
                rank = _AFTER_ALL if now.at == invoice.at else _BEFORE_ALL
                place = (now.at, rank, f"{invoice.invoice_id} {now.stage:03}")
                items.append((place, now))
        if not number % SLICE_ENTRIES:
            yield
    items.sort(key=itemgetter(0))
    return items
