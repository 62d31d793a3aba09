"""The forms an event of ours has on its way: outbox row, Kafka record, and what a consumer gets.

On Kafka: CloudEvents binary mode, attributes as `ce_*` headers, the value is the data as it is.
In the outbox: the attributes as one JSON text, so that either source gives the same `Received`.
"""

import sys
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from uuid import UUID

import msgspec
from msgspec import Struct

from shared import ids, texts
from shared.errors import Unreadable
from shared.events import COMPACTED, Received, producer

Headers = tuple[tuple[str, bytes], ...]

_STANDING: Headers = (("content-type", b"application/json"), ("ce_specversion", b"1.0"))


class Attributes(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """CloudEvents attributes of an event of ours, as `outbox.headers` keeps them."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    tenantid: str
    recordedtime: datetime
    dataschema: str
    day: date | None = None
    sequence: int | None = None
    revision: int | None = None
    epoch: int = 1  # left out while it is 1
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None


class OutboxRow(Struct, frozen=True, gc=False):
    """A row of a service's log."""

    seq: int
    topic: str
    key: str  # `tenant/account`
    sequence: int
    headers: str
    payload: str | None
    id: UUID


class RawRecord(Struct, frozen=True, gc=False):
    """A Kafka record as it came."""

    topic: str
    part: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


Record = OutboxRow | RawRecord

_attributes = msgspec.json.Decoder(Attributes)
_mapping = msgspec.json.Decoder(dict[str, str | int])


@cache
def _header_name(attribute: str) -> str:
    return sys.intern(f"ce_{attribute}")


def to_kafka(row: OutboxRow) -> tuple[bytes, bytes | None, Headers]:
    """Key, value and headers of a row's Kafka record."""
    headers = [
        (_header_name(name), value.encode() if isinstance(value, str) else b"%d" % value)
        for name, value in _mapping.decode(row.headers).items()
    ]
    value = None if row.payload is None else row.payload.encode()
    return row.key.encode(), value, (*_STANDING, *headers)


def receive(record: Record) -> Received:
    """The event in a record. Raises `Unreadable` when it is none of ours."""
    if isinstance(record, OutboxRow):
        return _from_row(record)
    return from_kafka(record)


def _from_row(row: OutboxRow) -> Received:
    tenant, slash, key = row.key.partition("/")
    try:
        attributes = _attributes.decode(row.headers)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"headers of outbox row {row.seq}: {error}") from error
    if not slash or attributes.tenantid != tenant:
        raise Unreadable(f"key {_cut(row.key)} does not fit tenantid {_cut(attributes.tenantid)}")
    if not _is_place(tenant, key):
        raise Unreadable(f"{_cut(row.key)} is not a tenant's id and an account's")
    return Received(
        topic=row.topic,
        tenant=tenant,
        key=key,
        type=attributes.type,
        id=attributes.id,
        source=attributes.source,
        sequence=row.sequence,
        time=attributes.time,
        day=attributes.day,
        recordedtime=attributes.recordedtime,
        data=None if row.payload is None else row.payload.encode(),
        epoch=attributes.epoch,
        correlationid=attributes.correlationid,
        causationid=attributes.causationid,
        traceparent=attributes.traceparent,
    )


