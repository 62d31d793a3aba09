"""Which rule books count when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.outreach.compliance import RuleBook
from services.outreach.domain.shelf import Shelf, Turn
from shared.errors import Invalid
from tests.unit.outreach.builders import RULEBOOKS, at

MARCH = at("2026-03-01 00:00")
BOOKS = tuple(shipped.book for shipped in RULEBOOKS)
BY_NAME = {book.name: book for book in BOOKS}
FEDERAL, HOUSE = BY_NAME["us-federal"], BY_NAME["house-policy"]


def version(book: RuleBook, of: str) -> RuleBook:
    return replace(book, version=of)


def in_force(shelf: Shelf, name: str, days: float = 0) -> str | None:
    instant = MARCH + timedelta(days=days)
    return shelf.present(instant)[name].version if name in shelf.applied(instant) else None


def test_law_and_house_policy_count_by_themselves_and_other_policy_does_not() -> None:
    packs = Shelf(BOOKS).at(MARCH).packs
    law = {book.name for book in BOOKS if book.klass == "law"}
    assert set(packs) == law | {"house-policy"}
    assert "ny-dfs-proposed" in Shelf(BOOKS).present(MARCH)  # there, for questions that name it


def test_a_version_counts_from_its_instant_on() -> None:
    shelf = Shelf(BOOKS, [Turn("us-federal", MARCH, version(FEDERAL, "2027-01-01"))])
    assert in_force(shelf, "us-federal", -1e-6) == FEDERAL.version
    assert in_force(shelf, "us-federal") == "2027-01-01"


def test_of_two_for_the_same_instant_the_later_asked_for_counts() -> None:
    turns = [Turn("us-federal", MARCH, version(FEDERAL, name)) for name in ("2027-01", "2027-02")]
    assert in_force(Shelf(BOOKS, turns), "us-federal") == "2027-02"


def test_an_earlier_day_that_is_asked_for_later_ends_at_the_later_day() -> None:
    turns = [
        Turn("us-federal", MARCH + timedelta(days=5), version(FEDERAL, "2027-05")),
        Turn("us-federal", MARCH, version(FEDERAL, "2027-01")),
    ]
    shelf = Shelf(BOOKS, turns)
    assert [in_force(shelf, "us-federal", day) for day in (0, 4, 5)] == [
        "2027-01", "2027-01", "2027-05",
    ]  # fmt: skip


def test_house_policy_is_switched_off_and_on_again() -> None:
    turns = [
        Turn("house-policy", MARCH, None),
        Turn("house-policy", MARCH + timedelta(days=2), HOUSE),
    ]
    shelf = Shelf(BOOKS, turns)
    assert [in_force(shelf, "house-policy", day) for day in (-1, 0, 2)] == [
        HOUSE.version, None, HOUSE.version,
    ]  # fmt: skip
    assert "house-policy" in shelf.present(MARCH)  # a question may still name it


def test_a_policy_that_a_tenant_activates_counts() -> None:
    proposed = BY_NAME["ny-dfs-proposed"]
    shelf = Shelf(BOOKS, [Turn(proposed.name, MARCH, proposed)])
    assert in_force(shelf, proposed.name) == proposed.version


def test_a_book_on_trial_changes_nothing() -> None:
    shelf = Shelf(BOOKS)
    trial = version(FEDERAL, "2099-01-01")
    assert shelf.with_book(trial, MARCH).books.version == "2099-01-01"
    assert shelf.at(MARCH).books.version != "2099-01-01"


def test_books_that_contradict_each_other_are_refused() -> None:
    copy = replace(HOUSE, name="copy-of-the-house")
    with pytest.raises(Invalid, match="stands in"):
        Shelf(BOOKS).with_book(copy, MARCH)


def test_the_same_set_of_books_is_compiled_once() -> None:
    shelf = Shelf(BOOKS)
    assert shelf.at(MARCH).books is shelf.at(MARCH + timedelta(days=9)).books
