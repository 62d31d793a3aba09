"""Statutory interest and fixed sums of a late debt, to the minor unit."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from msgspec import UNSET

from services.outreach.compliance.params import Interest, Rate
from services.outreach.compliance.rules import Case, Finding, Rule, not_known
from shared.errors import FieldError


def prepare(params: Interest, pointer: str, errors: list[FieldError]) -> None:
    if params.rate is None and params.fixed is None:
        errors.append(FieldError(pointer, "needs `rate` or `fixed`"))
    if params.fixed is not None:
        limits = [band.below_minor for band in params.fixed]
        rising = [limit for limit in limits if limit is not None]
        if None in limits[:-1] or rising != sorted(set(rising)) or not limits:
            errors.append(
                FieldError(f"{pointer}/fixed", "must be rising bands, the last without a limit")
            )
    if params.rate is not None:
        days = [base.since for base in params.rate.base]
        if days != sorted(set(days)):
            errors.append(FieldError(f"{pointer}/rate/base", "must be in order of their days"))
        for index, day in enumerate(params.rate.reference_days):
            try:
                date.fromisoformat(f"2023-{day}")
            except ValueError:
                at = f"{pointer}/rate/reference_days/{index}"
                errors.append(FieldError(at, f"{day} is not a day of every year"))


class _Late(NamedTuple):
    """A debt that is late, as far as interest needs to know it."""

    amount_minor: int
    days: int
    due_on: date


def judge(rule: Rule, case: Case, debt: int) -> Finding | None:
    """A late debt whose rate nobody entered needs a person. Where it isn't known whether the debt
    is late, or how much it is, it is taken to be."""
    params: Interest = rule.params
    if params.rate is None:
        return None
    found = case.facts.question.debts[debt]
    late = _late(rule, case, debt)
    if late is not None:
        start = late.due_on + timedelta(days=1)
    elif UNSET in (found.days_past_due, found.amount_minor, found.currency):
        if params.currency is not None and found.currency not in {UNSET, params.currency}:
            return None
        days = 0 if found.days_past_due is UNSET else found.days_past_due
        if days < 0:
            return None
        start = min(case.facts.dates(case.at)) - timedelta(days=max(days - 1, 0))
    else:
        return None
    if _percent(params.rate, start) is not None:
        return None
    return not_known(rule, [f"the base rate for interest from {start} on"], params.role)


def evidence(rule: Rule, case: Case, debt: int) -> dict[str, Any] | None:
    params: Interest = rule.params
    late = _late(rule, case, debt)
    if late is None:
        return None
    kept: dict[str, Any] = {"debt": case.facts.label(debt)}
    if params.rate is not None:
        percent = _percent(params.rate, late.due_on + timedelta(days=1))
        kept["interest_minor"] = None
        kept["rate_percent"] = None
        if percent is not None:
            yearly = late.amount_minor * percent / 100
            kept["interest_minor"] = _rounded(yearly * late.days / params.rate.days_of_year)
            kept["rate_percent"] = str(percent)
        kept["days"] = late.days
    if params.fixed is not None:
        kept["fixed_sum_minor"] = next(
            band.sum_minor
            for band in params.fixed
            if band.below_minor is None or late.amount_minor < band.below_minor
        )
    return kept


def _late(rule: Rule, case: Case, debt: int) -> _Late | None:
    """The debt, if it is known to be late: since the due day named, else by the days past due."""
    params: Interest = rule.params
    found = case.facts.question.debts[debt]
    days, amount, due = found.days_past_due, found.amount_minor, found.due_on
    today = min(case.facts.dates(case.at))  # never a day more than has passed everywhere
    if isinstance(due, date):
        days = (today - due).days
    if amount is UNSET or days is UNSET or found.currency is UNSET or days <= 0:
        return None
    if params.currency is not None and found.currency != params.currency:
        return None
    if not isinstance(due, date):
        due = today - timedelta(days=days)
    return _Late(amount, days, due)


def _percent(rate: Rate, start: date) -> Decimal | None:
    """Margin and base rate for interest that starts on a day; None where the table ends."""
    margin = Decimal(rate.margin_percent)
    if not rate.base:
        return margin
    day = start
    if rate.reference_days:
        days = [
            date.fromisoformat(f"{year}-{each}")
            for year in (start.year - 1, start.year)
            for each in rate.reference_days
        ]
        last = start if rate.rules_same_day else start - timedelta(days=1)
        day = max(each for each in days if each <= last)
    found = None
    for base in rate.base:
        if base.since <= day:
            found = None if base.until is not None and day >= base.until else base.percent
    return None if found is None else margin + Decimal(found)


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
