"""A day begins: judgements and charges of its boundaries happen, stages are announced."""

from bisect import bisect_right
from datetime import date, datetime
from operator import itemgetter

from services.ledger.domain.amounts import figures
from services.ledger.domain.before import Before
from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.chart import JUDGEMENT
from services.ledger.domain.consequences import Former, announce_moved
from services.ledger.domain.credit import announce_crossing, is_exceeded
from services.ledger.domain.decision import Decision, LedgerAnnouncement
from services.ledger.domain.events import View
from services.ledger.domain.object_news import ObjectNews
from services.ledger.domain.registry import NOUNS
from services.ledger.domain.reminders import remind
from services.ledger.domain.replay import act_beyond, act_next_boundary
from services.ledger.domain.slices import SLICE_ENTRIES, Slices, run
from services.ledger.domain.stage_events import (
    announce_age,
    announce_begun,
    announce_paid,
    begun_of,
    in_time,
)
from services.ledger.domain.stages import StageNotice
from services.ledger.domain.state import AccountState
from shared.business_time import Begun
from shared.clock import day_start, local_day

_CHARGED = frozenset({"fee-charged", "interest-charged"})


def begin(state: AccountState, begun: Begun) -> Decision:
    """Announce all that the begun day shows: judgements, charges, what falls due soon, and every
    stage, in order of time."""
    return run(begin_in_slices(state, begun))


def begin_in_slices(state: AccountState, begun: Begun) -> Slices[Decision]:
    """The same, giving way."""
    builder, day = DecisionBuilder(state), begun.on(state.zone)
    if day is None or not state.registered:
        return builder.decision()
    yield from advance(builder, day)
    state.forget()
    shown: list[StageNotice] = []
    due = bisect_right(state.next_queue, day, key=itemgetter(0))
    for number, (_, invoice_id) in enumerate(state.next_queue[:due], start=1):
        shown += begun_of(state, invoice_id, day)
        if not number % SLICE_ENTRIES:
            yield
    shown.sort(key=in_time)
    for now in shown:
        builder.remember(now)
    for number, invoice_id in enumerate(builder.changed, start=1):
        state.refresh(invoice_id)
        if not number % SLICE_ENTRIES:
            yield
    amounts = {code: figures(state, code, day) for code in state.currencies} if shown else {}
    for number, now in enumerate(shown, start=1):
        announce_begun(builder, now, (amounts[state.invoices[now.invoice_id].currency],), None)
        if not number % SLICE_ENTRIES:
            yield
    remind(builder, day)
    builder.announcements.sort(key=_in_time)  # stable: of one instant as they were made
    return builder.decision()


def _in_time(each: LedgerAnnouncement) -> tuple[datetime, bool]:
    """By instant, and of one instant a stage first: what is charged on its day follows."""
    return (each.time, each.type in _CHARGED)


def advance(builder: DecisionBuilder, day: date | None) -> Slices[None]:
    """Let every boundary happen whose day has begun by now, and announce what came of it.

    A day that has begun is known to an account when `start-day` comes to it, or a fact before that.
    """
    state, begun_on = builder.state, builder.state.aged_on
    state.age_to(day)
    if day is None or day == begun_on or not state.registered or not state.objects.values:
        return
    before, was_exceeded = Before(), is_exceeded(state)
    yield from act_beyond(state, begun_on)
    before.note_applied(state)
    builder.post(JUDGEMENT, f"day {day}", f"day {day}", day)
    builder.changed.update(state.before_invoices)
    while True:
        state.forget()
        due = state.objects.due(state.horizon)
        cause = yield from act_next_boundary(state)
        if due is None or cause is None:
            break
        before.note_applied(state)
        noun = NOUNS[due[1][0]]
        kind, fact_id = JUDGEMENT, cause
        if noun.entry is not None:
            kind, fact_id = noun.entry(due[1][1], due[0])
        builder.post(kind, fact_id, cause, local_day(due[0][0], state.zone))
        builder.changed.update(state.before_invoices)
        yield
    before.restore_stages(state)
    yield from before.show(state)
    view = View(state, None, f"day {day}", day_start(day, state.zone), day)
    news = ObjectNews(builder, view)
    yield from news.find(state.objects.before)
    moved = [key for key in state.before_credits if key not in news.carried]
    yield from announce_moved(builder, view, day, moved, Former.of(state))
    news.announce_corrections()
    found = yield from announce_age(builder, view, day)
    news.announce_new()
    yield from announce_paid(builder, view, found)
    announce_crossing(builder, view, was_exceeded)
