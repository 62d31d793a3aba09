"""What types cannot say about a fact, and what makes it a duplicate or a conflict.

Pointers are RFC 6901, from the CloudEvent's root.
"""

from datetime import UTC, date, datetime
from typing import Any, cast

from msgspec import structs

from services.ledger.domain.facts import (
    AMENDED,
    CREDIT_NOTE,
    DISPUTED,
    FAILED,
    INVOICE,
    PAYMENT,
    REGISTERED,
    RESOLVED,
    REVERSED,
    UPDATED,
    VOIDED,
    Fact,
)
from services.ledger.domain.state import AccountState
from shared.clock import zone
from shared.errors import FieldError
from shared.events import billing
from shared.money import is_currency

_BY_TIME = frozenset({REGISTERED, UPDATED, AMENDED, VOIDED, DISPUTED, RESOLVED})
_TIME_COUNTS = frozenset({VOIDED, DISPUTED, RESOLVED})
_WITH_CURRENCY = frozenset({INVOICE, CREDIT_NOTE, PAYMENT, FAILED, REVERSED})

# Days further away are slips of the pen, and leave no room for stages and zones.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
_FIRST, _LAST = datetime(1900, 1, 2, tzinfo=UTC), datetime(2999, 12, 30, tzinfo=UTC)


def check(kind: str, time: datetime | None, data: billing.Data) -> list[FieldError]:
    """Every fault of a parsed event that its type could not refuse; none: it can be accepted."""
    errors = []
    if kind in _BY_TIME and time is None:
        errors.append(FieldError("/time", f"{kind} needs the time at which it happened"))
    errors += _far_away(time, data)
    currency = getattr(data, "currency", None)
    if currency is not None and not is_currency(currency):
        errors.append(FieldError("/data/currency", f"{currency} is no ISO 4217 code in use"))
    if kind in (REGISTERED, UPDATED):
        errors += _zone_fault(cast(billing.AccountRegistered, data).timezone)
    elif kind == PAYMENT:
        payment = cast(billing.PaymentReceived, data)
        aimed = sum(target.amount_minor for target in payment.allocations)
        if aimed > payment.amount_minor:
            detail = f"targets sum to {aimed}, more than the payment's {payment.amount_minor}"
            errors.append(FieldError("/data/allocations", detail))
    elif kind == RESOLVED:
        resolution = cast(billing.DisputeResolved, data)
        if resolution.credited_minor is not None and resolution.outcome == "rejected":
            detail = "a rejected dispute credits nothing"
            errors.append(FieldError("/data/credited_minor", detail))
    return errors


TOTAL_MINOR_MAX = 2**62


class AmountLimit:
    """Keeps the sum of an account's amounts, by currency, within 62 bits; one use per batch."""

    def __init__(self, state: AccountState) -> None:
        self._sums: dict[str | None, int] = {}
        for fact in state.facts:
            self._add(fact)

    def _add(self, fact: Fact) -> None:
        currency, amount = _named(fact)
        self._sums[currency] = self._sums.get(currency, 0) + (amount or 0)

    def check(self, fact: Fact) -> list[FieldError]:
        """Refuse a fact that would take the sum too far; one that is not refused counts."""
        currency, amount = _named(fact)
        if amount and self._sums.get(currency, 0) + amount > TOTAL_MINOR_MAX:
            detail = f"the account's amounts would sum to more than {TOTAL_MINOR_MAX} minor units"
            return [FieldError("/data/amount_minor", detail)]
        self._add(fact)
        return []


def _named(fact: Fact) -> tuple[str | None, int | None]:
    return (getattr(fact.data, "currency", None), getattr(fact.data, "amount_minor", None))


def _zone_fault(name: str | None) -> list[FieldError]:
    if name is None:
        return []
    try:
        zone(name)
    except (KeyError, ImportError, TypeError):
        return [FieldError("/data/timezone", f"{name!r} is no IANA time zone")]
    return []


def _far_away(time: datetime | None, data: billing.Data) -> list[FieldError]:
    """Days and instants outside the calendar that the ledger keeps."""
    named: list[tuple[str, Any]] = [("/time", time)]
    for name in ("issued_on", "due_on", "received_at", "failed_at", "reversed_at"):
        named.append((f"/data/{name}", getattr(data, name, None)))
    errors = []
    for pointer, value in named:
        if isinstance(value, datetime):
            far = not _FIRST <= value <= _LAST
        else:
            far = value is not None and not FIRST_DAY <= value <= LAST_DAY
        if far:
            errors.append(FieldError(pointer, f"must lie between {FIRST_DAY} and {LAST_DAY}"))
    return errors


def difference(
    kind: str,
    known: tuple[datetime | None, billing.Data],
    again: tuple[datetime | None, billing.Data],
) -> list[FieldError]:
    """What differs between a known fact and the same fact again.

    None: a duplicate, which has no effect. Else a conflict: the first stands. The event's `time`
    counts only where it is the instant.
    """
    errors = []
    if kind in _TIME_COUNTS and known[0] != again[0]:
        errors.append(FieldError("/time", f"was {known[0]} when it was accepted"))
    for field in structs.fields(type(known[1])):
        first, second = getattr(known[1], field.name), getattr(again[1], field.name)
        if first != second:
            detail = "differs from what was accepted under this id"
            errors.append(FieldError(f"/data/{field.encode_name}", detail))
    return errors
