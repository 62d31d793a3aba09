"""What a case is, at each of its boundaries."""

from datetime import timedelta

import pytest

from services.segmentation.learning.cases import (
    InvoiceFacts,
    Target,
    cases_of,
    check_horizon,
    target_of,
)
from shared.errors import Invalid
from tests.unit.segmentation.learning.ledgers import BEGIN, TODAY, an_invoice


def ask(fact: InvoiceFacts, target: Target = "late_payment", *, today: int = 100) -> list[bool]:
    """The outcomes of an invoice's cases at the beginning of a day."""
    day = BEGIN + timedelta(days=today)
    return [case.outcome for case in cases_of([fact], target, horizon_days=30, today=day)]


@pytest.mark.parametrize(
    ("delay", "outcomes"),
    [(-30, [False]), (-1, [False]), (0, [False]), (1, [True]), (None, [True])],
)
def test_late_is_not_zero_at_the_end_of_the_due_day(
    delay: int | None, outcomes: list[bool]
) -> None:
    assert ask(an_invoice(terms=30, delay=delay)) == outcomes


@pytest.mark.parametrize(("today", "cases"), [(30, 0), (31, 1)])
def test_the_due_day_must_have_passed(today: int, cases: int) -> None:
    assert len(ask(an_invoice(terms=30), today=today)) == cases


@pytest.mark.parametrize(("decided", "cases"), [(0, 1), (30, 1), (31, 0), (90, 0)])
def test_an_invoice_that_was_overdue_when_it_became_known_is_no_case(
    decided: int, cases: int
) -> None:
    assert len(ask(an_invoice(decided=decided, issued=0, terms=30, delay=80))) == cases


@pytest.mark.parametrize(("settled", "cases"), [(9, 0), (10, 1)])
def test_an_invoice_that_was_settled_before_it_became_known_is_no_case(
    settled: int, cases: int
) -> None:
    assert len(ask(an_invoice(decided=10, issued=0, terms=30, delay=settled - 30))) == cases


def test_an_invoice_is_not_decided_before_it_is_issued() -> None:
    (case,) = cases_of(
        [an_invoice(decided=0, issued=7)], "late_payment", horizon_days=30, today=TODAY
    )
    assert case.day == BEGIN + timedelta(days=7)


def test_an_invoice_over_nothing_is_no_case() -> None:
    assert ask(an_invoice(amount_minor=0)) == []


def test_money_taken_back_makes_the_due_day_speak_for_itself() -> None:
    fact = an_invoice(terms=30, delay=40)
    fields = {name: getattr(fact, name) for name in fact.__struct_fields__}
    assert ask(InvoiceFacts(**{**fields, "was_open_at_due": False})) == [False]


@pytest.mark.parametrize(
    ("delay", "outcomes"),
    [
        (0, []),  # in time: never asked
        (1, [True]),  # open at the beginning of the first day past due
        (31, [True, True]),
        (32, [False, True]),
        (61, [False, True, True]),
        (None, [False] * 5),
    ],
)
def test_open_invoices_are_asked_about_at_each_stage(
    delay: int | None, outcomes: list[bool]
) -> None:
    assert ask(an_invoice(terms=0, delay=delay), "pays_within", today=400) == outcomes


@pytest.mark.parametrize(("today", "cases"), [(31, 0), (32, 1), (62, 2)])
def test_the_horizon_must_have_passed(today: int, cases: int) -> None:
    fact = an_invoice(terms=0, delay=None)
    assert len(ask(fact, "pays_within", today=today)) == cases


def test_a_target_is_known_by_its_name() -> None:
    assert target_of("pays_within") == "pays_within"
    with pytest.raises(Invalid) as refused:
        target_of("loves_us")
    assert refused.value.errors[0].pointer == "/target"


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_horizon_must_make_sense(days: int) -> None:
    with pytest.raises(Invalid):
        check_horizon(days)
