"""Credit advice: how much to lend an account, for how long, and how often to bill it, and why.

An account with a record is graded by it; one without by what a prospect can show, and by caution.
The limit follows from what it buys in a month and how many months its grade is trusted with.
Advice is judgement written down, not a decision: a person may go against it.
"""

from typing import Literal

from msgspec import Struct

from services.segmentation.domain.account import Account
from services.segmentation.domain.features import Features
from shared.money import DECIMALS

Grade = Literal["A", "B", "C", "D", "E"]
Cadence = Literal["on_receipt", "monthly", "quarterly"]
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D", "E")

MONTHS: dict[Grade, float] = {"A": 3.0, "B": 2.0, "C": 1.0, "D": 0.5, "E": 0.0}  # of purchases
TERMS_DAYS: dict[str, dict[Grade, int]] = {
    "consumer": {"A": 30, "B": 14, "C": 14, "D": 7, "E": 0},
    "business": {"A": 45, "B": 30, "C": 30, "D": 14, "E": 0},
}
GRADE_BELOW: tuple[tuple[float, Grade], ...] = ((0.12, "A"), (0.30, "B"), (0.50, "C"), (0.70, "D"))
CARE_TAGS = frozenset({"vulnerable", "hardship"})
MONTH_DAYS = 30
SETTLED_ENOUGH = 3  # fewer settled invoices say little: a prospect's caution holds
RISE_MAX = 2  # a limit is at most doubled at a time
QUARTERLY_MONTHS_MAX = 0.5  # invoices a month, of who buys seldom
QUARTERLY_BELOW_UNITS = 1_000  # what is billed quarterly must be bearable to lose


class CreditRecord(Struct, frozen=True, kw_only=True):
    """What an account has shown."""

    features: Features
    late_payment: float  # probability
    monthly_minor: int  # what it was billed in a month, on average
    monthly_invoices: float
    now_limit_minor: int | None
    now_terms_days: int | None


class References(Struct, frozen=True, kw_only=True):
    """What other suppliers say of their invoices."""

    paid_in_time: int = 0
    paid_late: int = 0


class Prospect(Struct, frozen=True, kw_only=True):
    """What is known of one who is not a customer yet."""

    kind: Literal["consumer", "business"]
    currency: str
    monthly_minor: int
    monthly_invoices: float = 1.0
    years_known: float | None = None  # in business, or at the same address
    references: References = References()
    deposit_minor: int = 0
    asked_limit_minor: int | None = None
    asked_terms_days: int | None = None


class Because(Struct, frozen=True):
    """One reason, and what it did: to the grade, the limit, the terms, the cadence or the care."""

    about: Literal["grade", "limit", "terms", "cadence", "care"]
    detail: str


class Advice(Struct, frozen=True, kw_only=True):
    grade: Grade
    limit_minor: int
    currency: str | None
    terms_days: int
    cadence: Cadence
    needs_person: bool  # somebody should look before anything is changed
    reasons: tuple[Because, ...]


def record_of(account: Account, features: Features, late_payment: float) -> CreditRecord:
    """What an account's state says for credit advice."""
    count, minor = account.issued.get(features.currency or "", (0, 0))
    months = max(1.0, features.tenure_days / MONTH_DAYS)
    return CreditRecord(
        features=features,
        late_payment=late_payment,
        monthly_minor=int(minor / months),
        monthly_invoices=count / months,
        now_limit_minor=features.credit_limit_minor,
        now_terms_days=features.terms_days,
    )


def advise_account(record: CreditRecord) -> Advice:
    """Advice on an account, from its record."""
    f = record.features
    grade, reasons = _grade_of_record(record)
    cared_for = sorted(CARE_TAGS.intersection(f.tags))
    if cared_for:
        reasons.append(Because("care", f"marked {', '.join(cared_for)}: a person decides"))
    limit, because = _limit(grade, record.monthly_minor, 0)
    reasons.append(because)
    now = record.now_limit_minor
    is_trouble = f.age_days >= 31 or f.open_disputes > 0
    if now is not None and limit > now:
        if is_trouble or cared_for:
            limit = now
            reasons.append(Because("limit", "not raised while something is old or disputed"))
        elif limit > RISE_MAX * now:
            limit = RISE_MAX * now
            reasons.append(Because("limit", f"raised at most {RISE_MAX} times at once"))
    terms, because = _terms(f.kind, grade, record.now_terms_days)
    reasons.append(because)
    cadence, because = _cadence(grade, record.monthly_minor, record.monthly_invoices, f.currency)
    reasons.append(because)
    is_cut = now is not None and 2 * limit < now
    if is_cut:
        reasons.append(Because("care", "less than half of today's limit: a person decides"))
    return Advice(
        grade=grade,
        limit_minor=limit,
        currency=f.currency,
        terms_days=terms,
        cadence=cadence,
        needs_person=bool(cared_for) or is_cut,
        reasons=tuple(reasons),
    )


