"""Registration of an account that has facts already: its whole history is said at last.

LEDGER.md, "Facts and who they are": first the account, then its facts in fact order, with the
registration's `recordedtime`. All of them are known by now, so nothing is said that another of
them refutes: each stage is said where it stands in the story.
"""

from datetime import date, datetime
from operator import itemgetter
from typing import cast

from services.ledger.domain import steps
from services.ledger.domain.account import prepared, refresh
from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.consequences import day_of, say_fact
from services.ledger.domain.events import View
from services.ledger.domain.facts import (
    AMENDED,
    FAILED,
    RANK,
    REGISTERED,
    UPDATED,
    Fact,
    Position,
    instant_of,
)
from services.ledger.domain.stage_events import age, say_begun
from services.ledger.domain.stages import StageNotice, news
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeline import arrange
from shared.events import billing

_BEFORE_ALL = 0  # the rank of a stage boundary
_AFTER_ALL = 99  # the rank of a stage that is seen after all facts of its instant


def say_history(builder: DecisionBuilder, registration: Fact, begun_on: date | None) -> None:
    """Tell the story of `builder.state`, which know all facts; nothing was said of them yet."""
    final = builder.state
    replay = DecisionBuilder(prepared(final), registration.recordedtime)
    state = replay.state
    view = View(state, registration, instant_of(registration, state.zone), begun_on)
    say_fact(replay, view, day_of(registration, view.at, state.zone), state)
    for at, item, acts in _story(final, registration, begun_on):
        if isinstance(item, StageNotice):
            replay.remember(item)
            amounts = view.amounts(state.invoices[item.invoice_id].currency)
            say_begun(replay, item, (amounts,), registration)
            continue
        state.forget()
        if acts:
            steps.apply(state, item, at)
        view = View(state, item, at, begun_on)
        say_fact(replay, view, day_of(item, at, state.zone), state)
        age(replay, view, None)
    builder.announcements += replay.announcements
    builder.notices |= replay.notices
    builder.changed |= replay.changed
    final.notices = state.notices
    for invoice_id in final.invoices:
        refresh(final, invoice_id)


def _story(
    final: AccountState, registration: Fact, begun_on: date | None
) -> list[tuple[datetime, Fact | StageNotice, bool]]:
    """Facts and stages in order of time, each with its instant and whether it moves anything."""
    arranged = arrange(final.facts, final.zone, True)
    told: list[tuple[Position, Fact | StageNotice, bool]] = [
        (position, fact, True) for position, fact in arranged.ordered
    ]
    for fact in final.facts:
        if fact.kind in (AMENDED, FAILED, REGISTERED, UPDATED) and fact is not registration:
            at = instant_of(fact, final.zone)
            if fact.kind == AMENDED:
                amended = final.invoices.get(cast(billing.InvoiceAmended, fact.data).invoice_id)
                if amended is None:
                    continue  # kept; its event is said with its invoice
                at = max(at, amended.at)
            told.append(((at, RANK[fact.kind], fact.fact_id), fact, False))
    for invoice in final.invoices.values():
        for now in news(invoice, (), final.zone, begun_on).begun:
            if now.kind == "stage":
                rank = _AFTER_ALL if now.at == invoice.at else _BEFORE_ALL
                told.append(((now.at, rank, f"{invoice.invoice_id} {now.stage:03}"), now, False))
    told.sort(key=itemgetter(0))
    return [(position[0], item, acts) for position, item, acts in told]
