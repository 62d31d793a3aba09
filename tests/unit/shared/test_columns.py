"""Columns as one text: what the encoder gives can be told apart again."""

import msgspec
import pytest

from shared.database.columns import SEPARATOR, joined, joined_json


def test_a_joined_column_has_its_values_in_order() -> None:
    assert joined(["A 1", "B/2", "ü"]).split(SEPARATOR) == ["A 1", "B/2", "ü"]


@pytest.mark.parametrize("text", ["plain", "\x1f", "a\x1fb", "ü\u2028", "\x00"])
def test_no_document_can_hold_the_separator(text: str) -> None:
    documents = [msgspec.json.encode({"name": text}), b"{}"]
    assert joined_json(documents).split(SEPARATOR) == [each.decode() for each in documents]
