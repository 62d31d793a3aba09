"""What must hold of any facts: each line of the two pages, and the test that asserts it.

LEDGER-ARRANGEMENTS 13:

* every order, split and repetition ends the same: test_arranged_convergence
  (`test_any_order_split_and_days_between_end_the_same`); repetition is the intake's: test_intake
* folding what was said gives the present state: test_folding_arranged
  (`test_what_was_published_of_arrangements_folds_to_what_is_so`)
* no cent of a payment counts for two promises, or for a promise and an arrangement: here
* at most one arrangement per account and currency, conceded only while completed, a settlement's
  invoices hold no more than its amount: `must_hold` of test_arranged_convergence, after each step
* no debt is both arranged and placed: here
* without arrangements all is what it was: here, test_referee
  (`test_without_agreements_all_is_what_it_was`) and ledger_oracle/test_against_oracle

LEDGER-CHARGES 6 and 7:

* undo-redo, incremental reload and computation give equal states, undoing all gives an empty
  account: test_arranged_convergence (`test_undo_and_redo_is_the_computation_from_nothing`)
* any order ends with the same charges, postings, allocations, discounts: here
* folding gives the charges that stand, no charge id twice: test_folding_arranged
  (`test_what_was_published_of_charges_folds_to_the_charges_that_stand`)
* the posting rule changes no cent: here; nor does cutting a time: test_interest
  (`test_the_sum_is_the_same_however_a_time_is_cut_and_day_by_day`)
* nothing is charged on charges: here
* without a policy all is what it was: here, as above
* every balance ≥ 0 and every entry sums to 0: `Engine`, after each step of every story and here
"""

import random
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.domain import AccountState
from services.ledger.domain.account import before_in_slices
from services.ledger.domain.arrangements import arrangements, counts_for
from services.ledger.domain.charges import all_charges
from services.ledger.domain.credits import Credit
from services.ledger.domain.placements import placements
from services.ledger.domain.promises import promises
from services.ledger.domain.slices import run
from tests.unit.ledger.arrangements import told
from tests.unit.ledger.arrangements.engine import Engine, brief
from tests.unit.ledger.arrangements.strategies import (
    INSTANTS,
    begun_days,
    facts_with_charges,
    only_billing,
    some_facts,
    some_policies,
)
from tests.unit.ledger.arrangements.test_arranged_convergence import let_through
from tests.unit.ledger.arrangements.told import Told, on

LAST = on("05-05")
LATER = [instant for instant in INSTANTS if "03-03" <= instant[:5] <= "03-30"]
AGREED = ("promise-", "plan-", "settlement-", "instalment-", "account-w", "account-p", "charge")
WITHOUT_MONEY = ("account-", "invoice-", "disclosure-", "hold-", "charge-added")


def _ended(
    facts: list[Told], policies: Any = None, begun: date | None = LAST, *, at_once: bool = True
) -> Engine:
    engine = Engine(policies=policies)
    if at_once:
        engine.record(*facts)
    else:
        for fact in facts:
            engine.record(fact)
    if begun is not None:
        engine.start_day(begun)
    return engine


@st.composite
def _promised(draw: Any) -> list[Told]:
    """Stories in which promises, a plan over another invoice and payments meet for certain."""
    money = st.builds(
        told.paid, st.sampled_from(["P1", "P2", "P3"]), st.integers(1, 12), st.sampled_from(LATER)
    )
    facts = draw(some_facts())
    facts.append(told.invoice("I1", 12, "03-01", "03-01"))
    facts.append(told.plan("L1", "03-01 12:00", ("I1",), ("03-30", draw(st.integers(3, 12)))))
    facts += [told.promise(f"R{n}", draw(st.integers(2, 12)), "03-30", "03-02") for n in (1, 2)]
    facts += draw(st.lists(money, min_size=2, max_size=4))
    return let_through(list({(fact.kind, fact.fact_id): fact for fact in facts}.values()))


# ── Arrangements ────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=80, deadline=None)
@given(_promised())
def test_no_cent_counts_for_two_promises_or_for_a_promise_and_an_arrangement(
    facts: list[Told],
) -> None:
    account = _ended(facts).account
    for payment in [known for known in account.credits.values() if known.kind == "payment"]:
        counted = _counted(account, payment)
        assert counted <= payment.amount_minor - payment.taken_minor
        then = run(before_in_slices(account, payment.at))
        lying = then.credits[payment.key]
        assert _counted(then, lying) + _arranged(then, lying) <= lying.amount_minor