def advise_prospect(prospect: Prospect) -> Advice:
    """Advice on one who is not a customer yet, from what they can show."""
    grade, reasons = _grade_of_prospect(prospect)
    limit, because = _limit(grade, prospect.monthly_minor, prospect.deposit_minor)
    reasons.append(because)
    asked = prospect.asked_limit_minor
    if asked is not None and asked < limit:
        limit = asked
        reasons.append(Because("limit", "no more was asked for"))
    terms, because = _terms(prospect.kind, grade, None)
    if prospect.asked_terms_days is not None and prospect.asked_terms_days < terms:
        terms, because = (
            prospect.asked_terms_days,
            Because("terms", "no longer ones were asked for"),
        )
    reasons.append(because)
    cadence, because = _cadence(
        grade, prospect.monthly_minor, prospect.monthly_invoices, prospect.currency
    )
    reasons.append(because)
    is_far = asked is not None and asked > 2 * max(limit, 1)
    if grade == "E":
        reasons.append(Because("care", "grade E: a person decides"))
    if is_far:
        reasons.append(Because("care", "more than twice the limit was asked for: a person decides"))
    return Advice(
        grade=grade,
        limit_minor=limit,
        currency=prospect.currency,
        terms_days=terms,
        cadence=cadence,
        needs_person=grade == "E" or is_far,
        reasons=tuple(reasons),
    )


def _grade_of_record(record: CreditRecord) -> tuple[Grade, list[Because]]:
    f = record.features
    if f.settled < SETTLED_ENOUGH:
        reasons = [Because("grade", f"{f.settled} invoices settled so far: C, as for a new one")]
        grade: Grade = "C"
    else:
        grade = _by_chance(record.late_payment)
        words = f"an invoice is paid late with probability {record.late_payment:g}"
        paid = f"{f.settled - f.settled_late} of {f.settled} were paid in time"
        reasons = [Because("grade", f"{words}; {paid}")]
    worse: list[tuple[bool, str]] = [
        (f.age_days >= 91, f"an invoice is {f.age_days} days past due"),
        (f.age_days >= 31, f"something is more than {min(f.age_days, 61) - 1} days past due"),
        (f.bounced_payments > 0, f"{f.bounced_payments} payments bounced in half a year"),
        (f.failed_payments > 1, f"{f.failed_payments} payments failed in half a year"),
        ((f.delay_trend_days or 0) >= 14, "payments come two weeks later than before, or more"),
    ]
    for holds, words in worse:
        if holds:
            grade = _worse(grade)
            reasons.append(Because("grade", f"{words}: one grade lower"))
    return grade, reasons


def _by_chance(late: float) -> Grade:
    for below, grade in GRADE_BELOW:
        if late < below:
            return grade
    return "E"


def _grade_of_prospect(prospect: Prospect) -> tuple[Grade, list[Because]]:
    """C to begin with; good references raise it, bad ones and youth lower it."""
    grade: Grade = "C"
    reasons = [Because("grade", "nothing is known of its payments here: C to begin with")]
    seen = prospect.references
    count = seen.paid_in_time + seen.paid_late
    if count:
        # Five imagined invoices, three of them in time, keep one good word from being a record.
        late = (seen.paid_late + 2) / (count + 5)
        found = f"other suppliers: {seen.paid_in_time} of {count} in time"
        if late <= 0.2:
            grade = _better(grade)
            reasons.append(Because("grade", f"{found}: one grade higher"))
        elif late >= 0.5:
            grade = _worse(grade)
            reasons.append(Because("grade", f"{found}: one grade lower"))
        else:
            reasons.append(Because("grade", f"{found}: no change"))
    years = prospect.years_known
    if years is not None and years < 1:
        grade = _worse(grade)
        reasons.append(Because("grade", "known for less than a year: one grade lower"))
    elif years is not None and years >= 5:
        grade = _better(grade)
        reasons.append(Because("grade", f"known for {years:g} years: one grade higher"))
    return grade, reasons


def _worse(grade: Grade) -> Grade:
    return GRADES[min(GRADES.index(grade) + 1, len(GRADES) - 1)]


def _better(grade: Grade) -> Grade:
    return GRADES[max(GRADES.index(grade) - 1, 0)]


def _limit(grade: Grade, monthly_minor: int, deposit_minor: int) -> tuple[int, Because]:
    """So many months of purchases as the grade is trusted with, and what is deposited."""
    months = MONTHS[grade]
    limit = _round(int(monthly_minor * months)) + deposit_minor
    words = f"{months:g} months of purchases for grade {grade}" if months else "prepaid"
    if deposit_minor:
        words += ", and the deposit"
    return limit, Because("limit", words)


def _round(minor: int) -> int:
    """Two figures that count, rounded down: a limit is a round sum."""
    step: int = 10 ** max(0, len(str(minor)) - 2)
    return minor // step * step


def _terms(kind: str, grade: Grade, now_days: int | None) -> tuple[int, Because]:
    days = TERMS_DAYS[kind][grade]
    if now_days is not None and grade in ("A", "B") and now_days >= days:
        return now_days, Because("terms", f"{now_days} days as agreed: the record is good")
    words = "on receipt" if days == 0 else f"{days} days"
    return days, Because("terms", f"{words}, as usual for a {kind} of grade {grade}")


def _cadence(
    grade: Grade, monthly_minor: int, monthly_invoices: float, currency: str | None
) -> tuple[Cadence, Because]:
    if grade in ("D", "E"):
        return "on_receipt", Because("cadence", f"grade {grade}: each delivery is billed at once")
    if monthly_invoices > 1:
        return "monthly", Because(
            "cadence", f"{monthly_invoices:.1f} invoices a month: one instead of many"
        )
    quarterly_below = QUARTERLY_BELOW_UNITS * 10 ** DECIMALS.get(currency or "", 2)
    is_seldom = monthly_invoices <= QUARTERLY_MONTHS_MAX
    if grade == "A" and is_seldom and 3 * monthly_minor < quarterly_below:
        return "quarterly", Because("cadence", "small sums, billed seldom, and a good record")
    return "monthly", Because("cadence", "one invoice a month")
