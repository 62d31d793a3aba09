"""What is in force when: the pure part of versioned documents."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.documents.activations import Activation, in_force, repeats, was_in_force
from shared.documents.history import BUILT_IN_AT, BuiltIn, History, StoredVersion

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def activated(
    number: int,
    version: str | None,
    days: int = 0,
    *,
    name: str = "fees",
    from_version: str | None = None,
) -> Activation:
    from_at = MARCH + timedelta(days=days)
    return Activation(
        number=number,
        name=name,
        version=version,
        from_version=from_version,
        from_on=from_at.date(),
        from_at=from_at,
        recorded_at=MARCH,
        recorded_by="someone",
    )


def version_on(activations: list[Activation], days: float, name: str = "fees") -> str | None:
    found = in_force(activations, MARCH + timedelta(days=days)).get(name)
    return None if found is None else found.version


def test_a_version_counts_from_its_instant_on() -> None:
    one = [activated(1, "1", days=3)]
    assert in_force(one, MARCH + timedelta(days=3, microseconds=-1)) == {}
    assert version_on(one, 3) == "1"
    assert version_on(one, 300) == "1"


def test_of_two_from_the_same_instant_the_one_asked_for_later_counts() -> None:
    both = [activated(1, "1"), activated(2, "2")]
    assert version_on(both, 0) == "2"
    assert version_on(both[::-1], 0) == "2"  # in whatever order they are read


def test_an_earlier_day_that_is_asked_for_later_ends_at_the_later_day() -> None:
    both = [activated(1, "spring", days=5), activated(2, "winter")]
    assert [version_on(both, day) for day in (0, 4.9, 5, 9)] == [
        "winter", "winter", "spring", "spring",
    ]  # fmt: skip


def test_names_do_not_know_each_other() -> None:
    both = [activated(1, "1"), activated(2, "7", days=1, name="promises")]
    assert version_on(both, 2) == "1"
    assert version_on(both, 2, "promises") == "7"


def test_without_an_instant_everything_counts_that_is_known() -> None:
    both = [activated(1, "1"), activated(2, "2", days=99)]
    assert in_force(both)["fees"].version == "2"


def test_an_earlier_version_that_comes_back_is_a_rollback() -> None:
    back = [activated(1, "2", from_version="default")]
    assert was_in_force(back, "fees", "default")  # it came with the service, and was replaced
    assert was_in_force(back, "fees", "2")
    assert not was_in_force(back, "fees", "3")
    assert not was_in_force(back, "promises", "2")
    assert not was_in_force(back, "fees", None)


def test_only_what_was_not_replaced_since_is_a_repeat() -> None:
    two = [activated(1, "1"), activated(2, "2", days=1)]
    assert repeats(two, "fees", "1", MARCH) == two[0]
    assert repeats(two, "fees", "2", MARCH) is None
    assert repeats([*two, activated(3, "9")], "fees", "1", MARCH) is None
    assert repeats(two, "promises", "1", MARCH) is None


def built_in(name: str = "fees") -> dict[str, BuiltIn[str]]:
    return {name: BuiltIn(name, "default", "the text", "what it says")}


def test_what_comes_with_the_service_counts_until_something_else_does() -> None:
    history = History(built_in()).with_activation(activated(1, "1", days=2), "mine")
    assert history.in_force(MARCH) == {"fees": "what it says"}
    assert history.in_force(MARCH + timedelta(days=2)) == {"fees": "mine"}


def test_a_name_that_ended_is_not_in_force_until_it_comes_back() -> None:
    history = (
        History(built_in())
        .with_activation(activated(1, None), None)
        .with_activation(activated(2, "1", days=2), "mine")
    )
    assert [history.in_force(MARCH + timedelta(days=day)) for day in (-1, 0, 2)] == [
        {"fees": "what it says"}, {}, {"fees": "mine"},
    ]  # fmt: skip


def test_with_an_activation_more_the_history_itself_stays() -> None:
    history = History(built_in())
    history.with_activation(activated(1, "1"), "mine")
    assert history.in_force(MARCH) == {"fees": "what it says"}


def test_nobody_sent_what_comes_with_the_service() -> None:
    stored = StoredVersion(
        name="fees", version="1", source="", stored_at=BUILT_IN_AT, stored_by="recoup"
    )
    assert stored.is_built_in


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["a", "b", None])), max_size=12),
    st.integers(0, 9),
    st.integers(1, 9),
)
def test_what_is_asked_for_a_later_day_changes_no_day_before(
    wanted: list[tuple[int, str | None]], day: int, later: int
) -> None:
    before = [activated(number, version, days) for number, (days, version) in enumerate(wanted, 1)]
    more = [*before, activated(len(before) + 1, "new", day + later)]
    assert version_on(more, day) == version_on(before, day)
    assert version_on(more, day + later) == "new"


@pytest.mark.parametrize("name", ["fees", "promises"])
def test_nothing_activated_means_nothing_in_force(name: str) -> None:
    assert in_force([], MARCH).get(name) is None
