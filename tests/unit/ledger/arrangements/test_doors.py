"""The doors of promises, plans and settlements answer what the table of cases says."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.ledger.domain.agreements import PlanAgreed, SettlementOffered
from services.ledger.domain.doors import Asking
from services.ledger.domain.doors.debts import DueAmount
from services.ledger.domain.doors.plans import (
    EqualTerms,
    PlanOffer,
    agree_plan,
    due_days,
)
from services.ledger.domain.doors.promises import most_minor
from services.ledger.domain.doors.settlements import SettlementTerms, offer_settlement
from services.ledger.domain.policies import NAMES
from services.ledger.domain.policies.amounts import AmountByCurrency
from services.ledger.domain.policies.plans import PlanPolicy, PlanRule
from services.ledger.domain.policies.settlements import SettlementPolicy, SettlementRule
from services.ledger.domain.state import AccountState
from shared.errors import Conflict, Invalid
from tests.unit.ledger.arrangements import door_cases as cases
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import (
    at,
    disputed,
    invoice,
    on,
    paid,
    promise,
    registered,
)

ON = date(2027, 1, 12)
NOW = Asking(
    at=at("01-12 12:00"),
    on=ON,
    begun_on=ON,
    now=at("01-12 12:00"),
    policies={name: known.read(known.source) for name, known in NAMES.items()},
)


def asking(**policies: Any) -> Asking:
    return replace(NOW, policies={**NOW.policies, **policies})


def account(*facts: Any) -> AccountState:
    engine = Engine()
    engine.record(registered(), *facts)
    engine.start_day(ON)
    return engine.account


def minor(amount: int) -> AmountByCurrency:
    return AmountByCurrency({"EUR": amount}, Decimal(0))


@pytest.mark.parametrize("case", cases.SPLITS)
def test_equal_instalments(case: cases.Split) -> None:
    rule = PlanRule(min_instalment=minor(case.least), round_to=minor(case.round_to))
    policy = PlanPolicy(name="plans", version="1", rules=(rule,))
    terms = EqualTerms(count=case.count, first_due_on=on("02-01"), every="month")
    offer = PlanOffer(plan_id="L1", currency="EUR", equal=terms)
    state = account(invoice("I1", case.rest))
    if case.parts is None:
        with pytest.raises(Invalid) as refused:
            agree_plan(state, offer, asking(plans=policy))
        assert [error.pointer for error in refused.value.errors] == ["/equal/count"]
        assert refused.value.members["total_minor"] == case.rest
        return
    (fact,) = agree_plan(state, offer, asking(plans=policy)).facts
    assert isinstance(fact, PlanAgreed)
    assert [each.amount_minor for each in fact.instalments] == case.parts


@pytest.mark.parametrize("case", cases.DUES)
def test_due_days(case: cases.Dues) -> None:
    assert due_days(case.first, case.count, case.every) == case.days  # type: ignore[arg-type]


@pytest.mark.parametrize(("due_on", "business_days", "until"), cases.GRACES)
def test_ends_of_grace(due_on: date, business_days: int, until: date) -> None:
    assert NOW.grace(due_on, business_days) == until


@pytest.mark.parametrize("case", cases.BIDS)
def test_offers_and_bids(case: cases.Bid) -> None:
    shares = case.shares
    rule = SettlementRule(
        auto_from_percent=shares.auto,
        supervisor_from_percent=shares.supervisor,
        finance_from_percent=shares.finance,
        plus_percent=shares.plus,
        counter=shares.counter,
    )
    policy = SettlementPolicy(name="settlements", version="1", rules=(rule,))
    state = account(invoice("I1", case.base))
    parts = [case.amount // case.instalments] * case.instalments
    parts[-1] += case.amount - sum(parts)
    several = tuple(DueAmount(date(2027, 1, number), part) for number, part in enumerate(parts, 13))
    terms = SettlementTerms(
        settlement_id="T1",
        kind="offer" if case.kind == "offer" else "bid",
        currency="EUR",
        amount_minor=case.amount,
        pay_by_on=on("01-29") if case.instalments == 1 else None,
        instalments=several if case.instalments > 1 else None,
        valid_until_on=on("01-20") if case.kind == "offer" else None,
    )
    answer = case.answer
    if answer.state == "refused":
        with pytest.raises(Invalid) as refused:
            offer_settlement(state, terms, asking(settlements=policy))
        assert refused.value.members["least_minor"] == answer.least_minor
        return
    (fact,) = offer_settlement(state, terms, asking(settlements=policy)).facts
    assert isinstance(fact, SettlementOffered)
    assert (fact.verdict, fact.counter_minor) == (answer.state, answer.counter_minor)
    assert (fact.approval.role if fact.approval else None) == answer.role
    assert fact.base_minor == case.base


@pytest.mark.parametrize("case", cases.MOSTS)
def test_the_most_that_may_be_promised(case: cases.Most) -> None:
    """Promised while more was owed; what is paid since is aimed at its invoice."""
    facts: list[Any] = []
    for name, left in case.undisputed.items():
        facts.append(invoice(name, left + 10000))
    for number, (covers, missing) in enumerate(case.open_promises):
        told = promise(f"R{number}", missing, "01-29", "01-12 10:00", tuple(sorted(covers)))
        facts.append(told)
    for name in case.undisputed:
        facts.append(disputed(f"D{name}", name, "01-12 11:00", 10000))
    state = account(*facts)
    left_out = [f"R{number}" for number in case.superseded]
    assert most_minor(state, "EUR", case.invoices, left_out) == case.most


def test_a_refused_request_says_whether_its_policy_decided() -> None:
    state = account(invoice("I1", 10000))
    long = EqualTerms(count=10, first_due_on=on("02-01"), every="month")
    with pytest.raises(Invalid) as refused:
        agree_plan(
            state,
            PlanOffer(plan_id="L1", currency="EUR", equal=replace(long, count=30)),
            NOW,
        )
    assert not refused.value.request.is_refused  # type: ignore[attr-defined]
    with pytest.raises(Invalid) as other:
        agree_plan(
            state,
            PlanOffer(plan_id="L1", currency="EUR", equal=long, invoice_ids=("I1", "I2")),
            NOW,
        )
    assert other.value.request.is_refused  # type: ignore[attr-defined]


def test_what_is_wholly_disputed_is_in_no_plan_but_in_a_settlement() -> None:
    state = account(invoice("I1", 10000), invoice("I2", 5000), disputed("D1", "I2", "01-11"))
    (plan,) = agree_plan(
        state, PlanOffer(plan_id="L1", currency="EUR", deferred_on=on("02-01")), NOW
    ).facts
    assert isinstance(plan, PlanAgreed)
    assert (plan.invoice_ids, plan.total_minor) == (("I1",), 10000)
    terms = SettlementTerms(
        settlement_id="T1",
        kind="bid",
        currency="EUR",
        amount_minor=14000,
        pay_by_on=on("01-29"),
    )
    (settlement,) = offer_settlement(state, terms, NOW).facts
    assert isinstance(settlement, SettlementOffered)
    assert (settlement.invoice_ids, settlement.base_minor) == (("I1", "I2"), 15000)
    named = PlanOffer(plan_id="L1", currency="EUR", deferred_on=on("02-01"), invoice_ids=("I2",))
    with pytest.raises(Invalid, match="cannot be agreed"):
        agree_plan(state, named, NOW)


def test_nothing_is_agreed_over_what_was_paid() -> None:
    state = account(invoice("I1", 10000), paid("P1", 10000, "01-12 09:00"))
    offer = PlanOffer(plan_id="L1", currency="EUR", deferred_on=on("02-01"))
    with pytest.raises(Invalid) as refused:
        agree_plan(state, offer, NOW)
    assert [error.pointer for error in refused.value.errors] == ["/invoice_ids"]
    assert not isinstance(refused.value, Conflict)
