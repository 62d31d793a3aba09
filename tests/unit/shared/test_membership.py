"""Two readers under one name are told apart from all else that a group's coordinator says."""

import pytest

from shared import clock
from shared.log.kafka import NameTaken
from shared.log.kafka.membership import CALM_SECONDS, SESSION_SECONDS, Membership

UNKNOWN_MEMBER, FENCED, REBALANCING, NOT_COORDINATOR = 25, 82, 27, 16


class Time:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(clock, "monotonic", lambda: self.now)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


def membership(*codes: int | None) -> Membership:
    made = Membership("metrics", "host")
    for code in codes:
        made.note(code)
    return made


@pytest.mark.parametrize("code", [UNKNOWN_MEMBER, FENCED])
def test_thrown_out_twice_is_no_chance(time: Time, code: int) -> None:
    membership(0, code).check()
    with pytest.raises(NameTaken, match=r"as metrics under the name host.*RECOUP_MEMBER"):
        membership(0, code, 0, code).check()


def test_what_a_broker_says_else_is_no_fencing(time: Time) -> None:
    membership(0, *[REBALANCING, NOT_COORDINATOR, None] * 9).check()
    membership(*[UNKNOWN_MEMBER] * 9).check()  # it never knew us: a new member is asked for its id


def test_who_slept_for_a_session_was_forgotten_and_not_thrown_out(time: Time) -> None:
    slept = membership(0)
    for _ in range(5):
        time.now += SESSION_SECONDS + 1
        slept.note(UNKNOWN_MEMBER)
        slept.note(0)
    slept.check()


def test_what_was_long_ago_does_not_count(time: Time) -> None:
    calm = membership(0, FENCED, 0)
    time.now += CALM_SECONDS + 1
    calm.note(FENCED)
    calm.check()
