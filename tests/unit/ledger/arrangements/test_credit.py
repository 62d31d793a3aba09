"""The credit limit: exposure, crossings that are announced once, and the check before a sale."""

from typing import Any

import pytest

from services.ledger.domain.credit import check_credit, credit_position
from services.ledger.domain.rules import Rules
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import (
    Told,
    hold,
    invoice,
    on,
    paid,
    placed,
    registered,
    taken_back,
    updated,
    written_off,
)


def account(*facts: Told, limit: int | None = 10000, currency: str | None = "EUR") -> Engine:
    engine = Engine()
    engine.record(registered(currency=currency, credit_limit_minor=limit, payment_terms_days=14))
    engine.start_day(on("01-20"))
    for fact in facts:
        engine.record(fact)
    return engine


def crossings(engine: Engine) -> list[str]:
    return engine.news("credit-limit")


def test_a_crossing_is_announced_once_each_way() -> None:
    engine = account(invoice("I1", 10000))
    assert crossings(engine) == []
    engine.record(invoice("I2", 1))
    assert crossings(engine) == ["credit-limit-exceeded C1"]
    data: Any = engine.last[-1].data
    assert (data.limit_minor, data.exposure_minor, data.because) == (10000, 10001, "invoice I2")
    engine.record(invoice("I3", 500))
    assert crossings(engine) == []
    engine.record(paid("P1", 501, "01-20"))
    assert crossings(engine) == ["credit-limit-cleared C1"]
    engine.record(taken_back("X1", "P1", "01-20 13:00", 1))
    assert crossings(engine) == ["credit-limit-exceeded C1"]


def test_the_limit_moves() -> None:
    engine = account(invoice("I1", 10000))
    lower = updated("u1", "01-19", currency="EUR", credit_limit_minor=9999)
    engine.record(lower)
    assert crossings(engine) == ["credit-limit-exceeded C1"]
    engine.record(updated("u2", "01-20", currency="EUR", credit_limit_minor=None))
    assert crossings(engine) == ["credit-limit-cleared C1"]


def test_an_older_record_that_comes_late_moves_nothing() -> None:
    engine = account(invoice("I1", 10000))
    engine.record(updated("u1", "2026-11-01", currency="EUR", credit_limit_minor=0))
    assert crossings(engine) == []


def test_crossings_of_the_past_that_a_late_fact_uncovers_are_not_announced() -> None:
    engine = account(invoice("I1", 9000), paid("P1", 9000, "01-15"))
    engine.record(invoice("I2", 2000, issued="2026-12-20"))  # 11000 until P1 came
    assert crossings(engine) == []
    assert credit_position(engine.account).exceeded_since_on is None


def test_a_write_off_is_no_exposure() -> None:
    engine = account(invoice("I1", 12000))
    engine.record(written_off("W1", "01-20"))
    assert crossings(engine) == ["credit-limit-cleared C1"]
    assert credit_position(engine.account).exposure_minor == 0


def test_a_limit_of_nothing_is_exceeded_by_anything_and_no_limit_never() -> None:
    assert account(invoice("I1", 1), limit=0).exceeded()
    assert not account(invoice("I1", 10**9), limit=None).exceeded()
    assert not account(invoice("I1", 10**9), currency=None).exceeded()


def test_without_an_own_currency_the_tenants_counts() -> None:
    engine = Engine(rules=Rules(reporting_currency="EUR"))
    engine.record(registered(credit_limit_minor=100))
    engine.record(invoice("I1", 101))
    assert crossings(engine) == ["credit-limit-exceeded C1"]


def test_the_position_tells_since_when_and_what_is_owed_in_other_currencies() -> None:
    engine = account(
        invoice("I1", 8000, issued="2026-12-11"),
        invoice("I2", 3000, issued="01-05"),
        paid("P1", 2000, "01-10"),
        taken_back("X1", "P1", "01-12"),
        invoice("I3", 700, currency="USD"),
    )
    known = credit_position(engine.account)
    assert (known.currency, known.limit_minor, known.exposure_minor) == ("EUR", 10000, 11000)
    assert (known.available_minor, known.exceeded_since_on) == (-1000, on("01-12"))
    assert known.payment_terms_days == 14
    assert [(other.currency, other.exposure_minor) for other in known.others] == [("USD", 700)]


def test_what_is_unapplied_lowers_it_from_when_it_came() -> None:
    engine = account(paid("P1", 500, "01-02"), invoice("I1", 10600, issued="01-05"))
    known = credit_position(engine.account)
    assert (known.exposure_minor, known.exceeded_since_on) == (10100, on("01-05"))


def test_a_check_says_what_speaks_against_a_sale() -> None:
    engine = account(invoice("I1", 9000, due="01-10"))
    asked = (engine.account, "EUR", 1000, on("01-20"))
    assert (check_credit(*asked).allowed, check_credit(*asked).available_minor) == (True, 1000)
    too_much = check_credit(engine.account, "EUR", 1001, on("01-20"))
    assert (too_much.allowed, too_much.because) == (False, ("limit",))
    other = check_credit(engine.account, "USD", 10**6, on("01-20"))
    assert (other.allowed, other.available_minor) == (True, None)


@pytest.mark.parametrize(
    ("more", "day", "because"),
    [
        ((), "02-09", ()),
        ((), "02-10", ("overdue",)),  # 31 days past due
        ((hold("H1", "cease", "01-20"),), "01-20", ("hold",)),
        ((placed("G1", "01-20", ("I1",)),), "01-20", ("placed",)),
        ((written_off("W1", "01-20"),), "01-20", ("written-off",)),
    ],
)
def test_each_reason_of_a_check(more: tuple[Told, ...], day: str, because: tuple[str, ...]) -> None:
    engine = account(invoice("I1", 5000, due="01-10"), *more)
    engine.start_day(on(day))
    assert check_credit(engine.account, "EUR", 1, on(day)).because == because
