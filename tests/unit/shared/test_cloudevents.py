"""Events as billing platforms send them over HTTP: every mode, every way to be wrong."""

import base64
import json

import pytest

from shared.cloudevents import BATCH_MAX, Incoming, Refused, parse_http
from shared.errors import Invalid, Unreadable, UnsupportedMediaType
from shared.events import billing
from tests.unit.shared.billing_events import (
    ACCOUNT,
    INVOICE,
    NO_INVOICE_ID,
    PAYMENT,
    a_payment,
    an_event,
    an_invoice,
    batch,
    post,
)


def refusal(event: object) -> Refused:
    (item,) = post(event).items
    assert isinstance(item, Refused), item
    return item


def pointers(event: object) -> list[str]:
    return [error.pointer for error in refusal(event).errors]


def test_a_structured_event_is_read() -> None:
    posted = post(an_event(tenantid="demo", traceparent="00-a-b-01"))
    assert not posted.is_batch
    (item,) = posted.items
    assert isinstance(item, Incoming)
    assert (item.id, item.source, item.subject) == ("e1", "/billing", "C1")
    assert (item.type, item.tenantid, item.traceparent) == ("invoice-issued", "demo", "00-a-b-01")
    assert isinstance(item.data, billing.InvoiceIssued)
    assert item.data.amount_minor == 10000
    assert json.loads(bytes(item.raw)) == INVOICE


def test_unknown_attributes_and_fields_are_passed_over() -> None:
    (item,) = post(an_event(partitionkey="x", data={**INVOICE, "colour": "blue"})).items
    assert isinstance(item, Incoming)


def test_a_binary_event_is_read_from_headers() -> None:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"ce-specversion", b"1.0"),
        (b"ce-id", b"e%20%E2%82%AC"),
        (b"ce-source", b"/billing"),
        (b"ce-type", b"payment-received"),
        (b"ce-time", b"2026-03-20T10:00:00Z"),
    ]
    (item,) = parse_http(headers, json.dumps(PAYMENT).encode()).items
    assert isinstance(item, Incoming)
    assert item.id == "e €"
    assert isinstance(item.data, billing.PaymentReceived)


