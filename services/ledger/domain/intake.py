"""What types cannot check of a fact, and what makes it a duplicate or a conflict.

Pointers are RFC 6901, from the CloudEvent's root.
"""

from datetime import datetime

from msgspec import Struct, structs

from services.ledger.domain.facts import Fact, named_amount
from services.ledger.domain.registry import KINDS
from services.ledger.domain.state import AccountState
from shared.errors import FieldError
from shared.mail_addresses import deliverable
from shared.money import is_currency
from shared.texts import NOT_COMPOSED, is_composed

TOTAL_MINOR_MAX = 2**62  # of one account and currency, so that no sum leaves 64 bits


def check(kind: str, time: datetime | None, data: Struct) -> list[FieldError]:
    """Every fault of a parsed event that its type could not refuse; none: it can be accepted."""
    errors = []
    if KINDS[kind].needs_time and time is None:
        errors.append(FieldError("/time", f"{kind} needs the time at which it happened"))
    currency = getattr(data, "currency", None)
    if currency is not None and not is_currency(currency):
        errors.append(FieldError("/data/currency", f"{currency} is no ISO 4217 code"))
    errors += KINDS[kind].check(data)
    return errors


def notices(data: Struct) -> list[FieldError]:
    """What of an accepted event will be of no use: an address that nothing can be sent to."""
    email = getattr(data, "email", None)
    if not email or not email.strip() or deliverable(email) is not None:
        return []
    return [FieldError("/data/email", "is no address that mail can be sent to; it is kept")]


def doubtful_ids(fact: Fact) -> list[FieldError]:
    """Of what a fact brings in (an account, an invoice, a payment): an id that is another id in
    Unicode's composed form. It is taken as it came; its twin may be what was meant."""
    if fact.fact_id.isascii() and fact.account_id.isascii():
        return []
    brought = {
        name: value
        for name in fact.data.__struct_fields__
        if name.endswith("_id") and (value := getattr(fact.data, name)) is not None
    }
    return [
        FieldError(f"/data/{name}", NOT_COMPOSED)
        for name, value in brought.items()
        if not is_composed(value)
        and (value == fact.fact_id or (name == "account_id" and fact.kind == "account-registered"))
    ]


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
