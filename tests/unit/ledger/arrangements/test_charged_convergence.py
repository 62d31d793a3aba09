"""Accounts with charges converge: in any order, split and repetition, whatever days lie between.

Undo and redo is the computation from nothing, what was said gives what stands, and how often
interest is posted changes no cent of it.
"""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger import domain
from services.ledger.domain.charge_events import members
from services.ledger.domain.charges import all_charges
from services.ledger.domain.registry import KINDS
from services.ledger.domain.replay import take_back
from services.ledger.domain.rules import NO_RULES, Rules
from shared.business_time import Begun
from tests.unit.ledger.arrangements.engine import Engine, fact_of, rules_of
from tests.unit.ledger.arrangements.strategies import begun_days, facts_with_charges, some_policies
from tests.unit.ledger.arrangements.subjects import Oracle
from tests.unit.ledger.arrangements.test_arranged_convergence import (
    DAYS,
    DEPTHS,
    LAST,
    everything,
)
from tests.unit.ledger.arrangements.told import BERLIN, Told

CHARGE_EVENTS = ("fee-charged", "interest-charged", "charge-waived")
PLAIN = (
    "account-registered",
    "invoice",
    "payment",
    "credit-note",
    "dispute",
    "charge",
    "disclosure",
    "hold",
)


def _let_through(facts: list[Told]) -> list[Told]:
    return [fact for fact in facts if fact.kind in KINDS]


stories = facts_with_charges().map(_let_through)
plain_stories = stories.map(lambda facts: [f for f in facts if f.kind.startswith(PLAIN)])
rules = some_policies().map(rules_of)


def _take(account: Any, facts: list[Told], begun: Begun) -> domain.Decision:
    decision = domain.record(account, [fact_of(fact) for fact in facts], begun)
    must_hold(account)
    return decision


def must_hold(account: domain.AccountState) -> None:
    assert domain.invariants(account) == []
    for charge in all_charges(account):
        assert charge.amount_minor >= charge.waived_minor >= 0
        assert charge.balance_minor >= 0


@settings(max_examples=50, deadline=None)
@given(stories, rules, st.randoms())
def test_any_order_split_and_days_between_end_the_same(
    facts: list[Told], rules: Rules, chance: random.Random
) -> None:
    one = domain.new_account("C1", BERLIN, rules=rules)
    _take(one, facts, Begun(day=None))
    domain.begin(one, Begun(day=LAST))
    must_hold(one)
    shuffled, other = list(facts), domain.new_account("C1", BERLIN, rules=rules)
    chance.shuffle(shuffled)
    days, begun = sorted(chance.sample(DAYS, 3)), Begun(day=None)
    while shuffled:
        if days and chance.random() < 0.3:
            begun = Begun(day=days.pop(0))
            domain.begin(other, begun)
        size = chance.randint(1, 3)
        _take(other, shuffled[:size], begun)
        del shuffled[:size]
    domain.begin(other, Begun(day=LAST))
    begun = Begun(day=LAST)
    ends = [everything(account, begun) for account in (one, other)]
    for end in ends:
        del end["next_on"]  # it depends on what was announced
    assert ends[0] == ends[1]


@settings(max_examples=50, deadline=None)
@given(stories, rules, st.randoms())
def test_undo_and_redo_is_the_computation_from_nothing_and_what_is_said_is_so(
    facts: list[Told], rules: Rules, chance: random.Random
) -> None:
    accounts = [domain.new_account("C1", BERLIN, depth, rules) for depth in DEPTHS]
    chance.shuffle(facts)
    days, begun = list(DAYS), Begun(day=None)
    said: dict[str, Any] = {}
    ids: set[Any] = set()
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
            for event in of_each[0].announcements:
                key = (event.type, event.entity, event.cause)
                assert key not in ids, key
                ids.add(key)
                if event.type in CHARGE_EVENTS:
                    said[event.entity] = event.data
        for account in accounts:
            assert everything(account, begun) == everything(accounts[0], begun)
    whole = accounts[-1]
    stand = {charge.charge_id: members(whole, charge) for charge in all_charges(whole)}
    for charge_id, known in stand.items():
        if not known["amount_minor"] and charge_id not in said:
            continue  # its invoice was void by all that was known when it could first be said
        for name in ("amount_minor", "waived_minor", "posted", "waivers"):
            assert known[name] == getattr(said[charge_id], name), (charge_id, name)
    assert all(not said[gone].amount_minor for gone in said.keys() - stand.keys())
    while whole.undo:
        take_back(whole, whole.undo[-1])
    assert (whole.objects.values, whole.objects.belonging) == ({}, {})
    assert not any(whole.objects.queues.values())


@settings(max_examples=40, deadline=None)
@given(plain_stories, some_policies(), begun_days)
def test_the_engine_charges_what_the_referee_charges(
    facts: list[Told], policies: Any, begun: Any
) -> None:
    engine, referee = Engine(policies=policies), Oracle(policies=policies)
    for subject in (engine, referee):
        for fact in facts:
            subject.record(fact)
        if begun is not None:
            subject.start_day(begun)
    names = ("balance", "charges", "disputed_charges", "unapplied", "collectable", "accrued")
    for currency in ("EUR", "USD"):
        if currency in engine.account.currencies:
            seen, wanted = engine.amounts(currency), referee.amounts(currency)
            assert {name: seen[name] for name in names} == {name: wanted[name] for name in names}
    for charge in all_charges(engine.account):
        known = referee.charge(charge.charge_id)
        assert known is not None
        if not charge.is_void:
            assert (charge.amount_minor, charge.waived_minor) == (
                known["amount"],
                known["waived"],
            )


@settings(max_examples=40, deadline=None)
@given(plain_stories, some_policies(), begun_days)
def test_how_often_interest_is_posted_changes_no_cent(
    facts: list[Told], policies: Any, begun: Any
) -> None:
    facts = [fact for fact in facts if fact.kind != "charge-waived"]
    found = set()
    (from_on, document) = policies["charges"][0]
    for post in ("stage", "month", "none"):
        charged = [
            {**rule, "post": post} if rule["kind"] == "interest" else rule
            for rule in document["rules"]
        ]
        engine = Engine(policies={**policies, "charges": [(from_on, {"rules": charged})]})
        engine.record(*facts)
        if begun is not None:
            engine.start_day(begun)
        interest = [c.amount_minor for c in all_charges(engine.account) if c.kind == "interest"]
        accrued = sum(engine.amounts(currency)["accrued"] for currency in engine.account.currencies)
        found.add(sum(interest) + accrued)
    if policies["allocation"][0][1].get("order", ["principal"])[0] == "principal":
        assert len(found) == 1


@settings(max_examples=40, deadline=None)
@given(plain_stories, begun_days)
def test_without_a_policy_nothing_is_charged(facts: list[Told], begun: Any) -> None:
    engine = Engine()
    engine.record(*facts)
    if begun is not None:
        engine.start_day(begun)
    by_hand = {fact.fact_id for fact in facts if fact.kind == "charge-added"}
    assert engine.account.rules is NO_RULES
    assert {charge.charge_id for charge in all_charges(engine.account)} <= by_hand
    assert not engine.account.objects.of("interest")
    assert not engine.account.objects.of("steps")
