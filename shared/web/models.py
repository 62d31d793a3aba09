"""Shapes of HTTP bodies: strict models for what comes in, quick JSON for what goes out.

FastAPI hands pydantic parsed JSON, where days and instants are texts. Strict models refuse those,
so fields of that kind are declared `Day` and `Instant`, and arrays `list[…]`.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from fastapi import Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from shared.clock import OUT_OF_CALENDAR, instant_fault, is_in_calendar
from shared.money import MAX_MINOR, is_currency
from shared.texts import id_fault, text_fault

_INSTANT_MAX = 64  # characters


class Model(BaseModel):
    """Base of request bodies: nothing is converted, nothing unknown is taken, nothing changes."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def _day(value: object) -> object:
    if isinstance(value, datetime):
        raise ValueError("must be a day like 2026-03-31")
    if isinstance(value, str):
        try:
            # Not 2026-W01-1, which is as long.
            value = date.fromisoformat(value) if value[4:8:3] == "--" else _refuse_day()
        except ValueError:
            return _refuse_day()
    if isinstance(value, date):
        _refuse_far(value)
    return value


def _refuse_day() -> object:
    raise ValueError("must be a day of the calendar like 2026-03-31")


def _refuse_far(day: date) -> None:
    if not is_in_calendar(day):
        raise ValueError(OUT_OF_CALENDAR)


def _instant(value: object) -> object:
    if isinstance(value, str):
        try:
            value = msgspec.convert(value[:_INSTANT_MAX], datetime)
        except msgspec.ValidationError:
            raise ValueError(instant_fault(str(value))) from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("must have an offset, like 2026-03-31T12:00:00Z")
        _refuse_far(value)
        return value.astimezone(UTC)
    return value


def _currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError("must be an ISO 4217 code like EUR")
    return value


def _text(value: str) -> str:
    if fault := text_fault(value):
        raise ValueError(fault)
    return value


def _id(value: str) -> str:
    if fault := id_fault(value):
        raise ValueError(fault)
    return value


# Of a text or an id of somebody else's making, beside its length.
CHECKED_TEXT = AfterValidator(_text)
CHECKED_ID = AfterValidator(_id)
Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Minor = Annotated[int, Field(ge=1, le=MAX_MINOR)]
Currency = Annotated[str, AfterValidator(_currency)]


def json_bytes(value: Any) -> bytes:
    """JSON of structs, dataclasses, days and instants (UTC as Z)."""
    return msgspec.json.encode(value)


def json_response(value: Any, status: int = 200) -> Response:
    """An answer encoded by msgspec: some ten times quicker than FastAPI's way for long lists."""
    return Response(json_bytes(value), status, media_type="application/json")
