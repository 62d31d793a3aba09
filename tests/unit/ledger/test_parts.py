"""Histories in parts: no event is too large, and who reads the parts knows the whole history."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger import domain
from services.ledger.domain import Decision
from services.ledger.domain.parts import PART_ALLOCATIONS, in_parts
from shared.business_time import Begun
from shared.events import ledger
from shared.events.ledger import Allocation, AllocationChanged
from tests.unit.ledger.folding import Reader
from tests.unit.ledger.ledger_factories import (
    BERLIN,
    amended,
    at,
    credited,
    invoice,
    on,
    paid,
    registered,
    reversed_,
    updated,
    voided,
)

EVENT_BYTES_MAX = 900_000
INVOICES = 20_000
BEGUN = Begun(day=on("2026-06-01"))
WIDE = "\N{GOTHIC LETTER AHSA}"  # four bytes


def _id(prefix: str, number: int) -> str:
    """128 characters, four bytes each as far as can be."""
    return f"{prefix}{number:06}".ljust(128, WIDE)


def _size(event: Any) -> int:
    return len(msgspec.json.encode(event.data))


def _sizes(decision: Decision) -> list[int]:
    sizes = [_size(event) for event in decision.announcements]
    assert max(sizes) <= EVENT_BYTES_MAX
    ids = [(event.type, event.entity, event.cause) for event in decision.announcements]
    assert len(set(ids)) == len(ids)
    return sizes


histories = st.lists(
    st.tuples(st.integers(1, 2600), st.sampled_from([1, 30, 128]), st.booleans()), max_size=5
)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_parts_fold_to_the_whole_and_none_is_too_large(drawn: list[tuple[int, int, bool]]) -> None:
    whole: list[Allocation] = []
    start = at("2026-03-01")
    for number, (count, width, wide) in enumerate(drawn):
        credit_id = f"P{number}".ljust(width, WIDE if wide else "x")
        for index in range(count):
            name = f"I{index}".ljust(width, WIDE if wide else '"')
            applied_at = start + timedelta(seconds=index)
            whole.append(Allocation(credit_id, name, 1, applied_at, applied_at.date(), 0))
    event = AllocationChanged(account_id="C1", because="x", allocations=tuple(whole), amounts=())
    events = in_parts(event, "C1", "x")
    assert all(len(msgspec.json.encode(part)) <= EVENT_BYTES_MAX for part in events)
    read: dict[str, list[Allocation]] = {}
    for part in events:
        assert isinstance(part, AllocationChanged)
        assert len(part.allocations) <= PART_ALLOCATIONS
        if not ledger.adds(part):
            read |= {known.source_id: [] for known in part.allocations}
        for known in part.allocations:
            read[known.source_id].append(known)
    expected: dict[str, list[Allocation]] = {}
    for known in whole:
        expected.setdefault(known.source_id, []).append(known)
    assert {key: kept for key, kept in read.items() if kept} == expected


@pytest.fixture(scope="module")
def giant() -> Any:
    """The facts of an account of 20,000 invoices of one cent, due one after the other."""
    first = on("2024-01-01")
    return [
        registered(),
        *[
            invoice(
                _id("I", number),
                1,
                due=(first + timedelta(days=number // 30)).isoformat(),
                issued="2024-01-01",
            )
            for number in range(INVOICES)
        ],
    ]


@pytest.mark.slow
def test_no_event_of_a_giant_account_is_too_large(giant: list[Any]) -> None:
    """A payment over all invoices, and each kind of fact that moves it."""
    account = domain.load_account("C1", BERLIN, giant)
    reader = Reader()
    first, last = _id("I", 0), _id("I", INVOICES - 1)
    for fact in (
        paid(_id("P", 1), INVOICES - 5, "2026-03-01"),
        paid(_id("P", 2), 1, "2026-02-01"),  # moves all of the other
        credited(_id("K", 1), 1, "2026-01-15", first),
        voided(last, "2026-01-10T00:00Z"),
        amended(first, "2026-03-03T00:00Z", due_on=on("2026-05-05")),
        reversed_(_id("R", 1), _id("P", 1), "2026-03-05", 3),
    ):
        decision = domain.record(account, [fact], BEGUN)
        _sizes(decision)
        reader.read([event for event in decision.announcements if _carries(event)])
    _read_right(reader, account)
    assert domain.invariants(account) == []


def _carries(event: Any) -> bool:
    return hasattr(event.data, "allocations")


def _read_right(reader: Reader, account: domain.AccountState) -> None:
    for (kind, credit_id), credit in account.credits.items():
        read = reader.histories[kind, credit_id]
        assert [(a.invoice_id, a.amount_minor, a.released_at) for a in read] == [
            (a.invoice_id, a.amount_minor, a.released_at) for a in credit.allocations
        ]


@pytest.mark.slow
def test_a_giant_account_in_a_new_zone_is_announced_in_parts(giant: list[Any]) -> None:
    account = domain.load_account(
        "C1", BERLIN, [*giant, paid(_id("P", 1), 5000, "2026-03-01T20:00Z")]
    )
    decision = domain.record(account, [updated("Asia/Tokyo", "2026-03-04T00:00Z")], BEGUN)
    assert any(event.type == "allocation-changed" for event in decision.announcements)
    _sizes(decision)
    reader = Reader()
    reader.read([event for event in decision.announcements if _carries(event)])
    _read_right(reader, account)
