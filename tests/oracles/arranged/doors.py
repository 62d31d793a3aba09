"""What the door must answer, from the pages: splits, shares, the most that may be promised."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta


class Refused(Exception):
    """422, with the pointer of the fault."""


# ── Plans: `equal` ──────────────────────────────────────────────────────────────────────────────
def due_days(first_due_on: date, count: int, every: str) -> list[date]:
    """Months are counted from the first day and cut to the month's end; weeks 7, fortnights 14."""
    if every != "month":
        step = {"week": 7, "fortnight": 14}[every]
        return [first_due_on + timedelta(step * n) for n in range(count)]
    found = []
    for n in range(count):
        year, month = divmod(first_due_on.month - 1 + n, 12)
        year, month = first_due_on.year + year, month + 1
        last = calendar.monthrange(year, month)[1]
        found.append(date(year, month, min(first_due_on.day, last)))
    return found


def equal_parts(rest: int, count: int, round_to: int = 1, least: int = 1) -> list[int]:
    """rest ÷ count rounded up, then up to `round_to`; the last takes what is left, above 0."""
    each = -(-rest // count)
    each = -(-each // round_to) * round_to
    parts = [each] * (count - 1) + [rest - each * (count - 1)]
    if parts[-1] <= 0 or min(parts) < least:
        raise Refused("/equal/count")
    return parts


# ── Settlements ─────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Shares:
    """In percent of the base; each instalment after the first raises all three."""

    auto: int
    supervisor: int
    finance: int
    plus: int = 5
    counter: bool = True


@dataclass(frozen=True)
class Answer:
    state: str  # offered, accepted, pending_approval, declined, refused
    role: str | None = None
    least_minor: int | None = None
    counter_minor: int | None = None


def settlement(kind: str, base: int, amount: int, instalments: int, shares: Shares) -> Answer:
    more = shares.plus * (instalments - 1)
    if 100 * amount >= (shares.auto + more) * base:
        return Answer("offered" if kind == "offer" else "accepted")
    for role, share in (("supervisor", shares.supervisor), ("finance", shares.finance)):
        if 100 * amount >= (share + more) * base:
            return Answer("pending_approval", role)
    if kind == "offer":
        return Answer("refused", least_minor=-(-base * (shares.finance + more) // 100))
    counter = -(-base * (shares.auto + more) // 100)
    return Answer("declined", counter_minor=counter if shares.counter else None)


# ── Promises ────────────────────────────────────────────────────────────────────────────────────
def promise_most(
    undisputed: dict[str, int],
    invoices: set[str],
    open_promises: list[tuple[set[str], int]],
    superseded: list[int] | None = None,
) -> int:
    """What is undisputed on its invoices less what is missing of open ones that share one.

    An open promise is (its invoices, what is still missing); superseded ones by their place.
    """
    left = sum(undisputed.get(invoice, 0) for invoice in invoices)
    for place, (others, missing) in enumerate(open_promises):
        if others & invoices and place not in (superseded or []):
            left -= missing
    return max(0, left)
