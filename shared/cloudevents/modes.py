"""The forms of an event: HTTP binary, structured and batch; Kafka binary and structured.

This is the ledger's hot path: a batch is decoded at once, its data stays bytes until the type is
known, and item by item only where something is wrong.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Raw, Struct

from shared.cloudevents.event import (
    ATTRIBUTES,
    Envelope,
    Incoming,
    Refused,
    incoming,
    is_foreign,
    refused,
    refused_envelope,
    refused_for_doubled,
)
from shared.errors import FieldError, Invalid, Unreadable, UnsupportedMediaType
from shared.field_errors import field_errors
from shared.json_names import doubled_name

BATCH_MAX = 5000

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


class ParsedRequest(Struct, frozen=True):
    """What a request brought."""

    is_batch: bool
    items: list[Incoming | Refused]


_one = msgspec.json.Decoder(Envelope)
_many = msgspec.json.Decoder(list[Envelope])
_raw_items = msgspec.json.Decoder(list[Raw])


# ---------------------------------------------------------------------------- HTTP


def parse_http(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> ParsedRequest:
    """The events of a request (headers as ASGI gives them: names in lower case).

    Raises `UnsupportedMediaType`, `Unreadable`, or `Invalid` for a batch that is none.
    """
    content_type, attributes = None, {}
    for name, value in headers:
        if name == b"content-type":
            content_type = value.decode("latin-1")
        elif name[:3] == b"ce-":
            attributes[name[3:].decode("latin-1")] = value
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind not in (STRUCTURED, BATCH) and not attributes:
        raise UnsupportedMediaType(
            f"Send {STRUCTURED}, {BATCH}, or application/json with the event's attributes in"
            " ce- headers."
        )
    if content_type is not None and is_foreign(content_type):
        raise UnsupportedMediaType("Events are taken as JSON in UTF-8 only.")
    _refuse_non_utf8(body)
    body = _with_whole_characters(body)
    if kind == BATCH:
        return ParsedRequest(True, _parse_batch(body))
    if kind == STRUCTURED:
        return ParsedRequest(False, [_parse_item(body)])
    return ParsedRequest(False, [_parse_binary(_from_http_headers(attributes), body)])


def _refuse_non_utf8(body: bytes) -> None:
    if body.isascii():
        return
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"The body is not UTF-8: see byte {error.start}.") from None


# Whatever is no half of a pair in one piece, so that its end is soon reached.
_HALVES = re.compile(
    rb"(?P<whole>(?:[^\\]|\\[^u]|\\u(?![dD][89a-fA-F])"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})++)|\\u[dD][0-9a-fA-F]{3}",
    re.DOTALL,
)
_QUOTED = re.compile(r"\\(.)")


def _with_whole_characters(body: bytes) -> bytes:
    """The body, with NUL in place of half a surrogate pair.

    Programs that cut texts by UTF-16 units send such halves, and the JSON reader refuses the whole
    body for one; NUL is refused where it stands, so that only the event it is in goes down.
    """
    return _HALVES.sub(_whole, body) if b"\\ud" in body or b"\\uD" in body else body


def _whole(part: re.Match[bytes]) -> bytes:
    return part["whole"] or b"\\u0000"


def _from_http_headers(attributes: dict[str, bytes]) -> dict[str, str | None]:
    """Attribute values as the HTTP binding encodes them: percent-encoded where not plain ASCII.

    None stands for a value that cannot be decoded.
    """
    values: dict[str, str | None] = {}
    for name, raw in attributes.items():
        try:
            text = raw.decode()
            if len(text) >= 2 and text[0] == text[-1] == '"':  # older SDKs quote
                text = _QUOTED.sub(r"\1", text[1:-1])
            values[name] = unquote(text, errors="strict") if "%" in text else text
        except UnicodeDecodeError:
            values[name] = None
    return values


def _parse_batch(body: bytes) -> list[Incoming | Refused]:
    try:
        envelopes = _many.decode(body)
    except (msgspec.ValidationError, RecursionError):
        return [_parse_item(raw) for raw in _split(body)]
    except msgspec.DecodeError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from None
    _refuse_long(len(envelopes))
    if doubled_name(body) is not None:
        return [_parse_item(raw) for raw in _split(body)]
    return [incoming(envelope) for envelope in envelopes]


def _split(body: bytes) -> list[Raw]:
    try:
        items = _raw_items.decode(body)
    except msgspec.ValidationError:
        problem = FieldError("", "must be an array of events")
        raise Invalid("A batch is an array of events.", [problem]) from None
    except msgspec.DecodeError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise Unreadable("The body is nested too deeply.") from None
    _refuse_long(len(items))
    return items


def _refuse_long(count: int) -> None:
    if count > BATCH_MAX:
        problem = FieldError("", f"has {count} events, more than {BATCH_MAX}")
        raise Invalid(f"A batch has at most {BATCH_MAX} events.", [problem])


def _parse_item(body: bytes | Raw) -> Incoming | Refused:
    """One structured event. Raises `Unreadable` if it is not JSON at all."""
    try:
        envelope = _one.decode(body)
    except (msgspec.ValidationError, RecursionError):
        return refused_envelope(body)
    except msgspec.DecodeError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from None
    if (name := doubled_name(body)) is not None:
        return refused_for_doubled(body, name)
    return incoming(envelope)


# ---------------------------------------------------------------------------- Kafka


def parse_kafka(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Incoming | Refused:
    """The event in a Kafka record. Never raises: whatever cannot be read is `Refused`.

    A record with neither a content type nor `ce_*` headers is tried as a structured event: plain
    producers send those.
    """
    attributes: dict[str, str | None] = {}
    content_type = ""
    for name, raw in headers:
        try:
            text: str | None = raw.decode()
        except (UnicodeDecodeError, AttributeError):  # a header may have no value at all
            text = None
        if name[:3] in ("ce_", "CE_", "Ce_"):
            attributes[name[3:].lower()] = text
        elif name.lower() == "content-type":
            content_type = (text or "").strip()
    if value is None:
        return refused(attributes, [FieldError("/data", "is missing: the record has no value")])
    try:
        _refuse_non_utf8(value)
        value = _with_whole_characters(value)
        if content_type.lower().startswith(STRUCTURED) or not (content_type or attributes):
            return _parse_item(value)
        if content_type:
            attributes["datacontenttype"] = content_type
        return _parse_binary(attributes, value)
    except Unreadable as error:
        return refused(attributes, [FieldError("", error.detail.replace("body", "value"))])


def _parse_binary(attributes: dict[str, str | None], body: bytes) -> Incoming | Refused:
    """An event whose attributes came apart from its data."""
    raw: dict[str, Any] = {"data": Raw(body)}
    for name, value in attributes.items():
        if name in _BESIDE:
            if value is None:
                return refused({**attributes}, [FieldError(f"/{name}", "is not UTF-8")])
            raw[name] = value
    try:
        envelope = msgspec.convert(raw, Envelope)
    except msgspec.ValidationError:
        return refused(raw, field_errors(raw, Envelope))
    if (doubled := doubled_name(body)) is not None:
        beside = Raw(msgspec.json.encode({**attributes, "data": Raw(body)}))
        return refused_for_doubled(beside, doubled, "/data")
    try:
        return incoming(envelope)
    except msgspec.DecodeError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from None


_BESIDE = ATTRIBUTES - {"data_base64"}  # there is no such attribute in this mode