def test_a_batch_keeps_order_and_good_neighbours() -> None:
    items = batch(an_event(id="a"), an_event(id="b", type="nonsense"), 7, an_event(id="c"))
    assert [type(item) for item in items] == [Incoming, Refused, Refused, Incoming]
    assert [item.id for item in items] == ["a", "b", None, "c"]


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        (an_invoice(amount_minor=-1), "/data/amount_minor"),
        (an_invoice(amount_minor=2**53), "/data/amount_minor"),
        (an_invoice(amount_minor=2**80), "/data/amount_minor"),
        (an_invoice(amount_minor=1.0), "/data/amount_minor"),
        (an_invoice(amount_minor=True), "/data/amount_minor"),
        (an_invoice(amount_minor="1"), "/data/amount_minor"),
        (an_invoice(amount_minor=None), "/data/amount_minor"),
        (a_payment(amount_minor=0), "/data/amount_minor"),
        (an_invoice(currency="EURO"), "/data/currency"),
        (an_invoice(currency=978), "/data/currency"),
        (an_invoice(due_on="2026-02-30"), "/data/due_on"),
        (an_invoice(due_on="2026-2-3"), "/data/due_on"),
        (an_invoice(due_on="9999-12-31"), "/data/due_on"),
        (an_invoice(due_on="0001-01-01"), "/data/due_on"),
        (a_payment(received_at=1), "/data/received_at"),
        (a_payment(received_at="2026-03-20T10:00:00"), "/data/received_at"),
        (a_payment(received_at="2026-03-20T25:00:00Z"), "/data/received_at"),
        (an_event(data=NO_INVOICE_ID), "/data/invoice_id"),
        (an_invoice(account_id="a/b"), "/data/account_id"),
        (an_invoice(account_id=""), "/data/account_id"),
        (an_invoice(account_id="x" * 129), "/data/account_id"),
        (an_invoice(account_id="a\u0007"), "/data/account_id"),
        (an_invoice(invoice_id="a\u0085"), "/data/invoice_id"),
        (an_invoice(number="a\u0000"), "/data/number"),
        (an_invoice(attributes={"a/b~c": ["\u0000"]}), "/data/attributes/a~1b~0c/0"),
        (an_invoice(attributes=[]), "/data/attributes"),
        (an_invoice(lines=[{}, {"amount_minor": "x"}]), "/data/lines/1/amount_minor"),
        (an_invoice(early_discount={"percent": 2}), "/data/early_discount/until_on"),
        (
            a_payment(allocations=[{"invoice_id": "I\n1", "amount_minor": 1}]),
            "/data/allocations/0/invoice_id",
        ),
        (a_payment(allocations=[{"invoice_id": "I1"}]), "/data/allocations/0/amount_minor"),
        (an_event("account-registered", data={**ACCOUNT, "kind": "cat"}), "/data/kind"),
        (an_event(type="nonsense"), "/type"),
        (an_event(type="invoice-overdue"), "/type"),
        (an_event(type=...), "/type"),
        (an_event(type=3), "/type"),
        (an_event(id=...), "/id"),
        (an_event(id=""), "/id"),
        (an_event(id="a\nb"), "/id"),
        (an_event(id="x" * 513), "/id"),
        (an_event(source=...), "/source"),
        (an_event(specversion="0.3"), "/specversion"),
        (an_event(specversion=...), "/specversion"),
        (an_event(time="yesterday"), "/time"),
        (an_event(time="2026-02-30T00:00:00Z"), "/time"),
        (an_event(time="2026-03-01T09:00:00"), "/time"),
        (an_event(time="9999-12-31T23:59:59-14:00"), "/time"),
        (an_event(tenantid="Not A Tenant"), "/tenantid"),
        (an_event(subject="a\u0000"), "/subject"),
        (an_event(datacontenttype="text/xml"), "/datacontenttype"),
        (an_event(data=...), "/data"),
        (an_event(data=None), "/data"),
        (an_event(data=[]), "/data"),
        (an_event(data="{}"), "/data"),
        (an_event(data=..., data_base64="!"), "/data_base64"),
        (an_event(data=..., data_base64=base64.b64encode(b"<xml/>").decode()), "/data_base64"),
        (an_event(data_base64="e30="), "/data_base64"),
        ([1], ""),
        (None, ""),
        ("x", ""),
    ],
)
def test_a_bad_field_is_named_exactly(event: object, pointer: str) -> None:
    assert pointers(event) == [pointer]
    # The same in a batch, where another way through the code is taken.
    first, second = batch(an_event(), event)
    assert isinstance(first, Incoming)
    assert isinstance(second, Refused)
    assert [error.pointer for error in second.errors] == [pointer]


def test_every_bad_field_is_named_at_once() -> None:
    event = an_invoice(amount_minor=1.5, currency="EURO", due_on="soon")
    assert {error.pointer: error.detail for error in refusal(event).errors} == {
        "/data/amount_minor": "must be a whole number, not a fraction",
        "/data/currency": "must be an ISO 4217 code like EUR",
        "/data/due_on": "must be a day of the calendar like 2026-03-31",
    }
    assert pointers({**event, "time": "x", "id": ""}) == [
        "/id",
        "/time",
        "/data/currency",
        "/data/amount_minor",
        "/data/due_on",
    ]


def test_a_refusal_carries_what_could_be_read() -> None:
    item = refusal(an_event(tenantid="demo", data={**INVOICE, "amount_minor": -1}))
    assert (item.id, item.source, item.type) == ("e1", "/billing", "invoice-issued")
    assert (item.tenantid, item.account_id) == ("demo", "C1")
    item = refusal(an_event(id="a\u0000b", data=None))
    assert (item.id, item.account_id) == ("a\N{REPLACEMENT CHARACTER}b", "C1")


@pytest.mark.parametrize("amount", [0, 1, 2**53 - 1])
def test_amounts_at_the_edges_are_taken(amount: int) -> None:
    (item,) = post(an_invoice(amount_minor=amount)).items
    assert isinstance(item, Incoming)


def test_texts_in_any_language_are_taken() -> None:
    data = {**ACCOUNT, "account_id": "Kunde Ü 1", "name": "Zoë \\ “O’Neill”\n2nd line"}
    (item,) = post(an_event("account-registered", data=data)).items
    assert isinstance(item, Incoming)
    assert isinstance(item.data, billing.AccountRegistered)
    assert item.data.name == data["name"]


