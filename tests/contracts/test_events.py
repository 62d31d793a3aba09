"""The events are a promise: samples parse for ever, schemas say what the classes say."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec import Struct

from deploy import docs
from shared.events import SCHEMAS, TOPICS
from tests.contracts.compatibility import incompatibilities

SAMPLES = Path(__file__).parent / "samples"

_EVENTS = [
    pytest.param(topic, name, cls, id=f"{topic}-{name}") for (topic, name), cls in SCHEMAS.items()
]
_SAMPLE_FILES = sorted(SAMPLES.rglob("*.json"))

# Names of events that are not past participles but facts all the same.
_NOT_PARTICIPLES = {
    "invoice-overdue",
    "invoice-due-soon",
    "instalment-due-soon",
    "commission-due",
    "account-written-off",
    "contact-uncertain",
}
_STATES = {"contact-details", "tenant-settings"}  # the values of compacted topics
_PARTICIPLE = re.compile(r"[a-z]+(-[a-z]+)*-([a-z]+ed|paid|sent|broken|kept|made|put|withdrawn)")


@pytest.mark.parametrize(("topic", "name", "cls"), _EVENTS)
def test_every_event_has_a_sample(topic: str, name: str, cls: type[Struct]) -> None:
    assert (SAMPLES / topic / f"{name}.1.json").is_file()


@pytest.mark.parametrize("path", _SAMPLE_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_parses_and_reserialises_equal(path: Path) -> None:
    name, _, version = path.stem.rpartition(".")
    assert version.isdecimal()
    cls = SCHEMAS[path.parent.name, name]
    sample = json.loads(path.read_bytes())
    parsed = msgspec.json.decode(path.read_bytes(), type=cls)
    assert json.loads(msgspec.json.encode(parsed)) == sample


@pytest.mark.parametrize("path", _SAMPLE_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_fits_its_published_schema(path: Path) -> None:
    schema = json.loads((docs.EVENTS / path.parent.name / path.name).read_bytes())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(json.loads(path.read_bytes()))] == []


@pytest.mark.parametrize(("topic", "name", "cls"), _EVENTS)
def test_readers_ignore_fields_they_do_not_know(topic: str, name: str, cls: type[Struct]) -> None:
    sample: dict[str, Any] = json.loads((SAMPLES / topic / f"{name}.1.json").read_bytes())
    parsed = msgspec.json.decode(json.dumps({**sample, "from_the_future": [1]}), type=cls)
    assert json.loads(msgspec.json.encode(parsed)) == sample


def test_the_published_schemas_are_those_of_the_code() -> None:
    expected = dict(docs.event_files())
    present = {path for path in docs.EVENTS.rglob("*") if path.is_file()}
    assert present == set(expected), "run `make docs`"
    different = [path.name for path, text in expected.items() if path.read_text("utf-8") != text]
    assert different == [], "run `make docs`"


@pytest.mark.parametrize(("topic", "name", "cls"), _EVENTS)
def test_types_are_facts_in_the_past_tense(topic: str, name: str, cls: type[Struct]) -> None:
    assert topic in TOPICS
    assert name in _NOT_PARTICIPLES | _STATES or _PARTICIPLE.fullmatch(name)
    if name not in _STATES:
        assert cls.__name__ == "".join(word.capitalize() for word in name.split("-"))


@pytest.mark.parametrize(
    "path",
    sorted(docs.RELEASED.rglob("*.json")),
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_within_a_version_only_optional_fields_are_added(path: Path) -> None:
    name, _, _version = path.stem.rpartition(".")
    topic = path.parent.name
    assert (topic, name) in SCHEMAS, f"{topic} {name} was released and is gone"
    released = json.loads(path.read_bytes())
    assert incompatibilities(released, docs.event_schema(topic, name, SCHEMAS[topic, name])) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"properties": {"a": {"type": "integer"}}}, "/properties/b is gone"),
        ({"required": ["a", "b"]}, "/required: b is new"),
        ({"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}, "/properties/a/type"),
        (
            {"properties": {"a": {"type": "integer", "minimum": 5}, "b": {"type": "string"}}},
            "/properties/a/minimum is tighter",
        ),
        ({"$defs": {"C": {"enum": ["x"]}}}, "/$defs/C/enum: y is gone"),
    ],
)
def test_the_check_of_compatibility_sees_breaks(change: dict[str, Any], complaint: str) -> None:
    before = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "$defs": {"C": {"enum": ["x", "y"]}},
    }
    assert incompatibilities(before, before) == []
    assert any(
        found.startswith(complaint) for found in incompatibilities(before, {**before, **change})
    )


def test_a_field_may_come_to_be_null_but_not_another_type() -> None:
    before = {"properties": {"a": {"type": "string", "maxLength": 5}}}
    null = {"type": "null"}
    after = {"properties": {"a": {"anyOf": [{"type": "string", "maxLength": 5}, null]}}}
    assert incompatibilities(before, after) == []
    retyped: dict[str, Any] = {"properties": {"a": {"anyOf": [{"type": "integer"}, null]}}}
    assert incompatibilities(before, retyped) != []


def test_an_optional_field_may_be_added() -> None:
    properties: dict[str, Any] = {"a": {"type": "integer"}}
    before = {"type": "object", "required": ["a"], "properties": properties}
    after = {**before, "properties": {**properties, "b": {"type": "string", "maxLength": 5}}}
    assert incompatibilities(before, after) == []
