"""Instalments that fall due soon: announced once each, by the begun day alone."""

from collections.abc import Iterator
from datetime import date, datetime

from services.ledger.domain.arrangement_news import about, instalment_entity, of_instalment
from services.ledger.domain.arrangements import AgreedInstalment, Arrangement, arrangements
from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.events import View
from services.ledger.domain.plans import Plan
from services.ledger.domain.settlements import Settlement
from services.ledger.domain.stages import DUE_SOON_DAYS, StageNotice
from services.ledger.domain.state import AccountState
from shared.clock import day_start, local_day
from shared.events import ledger


def _key(each: AgreedInstalment) -> str:
    return f"instalment {each.n}"


def _since(state: AccountState, known: Arrangement, each: AgreedInstalment) -> datetime:
    """00:00 of the 7th day before, or when the arrangement began if that is later."""
    assert known.began is not None
    return max(day_start(each.due_on - DUE_SOON_DAYS, state.zone), known.began[0])


def _not_announced(state: AccountState) -> Iterator[tuple[Arrangement, AgreedInstalment]]:
    """The instalments of what is in force that are open, and were not announced."""
    for known in arrangements(state):
        if not known.in_force:
            continue
        announced = {notice.key for notice in state.notices.get(known.name, ())}
        for each in known.instalments:
            if each.state == "open" and _key(each) not in announced:
                yield known, each


def next_reminder_on(state: AccountState) -> date | None:
    """The first day on which an instalment may fall due soon."""
    begun_on = state.aged_on
    days = [
        local_day(_since(state, known, each), state.zone)
        for known, each in _not_announced(state)
        if begun_on is None or each.due_on > begun_on
    ]
    return min(days, default=None)


def remind(builder: DecisionBuilder, day: date) -> None:
    """Announce each that is not paid and due on the begun day or within the week after it."""
    state = builder.state
    view = View(state, None, f"day {day}", day_start(day, state.zone), day)
    for known, each in list(_not_announced(state)):
        at = _since(state, known, each)
        since_on = local_day(at, state.zone)
        if not since_on <= day <= each.due_on:
            continue
        assert isinstance(known, Plan | Settlement)
        notice = StageNotice(known.name, _key(each), "due-soon", each.due_on, None, since_on, at)
        state.notices[known.name] = (*state.notices.get(known.name, ()), notice)
        builder.notices[known.name, notice.key] = notice
        event = ledger.InstalmentDueSoon(
            **about(view, known, known.data), **of_instalment(known, each)
        )
        entity = instalment_entity(known, each.n)
        cause = f"{known.noun} {each.due_on}"
        builder.announce("instalment-due-soon", entity, cause, at, since_on, event, None)
