"""Late fees, compensation and fees of returned payments: how much, or why nothing."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from services.ledger.domain.interest import half_up
from services.ledger.domain.policies.charges import (
    Applied,
    BounceFeeRule,
    FeeAmount,
    Limit,
    Limited,
    StepRule,
)

Reason = Literal[
    "stopped",
    "not_disclosed",
    "disputed",
    "below_minimum",
    "no_amount_in_currency",
    "limit",
    "capped",
]


class Due(Struct, frozen=True, kw_only=True):
    """An invoice at the step of a rule."""

    currency: str
    basis_minor: int  # really owed, less what open disputes hold of it
    invoice_minor: int  # its amount
    charged_minor: int = 0  # its late fees so far as charged, waived or not
    is_stopped: bool = False
    is_disclosed: bool = True  # one of the rule's texts, in time


class Fee(Struct, frozen=True, kw_only=True):
    """What is charged."""

    amount_minor: int
    basis_minor: int
    percent: Fraction | None
    rule: str
    pack: str | None
    citation: str | None  # why it may be, in the rule's words


class Skipped(Struct, frozen=True):
    """Nothing is charged, now or later."""

    reason: Reason
    rule: str
    pack: str | None = None


def step_charge(applied: Applied[StepRule], due: Due, limits: Sequence[Limit]) -> Fee | Skipped:
    """A late fee or the compensation of an invoice; the first reason that applies says why not.

    `limits` are those that fit the invoice.
    """
    rule = applied.rule
    found: int | Reason
    limited: Limited = "fee" if rule.kind == "late_fee" else "cost"
    if due.is_stopped:
        found = "stopped"
    elif rule.disclosure is not None and not due.is_disclosed:
        found = "not_disclosed"
    elif due.basis_minor <= 0:
        found = "disputed"
    elif _is_below_minimum(rule, due):
        found = "below_minimum"
    else:
        base = due.basis_minor if rule.amount.of == "balance" else due.invoice_minor
        amount = amount_on(rule.amount, base, due.basis_minor, due.currency)
        found = _limited(amount, due.currency, limits, limited)
        if isinstance(found, int):
            found = _capped(rule, found, due)
    if isinstance(found, int):
        return _fee(applied, found, due.basis_minor, rule.amount)
    return Skipped(found, rule.id, applied.pack)


def bounce_fee(
    applied: Applied[BounceFeeRule],
    currency: str,
    taken_back_minor: int,
    limits: Sequence[Limit],
    *,
    is_stopped: bool,
    is_disclosed: bool,
) -> Fee | Skipped:
    """The fee of a payment that came back."""
    rule = applied.rule
    found: int | Reason
    if is_stopped:
        found = "stopped"
    elif rule.disclosure is not None and not is_disclosed:
        found = "not_disclosed"
    else:
        amount = amount_on(rule.amount, taken_back_minor, taken_back_minor, currency)
        found = _limited(amount, currency, limits, "fee")
    if isinstance(found, int):
        return _fee(applied, found, taken_back_minor, rule.amount)
    return Skipped(found, rule.id, applied.pack)


def amount_on(
    amount: FeeAmount, percent_of_minor: int, balance_minor: int, currency: str
) -> int | None:
    """A rule's amount in minor units; None: it has none in the currency.

    A percentage is half up to the minor unit, then at least `min`, then at most `max`, where those
    are of the currency. Bands are by the balance.
    """
    if amount.fixed is not None:
        return amount.fixed.minor(currency)
    if amount.percent is not None:
        found = half_up(percent_of_minor * amount.percent / 100)
        least = amount.least.minor(currency) if amount.least is not None else None
        most = amount.most.minor(currency) if amount.most is not None else None
        found = found if least is None else max(found, least)
        return found if most is None else min(found, most)
    for band in amount.bands:
        if band.below is None:
            return band.fixed.minor(currency)
        below = band.below.minor(currency)
        if below is None:
            return None
        if balance_minor < below:
            return band.fixed.minor(currency)
    return None


def _is_below_minimum(rule: StepRule, due: Due) -> bool:
    if rule.minimum_balance is None:
        return False
    minimum = rule.minimum_balance.minor(due.currency)
    return minimum is not None and due.basis_minor < minimum


def _limited(
    amount: int | None, currency: str, limits: Iterable[Limit], kind: Limited
) -> int | Reason:
    """The amount under the strictest limit."""
    if amount is None:
        return "no_amount_in_currency"
    if amount <= 0:
        return "below_minimum"
    for limit in limits:
        if kind in limit.none:
            return "limit"
        most = limit.max_fee.minor(currency) if limit.max_fee is not None else None
        if kind == "fee" and most is not None:
            amount = min(amount, most)
    return amount if amount > 0 else "limit"


def _capped(rule: StepRule, amount: int, due: Due) -> int | Reason:
    """What is left of the amount under the rule's cap. A share of the invoice is rounded down: the
    cap is never passed."""
    if rule.cap is None:
        return amount
    caps = []
    if rule.cap.per_invoice is not None:
        per_invoice = rule.cap.per_invoice.minor(due.currency)
        caps += [] if per_invoice is None else [per_invoice]
    if rule.cap.percent_of_invoice is not None:
        share = due.invoice_minor * rule.cap.percent_of_invoice / 100
        caps.append(share.numerator // share.denominator)
    left = min([amount, *(cap - due.charged_minor for cap in caps)])
    return left if left > 0 else "capped"


def _fee(
    applied: Applied[StepRule] | Applied[BounceFeeRule], amount: int, basis: int, of: FeeAmount
) -> Fee:
    return Fee(
        amount_minor=amount,
        basis_minor=basis,
        percent=of.percent,
        rule=applied.rule.id,
        pack=applied.pack,
        citation=applied.rule.because,
    )
