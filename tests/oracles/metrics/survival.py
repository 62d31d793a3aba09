"""How long debts take to be settled, those that are still open among them (Kaplan and Meier)."""

from collections.abc import Iterator
from fractions import Fraction

from tests.oracles.metrics.rows import Asked, Number, Row, Rows, Value
from tests.oracles.metrics.things import Invoice

# A row's part is its days, its side whether it was settled then or only watched until then.


def ending(debt: Invoice, at: int) -> tuple[int, bool]:
    """(days from its entry, whether cash settled it) as it is seen at the end of a day."""
    entry = debt.entered
    if debt.balance_on(at) > 0:
        return at - entry, False
    day = at
    while day > entry and debt.balance_on(day - 1) <= 0:
        day -= 1
    took = [
        put for put in debt.puts if put.day == day and put.stands_on(day) and not put.is_recovery
    ]
    if not took:  # what it was entered with was gone on the day before already
        return day - entry, False
    last = max(took, key=lambda put: (put.at, put.is_credit is False, put.is_cash is False))
    return day - entry, last.is_cash


def survival_rows(asked: Asked) -> Iterator[Row]:
    for debt in asked.book.debts:
        assert debt.entry is not None
        if asked.has(debt.entry.day):
            days, is_settled = ending(debt, asked.at)
            split = debt.account.split(debt.account.at(debt.entry.moment.at))
            yield Row(
                "settled" if is_settled else "watched",
                debt.currency,
                debt.entry.day,
                split,
                debt.entry.amount,
                1,
                debt.account.name,
                days,
            )


def curve_of(rows: Rows) -> list[tuple[int, Fraction]]:
    """(day, share that is open after it), for every day on which something was settled."""
    still, left = Fraction(1), rows.of("settled") + rows.of("watched")
    found = []
    for day in sorted({row.part for row in rows.rows}):
        settled = rows.of("settled", day)
        if settled:
            still *= 1 - Fraction(settled) / left
            found.append((day, still))
        left -= settled + rows.of("watched", day)
    return found


def time_to_recover(rows: Rows) -> Value:
    settled, entered = rows.of("settled"), rows.of("settled") + rows.of("watched")
    longest = max((row.part for row in rows.rows), default=0)
    tau = min(365, longest)
    curve = curve_of(rows)

    def open_after(day: int) -> Fraction:
        return next((share for on, share in reversed(curve) if on <= day), Fraction(1))

    def first_at(share: Fraction) -> Number | None:
        return next((day for day, still in curve if still <= share), None)

    mean = sum((open_after(day) for day in range(tau)), Fraction(0)) if rows.rows else None
    more = {"mean": mean, "p90": first_at(Fraction(1, 10)), "restricted_to": tau, "curve": curve}
    return Value(first_at(Fraction(1, 2)), settled, entered, more)
