"""Folding what the ledger published gives what is so: promises, plans, settlements, charges.

LEDGER-ARRANGEMENTS 13 and LEDGER-CHARGES 7, Must hold. The reader knows no rules, only what the
events mean (tests/unit/ledger/folding.py).
"""

import random
from collections import Counter
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger import domain
from services.ledger.domain import AccountState
from services.ledger.domain.arrangements import PLAN, SETTLEMENT, Arrangement, arrangements
from services.ledger.domain.charge_events import postings
from services.ledger.domain.charges import all_charges
from services.ledger.domain.credit import is_exceeded
from services.ledger.domain.holds import holds
from services.ledger.domain.placements import commissions, placements
from services.ledger.domain.promises import promises
from services.ledger.domain.write_offs import write_offs
from shared.business_time import Begun
from shared.events import ledger
from tests.unit.ledger.arrangements.engine import fact_of, rules_of
from tests.unit.ledger.arrangements.strategies import facts_with_charges, some_facts, some_policies
from tests.unit.ledger.arrangements.test_arranged_convergence import let_through
from tests.unit.ledger.arrangements.told import BERLIN, Told, on
from tests.unit.ledger.folding import Reader

DAYS = [on(day) for day in ("03-01", "03-04", "03-10", "04-01", "04-07", "05-05")]
_NOT_AGREED = ("pending_approval", "refused")  # nothing was said of it, or that it is not agreed


def _told(facts: list[Told], chance: random.Random) -> list[Told | date]:
    """In random order of arrival, with days that begin between."""
    told: list[Told | date] = []
    days = list(DAYS)
    for fact in chance.sample(facts, len(facts)):
        told.append(fact)
        if days and chance.random() < 0.3:
            told.append(days.pop(0))
    return told


def _replay(told: list[Told | date], policies: Any = None) -> None:
    """The reader is right after each step, and no id comes twice."""
    account = domain.new_account("C1", BERLIN, 4, rules_of(policies))
    reader, ids, begun = Reader(), Counter[tuple[str, str, str]](), Begun(day=None)
    for step in told:
        if isinstance(step, date):
            begun = Begun(day=step)
            decision = domain.begin(account, begun)
        else:
            decision = domain.record(account, [fact_of(step)], begun)
        reader.read(decision.announcements)
        ids.update((event.type, event.entity, event.cause) for event in decision.announcements)
        if account.registered:
            _reads_right(reader, account, begun)
    assert [key for key, count in ids.items() if count > 1] == []


@settings(max_examples=70, deadline=None)
@given(some_facts().map(let_through), st.randoms(use_true_random=False))
def test_what_was_published_of_arrangements_folds_to_what_is_so(
    facts: list[Told], chance: random.Random
) -> None:
    _replay(_told(facts, chance))


@settings(max_examples=70, deadline=None)
@given(facts_with_charges().map(let_through), some_policies(), st.randoms(use_true_random=False))
def test_what_was_published_of_charges_folds_to_the_charges_that_stand(
    facts: list[Told], policies: Any, chance: random.Random
) -> None:
    _replay(_told(facts, chance), policies)


def _reads_right(reader: Reader, account: AccountState, begun: Begun) -> None:
    _reads_invoices_right(reader, account)
    _reads_charges_right(reader, account)
    _reads_arrangements_right(reader, account)
    _reads_the_rest_right(reader, account)
    for amounts in domain.amounts(account, begun):
        read = reader.amounts.get(amounts.currency, nothing_in(amounts.currency))
        for name in ("balance", "disputed", "unapplied", "charges", "recoverable", "promised"):
            assert getattr(read, f"{name}_minor") == getattr(amounts, f"{name}_minor"), name


def nothing_in(currency: str) -> ledger.Amounts:
    """Of a currency in which nothing was ever owed nothing is said."""
    return ledger.Amounts(currency, 0, 0, 0, 0, 0, 0, None, 0)


def _reads_invoices_right(reader: Reader, account: AccountState) -> None:
    for invoice_id, known in account.invoices.items():
        assert reader.balance(invoice_id) == known.balance_minor, invoice_id
    for kind in ("payment", "credit_note", "concession", "write_off", "discount"):
        lying = sum(
            piece.amount_minor
            for credit in account.credits.values()
            for piece in credit.allocations
            if credit.kind == kind and piece.released_at is None
        )
        assert reader.lying(kind) == lying, kind


def _reads_charges_right(reader: Reader, account: AccountState) -> None:
    standing = {charge.charge_id: charge for charge in all_charges(account) if charge.posted}
    for charge_id, read in reader.charges.items():
        if charge_id not in standing:
            assert (read.amount_minor, read.waived_minor, read.posted) == (0, 0, ()), charge_id
    for charge_id, charge in standing.items():
        if charge.is_void and charge_id not in reader.charges:
            continue  # its invoice was void when it came
        read = reader.charges[charge_id]
        assert read.amount_minor == charge.amount_minor, charge_id
        assert read.waived_minor == charge.waived_minor, charge_id
        assert read.posted == postings(charge), charge_id
        assert {w.waiver_id: w.amount_minor for w in read.waivers} == {
            name: minor for name, (_, minor) in charge.waivers.items()
        }
        assert reader.on_charge(charge_id) == charge.paid_minor, charge_id


def _reads_arrangements_right(reader: Reader, account: AccountState) -> None:
    for promise in promises(account):
        key = ("promise", promise.promise_id)
        assert reader.states[key] == promise.state, key
        if promise.state in ("kept", "partly_kept", "broken"):
            assert reader.figures[key].received_minor == promise.received_minor, key
            asked = reader.figures[key].asked_minor
            assert asked in (None, promise.asked_minor), key  # None: it was kept before its day
    for known in arrangements(account):
        _reads_arrangement_right(reader, known)


def _reads_arrangement_right(reader: Reader, known: Arrangement) -> None:
    key = (known.noun, known.arrangement_id)
    assert known.noun in (PLAN, SETTLEMENT)
    if known.state in _NOT_AGREED:
        assert reader.states.get(key, known.state) in _NOT_AGREED, key
    else:
        assert reader.states[key] == known.state, key
    if known.state == "completed":
        assert reader.figures[key].paid_minor == known.paid_minor, key
    for each in known.instalments:
        part = (f"{known.noun}/n", f"{known.arrangement_id}/{each.n}")
        assert reader.states.get(part, "open") == each.state, part
        if each.state == "missed":
            assert reader.figures[part].short_minor == each.short_minor, part


def _reads_the_rest_right(reader: Reader, account: AccountState) -> None:
    for write_off in write_offs(account):
        stands = write_off.amount_minor if write_off.is_made else 0
        assert reader.write_offs.get(write_off.write_off_id, 0) == stands
    for invoice_id, invoice in account.invoices.items():
        recovered = sum(v for (_, on_it), v in reader.recoveries.items() if on_it == invoice_id)
        assert recovered == invoice.recovered_minor, invoice_id
    for placement in placements(account):
        if placement.state in ("placed", "recalled"):
            assert reader.placements.get(placement.placement_id) == placement.state
    due = {
        (c.placement_id, c.payment_id): (c.base_minor, c.commission_minor)
        for c in commissions(account)
        if c.base_minor
    }
    assert {key: figures for key, figures in reader.commissions.items() if figures[0]} == due
    for hold in holds(account):
        assert reader.holds[hold.hold_id] == hold.state, hold.hold_id
    assert reader.exceeded == is_exceeded(account)
