"""What a reader makes of a producer that was brought back from a copy."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Received
from shared.log.forks import REASON, RECENT_MAX, Head
from shared.log.ordering import Arranged, arrange, numbers_of, places_of, read_item
from shared.log.positions import Place, Skips, Waiting
from shared.log.wire import RawRecord

LEDGER, CONTACTS = "ledger.events", "ledger.contacts"
PLACE: Place = ("demo", LEDGER, "A")
NOBODY = Skips(frozenset(), frozenset())
TYPES = frozenset({"payment-received"})


def a_record(number: int, name: str = "", epoch: int = 1, topic: str = LEDGER) -> RawRecord:
    """Number `number` of account A; `name` tells the histories apart."""
    headers = {
        "ce_id": f"{name}{number}",
        "ce_source": "/recoup/demo/ledger",
        "ce_type": "payment-received",
        "ce_tenantid": "demo",
        "ce_time": "2026-03-01T00:00:00Z",
        "ce_recordedtime": "2026-03-01T00:00:00Z",
        "ce_revision" if topic == CONTACTS else "ce_sequence": str(number),
        **({"ce_epoch": str(epoch)} if epoch > 1 else {}),
    }
    encoded = tuple((name, value.encode()) for name, value in headers.items())
    return RawRecord(topic, 0, number, b"demo/A", b"{}", encoded)


class Reader:
    """What `consume.py` keeps in the database, kept here."""

    def __init__(self) -> None:
        self.heads: dict[Place, Head] = {}
        self.waiting: dict[Place, dict[int, Waiting]] = {}
        self.applied: list[str] = []
        self.forked: list[str] = []

    def take(self, *records: RawRecord) -> Arranged:
        items = [read_item(record) for record in records]
        heads = {place: self.heads.get(place, Head()) for place in places_of(items)}
        stored = {
            place: dict(queue)
            for place, queue in self.waiting.items()
            if queue and place in heads and not heads[place].is_parked
        }
        others = {p for p, queue in self.waiting.items() if queue and p not in stored}
        held = {
            (place, number): self.waiting[place][number]
            for place, number in numbers_of(items, others)
            if number in self.waiting[place]
        }
        plan = arrange(items, heads, stored, types=TYPES, skips=NOBODY, held=held)
        self.heads.update(plan.heads)
        for (place, number), item in plan.new_waiting.items():
            assert number not in self.waiting.setdefault(place, {})
            self.waiting[place][number] = item
        for place, number in plan.taken_waiting:
            del self.waiting[place][number]
        self.applied += [event.id for event in plan.fresh]
        self.forked += [fork.event.id for fork in plan.forked]
        assert all(fork.reason.startswith(REASON) for fork in plan.forked)
        return plan

    @property
    def is_parked(self) -> bool:
        return any(head.is_parked for head in self.heads.values())


def test_exact_repeats_are_dropped_however_far_back() -> None:
    reader = Reader()
    records = [a_record(number) for number in range(1, 41)]
    reader.take(*records)
    reader.take(*records)
    assert len(reader.applied) == 40
    assert (reader.forked, reader.is_parked) == ([], False)


@pytest.mark.parametrize("back", range(RECENT_MAX))
def test_a_known_number_with_another_id_parks_the_account(back: int) -> None:
    reader = Reader()
    reader.take(*(a_record(number) for number in range(1, 41)))
    reader.take(a_record(40 - back, "other"))
    assert reader.forked == [f"other{40 - back}"]
    assert reader.is_parked
    reader.take(a_record(41, "other"))
    assert "other41" not in reader.applied  # nothing goes on over a fork
    assert list(reader.waiting[PLACE]) == [41]


def test_a_new_epoch_goes_on_where_the_reader_stands() -> None:
    reader = Reader()
    reader.take(a_record(1), a_record(2), a_record(3, "new", epoch=7))
    reader.take(a_record(1), a_record(2), a_record(4, "new", epoch=7))  # all is sent again
    assert reader.applied == ["1", "2", "new3", "new4"]
    assert (reader.forked, reader.is_parked) == ([], False)


@pytest.mark.parametrize("number", [1, 20, 40])
def test_a_number_given_again_in_a_new_epoch_parks_whoever_knows_the_lost_time(number: int) -> None:
    reader = Reader()
    reader.take(*(a_record(n) for n in range(1, 41)))
    reader.take(a_record(number, "new", epoch=7))
    assert reader.forked == [f"new{number}"]
    assert reader.is_parked


@pytest.mark.parametrize("number", [3, 4, 5, 9])
def test_a_late_record_of_the_lost_time_is_put_aside(number: int) -> None:
    reader = Reader()
    reader.take(a_record(1), a_record(2), a_record(3, "new", 7), a_record(4, "new", 7))
    reader.take(a_record(number, "lost"))
    assert reader.forked == [f"lost{number}"]
    assert reader.applied == ["1", "2", "new3", "new4"]
    assert PLACE not in reader.waiting


def test_what_waits_from_the_lost_time_is_not_applied() -> None:
    reader = Reader()
    reader.take(a_record(1), a_record(3, "lost"))
    reader.take(a_record(2, "new", epoch=7))
    assert reader.applied == ["1", "new2"]
    assert reader.forked == ["lost3"]


def test_two_events_that_want_one_turn_are_a_fork_also_behind_a_parked_head() -> None:
    reader = Reader()
    reader.take(a_record(1), a_record(3))
    reader.take(a_record(3))
    assert reader.forked == []
    reader.take(a_record(3, "other"))
    assert reader.forked == ["other3"]
    reader.take(a_record(3), a_record(3, "another"))
    assert reader.forked == ["other3", "another3"]


def test_of_a_compacted_topic_the_newest_epoch_counts_and_nobody_is_parked() -> None:
    reader = Reader()
    reader.take(a_record(4, topic=CONTACTS), a_record(5, topic=CONTACTS))
    reader.take(a_record(5, "new", epoch=7, topic=CONTACTS))
    reader.take(a_record(9, "lost", topic=CONTACTS), a_record(4, topic=CONTACTS))
    assert reader.applied == ["4", "5", "new5"]
    assert (reader.forked, reader.is_parked) == ([], False)
    reader.take(a_record(5, "other", epoch=7, topic=CONTACTS))
    assert reader.forked == ["other5"]


@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 30), st.booleans())
def test_no_history_is_mixed_with_another(
    kept: int, lost: int, new: int, is_epoch_raised: bool
) -> None:
    """Applied is the kept time, and then one of the two: never a part of each in silence."""
    reader, epoch = Reader(), 7 if is_epoch_raised else 1
    reader.take(*(a_record(n) for n in range(1, kept + 1)))
    reader.take(*(a_record(kept + n, "lost") for n in range(1, lost + 1)))
    reader.take(*(a_record(kept + n, "new", epoch) for n in range(1, new + 1)))
    assert not ({"lost", "new"} <= {name.rstrip("0123456789") for name in reader.applied})
    if lost and (is_epoch_raised or lost <= RECENT_MAX or new >= lost - RECENT_MAX + 1):
        assert reader.is_parked
    if not lost:
        assert reader.applied[-1] == f"new{kept + new}"


def test_ids_are_not_known_of_numbers_that_were_done_without() -> None:
    head = Head()
    for number in (1, 2):
        head.advance(number, _event(number))
    head.advance(4, None)
    head.advance(5, _event(5))
    assert head.fork(_event(4, "other")) is None
    assert head.fork(_event(2)) is None
    assert head.fork(_event(2, "other")) is not None
    head.advance(500, None)
    assert head.fork(_event(5, "other")) is None


def _event(number: int, name: str = "") -> Received:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Received(
        topic=LEDGER, tenant="demo", key="A", type="payment-received", id=f"{name}{number}",
        source="/recoup/demo/ledger", sequence=number, time=at, day=None, recordedtime=at,
        data=b"{}",
    )  # fmt: skip
