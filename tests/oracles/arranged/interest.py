"""LEDGER-CHARGES 1, Interest: day by day, exact to the end, rounded when it is posted."""

from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.oracles.arranged import rules
from tests.oracles.arranged.policies import minor
from tests.oracles.arranged.table import Bearing, Bill, Charge, Posting
from tests.oracles.ledger_table import days

if TYPE_CHECKING:
    from tests.oracles.arranged.world import World


def weight(day: date, day_count: str) -> Fraction:
    """act/365 (also in leap years), act/360, 30/360: all three add up however time is cut."""
    if day_count == "act/365":
        return Fraction(1, 365)
    if day_count == "act/360":
        return Fraction(1, 360)

    def f(d: date) -> int:
        return 360 * d.year + 30 * d.month + min(d.day, 30)

    return Fraction(f(day) - f(day - days(1)), 360)


def half_year(day: date) -> tuple[int, bool]:
    return day.year, day.month > 6


def reference(w: "World", name: str, day: date) -> Fraction | None:
    """A row holds to the end of its half-year."""
    rows = [(f, p) for f, p in w.rates.get(name, []) if half_year(f) == half_year(day) and f <= day]
    return Fraction(max(rows)[1]) if rows else None


def rate_of(w: "World", rate: rules.Rule, bill: Bill, after_days: int, day: date) -> Fraction:
    """Percent a year; no row yet: such days bear nothing; never below 0."""
    if "percent" in rate:
        return max(Fraction(0), Fraction(str(rate["percent"])))
    first = bill.due_on + days(after_days + 1)  # the first day that bears interest
    row = reference(w, rate["reference"], first if rate.get("fixed_at_start") else day)
    if row is None:
        return Fraction(0)
    return max(Fraction(0), row + Fraction(str(rate.get("margin", 0))))


def bear_all(w: "World", today: date) -> None:
    """A day bears the rate of the day on the basis as it is at 00:00 of it."""
    for bill in w.bills.values():
        bearing = w.bearing.setdefault(bill.id, Bearing())
        on, held = (0, {}) if bill.void else rules.basis(w, bill)
        w.bases[bill.id, today] = (on, held)
        rule = rules.rule_of(w, "interest", bill, bill.currency, today)
        if rule is not None:
            w.ruled.add((bill.id, today))
            _bear(w, bill, bearing, rule, today, today)
        _bear_brought_along(w, bill, bearing, today)
        w.totals[bill.id, today] = bearing.total


def _bear(
    w: "World", bill: Bill, bearing: Bearing, rule: rules.Rule, day: date, policy_day: date
) -> None:
    after_days = rule.get("after_days", 0)
    if day <= bill.due_on + days(after_days):
        return
    if rules.is_stopped(w, "interest", bill, day) or not rules.is_disclosed(w, rule, day):
        return
    percent = rate_of(w, rule["rate"], bill, after_days, day)
    for limit in rules.limits(w, bill, bill.currency, policy_day):
        if "max_rate" in limit:
            most = limit["max_rate"]
            most = most if isinstance(most, dict) else {"percent": most}
            percent = min(percent, rate_of(w, most, bill, after_days, day))
    share = percent / 100 * weight(day, rule.get("day_count", "act/365"))
    on, held = w.bases.get((bill.id, day), (0, {}))
    bearing.total += on * share
    for dispute, part in held.items():  # what the disputed part would have borne is kept
        bearing.withheld.setdefault(dispute, []).append((day, part * share, part))


def _bear_brought_along(w: "World", bill: Bill, bearing: Bearing, today: date) -> None:
    """`accrue_from`: days before the version, on which no other rule fitted, on its first day."""
    for from_on, document in w.policies.get("charges", ()):
        if from_on != today or "accrue_from" not in document or w.principal(bill) == 0:
            continue
        rule = rules.rule_of(w, "interest", bill, bill.currency, today)
        day = document["accrue_from"]
        while rule is not None and day < today:
            if (bill.id, day) not in w.ruled:
                _bear(w, bill, bearing, rule, day, today)
            day += days(1)


def post(w: "World", bill: Bill, now: datetime) -> None:
    """Posted = half up(sum so far) − posted before; nothing while the sum is below `minimum`."""
    day = w.day(now)
    bearing = w.bearing.get(bill.id)
    if bearing is None or bill.void:
        return
    name = f"interest:{bill.id}"
    charge = w.charges.get(name)
    before = charge.amount if charge else 0
    rounded = rules.half_up(bearing.total)
    rule = rules.rule_of(w, "interest", bill, bill.currency, day)
    least = minor(rule.get("minimum"), bill.currency) if rule else None
    if rounded == before or (least is not None and rounded < least):
        return
    if charge is None:
        charge = Charge(name, "interest", bill.id, bill.currency, day)
        w.charges[name] = charge
    charge.postings.append(Posting(now, day, rounded - before))


def is_posting_day(w: "World", bill: Bill, today: date) -> bool:
    """`stage` (due_on + 31, 61, 91, 121, 151, …), `month` (each first of a month), `none`."""
    rule = rules.rule_of(w, "interest", bill, bill.currency, today)
    when = rule.get("post", "stage") if rule else "stage"
    if when == "month":
        return today.day == 1
    late = (today - bill.due_on).days
    return when == "stage" and late >= 31 and late % 30 == 1


def accrued(w: "World", bill: Bill) -> int:
    """Interest up to the begun day that is not posted."""
    if w.begun is None:
        return 0
    charge = w.charges.get(f"interest:{bill.id}")
    total = w.totals.get((bill.id, w.begun), Fraction(0))
    if bill.void:
        return 0
    return max(0, rules.half_up(total) - (charge.amount if charge else 0))
