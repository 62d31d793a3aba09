"""Costs as they are taken: every fault by its place, repeats told from conflicts."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.metrics.domain.cost_entries import CostEntry, differences, read_cost
from services.metrics.domain.cost_events import recorded, withdrawn
from shared.events.metrics import CostRecorded, CostWithdrawn

GOOD: dict[str, Any] = {
    "cost_id": "K1",
    "kind": "agency",
    "amount_minor": 1500,
    "currency": "EUR",
    "incurred_on": "2026-02-15",
}


def cost(**changes: Any) -> CostEntry:
    read = read_cost({**GOOD, **changes})
    assert isinstance(read, CostEntry), read
    return read


def pointers(raw: Any) -> list[str]:
    read = read_cost(raw)
    assert not isinstance(read, CostEntry)
    return [error.pointer for error in read]


def test_a_cost_is_read_with_and_without_what_may_be_left_out() -> None:
    assert cost() == CostEntry(
        cost_id="K1",
        kind="agency",
        amount_minor=1500,
        currency="EUR",
        incurred_on=date(2026, 2, 15),
    )
    named = cost(account_id="C1", channel="letter")
    assert (named.account_id, named.channel) == ("C1", "letter")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"cost_id": ""}, "/cost_id"),
        ({"cost_id": "a/b"}, "/cost_id"),
        ({"cost_id": "K\u200b1"}, "/cost_id"),
        ({"cost_id": "K" * 129}, "/cost_id"),
        ({"cost_id": 7}, "/cost_id"),
        ({"kind": "bribe"}, "/kind"),
        ({"amount_minor": 0}, "/amount_minor"),
        ({"amount_minor": 2**53}, "/amount_minor"),
        ({"amount_minor": 1.5}, "/amount_minor"),
        ({"currency": "XXY"}, "/currency"),
        ({"currency": "eur"}, "/currency"),
        ({"incurred_on": "2026-02-30"}, "/incurred_on"),
        ({"incurred_on": "0001-01-01"}, "/incurred_on"),
        ({"incurred_on": None}, "/incurred_on"),
        ({"account_id": "a/b"}, "/account_id"),
        ({"account_id": " C1"}, "/account_id"),
        ({"channel": "E-Mail"}, "/channel"),
        ({"channel": "sms\n"}, "/channel"),
        ({"acount_id": "C1"}, "/acount_id"),
    ],
)
def test_a_fault_is_named_by_its_place(change: dict[str, Any], pointer: str) -> None:
    assert pointers({**GOOD, **change}) == [pointer]


def test_all_faults_are_named_at_once() -> None:
    found = pointers({"cost_id": "a/b", "kind": "x", "currency": "EU", "more": 1})
    assert sorted(found) == [
        "/amount_minor", "/cost_id", "/currency", "/incurred_on", "/kind", "/more",
    ]  # fmt: skip
    assert pointers(["K1"]) == [""]


def test_the_same_again_differs_in_nothing_and_other_data_by_name() -> None:
    assert differences(cost(), cost(account_id=None)) == ()
    found = differences(cost(), cost(amount_minor=1501, channel="sms"))
    assert {error.pointer for error in found} == {"/amount_minor", "/channel"}


def test_it_is_announced_on_the_day_on_which_it_arose_in_the_tenants_zone() -> None:
    event = recorded(cost(account_id="C1"), 1, "Europe/Berlin")
    assert (event.type, event.entity) == ("cost-recorded", "K1")
    assert (event.day, event.time) == (
        date(2026, 2, 15),
        datetime(2026, 2, 14, 23, tzinfo=UTC),
    )
    assert event.data == CostRecorded(
        cost_id="K1",
        kind="agency",
        amount_minor=1500,
        currency="EUR",
        incurred_on=date(2026, 2, 15),
        account_id="C1",
    )
    again = recorded(cost(), 2, "UTC")
    assert again.cause != event.cause
    gone = withdrawn(cost(account_id="C1"), 1, "UTC")
    assert (gone.type, gone.day) == ("cost-withdrawn", date(2026, 2, 15))
    assert gone.data == CostWithdrawn(cost_id="K1", account_id="C1")
