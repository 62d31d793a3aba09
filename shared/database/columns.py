"""Columns of texts on their way into a set-based statement: one joined text, taken apart there.

The driver looks closely at every element of an array; one text costs it nothing. So the busiest
statements take `string_to_array($1, chr(31))` of `joined(values)`. That holds for texts that are
never empty and have no control characters: ids (refused at every door), kinds, and JSON (which
escapes them). Where a text may be empty (the account of what belongs to a tenant as a whole) there
must be one at least: `some_texts`.
"""

from collections.abc import Iterable

SEPARATOR = "\x1f"
NULL = "\x1e"


def joined(values: Iterable[str]) -> str:
    """For `string_to_array($n, chr(31))`."""
    return SEPARATOR.join(values)


def joined_json(values: Iterable[bytes]) -> str:
    """The same for documents as the JSON encoder gives them."""
    return b"\x1f".join(values).decode()


def joined_or_null(values: Iterable[object]) -> str:
    """For `values_of`: numbers, days and such texts, some of which may be missing."""
    return SEPARATOR.join([NULL if value is None else str(value) for value in values])


def texts(number: int) -> str:
    """SQL: parameter `$number`, made by `joined`, as an array."""
    return f"string_to_array(${number}, chr(31))"


def some_texts(number: int) -> str:
    """SQL: the same of one text or more, each of which may be empty."""
    return f"case when ${number} = '' then array[''] else {texts(number)} end"


def values_of(number: int, kind: str) -> str:
    """SQL: parameter `$number`, made by `joined_or_null`, as an array of a type."""
    return f"string_to_array(${number}, chr(31), chr(30))::{kind}[]"
