"""How many contacts begin on a day, and whose."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact, Item
from services.outreach.channels.domain.tenant_settings import Ramp
from services.outreach.dunning.domain.slots import (
    MOST,
    SlotLimits,
    VersionRamp,
    allot,
    ramp_most,
    turn,
)

DAY = date(2027, 3, 1)
NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
ITEM = Item("C1", "I1", DAY, "s", "reminder", "reminder")


def contact(key: str = "C1", **fields: object) -> DebtorContact:
    made = DebtorContact(
        contact_id=f"c-{key}", debtor_key=key, debtor_id=None, zone="UTC", channel="email",
        strategy="s", strategy_version="1", step="reminder", tone="friendly", template=None,
        template_version=None, state="planned", due_at=NINE, items=(ITEM,), covers=(),
    )  # fmt: skip
    return replace(made, **fields)


def limits(day: date = DAY, **fields: object) -> SlotLimits:
    found: dict[str, object] = {"ramp": Ramp(start=MOST), "ramp_from": DAY, "capacity": {}}
    return SlotLimits(day=day, **{**found, **fields})  # type: ignore[arg-type]


def test_out_g8_by_priority_as_the_ramp_grows() -> None:
    """OUT-G8."""
    priorities = {f"D{number:02}": 99 - number for number in range(12)}
    waiting = [contact(key) for key in reversed(priorities)]
    days = []
    for number in range(4):
        ordered = sorted(waiting, key=lambda c: turn(c, priorities[c.debtor_key]))
        on_day = limits(DAY + timedelta(days=number), ramp=Ramp(start=2, factor=2, most=5))
        allotted = allot(ordered, on_day, {})
        days.append([c.debtor_key for c in allotted.given])
        assert {rule for _, rule in allotted.left_out} <= {"ramp"}
        waiting = [c for c, _ in allotted.left_out]
    assert [len(day) for day in days] == [2, 4, 5, 1]
    assert [key for day in days for key in day] == list(priorities)


@pytest.mark.parametrize(
    ("ramp", "day", "expected"),
    [
        (Ramp(), 0, 200),
        (Ramp(), 3, 1600),
        (Ramp(start=10, factor=1.1), 2, 12),
        (Ramp(start=3, factor=1.5, most=6), 2, 6),
        (Ramp(start=7, factor=1), 4000, 7),
        (Ramp(), 40_000, MOST),
        (Ramp(), -1, 0),
    ],
)
def test_how_a_ramp_grows(ramp: Ramp, day: int, expected: int) -> None:
    assert ramp_most(ramp, DAY, DAY + timedelta(days=day)) == expected


def test_who_is_contacted_by_nobody_has_no_slots() -> None:
    assert ramp_most(Ramp(), None, DAY) == 0


def test_a_contact_is_under_the_limits_of_its_channel_queue_and_version() -> None:
    found = limits(
        ramp=Ramp(start=5),
        capacity={"letter": 3, "collectors": 2},
        versions={("s", "1"): VersionRamp(Ramp(start=1), DAY)},
    )
    assert found.names(contact(channel="letter")) == ("ramp", "ramp/s/1", "capacity/letter")
    assert found.names(contact(channel="person", queue="collectors"))[-1] == "capacity/collectors"
    assert found.names(contact(purpose="paid")) == ()  # a courtesy
    assert found.most("ramp/s/1") == 1
    allotted = allot([contact("A"), contact("B")], found, {})
    assert [c.debtor_key for c in allotted.given] == ["A"]


def test_one_full_capacity_keeps_only_its_own_back() -> None:
    found = limits(capacity={"letter": 1})
    waiting = [contact("A", channel="letter"), contact("B", channel="letter"), contact("C")]
    allotted = allot(waiting, found, {})
    assert [c.debtor_key for c in allotted.given] == ["A", "C"]
    assert [(c.debtor_key, rule) for c, rule in allotted.left_out] == [("B", "capacity")]


def test_what_holds_a_slot_of_the_day_takes_no_other() -> None:
    found = limits(ramp=Ramp(start=1))
    held = contact(slot_day=DAY, slots=("ramp",))
    assert allot([held], found, {"ramp": 1}).given == (held,)
    assert allot([replace(held, slot_day=DAY - timedelta(1))], found, {"ramp": 1}).given == ()


@settings(max_examples=80)
@given(
    channels=st.lists(st.sampled_from(["email", "letter", "sms"]), max_size=30),
    start=st.integers(1, 12),
    letters=st.integers(0, 6),
    batch=st.integers(1, 7),
)
def test_slots_are_never_exceeded_and_none_is_left_unused(
    channels: list[str], start: int, letters: int, batch: int
) -> None:
    found = limits(ramp=Ramp(start=start), capacity={"letter": letters})
    waiting = [contact(f"D{n:02}", channel=channel) for n, channel in enumerate(channels)]
    taken: dict[str, int] = {}
    begun: list[DebtorContact] = []
    for first in range(0, len(waiting), batch):
        allotted = allot(waiting[first : first + batch], found, taken)
        for name, more in allotted.taken.items():
            taken[name] = taken.get(name, 0) + more
        begun += allotted.given
    assert len(begun) <= start
    assert sum(c.channel == "letter" for c in begun) <= letters
    fitting = sum(channel != "letter" for channel in channels) + min(
        letters, channels.count("letter")
    )
    assert len(begun) == min(start, fitting)
