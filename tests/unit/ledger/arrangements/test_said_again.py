"""What is published again because a late fact changed it: so that the last word is always so."""

from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import (
    Told,
    credited,
    hold,
    hold_released,
    invoice,
    on,
    placed,
    promise,
    registered,
    written_off,
)


def an_engine(*facts: Told) -> Engine:
    engine = Engine()
    engine.record(registered(), *facts)
    return engine


def test_a_placement_that_is_said_again_is_recalled_again() -> None:
    """The amount that was placed is another; it stays recalled, and a reader must know."""
    engine = an_engine(invoice(), hold("H1", "deceased", "2027-02-01"))
    engine.record(placed("G1", "03-01", ("I1",)))
    assert engine.news("account-") == ["account-placed G1", "account-recalled G1"]
    engine.record(credited("K1", 3000, "2027-02-15"))
    assert engine.event("account-placed").placed_minor == 7000
    assert engine.news("account-") == ["account-placed G1", "account-recalled G1"]


def test_a_broken_promise_says_what_was_asked_when_that_changes() -> None:
    """An invoice that is told late makes what is asked larger; it is broken as before."""
    engine = an_engine(promise("R1", 8000, "01-15", "01-12"))
    engine.start_day(on("01-20"))
    engine.record(invoice("I1", 4000))
    assert engine.event("promise-rejudged").asked_minor == 4000
    engine.record(invoice("I2", 9000))
    again = engine.event("promise-rejudged")
    assert (again.from_state, again.to_state, again.asked_minor) == ("broken", "broken", 8000)


def test_a_hold_that_has_expired_is_not_released_once_more() -> None:
    """The earlier end counts."""
    engine = an_engine(hold("H1", "breathing-space", "2027-01-10", "2027-01-20"))
    engine.start_day(on("02-10"))
    assert engine.news("hold-released") == ["hold-released H1"]
    engine.record(hold_released("H1", "02-05"))
    assert engine.news() == []
    engine.record(hold("H2", "breathing-space", "2027-01-10", "2027-03-20"))
    engine.record(hold_released("H2", "02-05"))
    assert engine.event("hold-released").because == "released"


def test_a_write_off_that_takes_nothing_any_more_says_where_it_no_longer_lies() -> None:
    """A credit note of before pays the invoice: whoever keeps allocations by source forgets it."""
    engine = an_engine(invoice(amount=8000), written_off("W1", "02-09"))
    engine.record(credited("K1", 8000, "2027-02-01"))
    said = [piece for event in engine.last for piece in getattr(event.data, "allocations", ())]
    of_write_off = [piece.amount_minor for piece in said if piece.source_kind == "write_off"]
    assert of_write_off == [0]
