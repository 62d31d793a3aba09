"""Costs of collecting as they are recorded: what is taken, what is a repeat or a conflict."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Struct, structs

from shared.clock import OUT_OF_CALENDAR, is_in_calendar
from shared.errors import FieldError
from shared.events.billing import AccountId, Currency, Minor
from shared.events.metrics import CostKind
from shared.field_errors import escape, field_errors, text_errors
from shared.money import is_currency
from shared.texts import matching, shown

COSTS_MAX = 1_000  # in one request

ChannelName = Annotated[str, matching("[a-z][a-z0-9_-]{0,39}", 40)]


class CostEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cost. Its id is the sender's: the same again changes nothing."""

    cost_id: AccountId  # without a slash: it is a step of a path
    kind: CostKind
    amount_minor: Minor
    currency: Currency
    incurred_on: date
    account_id: AccountId | None = None
    channel: ChannelName | None = None


class RejectedCost(Struct, frozen=True):
    """One that was not recorded; pointers begin at the item."""

    index: int
    cost_id: str | None
    errors: tuple[FieldError, ...]


def read_cost(raw: Any) -> CostEntry | tuple[FieldError, ...]:
    """A cost from plain data, or every fault of it."""
    if not isinstance(raw, Mapping):
        return (FieldError("", "must be an object"),)
    errors = [
        FieldError(f"/{shown(escape(str(name)))}", "is not known here")
        for name in raw
        if name not in CostEntry.__struct_fields__
    ]
    errors += field_errors(raw, CostEntry)
    faulty = {error.pointer for error in errors}
    known = {name: raw[name] for name in CostEntry.__struct_fields__ if name in raw}
    errors += [error for error in text_errors(known, "") if error.pointer not in faulty]
    faulty |= {error.pointer for error in errors}
    errors += [
        FieldError(f"/{name}", "must have no slash")
        for name in ("cost_id", "account_id")
        if f"/{name}" not in faulty and "/" in (raw.get(name) or "")
    ]
    if "/currency" not in faulty and not is_currency(str(raw["currency"])):
        errors.append(FieldError("/currency", "must be an ISO 4217 code like EUR"))
    if "/incurred_on" not in faulty and not is_in_calendar(date.fromisoformat(raw["incurred_on"])):
        errors.append(FieldError("/incurred_on", OUT_OF_CALENDAR))
    if errors:
        return tuple(errors)
    return msgspec.convert(raw, CostEntry)


def differences(known: CostEntry, again: CostEntry) -> tuple[FieldError, ...]:
    """What differs from what was recorded under the id; nothing: a duplicate, else a conflict."""
    return tuple(
        FieldError(f"/{name}", "differs from what was recorded under this id")
        for name, value in structs.asdict(again).items()
        if getattr(known, name) != value
    )
