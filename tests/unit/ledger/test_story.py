"""The story of docs/ledger.md, word by word."""

from typing import Any

from services.ledger import domain
from shared.business_time import Begun
from tests.unit.ledger.ledger_factories import (
    Ledger,
    at,
    invoice,
    on,
    paid,
    registered,
    reversed_,
    types,
)


def test_the_decided_story_is_told_exactly() -> None:
    ledger = Ledger()
    told = ledger.record(registered(), invoice(time="2026-03-01T09:00Z"))
    assert types(told) == ["account-registered", "invoice-issued"]
    issued: Any = told[1]
    assert issued.time == at("2026-03-01T09:00Z")
    assert issued.data.balance_minor == 10000
    assert issued.data.amounts[0].overdue_minor == 0

    (overdue,) = ledger.start_day("2026-03-16")
    data: Any = overdue.data
    assert (overdue.type, overdue.time) == ("invoice-overdue", at("2026-03-15T23:00Z"))
    assert (data.stage, data.since_on, data.balance_minor) == (1, on("2026-03-16"), 10000)
    assert data.amounts[0].collectable_minor == 10000
    assert overdue.cause == "2026-03-15 1"
    assert overdue.day == on("2026-03-16")

    (received,) = ledger.record(paid("P1", 4000, "2026-03-20T10:00Z"))
    data = received.data
    assert received.type == "payment-received"
    assert [(a.invoice_id, a.amount_minor) for a in data.allocations] == [("I1", 4000)]
    assert data.amounts[0].balance_minor == 6000

    (overdue,) = ledger.start_day("2026-04-15")
    data = overdue.data
    assert overdue.time == at("2026-04-14T22:00Z")
    assert (data.stage, data.balance_minor) == (31, 6000)

    told = ledger.record(paid("P2", 6000, "2026-03-14T08:00Z"))
    assert types(told) == ["payment-received", "overdue-corrected", "invoice-paid"]
    received, corrected, settled = told
    assert received.time == at("2026-03-14T08:00Z")
    data = corrected.data
    assert (data.from_stage, data.to_stage, data.because) == (31, None, "payment P2")
    assert (data.since_on, corrected.time) == (on("2026-04-15"), at("2026-04-14T22:00Z"))
    assert settled.time == at("2026-03-20T10:00Z")

    ledger.begun = Begun(day=on("2026-05-02"))
    told = ledger.record(reversed_("R1", "P1", "2026-05-02T12:00Z"))
    assert types(told) == ["payment-reversed", "invoice-reopened"]
    data = told[1].data
    assert (data.stage, data.days_past_due) == (31, 48)
    assert data.amounts[0].balance_minor == 4000
    assert ledger.start_day("2026-05-14") == []
    (overdue,) = ledger.start_day("2026-05-15")
    data = overdue.data
    assert (data.stage, data.balance_minor) == (61, 4000)


def test_a_known_fact_again_is_a_duplicate_and_with_other_data_a_conflict() -> None:
    first, other = paid("P1", 4000, "2026-03-20"), paid("P1", 4100, "2026-03-20")
    assert domain.difference(first.kind, (None, first.data), (None, first.data)) == []
    (error,) = domain.difference(first.kind, (None, first.data), (None, other.data))
    assert error.pointer == "/data/amount_minor"