def _counted(account: AccountState, payment: Credit) -> int:
    return sum(
        part.amount_minor
        for promise in promises(account)
        for part in promise.counted
        if part.payment_id == payment.credit_id
    )


def _arranged(account: AccountState, payment: Credit) -> int:
    """What of it lies on the invoices of the arrangement that it counts for."""
    taken = {
        invoice_id
        for known in arrangements(account, payment.currency)
        if known.in_force and counts_for(known, payment)
        for invoice_id in known.invoice_ids
    }
    return sum(
        piece.amount_minor
        for piece in payment.allocations
        if piece.invoice_id in taken and piece.released_at is None
    )


@settings(max_examples=50, deadline=None)
@given(some_facts().map(let_through), begun_days)
def test_no_debt_is_both_arranged_and_placed(facts: list[Told], begun: date | None) -> None:
    account = _ended(facts, begun=begun).account
    takers = [*arrangements(account), *placements(account)]
    taken = [invoice_id for known in takers for invoice_id in known.takes]
    assert len(taken) == len(set(taken))


@settings(max_examples=50, deadline=None)
@given(only_billing.map(let_through), begun_days)
def test_without_agreements_nothing_of_them_is_published(
    facts: list[Told], begun: date | None
) -> None:
    facts = [fact for fact in facts if not fact.kind.startswith("charge")]
    engine = _ended(facts, begun=begun)
    assert brief(engine.said, *AGREED) == []
    assert all_charges(engine.account) == []
    assert {key[0] for key in engine.account.objects.values} <= {"dispute", "credit-limit"}
    for currency in engine.account.currencies:
        known = engine.amounts(currency)
        new = ("arranged", "arrears", "promised", "recoverable", "charges", "accrued")
        assert [known[name] for name in new] == [0] * len(new)
        plain = known["overdue"] - known["unapplied"]
        assert known["collectable"] <= max(0, plain)


# ── Charges ─────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=40, deadline=None)
@given(
    facts_with_charges().map(let_through),
    some_policies(),
    begun_days,
    st.randoms(use_true_random=False),
)
def test_any_order_ends_with_the_same_charges_postings_allocations_and_discounts(
    facts: list[Told], policies: Any, begun: date | None, chance: random.Random
) -> None:
    one = _ended(facts, policies, begun)
    other = _ended(chance.sample(facts, len(facts)), policies, begun, at_once=False)
    for name in ("charge", "interest", "steps"):
        assert one.account.objects.of(name) == other.account.objects.of(name)
    assert one.account.credits == other.account.credits
    assert one.account.invoices == other.account.invoices


@settings(max_examples=40, deadline=None)
@given(facts_with_charges().map(let_through), some_policies(), begun_days)
def test_nothing_is_charged_on_charges(
    facts: list[Told], policies: Any, begun: date | None
) -> None:
    """Without money that charges could draw off, they change no fee and no interest."""
    facts = [fact for fact in facts if fact.kind.startswith(WITHOUT_MONEY)]
    bare = [fact for fact in facts if fact.kind != "charge-added"]
    charged, plain = _ended(facts, policies, begun), _ended(bare, policies, begun)
    by_hand = {fact.fact_id for fact in facts}
    own = [c for c in all_charges(charged.account) if c.charge_id not in by_hand]
    sums = [(c.charge_id, c.amount_minor) for c in own]
    assert sorted(sums) == sorted((c.charge_id, c.amount_minor) for c in all_charges(plain.account))
    for currency in plain.account.currencies:
        assert charged.amounts(currency)["accrued"] == plain.amounts(currency)["accrued"]


@settings(max_examples=30, deadline=None)
@given(facts_with_charges().map(let_through), some_policies(), begun_days)
def test_the_posting_rule_changes_no_cent_of_interest(
    facts: list[Told], policies: Any, begun: date | None
) -> None:
    """As long as money does not go to interest before principal; nothing is waived of it."""
    facts = [fact for fact in facts if fact.kind.startswith(WITHOUT_MONEY)]
    (from_on, document) = policies["charges"][0]
    found = set()
    for post in ("stage", "month", "none"):
        rules = [
            {**rule, "post": post} if rule["kind"] == "interest" else rule
            for rule in document["rules"]
        ]
        engine = _ended(facts, {**policies, "charges": [(from_on, {"rules": rules})]}, begun)
        posted = sum(c.amount_minor for c in all_charges(engine.account) if c.kind == "interest")
        found.add(posted + sum(engine.amounts(c)["accrued"] for c in engine.account.currencies))
    assert len(found) == 1
