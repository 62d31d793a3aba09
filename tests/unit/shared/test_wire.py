"""Our own events on Kafka, with the CloudEvents SDK as the oracle."""

import json
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
from cloudevents.core.bindings import kafka as sdk
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import LEDGER
from shared.log.wire import OutboxRow, RawRecord, from_kafka, receive, to_kafka

_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    str.strip
)


@st.composite
def _rows(draw: st.DrawFn) -> OutboxRow:
    account = draw(_text.filter(lambda text: "/" not in text))
    sequence = draw(st.integers(1, 2**40))
    headers = {
        "id": draw(st.uuids()).hex,
        "source": "/recoup/demo/ledger",
        "type": "invoice-paid",
        "subject": account,
        "time": draw(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1))).isoformat() + "Z",
        "tenantid": "demo",
        "recordedtime": "2026-03-01T09:00:00Z",
        "dataschema": "urn:recoup:ledger:invoice-paid:1",
        "day": draw(st.dates(date(1970, 1, 1), date(2200, 1, 1))).isoformat(),
        "sequence": sequence,
    }
    if draw(st.booleans()):
        headers["correlationid"] = draw(_text)
    payload = json.dumps({"invoice_id": draw(_text)})
    packed = msgspec.json.encode(headers).decode()
    return OutboxRow(7, LEDGER, f"demo/{account}", sequence, packed, payload, UUID(int=7))


@given(_rows())
@settings(max_examples=100)
def test_the_sdk_reads_what_we_send(row: OutboxRow) -> None:
    key, value, headers = to_kafka(row)
    said = msgspec.json.decode(row.headers)
    assert value is not None
    message = sdk.KafkaMessage(headers=dict(headers), key=key, value=value)
    event = sdk.from_kafka(message, JSONFormat())
    assert event.get_id() == said["id"]
    assert event.get_source() == said["source"]
    assert event.get_type() == "invoice-paid"
    assert event.get_subject() == said["subject"]
    assert event.get_time() == datetime.fromisoformat(said["time"])
    assert event.get_extension("sequence") == str(row.sequence)
    assert event.get_extension("day") == said["day"]
    assert event.get_data() == json.loads(row.payload or "")


@given(_rows())
@settings(max_examples=100)
def test_both_sources_give_the_same_event(row: OutboxRow) -> None:
    key, value, headers = to_kafka(row)
    assert from_kafka(RawRecord(LEDGER, 3, 4, key, value, headers)) == receive(row)


def test_we_read_what_the_sdk_sends() -> None:
    event = CloudEvent(
        {
            "id": "1",
            "source": "/recoup/demo/ledger",
            "type": "invoice-paid",
            "specversion": "1.0",
            "time": datetime(2026, 3, 1, 9, tzinfo=UTC),
            "datacontenttype": "application/json",
            "subject": "Kunde Ü",
            "tenantid": "demo",
            "sequence": "12",
            "recordedtime": "2026-03-01T09:00:00Z",
            "day": "2026-03-01",
        },
        {"invoice_id": "I1"},
    )
    message = sdk.to_binary(event, JSONFormat())
    assert isinstance(message.value, bytes)
    record = RawRecord(
        LEDGER, 0, 0, "demo/Kunde Ü".encode(), message.value, tuple(message.headers.items())
    )
    received = from_kafka(record)
    assert (received.key, received.sequence, received.day) == ("Kunde Ü", 12, date(2026, 3, 1))
    assert received.time == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert json.loads(received.data or b"") == {"invoice_id": "I1"}
