"""CloudEvents against the SDK, over Kafka, and against whatever bytes there may be."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cloudevents.core.bindings import http as sdk_http
from cloudevents.core.bindings import kafka as sdk_kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloudevents import Incoming, Refused, parse_http, parse_kafka
from tests.unit.shared.billing_events import INVOICE, SAMPLES, an_event, batch, post

# ------------------------------------------------------------------------- the SDK as the oracle

_attribute = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40
).filter(str.strip)


@st.composite
def _sdk_events(draw: st.DrawFn) -> CloudEvent:
    kind = draw(st.sampled_from(sorted(SAMPLES)))
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": draw(_attribute),
        "source": draw(_attribute),
        "type": kind,
        "datacontenttype": "application/json",
    }
    if draw(st.booleans()):
        attributes["subject"] = draw(_attribute)
    if draw(st.booleans()):
        attributes["tenantid"] = draw(st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True))
    if draw(st.booleans()):
        offset = timezone(timedelta(minutes=draw(st.integers(-14 * 60, 14 * 60))))
        attributes["time"] = draw(
            st.datetimes(datetime(1901, 1, 1), datetime(2999, 12, 29), timezones=st.just(offset))
        )
    return CloudEvent(attributes, SAMPLES[kind])


def _assert_same(item: Incoming | Refused, event: CloudEvent) -> None:
    assert isinstance(item, Incoming), item
    assert item.id == event.get_id()
    assert item.source == event.get_source()
    assert item.type == event.get_type()
    assert item.subject == event.get_subject()
    assert item.time == event.get_time()
    assert item.tenantid == event.get_extension("tenantid")
    assert json.loads(bytes(item.raw)) == event.get_data()


@given(_sdk_events())
@settings(max_examples=100)
def test_what_the_sdk_sends_over_http_is_read(event: CloudEvent) -> None:
    for encode in (sdk_http.to_binary, sdk_http.to_structured):
        sent = encode(event, JSONFormat())
        headers = [(name.encode().lower(), value.encode()) for name, value in sent.headers.items()]
        (item,) = parse_http(headers, sent.body).items
        _assert_same(item, event)


@given(_sdk_events())
@settings(max_examples=100)
def test_what_the_sdk_sends_over_kafka_is_read(event: CloudEvent) -> None:
    for encode in (sdk_kafka.to_binary, sdk_kafka.to_structured):
        sent = encode(event, JSONFormat())
        assert isinstance(sent.value, bytes)
        _assert_same(parse_kafka(sent.value, list(sent.headers.items())), event)


# ---------------------------------------------------------------------------------------- Kafka


def test_a_structured_record_without_headers_is_read() -> None:
    assert isinstance(parse_kafka(json.dumps(an_event()).encode(), []), Incoming)


@pytest.mark.parametrize(
    ("value", "headers", "pointer"),
    [
        (None, [], "/data"),
        (b"", [], ""),
        (b"garbage", [], ""),
        (b"\xff\xfe", [], ""),
        (b"{}", [("ce_id", b"\xff")], "/id"),
        (b"{", [("ce_specversion", b"1.0"), ("ce_id", b"1")], "/source"),
        (b"[]", [("content-type", b"application/cloudevents+json")], ""),
    ],
)
def test_garbage_on_kafka_is_refused_and_never_raised(
    value: bytes | None, headers: list[tuple[str, bytes]], pointer: str
) -> None:
    item = parse_kafka(value, headers)
    assert isinstance(item, Refused)
    assert item.errors[0].pointer == pointer


def test_foreign_data_on_kafka_is_refused() -> None:
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"1"),
        ("ce_source", b"/b"),
        ("ce_type", b"invoice-issued"),
        ("content-type", b"text/xml"),
    ]
    item = parse_kafka(b"<x/>", headers)
    assert isinstance(item, Refused)
    assert [error.pointer for error in item.errors] == ["/datacontenttype"]
    assert item.id == "1"


@given(st.binary(max_size=200), st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=20))))
@settings(max_examples=200)
def test_no_bytes_on_kafka_raise(value: bytes, headers: list[tuple[str, bytes]]) -> None:
    parse_kafka(value, headers)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*an_event(), "tenantid", "data_base64"]), _json),
    st.dictionaries(st.sampled_from([*INVOICE, "lines", "early_discount", "attributes"]), _json),
)
@settings(max_examples=200)
def test_any_json_is_read_or_refused_with_reasons(
    attributes: dict[str, Any], data: dict[str, Any]
) -> None:
    for event in (
        {**an_event(), **attributes},
        attributes,
        an_event(data={**INVOICE, **data}),
        {**an_event(), **attributes, "data": data},
    ):
        (item,) = post(event).items
        (same,) = batch(event)
        assert type(same) is type(item)
        if isinstance(item, Refused):
            assert same == item
            assert item.errors
            assert all(error.detail for error in item.errors)
