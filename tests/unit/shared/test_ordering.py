"""Whatever way events come in, each key's are applied once and in order."""

import random
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import Received
from shared.log.forks import Head
from shared.log.ordering import Arranged, Item, arrange, places_of, read_item
from shared.log.positions import Place, Skips, Waiting
from shared.log.wire import Address, RawRecord

AT = datetime(2026, 3, 1, tzinfo=UTC)
NO_SKIPS = Skips(frozenset(), frozenset())
TYPES = frozenset({"payment-received"})


def a_record(key: str, number: int, topic: str = "ledger.events") -> RawRecord:
    name = "ce_revision" if topic == "ledger.contacts" else "ce_sequence"
    headers = {
        "ce_id": f"{key}{number}",
        "ce_source": "/recoup/demo/ledger",
        "ce_type": "payment-received",
        "ce_tenantid": "demo",
        "ce_time": "2026-03-01T00:00:00Z",
        "ce_recordedtime": "2026-03-01T00:00:00Z",
        name: str(number),
    }
    encoded = tuple((name, value.encode()) for name, value in headers.items())
    return RawRecord(topic, 0, number, f"demo/{key}".encode(), b"{}", encoded)


class Consumer:
    """What `consume.py` keeps in the database, kept here."""

    def __init__(self, skips: Skips = NO_SKIPS) -> None:
        self.heads: dict[Place, Head] = {}
        self.waiting: dict[Place, dict[int, Waiting]] = {}
        self.applied: list[tuple[str, int]] = []
        self.skips = skips

    def take(self, *records: RawRecord) -> Arranged:
        return self.take_items([read_item(record) for record in records])

    def take_items(self, items: list[Item]) -> Arranged:
        places = places_of(items)
        heads = {place: self.heads.get(place, Head()) for place in places}
        stored = {p: dict(self.waiting[p]) for p in places if self.waiting.get(p)}
        plan = arrange(items, heads, stored, types=TYPES, skips=self.skips)
        self.heads.update(plan.heads)
        for (place, number), item in plan.new_waiting.items():
            assert self.waiting.setdefault(place, {}).setdefault(number, item) is item
        for place, number in plan.taken_waiting:
            del self.waiting[place][number]
        self.applied += [(event.key, event.sequence) for event in plan.fresh]
        return plan

    def of(self, key: str) -> list[int]:
        return [number for k, number in self.applied if k == key]


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    lengths=st.lists(st.integers(1, 8), min_size=1, max_size=4),
    size=st.integers(1, 9),
)
def test_any_order_with_repeats_ends_in_sequence(seed: int, lengths: list[int], size: int) -> None:
    chance = random.Random(seed)
    records = [a_record(f"K{k}", n) for k, last in enumerate(lengths) for n in range(1, last + 1)]
    records += chance.choices(records, k=len(records) // 2)
    chance.shuffle(records)
    consumer = Consumer()
    for start in range(0, len(records), size):
        consumer.take(*records[start : start + size])
    for k, last in enumerate(lengths):
        assert consumer.of(f"K{k}") == list(range(1, last + 1))
    assert not any(consumer.waiting.values())


@settings(max_examples=100)
@given(missing=st.integers(1, 6), size=st.integers(1, 7))
def test_nothing_behind_a_gap_is_applied(missing: int, size: int) -> None:
    consumer = Consumer()
    records = [a_record("A", n) for n in range(1, 8) if n != missing]
    for start in range(0, len(records), size):
        consumer.take(*records[start : start + size])
    assert consumer.of("A") == list(range(1, missing))
    consumer.take(a_record("A", missing))
    assert consumer.of("A") == list(range(1, 8))


def test_a_parked_key_waits_and_its_neighbours_go_on() -> None:
    consumer = Consumer()
    consumer.heads["demo", "ledger.events", "A"] = Head(0, is_parked=True)
    consumer.take(a_record("A", 1), a_record("B", 1))
    assert consumer.applied == [("B", 1)]
    assert list(consumer.waiting["demo", "ledger.events", "A"]) == [1]


def test_an_unreadable_message_parks_what_follows_it_in_the_same_slice() -> None:
    consumer = Consumer()
    garbage = RawRecord("ledger.events", 0, 5, b"demo/A", b"?", ())
    plan = consumer.take(a_record("A", 1), garbage, a_record("A", 2))
    assert consumer.of("A") == [1]
    assert [item.address for item in plan.unreadable] == [Address("demo", "A", None)]
    assert consumer.heads["demo", "ledger.events", "A"].is_parked


def test_an_unreadable_repeat_is_a_repeat() -> None:
    consumer = Consumer()
    consumer.take(a_record("A", 1), a_record("A", 2))
    broken = RawRecord("ledger.events", 0, 5, b"demo/A", b"?", (("ce_sequence", b"2"),))
    assert consumer.take(broken).unreadable == []


def test_a_higher_revision_is_next_and_a_lower_one_is_dropped() -> None:
    consumer = Consumer()
    topic = "ledger.contacts"
    consumer.take(a_record("A", 3, topic), a_record("A", 2, topic), a_record("A", 7, topic))
    assert consumer.of("A") == [3, 7]


def test_skipped_numbers_are_stepped_over_in_a_rebuild() -> None:
    place = ("demo", "ledger.events", "A")
    skips = Skips(frozenset({(*place, 2), (*place, 4), (*place, 5)}), frozenset())
    consumer = Consumer(skips)
    consumer.take(a_record("A", 1), a_record("A", 2), a_record("A", 3), a_record("A", 6))
    assert consumer.of("A") == [1, 3, 6]  # 2 was skipped; 4 and 5 never came and were skipped
    assert consumer.heads[place].sequence == 6


def test_unknown_types_move_the_head_without_being_applied() -> None:
    record = a_record("A", 1)
    headers = tuple((n, b"promise-made" if n == "ce_type" else v) for n, v in record.headers)
    consumer = Consumer()
    consumer.take(RawRecord("ledger.events", 0, 1, record.key, b"{}", headers), a_record("A", 2))
    assert consumer.of("A") == [2]


def test_an_item_tells_why_it_is_unreadable() -> None:
    item = read_item(RawRecord("ledger.events", 0, 5, b"demo/A", b"?", ()))
    assert not isinstance(item.event, Received)
    assert item.reason == "header ce_tenantid is missing"


def unreadable(key: str, number: int) -> RawRecord:
    sequence = (("ce_sequence", str(number).encode()),)
    return RawRecord("ledger.events", 0, number, f"demo/{key}".encode(), b"?", sequence)


def test_a_skipped_unreadable_message_does_not_give_up_what_is_missing_before_it() -> None:
    place = ("demo", "ledger.events", "A")
    consumer = Consumer(Skips(frozenset({(*place, 4)}), frozenset()))
    consumer.take(a_record("A", 1), unreadable("A", 4), a_record("A", 5))
    assert consumer.heads[place].sequence == 1
    consumer.take(a_record("A", 2), a_record("A", 3))
    assert consumer.of("A") == [1, 2, 3, 5]
