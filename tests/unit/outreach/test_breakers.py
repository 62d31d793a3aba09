"""Providers that are left alone for a while, and how fast others are used."""

import pytest

from services.outreach.channels.domain.breakers import Breaker, Bucket, is_providers_fault
from services.outreach.channels.domain.contract import Accepted, Later, Refused, Sent, Unknown


def failing(breaker: Breaker, now: float, times: int) -> None:
    for _ in range(times):
        assert breaker.admits(now)
        breaker.note(now, is_fault=True)


def test_five_faults_in_a_row_open_it_for_half_a_minute() -> None:
    breaker = Breaker()
    failing(breaker, 0, 4)
    assert breaker.admits(0)
    breaker.note(0, is_fault=False)
    failing(breaker, 0, 5)
    assert not breaker.admits(29.9)
    assert breaker.seconds_left(10) == 20


def test_one_probe_decides_and_the_pauses_double_to_ten_minutes() -> None:
    breaker, now = Breaker(), 0.0
    failing(breaker, now, 5)
    pauses = []
    for _ in range(7):
        pauses.append(breaker.seconds_left(now))
        now += pauses[-1]
        assert breaker.admits(now)
        assert not breaker.admits(now), "one probe, and nobody beside it"
        breaker.note(now, is_fault=True)
    assert pauses == [30, 60, 120, 240, 480, 600, 600]
    now += 600
    assert breaker.admits(now)
    breaker.note(now, is_fault=False)
    failing(breaker, now, 5)
    assert breaker.seconds_left(now) == 30, "begins anew"


def test_a_probe_that_handed_nothing_over_leaves_the_place_to_another() -> None:
    breaker = Breaker()
    failing(breaker, 0, 5)
    assert breaker.admits(30)
    breaker.forget_probe()
    assert breaker.admits(30)


@pytest.mark.parametrize(
    ("sent", "is_fault"),
    [
        (Accepted("1"), False),
        (Refused("smtp-550", is_address_dead=True), False),
        (Later("connect"), True),
        (Later("smtp-452", blame="recipient"), False),
        (Later("lost", blame="unclear"), False),
        (Unknown("timeout"), True),
    ],
)
def test_whose_fault_it_is(sent: Sent, is_fault: bool) -> None:
    assert is_providers_fault(sent) is is_fault


def test_a_bucket_gives_its_rate_and_a_second_of_what_was_not_used() -> None:
    bucket = Bucket(10.0)
    assert bucket.wait_seconds(0) == 0
    assert bucket.wait_seconds(0) == pytest.approx(0.1)
    assert bucket.wait_seconds(0) == pytest.approx(0.2)
    waits = [bucket.wait_seconds(100) for _ in range(12)]
    assert waits[:10] == [0] * 10
    assert waits[10:] == pytest.approx([0.1, 0.2])
