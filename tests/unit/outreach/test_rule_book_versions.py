"""Which rule books count when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.outreach.compliance import RuleBook
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.documents.activations import Activation
from shared.documents.history import History
from shared.errors import Invalid
from tests.unit.outreach.builders import RULEBOOKS, at

MARCH = at("2026-03-01 00:00")
BUILT_IN = {shipped.name: shipped for shipped in RULEBOOKS}
BOOKS = tuple(shipped.content for shipped in RULEBOOKS)
BY_NAME = {book.name: book for book in BOOKS}
FEDERAL, HOUSE = BY_NAME["us-federal"], BY_NAME["house-policy"]


def version(book: RuleBook, of: str) -> RuleBook:
    return replace(book, version=of)


def versions(*activated: tuple[str, datetime, RuleBook | None]) -> RuleBookVersions:
    """The platform's books, and what a tenant activated, in the order of asking."""
    history: History[RuleBook] = History(BUILT_IN)
    for number, (name, from_at, book) in enumerate(activated, 1):
        activation = Activation(
            number=number,
            name=name,
            version=None if book is None else book.version,
            from_version=None,
            from_on=from_at.date(),
            from_at=from_at,
            recorded_at=MARCH,
            recorded_by="someone",
        )
        history = history.with_activation(activation, book)
    return RuleBookVersions(history)


def in_force(books: RuleBookVersions, name: str, days: float = 0) -> str | None:
    instant = MARCH + timedelta(days=days)
    return books.present(instant)[name].version if name in books.applied(instant) else None


def test_law_and_house_policy_count_by_themselves_and_other_policy_does_not() -> None:
    packs = versions().at(MARCH).packs
    law = {book.name for book in BOOKS if book.klass == "law"}
    assert set(packs) == law | {"house-policy"}
    assert "ny-dfs-proposed" in versions().present(MARCH)  # there, for questions that name it


def test_a_version_counts_from_its_instant_on() -> None:
    books = versions(("us-federal", MARCH, version(FEDERAL, "2027-01-01")))
    assert in_force(books, "us-federal", -1e-6) == FEDERAL.version
    assert in_force(books, "us-federal") == "2027-01-01"


def test_of_two_for_the_same_instant_the_later_asked_for_counts() -> None:
    activated = [("us-federal", MARCH, version(FEDERAL, name)) for name in ("2027-01", "2027-02")]
    assert in_force(versions(*activated), "us-federal") == "2027-02"


def test_an_earlier_day_that_is_asked_for_later_ends_at_the_later_day() -> None:
    activated = [
        ("us-federal", MARCH + timedelta(days=5), version(FEDERAL, "2027-05")),
        ("us-federal", MARCH, version(FEDERAL, "2027-01")),
    ]
    books = versions(*activated)
    assert [in_force(books, "us-federal", day) for day in (0, 4, 5)] == [
        "2027-01", "2027-01", "2027-05",
    ]  # fmt: skip


def test_house_policy_is_switched_off_and_on_again() -> None:
    activated = [
        ("house-policy", MARCH, None),
        ("house-policy", MARCH + timedelta(days=2), HOUSE),
    ]
    books = versions(*activated)
    assert [in_force(books, "house-policy", day) for day in (-1, 0, 2)] == [
        HOUSE.version, None, HOUSE.version,
    ]  # fmt: skip
    assert "house-policy" in books.present(MARCH)  # a question may still name it


def test_a_policy_that_a_tenant_activates_counts() -> None:
    proposed = BY_NAME["ny-dfs-proposed"]
    books = versions((proposed.name, MARCH, proposed))
    assert in_force(books, proposed.name) == proposed.version


def test_a_book_on_trial_changes_nothing() -> None:
    books = versions()
    trial = version(FEDERAL, "2099-01-01")
    assert books.with_book(trial, MARCH).books.version == "2099-01-01"
    assert books.at(MARCH).books.version != "2099-01-01"


def test_books_that_contradict_each_other_are_refused() -> None:
    copy = replace(HOUSE, name="copy-of-the-house")
    with pytest.raises(Invalid, match="stands in"):
        versions().with_book(copy, MARCH)


def test_the_same_set_of_books_is_compiled_once() -> None:
    books = versions()
    assert books.at(MARCH).books is books.at(MARCH + timedelta(days=9)).books
