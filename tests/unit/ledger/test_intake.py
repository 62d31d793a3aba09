"""What the intake refuses, and what makes a duplicate or a conflict (docs/ledger.md)."""

from datetime import datetime
from typing import Any

import pytest

from services.ledger import domain
from services.ledger.domain import AmountLimit, Fact, cause_of, check, difference
from shared.business_time import NOTHING_BEGUN
from shared.events import billing
from tests.unit.ledger.ledger_factories import (
    Ledger,
    amended,
    at,
    credited,
    disputed,
    failed,
    invoice,
    on,
    paid,
    registered,
    resolved,
    reversed_,
    updated,
    voided,
)

COUNTRIES = ("DE", "de", " DE ", "Germany", "U.S.A.", "Côte d’Ivoire", "UK", "", " ", None)
UNKNOWN_SECOND = (billing.Address(country="Germany"), billing.Address(country="Korea"))


def faults(fact: Fact, time: datetime | None = None) -> list[str]:
    return [error.pointer for error in check(fact.kind, time or fact.time, fact.data)]


def test_every_valid_fact_passes() -> None:
    for fact in (
        registered(),
        registered(addresses=tuple(billing.Address(country=name) for name in COUNTRIES)),
        updated(None, "2026-03-01"),
        invoice(),
        amended("I1", "2026-03-01"),
        voided("I1", "2026-03-01"),
        credited("K1", 1, "2026-03-01"),
        paid("P1", 100, "2026-03-01", ("A", 60), ("B", 40)),
        failed("P1", 1, "2026-03-01"),
        reversed_("R1", "P1", "2026-03-01"),
        disputed("D1", "I1", "2026-03-01"),
        resolved("D1", "I1", "2026-03-01", 10, "partly"),
        invoice(due="2020-01-01"),
    ):
        assert faults(fact) == []


@pytest.mark.parametrize(
    ("fact", "pointer"),
    [
        (paid("P1", 99, "2026-03-01", ("A", 60), ("B", 40)), "/data/allocations"),
        (invoice(currency="EUX"), "/data/currency"),
        (registered("Europe/Atlantis"), "/data/timezone"),
        (registered("../secrets"), "/data/timezone"),
        (registered(""), "/data/timezone"),
        (registered(addresses=(billing.Address(country="Narnia"),)), "/data/addresses/0/country"),
        (updated(None, "2026-03-01", addresses=UNKNOWN_SECOND), "/data/addresses/1/country"),
        (resolved("D1", "I1", "2026-03-01", 10, "rejected"), "/data/credited_minor"),
    ],
)
def test_what_types_cannot_say_is_refused_with_a_pointer(fact: Fact, pointer: str) -> None:
    assert faults(fact) == [pointer]


@pytest.mark.parametrize(
    "fact",
    [
        voided("I1", "2026-03-01"),
        disputed("D1", "I1", "2026-03-01"),
        resolved("D1", "I1", "2026-03-01"),
        amended("I1", "2026-03-01"),
        registered(),
    ],
)
def test_facts_that_act_at_their_time_need_one(fact: Fact) -> None:
    assert [error.pointer for error in check(fact.kind, None, fact.data)] == ["/time"]


def test_the_time_counts_only_where_it_is_the_instant() -> None:
    one, other = at("2026-03-01"), at("2026-03-02")
    for fact, pointers in [
        (voided("I1", "2026-03-01"), ["/time"]),
        (disputed("D1", "I1", "2026-03-01"), ["/time"]),
        (invoice(), []),
        (paid("P1", 1, "2026-03-01"), []),
        (amended("I1", "2026-03-01"), []),
    ]:
        found = difference(fact.kind, (one, fact.data), (other, fact.data))
        assert [error.pointer for error in found] == pointers


def test_defaults_filled_in_are_equal_and_instants_compare_as_instants() -> None:
    plain = billing.PaymentReceived("P1", "C1", "EUR", 100, at("2026-03-01T10:00Z"))
    told = billing.PaymentReceived(
        "P1", "C1", "EUR", 100, datetime.fromisoformat("2026-03-01T11:00+01:00"), allocations=()
    )
    assert difference("payment-received", (None, plain), (None, told)) == []


def test_a_conflict_points_at_every_field_that_differs() -> None:
    known, again = invoice(), invoice(amount_minor=1, due="2026-04-01")
    found = difference(known.kind, (None, known.data), (None, again.data))
    assert {error.pointer for error in found} == {"/data/amount_minor", "/data/due_on"}


