"""Amounts of a policy: major units by currency, with one for all others, as exact as money is."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeGuard

from msgspec import Struct

from shared.errors import FieldError
from shared.field_errors import escape
from shared.money import DECIMALS, MAX_MINOR, is_currency, to_minor
from shared.texts import shown

OTHERS = "default"
DECIMALS_MAX = max(DECIMALS.values())


class AmountByCurrency(Struct, frozen=True, gc=False):
    """Minor units by currency; `others` is the major amount for the currencies that are not named.

    Where `others` is finer than a currency, that currency has none.
    """

    named: Mapping[str, int] = {}
    others: Decimal | None = None

    @property
    def is_above_zero(self) -> bool:
        """Whether any amount is."""
        return bool(self.others) or any(self.named.values())

    def minor(self, currency: str) -> int | None:
        """None: there is none for the currency."""
        if currency in self.named:
            return self.named[currency]
        if self.others is None:
            return None
        try:
            return to_minor(f"{self.others:f}", currency)
        except ValueError:
            return None


def amount_of(raw: Any) -> AmountByCurrency:
    """Of what `amount_faults` found no fault in."""
    named = {code: to_minor(_text(raw[code]), code) for code in raw if code != OTHERS}
    return AmountByCurrency(named, Decimal(_text(raw[OTHERS])) if OTHERS in raw else None)


def amount_faults(raw: Any, pointer: str) -> list[FieldError]:
    """What is wrong with the amounts under a pointer."""
    if not isinstance(raw, Mapping):
        words = "must be amounts by currency, like {EUR: 500, default: 0}"
        return [FieldError(pointer, words)]
    if not raw:
        return [FieldError(pointer, "must name a currency, or default")]
    found = []
    for code, value in raw.items():
        fault = _fault(code, value)
        if fault is not None:
            found.append(FieldError(f"{pointer}/{escape(shown(str(code)))}", fault))
    return found


def _fault(code: Any, value: Any) -> str | None:
    if code != OTHERS and not (isinstance(code, str) and is_currency(code)):
        return "must be an ISO 4217 code like EUR, or default"
    if not _is_amount(value):
        return "must be an amount like 12.50"
    try:
        amount = Decimal(_text(value))
    except InvalidOperation:
        return "must be an amount like 12.50"
    if not amount.is_finite() or amount < 0:
        return "must be at least 0"
    decimals = DECIMALS_MAX if code == OTHERS else DECIMALS[code]
    if amount >= Decimal(MAX_MINOR).scaleb(-decimals):
        return "must be smaller"
    if amount.scaleb(decimals) != amount.scaleb(decimals).to_integral_value():
        return f"has more decimals than {'any currency' if code == OTHERS else code} ({decimals})"
    return None


def _is_amount(value: Any) -> TypeGuard[int | Decimal | str]:
    if isinstance(value, str):
        return 0 < len(value) <= 40 and value.replace(".", "", 1).isdigit() and value.isascii()
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _text(value: int | Decimal | str) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
