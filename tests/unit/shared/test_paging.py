"""Cursors: opaque, exact, and never a wrong page."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.web import Paging, decode_cursor, encode_cursor, page

Key = tuple[date, str]


def test_pages_cover_a_list_once() -> None:
    rows = [(date(2026, 3, n // 3 + 1), f"I{n:03}") for n in range(25)]
    seen: list[tuple[date, str]] = []
    cursor: str | None = None
    for _ in range(9):
        paging = Paging(limit=3, cursor=cursor)
        after: tuple[date, str] | None = paging.after(Key)
        found = [row for row in rows if after is None or row > after][: paging.limit + 1]
        shown = page(found, paging.limit, lambda row: row)
        seen += shown["items"]
        cursor = shown["next_cursor"]
    assert cursor is None
    assert seen == rows


def test_a_full_last_page_knows_that_it_is_the_last() -> None:
    assert page([1, 2], 2, lambda item: (item,)) == {"items": [1, 2], "next_cursor": None}
    assert page([], 2, lambda item: (item,)) == {"items": [], "next_cursor": None}


@given(st.dates(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
@settings(max_examples=100)
def test_a_cursor_comes_back_as_it_was(day: date, text: str) -> None:
    assert decode_cursor(encode_cursor((day, text)), Key) == (day, text)


@pytest.mark.parametrize(
    ("key", "key_type"),
    [
        ((2**63,), tuple[int]),
        ((-(2**63) - 1,), tuple[int]),
        ((10**30,), tuple[int]),
        (("a\0",), tuple[str]),
        ((date(2026, 3, 1), "\0"), Key),
    ],
)
def test_a_forged_cursor_with_what_no_database_holds_is_refused(key: Any, key_type: Any) -> None:
    with pytest.raises(Invalid) as caught:
        decode_cursor(encode_cursor(key), key_type)
    assert caught.value.errors[0].pointer == "/query/cursor"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!",
        "ü",
        "A" * 5000,
        encode_cursor((date(2026, 3, 1), "I1"))[:-1],
        encode_cursor((date(2026, 3, 1), "I1")).swapcase(),
        encode_cursor(("I1", "I1")),
        encode_cursor((date(2026, 3, 1),)),
    ],
)
def test_a_cursor_that_this_list_did_not_give_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_cursor(cursor, Key)
    assert caught.value.errors[0].pointer == "/query/cursor"
