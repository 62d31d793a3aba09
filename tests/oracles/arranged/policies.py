"""Policies as plain dicts, as the page writes them; the version of a day."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracles.arranged.purse import DEFAULT_ALLOCATION

DECIMALS = {"JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3}
Policies = Mapping[str, Sequence[tuple[date, Mapping[str, Any]]]]  # by name: from a day, a document
BUILT_IN: dict[str, dict[str, Any]] = {
    "recovery": {"small_balance": {"default": 0}, "small_after_days": 14},
    "allocation": DEFAULT_ALLOCATION,
    "charges": {"rules": []},
}


def in_force(policies: Policies, name: str, day: date) -> dict[str, Any]:
    begun = [document for from_on, document in policies.get(name, ()) if from_on <= day]
    return {**BUILT_IN[name], **(begun[-1] if begun else {})}


def minor(amounts: Mapping[str, Any] | None, currency: str) -> int | None:
    """Major units by currency with `default`; None: no amount for the currency."""
    if amounts is None:
        return None
    major = amounts.get(currency, amounts.get("default"))
    if major is None:
        return None
    return int(Decimal(str(major)) * 10 ** DECIMALS.get(currency, 2))
