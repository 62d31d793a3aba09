"""Statutory interest and fixed sums of a late debt, to the minor unit."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct

from services.outreach.compliance.params import Params, Role
from services.outreach.compliance.question.question import Question
from services.outreach.compliance.question.terms import Percent, given
from services.outreach.compliance.rule import (
    Attempt,
    Finding,
    Kind,
    Rule,
    RuleDraft,
    Stage,
    ever,
    not_known,
)
from shared.texts import matching


class Base(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published rate, in force from a day on until the next; unknown from `until` on."""

    percent: Percent
    since: date = msgspec.field(name="from")
    until: date | None = None


class Rate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    margin_percent: Annotated[str, matching(r"[0-9]{1,2}(\.[0-9]{1,4})?", 7)]
    base: tuple[Base, ...] = ()
    reference: Annotated[str, matching("[a-z0-9][a-z0-9-]{0,63}", 64)] | None = None  # its name
    # The base rate is the one of the last such day (MM-DD) before interest starts, or on that day
    # itself if it rules from its own day on.
    reference_days: tuple[Annotated[str, matching("[0-9]{2}-[0-9]{2}", 5)], ...] = ()
    rules_same_day: bool = False
    days_of_year: Literal[360, 365] = 365


class Band(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    below_minor: Annotated[int, Meta(ge=1)] | None = None  # the last has none
    sum_minor: Annotated[int, Meta(ge=0)]


class Interest(Params, frozen=True, kw_only=True):
    """What the law adds to a late debt: simple interest, fixed sums. Goes to the record.

    Asks for a person only where the message claims interest and no table has the base rate: the
    book's, or what the question knows under `reference`.

    {currency: GBP, rate: {margin_percent: "8", base: [{from: 2025-12-18, percent: "3.75"}],
     reference: boe-bank-rate, reference_days: ["06-30", "12-31"]}}
    {currency: GBP, fixed: [{below_minor: 100000, sum_minor: 4000}, {sum_minor: 10000}]}
    """

    currency: Annotated[str, matching("[A-Z]{3}", 3)] | None = None  # only debts in it
    rate: Rate | None = None
    fixed: tuple[Band, ...] | None = None
    role: Role = "finance"  # who must agree where the rate is not in the table


def _prepare(params: Interest, draft: RuleDraft) -> None:
    if params.rate is None and params.fixed is None:
        draft.fault("needs `rate` or `fixed`")
    if params.fixed is not None:
        limits = [band.below_minor for band in params.fixed]
        rising = [limit for limit in limits if limit is not None]
        if None in limits[:-1] or rising != sorted(set(rising)) or not limits:
            draft.fault("must be rising bands, the last without a limit", "/fixed")
    if params.rate is not None:
        days = [base.since for base in params.rate.base]
        if days != sorted(set(days)):
            draft.fault("must be in order of their days", "/rate/base")
        for index, day in enumerate(params.rate.reference_days):
            try:
                date.fromisoformat(f"2023-{day}")
            except ValueError:
                at = f"/rate/reference_days/{index}"
                draft.fault(f"{day} is not a day of every year", at)


class _Late(NamedTuple):
    """A debt that is late, as far as interest needs to know it."""

    amount_minor: int
    days: int
    due_on: date


def _evaluate(rule: Rule, attempt: Attempt, debt: int) -> Finding | None:
    """A late debt whose rate nobody entered needs a person, if interest on it is claimed. Where it
    isn't known whether the debt is late, or how much it is, it is taken to be."""
    params: Interest = rule.params
    question = attempt.facts.question
    content = question.contact.content
    if params.rate is None or content is UNSET or content.claims_interest is not True:
        return None
    owed = question.debts[debt]
    late = _late(rule, attempt, debt)
    if late is not None:
        start = late.due_on + timedelta(days=1)
    elif UNSET in (owed.days_past_due, owed.amount_minor, owed.currency):
        if params.currency is not None and owed.currency not in {UNSET, params.currency}:
            return None
        days = 0 if owed.days_past_due is UNSET else owed.days_past_due
        if days < 0:
            return None
        start = min(attempt.facts.dates(attempt.at)) - timedelta(days=max(days - 1, 0))
    else:
        return None
    if _percent(params.rate, start, question) is not None:
        return None
    return not_known(rule, [f"the base rate for interest from {start} on"], params.role)


def _evidence(rule: Rule, attempt: Attempt, debt: int) -> dict[str, Any] | None:
    params: Interest = rule.params
    late = _late(rule, attempt, debt)
    if late is None:
        return None
    kept: dict[str, Any] = {"debt": attempt.facts.label(debt)}
    if params.rate is not None:
        start = late.due_on + timedelta(days=1)
        percent = _percent(params.rate, start, attempt.facts.question)
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


def _late(rule: Rule, attempt: Attempt, debt: int) -> _Late | None:
    """The debt, if it is known to be late: since the due day named, else by the days past due."""
    params: Interest = rule.params
    owed = attempt.facts.question.debts[debt]
    days, amount, due = owed.days_past_due, owed.amount_minor, owed.due_on
    today = min(attempt.facts.dates(attempt.at))  # never a day more than has passed everywhere
    if isinstance(due, date):
        days = (today - due).days
    if amount is UNSET or days is UNSET or owed.currency is UNSET or days <= 0:
        return None
    if params.currency is not None and owed.currency != params.currency:
        return None
    if not isinstance(due, date):
        due = today - timedelta(days=days)
    return _Late(amount, days, due)


def _percent(rate: Rate, start: date, question: Question) -> Decimal | None:
    """Margin and base rate for interest that starts on a day; None where the tables end."""
    margin = Decimal(rate.margin_percent)
    if not rate.base and rate.reference is None:
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
    percent = None
    for base in _table(rate, question):
        if base.since <= day:
            percent = None if base.until is not None and day >= base.until else base.percent
    return None if percent is None else margin + Decimal(percent)


def _table(rate: Rate, question: Question) -> list[Base]:
    """The book's rates and those that the question knows, by their days; of two the latter."""
    rows = {base.since: base for base in rate.base}
    for known in given(question.reference_rates):
        if known.name == rate.reference:
            rows[known.since] = Base(
                percent=known.percent, since=known.since, until=known.until or None
            )
    return [rows[day] for day in sorted(rows)]


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class ReferenceTable(NamedTuple):
    """The rows that a rule has of a rate it names."""

    name: str
    rule: str
    rows: tuple[Base, ...]


def reference_tables(rules: Iterable[Rule]) -> list[ReferenceTable]:
    """Of every rule that needs a named rate."""
    return [
        ReferenceTable(rule.params.rate.reference, rule.id, rule.params.rate.base)
        for rule in rules
        if isinstance(rule.params, Interest)
        and rule.params.rate is not None
        and rule.params.rate.reference is not None
    ]


KIND = Kind(
    name="interest",
    params=Interest,
    stage=Stage.DOCUMENTS,
    prepare=_prepare,
    by_debt=ever,
    by_clock=ever,
    evaluate=_evaluate,
    evidence=_evidence,
)