def test_base64_data_is_taken() -> None:
    coded = base64.b64encode(json.dumps(INVOICE).encode()).decode()
    (item,) = post(an_event(data=..., data_base64=coded)).items
    assert isinstance(item, Incoming)
    assert isinstance(item.data, billing.InvoiceIssued)


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "event",
    [
        an_event(data="HERE"),
        an_invoice(attributes={"a": "HERE"}),
        an_event(time="HERE"),
        an_event(partitionkey="HERE"),
        {"x": "HERE"},
    ],
)
def test_deep_nesting_does_no_harm(event: object) -> None:
    content = json.dumps([an_event(), event]).encode().replace(b'"HERE"', DEEP)
    try:
        items = post(content, "application/cloudevents-batch+json").items
    except Unreadable:
        return
    assert isinstance(items[0], Incoming)


@pytest.mark.parametrize("broken", [r'{"b": "\ud800"}', r'{"b": "\uD800\u0041"}', r'{"\udfff": 1}'])
def test_half_a_surrogate_pair_hurts_only_its_event(broken: str) -> None:
    body = json.dumps([an_event(), an_invoice(attributes="HERE"), an_event()])
    items = post(
        body.replace('"HERE"', broken).encode(), "application/cloudevents-batch+json"
    ).items
    assert [type(item) for item in items] == [Incoming, Refused, Incoming]
    assert isinstance(items[1], Refused)
    assert items[1].errors[0].pointer.startswith("/data/attributes/")


def test_whole_pairs_and_escaped_backslashes_stay() -> None:
    body = json.dumps(an_event("account-registered", data={**ACCOUNT, "name": "HERE"}))
    escaped = r'"\\ud800 \ud83d\ude00 \\\\udfff"'
    (item,) = post(body.replace('"HERE"', escaped).encode()).items
    assert isinstance(item, Incoming)
    assert isinstance(item.data, billing.AccountRegistered)
    assert item.data.name == json.loads(escaped)


def test_numbers_beyond_all_bounds_are_refused() -> None:
    body = json.dumps(an_invoice(amount_minor="HERE")).replace('"HERE"', "1e999")
    assert refusal(body.encode()).errors[0].pointer == "/data/amount_minor"
    body = json.dumps(an_event(id="", data={"x": "HERE"})).replace('"HERE"', "1e999")
    assert refusal(body.encode()).errors


@pytest.mark.parametrize(
    ("content", "content_type", "error"),
    [
        (b"{", "application/cloudevents+json", Unreadable),
        (b"", "application/cloudevents+json", Unreadable),
        (b'{"id":"\xff"}', "application/cloudevents+json", Unreadable),
        (b'[{"data":"\xff"}]', "application/cloudevents-batch+json", Unreadable),
        (b"[{]", "application/cloudevents-batch+json", Unreadable),
        (b'[{"id":"a"},]', "application/cloudevents-batch+json", Unreadable),
        (b"{}", "application/cloudevents-batch+json", Invalid),
        (b"[" + b"1," * BATCH_MAX + b"1]", "application/cloudevents-batch+json", Invalid),
        (b"{}", "application/json", UnsupportedMediaType),
        (b"<x/>", "text/xml", UnsupportedMediaType),
        (b"{}", "application/cloudevents+json; charset=latin-1", UnsupportedMediaType),
        (b"{}", "application/cloudevents+avro", UnsupportedMediaType),
    ],
)
def test_what_concerns_the_whole_request_is_raised(
    content: bytes, content_type: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        post(content, content_type)


def test_five_thousand_events_are_taken() -> None:
    assert len(batch(*[an_event(id=str(number)) for number in range(BATCH_MAX)])) == BATCH_MAX


def test_a_binary_event_of_another_content_type_is_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        parse_http([(b"content-type", b"text/xml"), (b"ce-id", b"1")], b"<x/>")


def test_a_binary_event_without_json_is_unreadable() -> None:
    headers = [
        (b"ce-specversion", b"1.0"),
        (b"ce-id", b"1"),
        (b"ce-source", b"/b"),
        (b"ce-type", b"invoice-issued"),
    ]
    with pytest.raises(Unreadable):
        parse_http(headers, b"<x/>")


def test_missing_binary_attributes_are_named() -> None:
    (item,) = parse_http([(b"ce-id", b"1"), (b"ce-type", b"%ff")], b"{}").items
    assert isinstance(item, Refused)
    assert item.errors[0].pointer == "/type"
    (item,) = parse_http([(b"ce-id", b"1"), (b"ce-type", b"x")], b"{}").items
    assert isinstance(item, Refused)
    assert [error.pointer for error in item.errors] == ["/specversion", "/source"]
