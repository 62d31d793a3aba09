"""One event: its attributes, its typed data, and every reason to refuse it."""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Raw, Struct

from shared import texts
from shared.clock import OUT_OF_CALENDAR, is_in_calendar
from shared.errors import FieldError, Unreadable
from shared.events import billing
from shared.field_errors import explain, field_errors, text_errors
from shared.ids import is_tenant

_Name = Annotated[str, Meta(min_length=1, max_length=512)]
_Instant = Annotated[datetime, Meta(tz=True)]


class Incoming(Struct, frozen=True, kw_only=True, gc=False):
    """A well-formed event of a known type. What it means is the ledger's affair."""

    id: str
    source: str
    type: str
    subject: str | None = None
    time: datetime | None = None
    tenantid: str | None = None  # None: the caller's, or the Kafka source's
    data: billing.Data
    raw: bytes | Raw  # the data as it came
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None


class Refused(Struct, frozen=True, kw_only=True):
    """An event that cannot be taken, and what could be read of it."""

    errors: tuple[FieldError, ...]
    id: str | None = None
    source: str | None = None
    type: str | None = None
    tenantid: str | None = None
    account_id: str | None = None


class Envelope(Struct, frozen=True, gc=False):
    """The attributes we read; others are ignored, as the standard asks."""

    specversion: str
    id: _Name
    source: _Name
    type: _Name
    subject: str | None = None
    time: _Instant | None = None
    tenantid: str | None = None
    datacontenttype: str | None = None
    data: Raw = Raw(b"")
    data_base64: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None


_DATA = {name: msgspec.json.Decoder(cls) for name, cls in billing.TYPES.items()}
ATTRIBUTES = frozenset(field.name for field in msgspec.structs.fields(Envelope)) - {"data"}

