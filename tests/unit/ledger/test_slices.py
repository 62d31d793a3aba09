"""What one fact brings about in a long account is announced in slices, not all at once."""

from collections.abc import Sequence
from datetime import timedelta
from types import GeneratorType

import pytest

from services.ledger import domain
from services.ledger.domain import Fact, record_in_slices
from services.ledger.domain.slices import SLICE_ENTRIES
from shared.business_time import Begun
from tests.unit.ledger.ledger_factories import (
    BERLIN,
    at,
    invoice,
    on,
    paid,
    registered,
    updated,
)

PAIRS = 3 * SLICE_ENTRIES
BEGUN = Begun(day=on("2026-06-01"))


@pytest.fixture(scope="module")
def history() -> Sequence[Fact]:
    """Invoices, and payments that go where the queue leads: a late one moves all of them."""
    first = at("2026-04-01")
    return [
        registered(),
        *[invoice(f"I{number:04}", 100) for number in range(PAIRS)],
        *[
            paid(f"P{number:04}", 100, (first + timedelta(minutes=number)).isoformat())
            for number in range(PAIRS - 1)
        ],
    ]


@pytest.mark.parametrize(
    "fact",
    [paid("LATE", 50, "2026-03-20"), updated("Asia/Tokyo", "2026-03-04T00:00Z")],
    ids=["a late payment", "a new zone"],
)
def test_no_slice_announces_much(history: Sequence[Fact], fact: Fact) -> None:
    account = domain.load_account("C1", BERLIN, history)
    work = record_in_slices(account, [fact], BEGUN)
    assert isinstance(work, GeneratorType)
    known, most = 0, 0
    while (frame := work.gi_frame) is not None:
        builder = frame.f_locals.get("builder")
        announced = len(builder.announcements) if builder is not None else 0
        most, known = max(most, announced - known), announced
        next(work, None)
    assert known >= PAIRS
    assert most <= 2 * SLICE_ENTRIES
