"""What an account owes by currency, and whether and when it has paid, as the ledger last said."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from services.outreach.debtors.domain.occasions import Occasion, paid_up
from shared.events import Received, ledger

AMOUNT_TYPES = frozenset(
    type_ for type_, data in ledger.TYPES.items() if "amounts" in data.__struct_fields__
)
PAYMENT_TYPES = frozenset({"payment-received", "payment-reversed"})


@dataclass(frozen=True)
class CurrencyAmounts:
    """All in minor units."""

    balance_minor: int = 0
    overdue_minor: int = 0
    collectable_minor: int = 0


@dataclass(frozen=True)
class AccountMoney:
    amounts: Mapping[str, CurrencyAmounts] = field(default_factory=dict)  # by currency
    overdue_since_on: date | None = None  # None: nothing is overdue

    @property
    def is_overdue(self) -> bool:
        return any(known.overdue_minor > 0 for known in self.amounts.values())


def with_amounts(
    money: AccountMoney,
    account_id: str,
    said: tuple[ledger.Amounts, ...],
    day: date,
    payment: ledger.PaymentReceived | None = None,
) -> tuple[AccountMoney, Occasion | None]:
    """The figures after an event (a payment, perhaps); and the occasion where nothing is overdue
    any more."""
    amounts = {
        **money.amounts,
        **{
            each.currency: CurrencyAmounts(
                each.balance_minor, each.overdue_minor, each.collectable_minor
            )
            for each in said
        },
    }
    after = replace(money, amounts=amounts)
    if after.is_overdue:
        return replace(after, overdue_since_on=money.overdue_since_on or day), None
    if money.overdue_since_on is None:
        return after, None
    paid = paid_up(account_id, day, money.overdue_since_on, payment)
    return replace(after, overdue_since_on=None), paid


def amounts_in(data: Any) -> tuple[ledger.Amounts, ...]:
    found: tuple[ledger.Amounts, ...] = getattr(data, "amounts", ())
    return found


@dataclass(frozen=True)
class PaymentKnown:
    """A payment, and what of it was taken back, by reversal."""

    day: date
    amount_minor: int
    reversed_minor: Mapping[str, int] = field(default_factory=dict)

    @property
    def stands(self) -> bool:
        """Whether anything of it is left."""
        return sum(self.reversed_minor.values()) < self.amount_minor


def with_payment(known: PaymentKnown | None, event: Received, data: Any) -> PaymentKnown | None:
    """The payment after an event; None: it is not known (its reversal came alone)."""
    if isinstance(data, ledger.PaymentReceived):
        day = event.day or data.received_at.date()
        before = known.reversed_minor if known is not None else {}
        return PaymentKnown(day, data.amount_minor, before)
    if isinstance(data, ledger.PaymentReversed) and known is not None:
        taken = {**known.reversed_minor, data.reversal_id: data.amount_minor}
        return replace(known, reversed_minor=taken)
    return known