def test_facts_are_known_by_their_business_ids() -> None:
    def known_by(fact: Fact) -> Any:
        return domain.fact_id_of(fact.kind, "/billing", "e7", fact.data)

    assert known_by(paid("P1", 1, "2026-03-01")) == "P1"
    assert known_by(reversed_("R1", "P1", "2026-03-01")) == "R1"
    assert known_by(voided("I1", "2026-03-01")) == "I1"
    assert known_by(resolved("D1", "I1", "2026-03-01")) == "D1"
    assert known_by(failed("P1", 1, "2026-03-01T10:00Z")) == "P1 2026-03-01T10:00:00Z"
    assert known_by(registered()) == "/billing e7"
    assert known_by(amended("I1", "2026-03-01")) == "/billing e7"


def test_causes_read_like_the_story() -> None:
    assert cause_of(paid("P2", 1, "2026-03-01")) == "payment P2"
    assert cause_of(reversed_("R1", "P1", "2026-03-01")) == "reversal R1"
    assert on("2026-03-01").isoformat() == "2026-03-01"


def test_the_amounts_of_an_account_never_leave_64_bits() -> None:
    most = 2**53 - 1
    account = domain.new_account("C1", "UTC")
    domain.record(account, [invoice(f"I{n}", most) for n in range(500)], NOTHING_BEGUN)
    limit = AmountLimit(account)
    taken = [limit.check(paid(f"P{n}", most, "2026-03-01")) for n in range(20)]
    assert taken[:12] == [[]] * 12
    assert [error.pointer for errors in taken[12:] for error in errors] == [
        "/data/amount_minor"
    ] * 8
    assert limit.check(paid("Y1", most, "2026-03-01", currency="JPY")) == []
    assert AmountLimit(account).check(paid("P12", most, "2026-03-01")) == []  # none was recorded


def test_what_resolutions_credit_counts_in_every_currency() -> None:
    """Their invoices, and so their currencies, need not be known yet."""
    most = 2**53 - 1
    account = domain.new_account("C1", "UTC")
    domain.record(account, [invoice(f"I{n}", most) for n in range(500)], NOTHING_BEGUN)
    limit = AmountLimit(account)
    taken = [limit.check(resolved(f"D{n}", "I1", "2026-03-01", most)) for n in range(13)]
    assert taken[:12] == [[]] * 12
    assert [error.pointer for error in taken[12]] == ["/data/credited_minor"]
    assert limit.check(paid("P1", most, "2026-03-01")) != []
    assert limit.check(paid("Y1", most, "2026-03-01", currency="JPY")) == []


@pytest.mark.parametrize("country", ["DE", "de", " DE ", "Germany", "Deutschland", "DEU"])
def test_what_is_announced_is_one_code_per_country(country: str) -> None:
    place = billing.Address(country=country)
    said = Ledger(registered(addresses=(billing.Address(city="Ulm"), place))).said
    assert [event.data.country for event in said] == ["DE"]  # type: ignore[union-attr]


def _faults_of(kind: str, data: Any) -> list[str]:
    return [error.pointer for error in check(kind, at("2026-03-01"), data)]


def test_a_dispute_names_an_invoice_or_a_charge() -> None:
    def opened(**more: Any) -> list[str]:
        data = billing.DisputeOpened(dispute_id="D1", account_id="C1", **more)
        return _faults_of("dispute-opened", data)

    assert opened(invoice_id="A", lines=(1, 3)) == []
    assert opened(charge_id="fee") == []
    assert opened(charge_id="fee", invoice_id="A") == []
    assert opened(lines=(2, 2)) == ["/data/invoice_id", "/data/lines", "/data/lines"]
    ended = billing.DisputeResolved(
        dispute_id="D1", account_id="C1", outcome="rejected", credited_minor=1
    )
    assert _faults_of("dispute-resolved", ended) == ["/data/invoice_id", "/data/credited_minor"]


def test_a_target_is_an_invoice_or_a_charge_and_not_both() -> None:
    targets = (
        billing.Target(invoice_id="A", amount_minor=1),
        billing.Target(charge_id="fee", amount_minor=1),
        billing.Target(amount_minor=1),
        billing.Target(invoice_id="A", charge_id="fee", amount_minor=97),
        billing.Target(invoice_id="B", amount_minor=1),
    )
    data = billing.PaymentReceived(
        payment_id="P1",
        account_id="C1",
        currency="EUR",
        amount_minor=100,
        received_at=at("2026-03-01"),
        allocations=targets,
    )
    assert _faults_of("payment-received", data) == [
        "/data/allocations/2",
        "/data/allocations/3",
        "/data/allocations",
    ]
