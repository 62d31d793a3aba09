"""What must hold of the referee itself, for any facts: LEDGER-ARRANGEMENTS 13, Must hold."""

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.arranged import answers, arrangements, settlements, statements
from tests.oracles.arranged.world import World
from tests.oracles.ledger_questions import Questions
from tests.unit.ledger.arrangements.strategies import (
    begun_days,
    facts_with_charges,
    only_billing,
    some_facts,
    some_policies,
)
from tests.unit.ledger.arrangements.subjects import Oracle
from tests.unit.ledger.arrangements.told import BERLIN, Told


def everything(world: World) -> Any:
    subjects = [
        *world.promises.values(),
        *world.arrangements.values(),
        *world.write_offs.values(),
        *world.placements.values(),
        *world.disputes.values(),
    ]
    return (
        sorted((type(s).__name__, s.id, tuple(s.history)) for s in subjects),
        answers.amounts(world),
        answers.allocations(world),
        answers.stops(world),
        answers.credit(world),
    )


@settings(max_examples=40)
@given(some_facts(), begun_days, st.randoms())
def test_order_and_repetition_of_arrival_do_not_matter(
    facts: list[Told], begun: date | None, random: Any
) -> None:
    shuffled = list(facts)
    random.shuffle(shuffled)
    one, other = World(facts, BERLIN, begun), World(shuffled, BERLIN, begun)
    assert everything(one) == everything(other)


@settings(max_examples=40)
@given(some_facts(), begun_days)
def test_what_must_always_hold(facts: list[Told], begun: date | None) -> None:
    must_hold(World(facts, BERLIN, begun))


@settings(max_examples=40)
@given(facts_with_charges(), some_policies(), begun_days)
def test_what_must_always_hold_with_charges(
    facts: list[Told], policies: Any, begun: date | None
) -> None:
    world = World(facts, BERLIN, begun, policies)
    must_hold(world)
    for charge in world.charges.values():
        assert charge.amount >= charge.waived >= 0
        assert all(posting.amount > 0 for posting in charge.postings)
    for bill in world.bills.values():
        fees = [c.amount for c in world.charges.values() if c.id.startswith(f"late-fee:{bill.id}:")]
        assert len(fees) <= 3  # one per step


@settings(max_examples=40)
@given(facts_with_charges(), some_policies(), begun_days)
def test_the_posting_rule_changes_no_cent_of_interest(
    facts: list[Told], policies: Any, begun: date | None
) -> None:
    facts = [fact for fact in facts if fact.kind != "charge-waived"]
    sums = []
    for post in ("stage", "month", "none"):
        (from_on, document) = policies["charges"][0]
        rules = [{**rule, "post": post} for rule in document["rules"]]
        tried = {**policies, "charges": [(from_on, {"rules": rules})]}
        world = World(facts, BERLIN, begun, tried)
        interest = [c.amount for c in world.charges.values() if c.kind == "interest"]
        sums.append(sum(interest) + sum(world.accrued(c) for c in ("EUR", "USD")))
    assert len(set(sums)) == 1


def must_hold(world: World) -> None:
    for money in world.money:
        lying = sum(
            put.amount
            for put in world.standing()
            if (put.kind, put.source) == (money.kind, money.name)
        )
        assert money.left == money.unapplied + lying >= 0
        assert 0 <= sum(money.counted.values()) <= money.left  # no cent for two promises
    for bill in world.bills.values():
        assert world.principal(bill) >= 0
        assert world.recovered(bill.id) <= world.written_off(bill.id)
        arranged = any(a.in_force and bill.id in a.invoices for a in world.arrangements.values())
        assert not (arranged and world.placed_by(bill.id))
    for charge in world.charges.values():
        assert world.open_of(charge) >= 0
    for currency in answers.amounts(world):
        world.in_force(currency)  # at most one
    for arrangement in world.arrangements.values():
        if arrangement.noun == "settlement":
            if settlements.conceded(world, arrangement):
                assert arrangement.state == "completed"
            if arrangement.state == "accepted":
                assert arrangements.paid(world, arrangement) <= arrangement.data.amount_minor
    _nothing_lies_beside_an_open_balance(world)
    for currency, now in answers.amounts(world).items():  # a closing is what is owed
        closing = sum(line.amount for line in statements.lines(world, currency))
        assert closing == now.balance + now.charges - now.unapplied


def _nothing_lies_beside_an_open_balance(world: World) -> None:
    for money in world.money:
        if money.free() > 0:
            open_now = [b for b in world.bills.values() if b.currency == money.currency]
            assert [b.id for b in open_now if world.principal(b)] == []
            charges = [c for c in world.charges.values() if c.currency == money.currency]
            assert [c.id for c in charges if world.open_of(c)] == []


@settings(max_examples=60)
@given(only_billing, begun_days)
def test_without_agreements_all_is_what_it_was(facts: list[Told], begun: date | None) -> None:
    facts = [fact for fact in facts if not fact.kind.startswith("charge")]
    world, before = World(facts, BERLIN, begun), Questions(facts, BERLIN)
    for currency, known in before.amounts(begun).items():
        now = answers.amounts(world).get(currency, answers.Amounts())
        assert (now.balance, now.overdue, now.disputed, now.unapplied, now.collectable) == (
            known.balance,
            known.overdue,
            known.disputed,
            known.unapplied,
            known.collectable,
        )
    lying = [
        (p.kind, p.source, p.invoice, p.amount, p.applied_at, p.released_at)
        for p in world.puts
        if p.applied_at != p.released_at
    ]
    assert _merged(lying) == _merged(
        [(line[0], line[1], line[2], line[3], line[4], line[7]) for line in before.history()]
    )


def _merged(lines: list[Any]) -> Any:
    sums: dict[Any, int] = {}
    for kind, source, invoice, amount, applied_at, released_at in lines:
        key = (kind, source, invoice, applied_at, released_at)
        sums[key] = sums.get(key, 0) + amount
    return sums


@settings(max_examples=30)
@given(facts_with_charges(), some_policies(), begun_days, st.randoms())
def test_any_way_to_the_same_facts_and_days_answers_the_same(
    facts: list[Told], policies: Any, begun: date | None, random: Any
) -> None:
    one, other = Oracle(policies=policies), Oracle(policies=policies)
    shuffled = [*facts, *random.sample(facts, 2)]  # some come twice
    random.shuffle(shuffled)
    for fact in facts:
        one.record(fact)
    for index, fact in enumerate(shuffled):
        other.record(fact)
        if begun is not None and index == len(shuffled) // 2:
            other.start_day(begun)
    if begun is not None:
        one.start_day(begun)
    assert one.everything() == other.everything()
