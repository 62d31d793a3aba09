"""An account by other rules of days that have begun: what that changes is announced."""

from datetime import date

from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.consequences import Former, announce_moved
from services.ledger.domain.decision import Decision
from services.ledger.domain.events import View
from services.ledger.domain.kinds import ANEW
from services.ledger.domain.object_news import ObjectNews
from services.ledger.domain.replay import act
from services.ledger.domain.rules import Rules
from services.ledger.domain.slices import Slices
from services.ledger.domain.stage_events import announce_age, announce_paid
from services.ledger.domain.state import AccountState
from shared.clock import day_start

RESTATED = "rates-restated"  # what its journal entry is called


def restate_in_slices(state: AccountState, rules: Rules, cause: str, day: date) -> Slices[Decision]:
    """Compute an account by other rules, up to the begun day, and announce what differs."""
    builder = DecisionBuilder(state)
    state.forget()
    state.rules = rules
    if not state.registered:
        yield from act(state, (), ANEW)
        return builder.decision()
    builder.redone_facts += yield from act(state, (), ANEW)
    builder.post(RESTATED, cause, cause, day)
    builder.changed.update(state.before_invoices)
    view = View(state, None, cause, day_start(day, state.zone), state.aged_on)
    news = ObjectNews(builder, view)
    yield from news.find(state.objects.before)
    moved = [key for key in state.before_credits if key not in news.carried]
    yield from announce_moved(builder, view, day, moved, Former.of(state))
    news.announce_corrections()
    paid = yield from announce_age(builder, view, state.aged_on)
    news.announce_new()
    yield from announce_paid(builder, view, paid)
    return builder.decision()
