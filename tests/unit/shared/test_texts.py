"""Texts, names of JSON members, documents and log lines: bounded, and fit for every writer."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.segmentation.domain.policies.text import read_text
from shared import texts
from shared.clock import is_zone, zone
from shared.errors import AppError
from shared.events.billing import Currency
from shared.field_errors import explain
from shared.json_names import doubled_name
from shared.money import DECIMALS, is_currency
from shared.process import redaction
from shared.web import Instant, problem_of
from shared.web.models import Day
from shared.yaml_text import read_document


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


class Shown(BaseModel):
    attributes: dict[str, Any]


def test_what_was_kept_too_deep_is_shown_as_far_as_it_can_be() -> None:
    shown = texts.shallow({"deep": nested(900), "list": [[1]], "flat": 1})
    assert not texts.is_deep(shown)
    assert (shown["list"], shown["flat"]) == ([[1]], 1)
    assert Shown(attributes=shown).model_dump_json()


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=12,
)


@given(_PLAIN, st.booleans())
def test_no_member_of_a_written_document_stands_twice(value: Any, is_escaped: bool) -> None:
    assert doubled_name(json.dumps(value, ensure_ascii=is_escaped).encode(errors="replace")) is None


@given(_PLAIN, _PLAIN, st.text(max_size=3), st.booleans())
def test_a_member_that_stands_twice_is_found_anywhere(
    first: Any, second: Any, name: str, is_escaped: bool
) -> None:
    names = json.dumps(name), json.dumps(name, ensure_ascii=is_escaped)
    pairs = [f"{a}:{json.dumps(each)}" for a, each in zip(names, (first, second), strict=True)]
    document = f'{{"a":[1,{{{",".join(pairs)}}}],"b":"\\u0022"}}'
    assert doubled_name(document.encode()) is not None


@pytest.mark.parametrize(
    "text",
    [
        'a: "\\ud800"', '"\\ud800": 1', 'a: "\\UFFFFFFFF"', 'a: "\\0"', '? "\\0"\n: 1', "\0",
        'a: "\\x07"', '{"a": "\\ud800"}', "a: 0x" + "f" * 20_000, "a: 9" + ":59" * 2_000,
        "a: " + "9" * 5_000, "a: .inf", "a: .nan", 'a: !!timestamp "x"', '!!int "x"', "!!set {a}",
        "a: 2026-01-01T00:00:00+99:99", "a: 2026-13-40", "[" * 5_000, "a: &x [*x]", "? [1]\n: 2",
        "'", '"', "\ufeff", "a: \x85", "- - - " * 200 + "a", "9" * 400 + ": 1", "~: 1", "a: !x y",
    ],
)  # fmt: skip
@pytest.mark.parametrize("read", [read_text, read_document])
def test_no_document_ends_as_an_error_on_our_side(read: Any, text: str) -> None:
    refused: AppError | None = None
    try:
        found = read(text)
    except AppError as error:
        refused = error
    if refused is None:
        data = found.raw if hasattr(found, "raw") else found.data
        assert list(texts.faults(data)) == []
        assert msgspec.json.encode(data)
    else:
        assert msgspec.json.encode(problem_of(refused))


def test_a_message_is_cut_before_it_is_taken_apart() -> None:
    error = explain("Invalid enum value '" + " - at `$.x" * 100_000 + "' - at `$.lines[0].kind`")
    assert (error.pointer, error.detail) == ("/lines/0/kind", "is not one of the values known here")
    assert len(explain("Object contains unknown field `" + "x" * 10**6 + "`").pointer) < 600


def test_values_of_log_lines_are_bounded() -> None:
    line = {
        "event": "a" * 10**6,
        "numbers": [10**5000, -(10**5000), 2**63, 1],
        "texts": ["\ud800"] * 10_000,
        "deep": nested(900),
        "b" * 10: {"k" * 10**6: b"\xff" * 10**6},
        "exception": "first " + "x" * 10**6 + " last",
    }
    redacted = redaction.redact(None, "info", dict(line))
    encoded = msgspec.json.encode(redacted, enc_hook=str)
    assert len(encoded) < 60_000
    assert redacted["exception"].startswith("first ")
    assert redacted["exception"].endswith(" last")


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        ("2026-03-20T23:59:60Z", "leap second"),
        ("2026-03-20T23:59Z", "seconds"),
        ("2026-03-20T23:59:59", "offset"),
        ("2026-03-20", "time of day"),
        ("2999-12-31T23:59:59-12:00", "between 1900-01-01 and 2999-12-31"),
        ("9999-12-31T23:59:59-12:00", "between 1900-01-01 and 2999-12-31"),
        ("0001-01-01T00:00:00+12:00", "between 1900-01-01 and 2999-12-31"),
        ("1" * 10**6, "instant"),
    ],
)
def test_what_an_instant_of_a_request_lacks_is_said(instant: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TypeAdapter(Instant).validate_python(instant)


@pytest.mark.parametrize("day", ["9998-12-31", "3000-01-01", "1899-12-31"])
def test_there_is_one_calendar(day: str) -> None:
    with pytest.raises(ValidationError, match="between 1900-01-01 and 2999-12-31"):
        TypeAdapter(Day).validate_python(day)


@pytest.mark.parametrize("day", ["2026-W01-1", "20260331", "2026-3-1", "２０２６-03-31", ""])
def test_a_day_of_a_request_is_written_in_one_way(day: str) -> None:
    with pytest.raises(ValidationError, match="a day of the calendar"):
        TypeAdapter(Day).validate_python(day)


@pytest.mark.parametrize("code", ["HRK", "SLL", "ZWL", "DEM", "ITL", "TRL", "CUC"])
def test_money_of_the_past_is_known(code: str) -> None:
    assert is_currency(code)
    assert msgspec.convert(code, Currency) == code
    assert DECIMALS["ITL"] == 0


def test_zones_that_were_stored_with_dots_are_still_read() -> None:
    assert not is_zone("Europe.Berlin")
    assert zone("Europe.Berlin").utcoffset(None) == zone("Europe/Berlin").utcoffset(None)
    with pytest.raises(KeyError):
        zone("Europe/__init__/x")
