"""An event looks the same to a consumer whichever way it came."""

from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Unreadable
from shared.log.wire import (
    Address,
    Attributes,
    OutboxRow,
    RawRecord,
    address,
    from_kafka,
    pack_headers,
    receive,
    to_kafka,
    unpack_headers,
)

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


def a_row(
    key: str = "A1", sequence: int = 3, topic: str = "ledger.events", **changed: object
) -> OutboxRow:
    is_revision = topic == "ledger.contacts"
    attributes: dict[str, object] = {
        "id": "5b0c0c8e-0000-5000-8000-000000000000",
        "source": "/recoup/demo/ledger",
        "type": "payment-received",
        "subject": key,
        "time": AT,
        "tenantid": "demo",
        "recordedtime": AT,
        "dataschema": "urn:recoup:ledger:payment-received:1",
        "day": date(2026, 3, 1),
        "revision" if is_revision else "sequence": sequence,
        **changed,
    }
    headers = msgspec.json.encode(Attributes(**attributes)).decode()  # type: ignore[arg-type]
    return OutboxRow(7, topic, f"demo/{key}", sequence, headers, '{"n":1}', UUID(int=7))


def on_kafka(row: OutboxRow) -> RawRecord:
    key, value, headers = to_kafka(row)
    return RawRecord(row.topic, 0, 0, key, value, headers)


@given(key=TEXT.map(lambda t: t.replace("/", "_")), story=st.none() | TEXT, number=st.integers(1))
def test_both_ways_give_the_same_event(key: str, story: str | None, number: int) -> None:
    row = a_row(key, min(number, 2**63 - 1), correlationid=story)
    assert receive(row) == receive(on_kafka(row))


def test_a_tombstone_is_an_empty_value_that_keeps_its_revision() -> None:
    row = msgspec.structs.replace(a_row(topic="ledger.contacts", sequence=9), payload=None)
    record = on_kafka(row)
    assert record.value is None
    assert ("ce_revision", b"9") in record.headers
    event = from_kafka(record)
    assert (event.sequence, event.data) == (9, None)
    assert event == receive(row)


def test_kafka_headers_are_binary_mode_cloudevents() -> None:
    record = on_kafka(a_row())
    headers = dict(record.headers)
    assert headers["content-type"] == b"application/json"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_time"] == b"2026-03-01T09:00:00Z"
    assert headers["ce_day"] == b"2026-03-01"
    assert record.value == b'{"n":1}'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_id", None),
        ("ce_sequence", None),
        ("ce_sequence", b"0"),
        ("ce_sequence", b"-1"),
        ("ce_sequence", b"9223372036854775808"),
        ("ce_sequence", b"one"),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-03-01T09:00:00"),
        ("ce_tenantid", b"other"),
        ("ce_day", b"2026-02-30"),
        ("ce_type", b"\xff"),
    ],
)
def test_what_is_not_ours_is_unreadable(name: str, value: bytes | None) -> None:
    record = on_kafka(a_row())
    headers = [h for h in record.headers if h[0] != name]
    if value is not None:
        headers.append((name, value))
    with pytest.raises(Unreadable):
        from_kafka(msgspec.structs.replace(record, headers=tuple(headers)))


@pytest.mark.parametrize(
    "key",
    [
        None,
        b"",
        b"demo",
        b"other/A1",
        b"demo/A\x00",
        b"\xff/A",
        b"demo/A\x1f",
        b"demo/" + b"A" * 129,
    ],
)
def test_a_key_that_does_not_fit_is_unreadable(key: bytes | None) -> None:
    with pytest.raises(Unreadable):
        from_kafka(msgspec.structs.replace(on_kafka(a_row()), key=key))


def test_an_event_without_data_needs_a_compacted_topic() -> None:
    with pytest.raises(Unreadable):
        from_kafka(msgspec.structs.replace(on_kafka(a_row()), value=None))


@pytest.mark.parametrize(
    ("key", "headers", "expected"),
    [
        (b"demo/A1", (), ("demo", "A1", None)),
        (b"demo/A1", (("ce_sequence", b"12"),), ("demo", "A1", 12)),
        (b"demo/A1", (("ce_sequence", b"0"),), ("demo", "A1", None)),
        (b"demo/", (), ("demo", "", None)),
        (b"Not A Tenant/A1", (), None),
        (b"no-slash", (), None),
        (b"\xff\xfe", (), None),
        (None, (), None),
    ],
)
def test_an_unreadable_message_tells_whom_it_concerns_as_far_as_it_can(
    key: bytes | None,
    headers: tuple[tuple[str, bytes], ...],
    expected: tuple[str, str, int | None] | None,
) -> None:
    found = address(RawRecord("ledger.events", 0, 0, key, b"garbage", headers))
    assert (found and (found.tenant, found.key, found.sequence)) == expected


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.binary())))
def test_packed_headers_keep_every_byte(headers: list[tuple[str, bytes]]) -> None:
    packed = pack_headers(headers)
    assert unpack_headers(packed) == tuple(headers)
    assert "\x00" not in packed  # PostgreSQL's text takes none


@pytest.mark.parametrize("tenant", ["Not a tenant", "a" * 41, "de\x00mo"])
def test_a_tenant_that_no_database_keeps_is_unreadable(tenant: str) -> None:
    """A head for it could never be written, so its record would stop a consumer for good."""
    record = on_kafka(a_row(tenantid=tenant))
    with pytest.raises(Unreadable):
        from_kafka(msgspec.structs.replace(record, key=f"{tenant}/A1".encode()))


def test_a_header_may_be_null_or_endless() -> None:
    record = RawRecord("ledger.events", 0, 0, b"demo/A1", b"", (("ce_sequence", None),))  # type: ignore[arg-type]
    assert address(record) == Address("demo", "A1", None)
    assert unpack_headers(pack_headers(record.headers)) == (("ce_sequence", b""),)
    endless = msgspec.structs.replace(record, headers=(("ce_sequence", b"9" * 5000),))
    assert address(endless) == Address("demo", "A1", None)
    with pytest.raises(Unreadable):
        from_kafka(endless)