_JSON_TYPE = re.compile(r"application/(?:[\w.-]+\+)?json\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([\w.-]+)', re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # all that the standard forbids in attributes
_NAME_MAX = 512


def is_foreign(content_type: str) -> bool:
    """Whether a content type is not JSON, or JSON in another encoding than UTF-8."""
    if len(content_type) > _NAME_MAX or _JSON_TYPE.fullmatch(content_type.strip()) is None:
        return True
    charset = _CHARSET.search(content_type)
    return charset is not None and charset[1].lower() not in ("utf-8", "utf8", "us-ascii")


def incoming(envelope: Envelope) -> Incoming | Refused:
    """The typed event. Raises `msgspec.DecodeError` only for bytes that are not JSON."""
    raw: bytes | Raw = envelope.data
    decoder = _DATA.get(envelope.type)
    if (
        decoder is None
        or envelope.specversion != "1.0"
        or envelope.data_base64 is not None
        or not raw
        or not _is_plain(envelope)
    ):
        if errors := _envelope_errors(envelope):
            return refused(envelope, errors)
        assert decoder is not None
        raw = _binary_data(envelope)
    try:
        data = decoder.decode(raw)
    except msgspec.ValidationError as error:
        return refused(envelope, _data_errors(raw, envelope.type, error))
    except RecursionError:
        return refused(envelope, [FieldError("/data", "is nested too deeply")])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if envelope.data_base64 is None:
            raise
        return refused(envelope, [FieldError("/data_base64", f"does not hold JSON: {error}")])
    if errors := _text_and_time_errors(bytes(raw), data):
        return refused(envelope, errors)
    return Incoming(
        id=envelope.id,
        source=envelope.source,
        type=envelope.type,
        subject=envelope.subject,
        time=envelope.time,
        tenantid=envelope.tenantid,
        data=cast(billing.Data, data),
        raw=raw,
        correlationid=envelope.correlationid,
        causationid=envelope.causationid,
        traceparent=envelope.traceparent,
    )


def _is_plain(envelope: Envelope) -> bool:
    """A cheap yes for ordinary attributes; `_envelope_errors` looks closer at the others."""
    return (
        envelope.id.isprintable()
        and envelope.source.isprintable()
        and (envelope.subject is None or envelope.subject.isprintable())
        and (envelope.tenantid is None or _is_tenant(envelope.tenantid))
        and (envelope.time is None or 1900 < envelope.time.year < 2999)
        and envelope.datacontenttype in (None, "application/json")
        and envelope.correlationid is None
        and envelope.causationid is None
        and envelope.traceparent is None
    )


_is_tenant = lru_cache(maxsize=4096)(is_tenant)


def _envelope_errors(envelope: Envelope) -> list[FieldError]:
    errors = []
    if envelope.specversion != "1.0":
        errors.append(FieldError("/specversion", "must be 1.0"))
    if envelope.type not in _DATA:
        errors.append(FieldError("/type", _UNKNOWN_TYPE))
    for name in ("id", "source", "subject", "correlationid", "causationid", "traceparent"):
        value = getattr(envelope, name)
        if value is not None and len(value) > _NAME_MAX:
            errors.append(FieldError(f"/{name}", f"must have at most {_NAME_MAX} characters"))
        elif value is not None and _CONTROLS.search(value):
            errors.append(FieldError(f"/{name}", texts.NO_CONTROLS))
    if envelope.tenantid is not None and not is_tenant(envelope.tenantid):
        errors.append(FieldError("/tenantid", "must be 1 to 40 of a-z, 0-9 and -"))
    if envelope.time is not None and not is_in_calendar(envelope.time):
        errors.append(FieldError("/time", OUT_OF_CALENDAR))
    if envelope.datacontenttype is not None and is_foreign(envelope.datacontenttype):
        errors.append(FieldError("/datacontenttype", "must be application/json"))
    if not envelope.data and envelope.data_base64 is None:
        errors.append(FieldError("/data", "is missing"))
    if envelope.data_base64 is not None:
        if envelope.data:
            errors.append(FieldError("/data_base64", "stands beside data: one of them is enough"))
        else:
            try:
                base64.b64decode(envelope.data_base64, validate=True)
            except (binascii.Error, ValueError):
                errors.append(FieldError("/data_base64", "is not base64"))
    return errors


_UNKNOWN_TYPE = f"is not a type that is taken here; these are: {', '.join(_DATA)}"


def _binary_data(envelope: Envelope) -> bytes | Raw:
    if envelope.data_base64 is None:
        return envelope.data
    return base64.b64decode(envelope.data_base64)


def _data_errors(
    raw: bytes | Raw, event_type: str, first: msgspec.ValidationError
) -> list[FieldError]:
    """Every field of the data that cannot be taken; `first` is what the decoder stumbled over."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        value = None  # a number that no reader can hold, say
    errors = (
        field_errors(value, billing.TYPES[event_type], "/data") if isinstance(value, dict) else []
    )
    return errors or [explain(str(first), "/data")]


# ------------------------------------------------- what types cannot say cheaply: texts and days

_Names = tuple[str, ...]


def _named(*endings: str) -> dict[type[Struct], _Names]:
    return {
        cls: tuple(
            field.name for field in msgspec.structs.fields(cls) if field.name.endswith(endings)
        )
        for cls in billing.TYPES.values()
    }


_TIMES = _named("_on", "_at", "_since")
_IDS = _named("_id")
_OPEN = _named("attributes", "early_discount", "payment_url")


def _text_and_time_errors(raw: bytes, data: Any) -> list[FieldError]:
    """Texts that cannot be taken, `/` in the account id, days beyond all calendars.

    JSON can hold a control character only escaped, or (from U+007F on) as itself; so plain bytes
    need no closer look than at the ends of ids.
    """
    errors: list[FieldError] = []
    kind = type(data)
    if b"\\" in raw or not raw.isascii() or b"\x7f" in raw:
        errors = text_errors(msgspec.to_builtins(data), "/data")
    else:
        for name in _IDS[kind]:
            value = getattr(data, name)
            is_plain = value is None or (value.strip(" .") == value and "/." not in value)
            if not is_plain and (fault := texts.id_fault(value)):
                errors.append(FieldError(f"/data/{name}", fault))
        for index, target in enumerate(getattr(data, "allocations", ())):
            name = "invoice_id" if target.charge_id is None else "charge_id"
            if (value := getattr(target, name)) and (fault := texts.id_fault(value)):
                errors.append(FieldError(f"/data/allocations/{index}/{name}", fault))
    if "/" in data.account_id:
        errors.append(FieldError("/data/account_id", "must have no /"))
    for name in _TIMES[kind]:
        day: date | None = getattr(data, name)
        if day is not None and not (1900 < day.year < 2999 or is_in_calendar(day)):
            errors.append(FieldError(f"/data/{name}", OUT_OF_CALENDAR))
    for name in _OPEN[kind]:
        if (inner := getattr(data, name)) and (error := _inner_error(name, inner)):
            errors.append(error)
    return errors


def _inner_error(name: str, value: Any) -> FieldError | None:
    """What is wrong with a member that has more to it than its type says."""
    if name == "payment_url":
        fault = texts.url_fault(value)
    elif name == "attributes":
        fault = texts.TOO_DEEP if texts.is_deep(value) else None
    else:
        name += "/until_on"
        fault = None if is_in_calendar(value.until_on) else OUT_OF_CALENDAR
    return FieldError(f"/data/{name}", fault) if fault else None


# ---------------------------------------------------------------------------- refusals


def refused_for_doubled(body: bytes | Raw, name: str, root: str = "") -> Refused:
    """An event with a member that stands twice: which of the two was meant is not known."""
    error = FieldError(root, f"has the member {name!r} twice in one object")
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        value = None
    return refused(value if isinstance(value, dict) else {}, [error])


def refused_envelope(body: bytes | Raw) -> Refused:
    """Why a structured event does not fit `Envelope`. Raises `Unreadable` if it is not JSON."""
    try:
        value = msgspec.json.decode(body)
    except RecursionError:
        return Refused(errors=(FieldError("", "is nested too deeply"),))
    except msgspec.ValidationError as error:
        return Refused(errors=(explain(str(error)),))
    except msgspec.DecodeError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from None
    if not isinstance(value, dict):
        return Refused(errors=(FieldError("", "must be an event: an object"),))
    errors = field_errors(value, Envelope, skip=frozenset({"data"}))
    version, event_type, data = value.get("specversion"), value.get("type"), value.get("data")
    if isinstance(version, str) and version != "1.0":
        errors.append(FieldError("/specversion", "must be 1.0"))
    if isinstance(event_type, str) and event_type and event_type not in _DATA:
        errors.append(FieldError("/type", _UNKNOWN_TYPE))
    if "data" not in value and "data_base64" not in value:
        errors.append(FieldError("/data", "is missing"))
    elif isinstance(event_type, str) and event_type in _DATA and isinstance(data, dict):
        errors += field_errors(data, billing.TYPES[event_type], "/data")
    elif "data" in value and not isinstance(data, dict):
        errors.append(FieldError("/data", "must be an object"))
    return refused(value, errors)


def refused(raw: Envelope | dict[str, Any], errors: Sequence[FieldError]) -> Refused:
    """A refusal with what can be read of the event, for the list of rejections."""
    if isinstance(raw, Envelope):
        raw = {name: getattr(raw, name) for name in (*ATTRIBUTES, "data")}
    data = raw.get("data")
    if isinstance(data, Raw):
        try:
            data = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError):
            data = None
    account = data.get("account_id") if isinstance(data, dict) else None
    tenant = raw.get("tenantid")
    return Refused(
        errors=tuple(errors),
        id=_readable(raw.get("id")),
        source=_readable(raw.get("source")),
        type=_readable(raw.get("type")),
        tenantid=tenant if isinstance(tenant, str) and is_tenant(tenant) else None,
        account_id=_readable(account) or _readable(raw.get("subject")),
    )


def _readable(value: object) -> str | None:
    """A text that may be stored and shown: bounded, without control characters."""
    return texts.line(value[:_NAME_MAX]) if isinstance(value, str) else None
