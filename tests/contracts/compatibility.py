"""What may not change in an event's schema within a version.

Fields are never removed, renamed, retyped or newly required; bounds are never tighter; a list of
values only grows. New optional fields are fine. A field that was always there may come to be
absent, and so also null, which readers take for the same.
"""

from collections.abc import Iterator
from typing import Any

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_SAME = ("type", "format", "pattern", "const", "$ref", "$id")


def incompatibilities(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Each break, as the pointer of where it is and what it is."""
    return list(_compare(before, after, ""))


def _compare(before: dict[str, Any], after: dict[str, Any], at: str) -> Iterator[str]:
    after = _besides_null(before, after)
    yield from _compare_words(before, after, at)
    for name in set(after.get("required", ())) - set(before.get("required", ())):
        yield f"{at}/required: {name} is new"
    for group in ("properties", "$defs"):
        for name, schema in before.get(group, {}).items():
            inner = f"{at}/{group}/{name}"
            if name not in after.get(group, {}):
                yield f"{inner} is gone"
            else:
                yield from _compare(schema, after[group][name], inner)
    for name in ("items", "additionalProperties"):
        if isinstance(before.get(name), dict) and isinstance(after.get(name), dict):
            yield from _compare(before[name], after[name], f"{at}/{name}")
    if len(before.get("anyOf", ())) > len(after.get("anyOf", ())):
        yield f"{at}/anyOf has fewer choices"
    for index, (old, new) in enumerate(
        zip(before.get("anyOf", ()), after.get("anyOf", ()), strict=False)
    ):
        yield from _compare(old, new, f"{at}/anyOf/{index}")


def _besides_null(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What may stand where the field is not null, if null is new."""
    match after.get("anyOf", ()):
        case [choice, {"type": "null"}] if "anyOf" not in before:
            return {**choice, **{name: after[name] for name in after if name != "anyOf"}}
    return after


def _compare_words(before: dict[str, Any], after: dict[str, Any], at: str) -> Iterator[str]:
    for word in _SAME:
        if before.get(word) != after.get(word):
            yield f"{at}/{word} was {before.get(word)!r} and is {after.get(word)!r}"
    for value in before.get("enum", ()):
        if value not in after.get("enum", ()):
            yield f"{at}/enum: {value} is gone"
    for word in _LOWER_BOUNDS:
        if word in after and after[word] > before.get(word, float("-inf")):
            yield f"{at}/{word} is tighter"
    for word in _UPPER_BOUNDS:
        if word in after and after[word] < before.get(word, float("inf")):
            yield f"{at}/{word} is tighter"
