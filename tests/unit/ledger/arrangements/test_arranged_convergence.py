"""Accounts with agreements converge: in any order, split and repetition, whatever days lie between.

And undo and redo, incremental reload and the computation from nothing are the same.
"""

import random
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger import domain
from services.ledger.domain import AccountState, Decision
from services.ledger.domain.arrangements import arrangements
from services.ledger.domain.registry import KINDS
from services.ledger.domain.replay import take_back
from services.ledger.domain.settlements import Settlement
from shared.business_time import Begun
from tests.unit.ledger.arrangements.engine import fact_of
from tests.unit.ledger.arrangements.strategies import some_facts
from tests.unit.ledger.arrangements.told import BERLIN, Told, on

DAYS = [on(day) for day in ("03-01", "03-04", "03-10", "04-01", "04-07", "05-05")]
LAST = DAYS[-1]
DEPTHS = (0, 3, None)


def let_through(facts: list[Told]) -> list[Told]:
    """Without commands that name invoices of another currency: their door refuses them."""
    currencies = {
        fact.data.invoice_id: fact.data.currency for fact in facts if fact.kind == "invoice-issued"
    }
    found = []
    for fact in facts:
        currency = getattr(fact.data, "currency", None)
        named = getattr(fact.data, "invoice_ids", None) or ()
        of_others = [i for i in named if currency and currencies.get(i) not in (None, currency)]
        if fact.kind in KINDS and not of_others:
            found.append(fact)
    return found


stories = some_facts().map(let_through)


def everything(account: AccountState, begun: Begun) -> dict[str, Any]:
    """All that is so now, whatever way led to it."""
    return {
        "objects": {key: account.objects.values[key] for key in sorted(account.objects.values)},
        "agenda": account.objects.agenda,
        "invoices": {key: account.invoices[key] for key in sorted(account.invoices)},
        "credits": {key: account.credits[key] for key in sorted(account.credits)},
        "amounts": domain.amounts(account, begun),
        "next_on": domain.next_on(account),
    }


def _take(account: AccountState, facts: list[Told], begun: Begun) -> Decision:
    decision = domain.record(account, [fact_of(fact) for fact in facts], begun)
    must_hold(account)
    return decision


def _begin(account: AccountState, day: date) -> Decision:
    decision = domain.begin(account, Begun(day=day))
    must_hold(account)
    return decision


def must_hold(account: AccountState) -> None:
    assert domain.invariants(account) == []
    in_force = [known.currency for known in arrangements(account) if known.in_force]
    assert len(in_force) == len(set(in_force))
    for known in arrangements(account):
        if isinstance(known, Settlement) and known.conceded_minor:
            assert known.state == "completed"
        if known.state == "accepted":
            assert known.cash_minor <= known.amount_minor


@settings(max_examples=60, deadline=None)
@given(stories, st.randoms())
def test_any_order_split_and_days_between_end_the_same(
    facts: list[Told], chance: random.Random
) -> None:
    one = domain.new_account("C1", BERLIN)
    _take(one, facts, Begun(day=None))
    _begin(one, LAST)
    shuffled, other = list(facts), domain.new_account("C1", BERLIN)
    chance.shuffle(shuffled)
    days, begun = sorted(chance.sample(DAYS, 3)), Begun(day=None)
    while shuffled:
        if days and chance.random() < 0.3:
            begun = Begun(day=days.pop(0))
            domain.begin(other, begun)
        size = chance.randint(1, 3)
        _take(other, shuffled[:size], begun)
        del shuffled[:size]
    _begin(other, LAST)
    assert _so(one) == _so(other)


def _so(account: AccountState) -> dict[str, Any]:
    """Without what was announced: that depends on the days between."""
    found = everything(account, Begun(day=LAST))
    del found["next_on"]
    return found


@settings(max_examples=60, deadline=None)
@given(stories, st.randoms())
def test_undo_and_redo_is_the_computation_from_nothing(
    facts: list[Told], chance: random.Random
) -> None:
    accounts = [domain.new_account("C1", BERLIN, depth) for depth in DEPTHS]
    chance.shuffle(facts)
    days, begun = list(DAYS), Begun(day=None)
    stored: dict[tuple[str, str], domain.StageNotice] = {}
    for fact in facts:
        decisions = []
        if days and chance.random() < 0.3:
            begun = Begun(day=days.pop(0))
            decisions.append([domain.begin(account, begun) for account in accounts])
        decisions.append([_take(account, [fact], begun) for account in accounts])
        for of_each in decisions:
            for decision in of_each:
                assert decision.announcements == of_each[0].announcements
                assert decision.entries == of_each[0].entries
            stored |= {(note.invoice_id, note.key): note for note in of_each[0].notices}
        for account in accounts:
            assert everything(account, begun) == everything(accounts[0], begun)
    loaded = domain.load_account(
        "C1", BERLIN, accounts[0].facts, stored.values(), begun_on=begun.day
    )
    assert everything(loaded, begun) == everything(accounts[0], begun)
    whole = accounts[-1]
    while whole.undo:
        take_back(whole, whole.undo[-1])
    made = (whole.objects.values, whole.objects.agenda, whole.invoices, whole.credits)
    assert (*made, whole.currencies) == ({}, [], {}, {}, {})
