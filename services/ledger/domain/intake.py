"""What types cannot check of a fact, and what makes it a duplicate or a conflict.

Pointers are RFC 6901, from the CloudEvent's root.
"""

from datetime import UTC, date, datetime
from typing import Any

from msgspec import Struct, structs

from services.ledger.domain.facts import Fact, named_amount
from services.ledger.domain.registry import KINDS
from services.ledger.domain.state import AccountState
from shared.errors import FieldError
from shared.mail_addresses import deliverable
from shared.money import is_currency

# Days further away are slips of the pen, and leave no room for stages and zones.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
_FIRST, _LAST = datetime(1900, 1, 2, tzinfo=UTC), datetime(2999, 12, 30, tzinfo=UTC)

TOTAL_MINOR_MAX = 2**62  # of one account and currency, so that no sum leaves 64 bits


def check(kind: str, time: datetime | None, data: Struct) -> list[FieldError]:
    """Every fault of a parsed event that its type could not refuse; none: it can be accepted."""
    errors = []
    if KINDS[kind].needs_time and time is None:
        errors.append(FieldError("/time", f"{kind} needs the time at which it happened"))
    errors += _far_away(time, data)
    currency = getattr(data, "currency", None)
    if currency is not None and not is_currency(currency):
        errors.append(FieldError("/data/currency", f"{currency} is no ISO 4217 code in use"))
    errors += KINDS[kind].check(data)
    return errors


def notices(data: Struct) -> list[FieldError]:
    """What of an accepted event will be of no use: an address that nothing can be sent to."""
    email = getattr(data, "email", None)
    if not email or not email.strip() or deliverable(email) is not None:
        return []
    return [FieldError("/data/email", "is no address that mail can be sent to; it is kept")]


class AmountLimit:
    """Keeps the sum of an account's amounts, by currency, within 2^62; one use per batch."""

    def __init__(self, state: AccountState) -> None:
        self._named = dict(state.named_minor)

    def check(self, fact: Fact) -> list[FieldError]:
        """Refuse a fact that would take the sum too far; one that is not refused counts.

        An amount without a currency (of a dispute, whose invoice need not be there) may come to be
        one of any currency.
        """
        currency, amount = named_amount(fact.data)
        if not amount:
            return []
        self._named[currency] = self._named.get(currency, 0) + amount
        anywhere = self._named.get("", 0)
        if currency:
            largest = self._named[currency]
        else:
            largest = max([total for code, total in self._named.items() if code], default=0)
        if largest + anywhere <= TOTAL_MINOR_MAX:
            return []
        self._named[currency] -= amount
        name = "credited_minor" if hasattr(fact.data, "credited_minor") else "amount_minor"
        detail = f"the account's amounts would sum to more than {TOTAL_MINOR_MAX} minor units"
        return [FieldError(f"/data/{name}", detail)]


def _far_away(time: datetime | None, data: Struct) -> list[FieldError]:
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
    known: tuple[datetime | None, Struct],
    again: tuple[datetime | None, Struct],
) -> list[FieldError]:
    """What differs between a known fact and the same fact again.

    None: a duplicate, which has no effect. Else a conflict: the first stands. The event's `time`
    counts only where it is the instant.
    """
    errors = []
    if KINDS[kind].time_counts and known[0] != again[0]:
        errors.append(FieldError("/time", f"was {known[0]} when it was accepted"))
    for field in structs.fields(type(known[1])):
        first, second = getattr(known[1], field.name), getattr(again[1], field.name)
        if first != second:
            detail = "differs from what was accepted under this id"
            errors.append(FieldError(f"/data/{field.encode_name}", detail))
    return errors