def from_kafka(record: RawRecord) -> Received:
    """The event in a Kafka record. Raises `Unreadable`, saying what is missing or wrong."""
    try:
        attributes = {
            name[3:]: value.decode() for name, value in record.headers if name[:3] == "ce_"
        }
        tenant, slash, key = (record.key or b"").decode().partition("/")
        if not slash or attributes["tenantid"] != tenant:
            raise Unreadable(
                f"key {_cut(record.key)} does not fit tenantid {_cut(attributes['tenantid'])}"
            )
        number = "revision" if record.topic in COMPACTED else "sequence"
        day = attributes.get("day")
        event = Received(
            topic=record.topic,
            tenant=tenant,
            key=key,
            type=attributes["type"],
            id=attributes["id"],
            source=attributes["source"],
            sequence=int(attributes[number]),
            time=datetime.fromisoformat(attributes["time"]),
            day=None if day is None else date.fromisoformat(day),
            recordedtime=datetime.fromisoformat(attributes["recordedtime"]),
            data=record.value,
            epoch=int(attributes.get("epoch", 1)),
            correlationid=attributes.get("correlationid"),
            causationid=attributes.get("causationid"),
            traceparent=attributes.get("traceparent"),
        )
    except KeyError as error:
        raise Unreadable(f"header ce_{error.args[0]} is missing") from error
    except (ValueError, AttributeError) as error:
        raise Unreadable(f"not an event of ours: {texts.shown(str(error))}") from error
    if not _is_place(tenant, key):
        raise Unreadable(f"key {_cut(record.key)} is not a tenant's id and an account's")
    if not 0 < event.sequence < 2**63:
        raise Unreadable("a number from 1 on is needed")
    if not 0 < event.epoch < 2**63:
        raise Unreadable("an epoch is a number from 1 on")
    if event.time.tzinfo is None or event.recordedtime.tzinfo is None:
        raise Unreadable("an instant without its offset")
    if event.data is None and record.topic not in COMPACTED:
        raise Unreadable("an event without data, on a topic that has no tombstones")
    return event


def _cut(given: str | bytes | None) -> str:
    """A key or a header for a message: each may be as long as a record."""
    return repr(given[:200]) if given is not None else "none"


_is_tenant = lru_cache(maxsize=4096)(ids.is_tenant)  # they are few, and come with every event


def _is_place(tenant: str, key: str) -> bool:
    """Whether a database can keep a head for it: anything else would stop its reader for good."""
    return _is_tenant(tenant) and (not key or ids.is_business_id(key))


class Address(Struct, frozen=True):
    """Where an unreadable message would have belonged, as far as that can be read."""

    tenant: str
    key: str
    sequence: int | None


def address(record: Record) -> Address | None:
    """Whom an unreadable message concerns; None without a readable key."""
    raw, headers = dead_form(record)
    try:
        tenant, slash, key = (raw or b"").decode().partition("/")
    except UnicodeDecodeError:
        return None
    if not slash or not _is_place(tenant, key):
        return None
    # Kafka lets a header's value be null, and as long as a record.
    found = next((value for name, value in headers if name == _number(record)), b"") or b""
    readable = found.isdigit() and len(found) < 20 and 0 < int(found) < 2**63
    return Address(tenant, key, int(found) if readable else None)


def value_of(record: Record) -> bytes | None:
    """The record's data, as bytes."""
    if isinstance(record, RawRecord):
        return record.value
    return None if record.payload is None else record.payload.encode()


def dead_form(record: Record) -> tuple[bytes | None, Headers]:
    """Key and headers of a record from either source, as Kafka would have carried them."""
    if isinstance(record, RawRecord):
        return record.key, record.headers
    try:
        key, _, headers = to_kafka(record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        number = b"%d" % record.sequence
        return record.key.encode(), (
            ("headers", record.headers.encode()),
            (_number(record), number),
        )
    return key, headers


def as_raw(record: Record) -> RawRecord:
    """A record from either source, as Kafka would have carried it."""
    if isinstance(record, RawRecord):
        return record
    key, headers = dead_form(record)
    return RawRecord(record.topic, 0, record.seq, key, value_of(record), headers)


def _number(record: Record) -> str:
    return "ce_revision" if record.topic in COMPACTED else "ce_sequence"


def pack_headers(headers: Sequence[tuple[str, bytes]]) -> str:
    """Headers as JSON text, every byte kept (latin-1), for `waiting` and `dead_letters`."""
    return msgspec.json.encode(
        [(name, (value or b"").decode("latin-1")) for name, value in headers]
    ).decode()


def unpack_headers(text: str) -> Headers:
    pairs = msgspec.json.decode(text, type=list[tuple[str, str]])
    return tuple((name, value.encode("latin-1")) for name, value in pairs)


@cache
def schema_uri(topic: str, event_type: str) -> str:
    return f"urn:recoup:{producer(topic)}:{event_type}:1"
