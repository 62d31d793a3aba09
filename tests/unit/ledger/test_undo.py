"""Undo and redo, incremental reload and the computation from nothing give the same account.

The same stories are taken through accounts that keep all undo entries, few, and none: the last
computes everything anew for each fact that comes late, and is the referee of the others.
"""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger import domain
from services.ledger.domain import AccountState, Decision, Fact
from services.ledger.domain.replay import take_back
from shared.business_time import NOTHING_BEGUN, Begun
from tests.unit.ledger.ledger_factories import BERLIN, invoice, on, paid, registered
from tests.unit.ledger.test_convergence import begun_days, some_facts, state
from tests.unit.ledger_oracle.scenarios import Story, seeded_story

DEPTHS = (0, 1, 3, None)


def _told(decision: Decision) -> tuple[Any, ...]:
    """What is published and stored of a decision."""
    notices = {(notice.invoice_id, notice.key): notice for notice in decision.notices}
    rejections = sorted([repr(known) for known in decision.rejections])
    return (decision.announcements, decision.entries, notices, rejections)


def _whole(account: AccountState, begun: Begun) -> dict[str, Any]:
    known = {"waiting": {need: set(map(_name, facts)) for need, facts in account.waiting.items()}}
    notices = {key: set(map(repr, kept)) for key, kept in account.notices.items()}
    return (
        state(account, begun)
        | known
        | {
            "acts": account.acts,
            "aimed": {awaited: set(keys) for awaited, keys in account.aimed.items()},
            "next": (account.next_queue, account.next_days),
            "notices": notices,
        }
    )


def _name(fact: Fact) -> tuple[str, str]:
    return (fact.kind, fact.fact_id)


def _check_story(story: Story) -> None:
    """Fact by fact: the same decisions and the same account, however much is kept."""
    accounts = [domain.new_account("C1", story.tenant_zone, depth) for depth in DEPTHS]
    begun = NOTHING_BEGUN
    for step in story.steps:
        begun = step.begun or begun
        if step.begun is not None:
            decisions = [domain.begin(account, begun) for account in accounts]
        else:
            decisions = [domain.record(account, step.facts, begun) for account in accounts]
        for account, decision in zip(accounts, decisions, strict=True):
            assert _told(decision) == _told(decisions[0])
            assert _whole(account, begun) == _whole(accounts[0], begun)
            assert domain.invariants(account) == []
    for account in accounts:
        _check_nothing_is_left(account)


def _check_nothing_is_left(account: AccountState) -> None:
    """All facts taken back leave an empty account (of which the facts themselves are known)."""
    if account.forgotten is not None:
        return
    while account.undo:
        take_back(account, account.undo[-1])
    made = (account.invoices, account.credits, account.currencies, account.aimed, account.acts)
    assert made == ({}, {}, {}, {}, {})


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_undo_and_redo_is_the_computation_from_nothing(start: int) -> None:
    for seed in range(start, start + 50):
        _check_story(seeded_story(seed, size=2 if seed % 10 == 0 else 1))


@settings(max_examples=150, deadline=None)
@given(some_facts, st.integers(0, 14), begun_days, st.data())
def test_small_facts_that_meet_in_any_order_too(
    facts: list[Fact], registered_after: int, last: str | None, data: Any
) -> None:
    facts.insert(min(registered_after, len(facts)), registered())
    begun = Begun(day=on(last) if last else None)
    accounts = [domain.new_account("C1", BERLIN, depth) for depth in DEPTHS]
    for fact in data.draw(st.permutations(facts)):
        decisions = [domain.record(account, [fact], begun) for account in accounts]
        for account, decision in zip(accounts, decisions, strict=True):
            assert _told(decision) == _told(decisions[0])
            assert _whole(account, begun) == _whole(accounts[0], begun)
    for account in accounts:
        _check_nothing_is_left(account)


@settings(max_examples=150, deadline=None)
@given(some_facts, st.integers(0, 14), begun_days, st.data())
def test_a_memory_that_absorbs_what_another_recorded_is_as_if_loaded(
    facts: list[Fact], registered_after: int, last: str | None, data: Any
) -> None:
    facts.insert(min(registered_after, len(facts)), registered())
    begun = Begun(day=on(last) if last else None)
    writer = domain.new_account("C1", BERLIN)
    memories = [domain.new_account("C1", BERLIN, depth) for depth in DEPTHS]
    fresh: list[Fact] = []
    notices: dict[tuple[str, str], Any] = {}
    stored: dict[tuple[str, str], Any] = {}
    for fact in data.draw(st.permutations(facts)):
        decision = domain.record(writer, [fact], begun)
        fresh.append(fact)
        notices |= {(notice.invoice_id, notice.key): notice for notice in decision.notices}
        if data.draw(st.booleans()):
            continue
        stored |= notices
        loaded = domain.load_account("C1", BERLIN, writer.facts, stored.values())
        for memory in memories:
            domain.absorb(memory, fresh, notices.values())
            assert _whole(memory, begun) == _whole(loaded, begun)
            assert domain.next_on(memory) == domain.next_on(loaded)
        fresh, notices = [], {}
        if data.draw(st.booleans()):  # the memory goes on by itself, and is the writer
            writer = memories[data.draw(st.integers(0, len(memories) - 1))]
            memories.remove(writer)
            memories.append(domain.load_account("C1", BERLIN, writer.facts, stored.values()))


def _pairs(count: int) -> list[Fact]:
    """Invoices, and payments of the same amount aimed at them, each at an instant of its own."""
    found = []
    for number in range(count):
        name, at_minute = f"I{number:03}", f"2026-03-{10 + number // 60:02}T09:{number % 60:02}Z"
        found += [invoice(name, 100), paid(f"P{number:03}", 100, at_minute, (name, 100))]
    return found


def test_a_late_fact_redoes_only_what_it_has_to_do_with() -> None:
    """In any order each invoice moves its own payment alone, and all ends as if loaded."""
    facts = _pairs(100)
    random.Random(3).shuffle(facts)
    account, begun = domain.new_account("C1", BERLIN), Begun(day=on("2026-06-01"))
    decision = domain.record(account, [registered(), *facts], begun)
    assert 0 < decision.redone_facts <= 100
    notices = {(notice.invoice_id, notice.key): notice for notice in decision.notices}
    loaded = domain.load_account("C1", BERLIN, account.facts, notices.values())
    assert _whole(account, begun) == _whole(loaded, begun)


def test_a_fact_that_frees_money_for_others_redoes_them_too() -> None:
    """A payment that loses its invoice to an earlier one goes on to what it had nothing to do with:
    what was taken back for it is put back, and all behind acts again."""
    begun = Begun(day=on("2026-06-01"))
    facts = [
        registered(),
        invoice("I1", 100),
        paid("P1", 100, "2026-03-10T09:00Z", ("I1", 100)),
        invoice("I2", 100, issued="2026-03-05"),
        paid("P2", 100, "2026-03-12T09:00Z", ("I2", 100)),
        paid("P0", 100, "2026-03-03T09:00Z", ("I1", 100)),
    ]
    accounts = [domain.new_account("C1", BERLIN, depth) for depth in DEPTHS]
    for fact in facts:
        decisions = [domain.record(account, [fact], begun) for account in accounts]
        for account, decision in zip(accounts, decisions, strict=True):
            assert _told(decision) == _told(decisions[0])
            assert _whole(account, begun) == _whole(accounts[0], begun)
