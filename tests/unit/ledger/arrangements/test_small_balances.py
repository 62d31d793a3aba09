"""Small balances, and write-offs: let go, made smaller, recovered (docs/ledger/write-offs.md)."""

from collections import Counter
from typing import Any

import pytest

from services.ledger.domain.agreements import Approval
from services.ledger.domain.policies.amounts import AmountByCurrency
from services.ledger.domain.policies.recovery import RecoveryPolicy
from services.ledger.domain.rules import Dated, Rules
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import (
    Told,
    disputed,
    invoice,
    on,
    paid,
    placed,
    plan,
    registered,
    taken_back,
    voided,
    write_off_reversed,
    written_off,
)

FINANCE = Approval("finance", on("03-15"))


def account(*facts: Told, rules: Rules | None = None, day: str = "01-20") -> Engine:
    """Registered, the day begun, and these facts."""
    engine = Engine(rules=rules) if rules is not None else Engine()
    engine.record(registered())
    engine.start_day(on(day))
    for fact in facts:
        engine.record(fact)
    return engine


def booked(engine: Engine) -> dict[str, int]:
    """The balance of each ledger account by all that was posted."""
    return {name: minor for name, minor in engine.booked.items() if minor}


def invoiced(engine: Engine) -> tuple[Any, ...]:
    """Status, balance and what can be recovered of I1."""
    known = engine.invoice("I1")
    return (known["status"], known["balance"], known["recoverable"])


def said(engine: Engine, *beginnings: str) -> list[str]:
    return engine.news(*beginnings)


# ── Placements ──────────────────────────────────────────────────────────────────────────────────


def small(cents: int = 5, days: int = 14) -> RecoveryPolicy:
    most = AmountByCurrency({"EUR": cents})
    return RecoveryPolicy(name="recovery", version="1", small_balance=most, small_after_days=days)


LETTING_GO = Rules(recovery=Dated(small()))


def almost_paid(*more: Told, rules: Rules = LETTING_GO, left: int = 5) -> Engine:
    return account(invoice(), paid("P1", 10000 - left, "01-20"), *more, rules=rules)


def test_a_small_balance_is_let_go_so_many_days_after_the_latest_cash() -> None:
    engine = almost_paid()
    engine.start_day(on("02-02"))
    assert invoiced(engine) == ("open", 5, 0)
    engine.start_day(on("02-03"))
    assert invoiced(engine) == ("paid", 0, 5)
    assert said(engine) == ["account-written-off small:I1", "invoice-paid I1"]
    assert engine.stops() == set()
    assert booked(engine) == {"revenue-clearing": -10000, "cash": 9995, "bad-debt": 5}


NOT_LET_GO: dict[str, tuple[Told, ...]] = {
    "more cash came, so it is looked at later": (paid("P2", 1, "01-30"),),
    "a dispute is open": (disputed("D1", "I1", "01-30", 2),),
    "it is in a plan": (plan("L1", "01-30", ("I1",), ("03-01", 5)),),
    "it is placed": (placed("G1", "01-30", ("I1",)),),
    "it is more than small": (invoice("I0", 1, due="01-01"),),
    "it is void": (voided("I1", "01-30"),),
    "the cash was taken back": (taken_back("X1", "P1", "01-30"),),
}


@pytest.mark.parametrize("more", NOT_LET_GO.values(), ids=NOT_LET_GO)
def test_it_is_not_let_go_where(more: tuple[Told, ...]) -> None:
    engine = almost_paid(*more)
    engine.start_day(on("02-03"))
    assert said(engine, "account-written-off") == []


def test_it_is_not_let_go_before_it_is_past_due() -> None:
    engine = account(invoice("I1", 10000, due="02-03"), paid("P1", 9996, "01-20"), rules=LETTING_GO)
    engine.start_day(on("02-10"))
    assert engine.invoice("I1")["balance"] == 4


def test_the_policy_of_the_day_says_what_is_small_and_when() -> None:
    later = Rules(recovery=Dated(small(3), (on("02-01"),), (small(5, 12),)))
    engine = almost_paid(rules=later)
    engine.start_day(on("01-31"))
    assert engine.invoice("I1")["balance"] == 5
    engine.start_day(on("02-01"))  # 12 days after the cash
    assert engine.invoice("I1")["balance"] == 0


def test_one_that_never_was_is_taken_back_because_it_is_restated() -> None:
    engine = almost_paid()
    engine.start_day(on("02-03"))
    engine.record(paid("P2", 2, "01-30"))  # told late: there was later cash
    assert said(engine, "write-off", "invoice-re") == [
        "write-off-reversed small:I1",
        "invoice-reopened I1",
    ]
    data: Any = next(event.data for event in engine.last if event.type == "write-off-reversed")
    assert data.because == "restated"
    # Readers keep the last history: by all facts known it took nothing.
    assert [(each.source_id, each.amount_minor) for each in data.allocations] == [("small:I1", 0)]
    engine.start_day(on("02-13"))
    assert invoiced(engine) == ("paid", 0, 3)


def test_money_that_comes_after_all_recovers_it_only_if_it_is_aimed_there() -> None:
    engine = almost_paid()
    engine.start_day(on("02-03"))
    engine.record(paid("P2", 2, "02-04"))
    assert engine.amounts("EUR")["unapplied"] == 2
    engine.record(paid("P3", 2, "02-05", ("I1", 2)))
    assert engine.invoice("I1")["recoverable"] == 3
    assert "recovery-received P3 I1" in said(engine)


def test_without_a_small_balance_nothing_is_watched() -> None:
    engine = almost_paid(rules=Rules())
    assert Counter(noun for (noun, _), _ in engine.account.objects.each()) == {}


# ── Write-offs ──────────────────────────────────────────────────────────────────────────────────


def test_one_that_waits_and_is_reversed_is_withdrawn() -> None:
    engine = account(
        invoice(),
        written_off("W1", "01-20", approval=FINANCE),
        write_off_reversed("W1", "01-21"),
    )
    assert engine.figures("write-off", "W1")["state"] == "refused"
    assert said(engine, "approval") == ["approval-closed write-off:W1"]
    assert engine.invoice("I1")["balance"] == 10000


def test_a_payment_told_late_makes_it_smaller_and_it_is_announced_again() -> None:
    engine = account(invoice(), written_off("W1", "01-20"))
    engine.record(paid("P1", 1000, "01-15"))
    again: Any = next(e.data for e in engine.last if e.type == "account-written-off")
    assert (again.amount_minor, again.kind) == (9000, "uncollectable")


def test_a_recovery_stays_when_a_new_invoice_comes_and_is_ordinary_cash_once_reversed() -> None:
    engine = account(invoice(), written_off("W1", "01-20"), paid("P1", 3000, "01-22"))
    engine.record(invoice("I2", 500, due="02-10", issued="01-25"))
    assert engine.invoice("I2")["balance"] == 500
    engine.record(write_off_reversed("W1", "01-28"))
    assert invoiced(engine) == ("open", 7000, 0)
    assert booked(engine) == {"receivable": 7500, "revenue-clearing": -10500, "cash": 3000}
