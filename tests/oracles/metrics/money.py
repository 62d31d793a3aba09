"""Rows of money that moves: issued, received, recovered, entered, written off, paid late or not."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from tests.oracles.metrics.rows import Asked, Row, Rows, Value, ratio, total
from tests.oracles.metrics.things import Held, Invoice, Put


def row(side: str, debt: Invoice, on: int, held: Held | None, amount: int, count: int = 1) -> Row:
    account = debt.account
    return Row(side, debt.currency, on, account.split(held), amount, count, account.name)


def moved(
    asked: Asked, side: str, debt: Invoice, put: Put, sign: int = 1, count: int = 1
) -> Iterator[Row]:
    """Money put in the window, less what was taken back in it, each under what it found."""
    account = debt.account
    if asked.has(put.day):
        held = account.before(put.at)
        yield row(side, debt, put.day, held, sign * put.amount, count)
    if put.back_at is not None and asked.has(put.back_day):
        held = account.before(put.back_at)
        yield row(side, debt, put.back_day, held, -sign * put.amount, 0)


# ── Sums ────────────────────────────────────────────────────────────────────────────────────────
def invoiced(asked: Asked, side: str = "sum") -> Iterator[Row]:
    for invoice in asked.book.standing:
        if asked.has(invoice.issued):
            yield row(side, invoice, invoice.issued, invoice.held_at_issue, invoice.amount)


def sales(asked: Asked, side: str = "sales") -> Iterator[Row]:
    """Invoices less credit notes; what these took off a void invoice lowers no sales until the
    void has freed it."""
    yield from invoiced(asked, side)
    for note in asked.book.notes:
        if asked.has(note.day):
            split = note.account.split(note.account.before(note.at))
            yield Row(side, note.currency, note.day, split, -note.amount, 0, note.account.name)
    for account, put in asked.book.loose_credit:
        if put.is_on_void and asked.has(put.day):
            split = account.split(account.before(put.at))
            yield Row(side, put.currency, put.day, split, put.amount, 0, account.name)
        if put.is_on_void and put.back_at is not None and asked.has(put.back_day):
            split = account.split(account.before(put.back_at))
            yield Row(side, put.currency, put.back_day, split, -put.amount, 0, account.name)


def received(asked: Asked) -> Iterator[Row]:
    for each in asked.book.payments:
        if asked.has(each.day):
            held = each.account.before(each.at)
            split = each.account.split(held, method=each.method)
            yield Row("sum", each.currency, each.day, split, each.amount, 1, each.account.name)
    for back in asked.book.reversals:
        if asked.has(back.day):
            held = back.account.before(back.at)
            payment = asked.book.payment_of.get((back.account.name, back.payment_id))
            split = back.account.split(held, method=payment.method if payment else "")
            yield Row("sum", back.currency, back.day, split, -back.amount, 0, back.account.name)


def recovered(asked: Asked) -> Iterator[Row]:
    for debt in asked.book.debts:
        for put in debt.puts:
            if debt.is_collected(put):
                yield from moved(asked, "sum", debt, put)


def entered(asked: Asked) -> Iterator[Row]:
    for debt in asked.book.debts:
        assert debt.entry is not None
        if asked.has(debt.entry.day):
            held = debt.account.at(debt.entry.moment.at)
            yield row("sum", debt, debt.entry.day, held, debt.entry.amount)
        for put in debt.puts:
            if debt.came_back(put) and asked.has(put.back_day):
                assert put.back_at is not None
                held = debt.account.before(put.back_at)
                yield row("sum", debt, put.back_day, held, put.amount, 0)


def written_off(asked: Asked, side: str = "sum") -> Iterator[Row]:
    """Less what came in after it, each on its own day."""
    for invoice in asked.book.standing:
        for put in invoice.puts:
            if put.is_write_off:
                yield from moved(asked, side, invoice, put)
            elif put.is_recovery:
                yield from moved(asked, side, invoice, put, -1, 0)


def sum_of(rows: Rows) -> Value:
    return total(rows.of("sum"))


# ── Rates of flows ──────────────────────────────────────────────────────────────────────────────
def write_off_rows(asked: Asked) -> Iterator[Row]:
    yield from written_off(asked, "written")
    yield from sales(asked)


def write_off_rate(rows: Rows) -> Value:
    return ratio(rows.of("written"), rows.of("sales"))


def loss_rows(asked: Asked) -> Iterator[Row]:
    yield from write_off_rows(asked)
    before = replace(asked, start=asked.start - asked.days, end=asked.start - 1)
    for each in write_off_rows(before):
        yield replace(each, side=f"{each.side} before")


def loss_reduction(rows: Rows) -> Value:
    now = ratio(rows.of("written"), rows.of("sales")).value
    before = ratio(rows.of("written before"), rows.of("sales before")).value
    if now is None or before is None or before <= 0:
        return Value(None, now, before)
    return Value(1 - now / before, now, before)


def recovery_rows(asked: Asked) -> Iterator[Row]:
    """Cash, entries and what was overdue, all of debts in collections and under what held just
    before they entered: so no part has the cash of another, and the parts sum to the whole."""
    for debt in asked.book.debts:
        assert debt.entry is not None
        held = debt.held_before_entry
        for put in debt.puts:
            if debt.is_collected(put):
                for each in moved(asked, "cash", debt, put):
                    yield replace(each, split=debt.account.split(held))
            if debt.came_back(put) and asked.has(put.back_day):
                yield row("owed", debt, put.back_day, held, put.amount, 0)
        if asked.has(debt.entry.day):
            yield row("owed", debt, debt.entry.day, held, debt.entry.amount)
        opening = asked.start - 1
        if debt.entry.day <= opening and debt.is_overdue_on(opening):
            found = row("owed", debt, opening, held, debt.balance_on(opening))
            yield replace(found, rate_on=asked.end)  # as all that stands is


def recovery_rate(rows: Rows) -> Value:
    return ratio(rows.amount("cash"), rows.amount("owed"))


def late_rows(asked: Asked) -> Iterator[Row]:
    for invoice in asked.book.standing:
        for put in invoice.puts:
            if put.is_cash and asked.has(put.day) and put.back_day > asked.end:
                late = max(0, put.day - invoice.due)
                held = invoice.account.before(put.at)
                yield row("days", invoice, put.day, held, put.amount * late)
                yield row("weight", invoice, put.day, held, put.amount)
        if invoice.is_overdue_on(asked.end):
            balance, held = invoice.balance_on(asked.end), invoice.account.on(asked.end)
            yield row("days", invoice, asked.end, held, balance * (asked.end - invoice.due))
            yield row("weight", invoice, asked.end, held, balance)


def days_to_pay_rows(asked: Asked) -> Iterator[Row]:
    for invoice in asked.book.standing:
        for put in invoice.puts:
            if put.is_cash and asked.has(put.day) and put.back_day > asked.end:
                held = invoice.account.before(put.at)
                yield row("days", invoice, put.day, held, put.amount * (put.day - invoice.issued))
                yield row("weight", invoice, put.day, held, put.amount)


def weighted_days(rows: Rows) -> Value:
    return ratio(rows.amount("days"), rows.amount("weight"))


# ── Cohorts of debts ────────────────────────────────────────────────────────────────────────────
def liquidation_rows(asked: Asked) -> Iterable[Row]:
    return _of_placements(asked) if asked.per == "placement" else _of_entries(asked)


def cash_of(debt: Invoice, at: int) -> int:
    """What was recovered of a debt by the end of a day."""
    cash = 0
    for put in debt.puts:
        if debt.is_collected(put):
            cash += put.amount * ((put.day <= at) - (put.back_day <= at))
    return cash


def _of_entries(asked: Asked) -> Iterator[Row]:
    for debt in asked.book.debts:
        assert debt.entry is not None
        if asked.has(debt.entry.day):
            held = debt.account.at(debt.entry.moment.at)
            yield row("base", debt, debt.entry.day, held, debt.entry.amount)
            yield row("cash", debt, debt.entry.day, held, cash_of(debt, asked.at))


def _of_placements(asked: Asked) -> Iterator[Row]:
    for each in asked.book.placements:
        if not asked.has(each.day):
            continue
        split = each.account.split(each.account.at(each.at), agency=each.agency)
        name = each.account.name
        for invoice in asked.book.of(each.account):
            if invoice.name not in each.invoices:
                continue
            base = each.invoices[invoice.name]
            yield Row("base", invoice.currency, each.day, split, base, 1, name)
            for put in invoice.puts:
                if put.is_cash and _is_between(put.at, each.at, each.recalled_at):
                    cash = put.amount * ((put.day <= asked.at) - (put.back_day <= asked.at))
                    yield Row("cash", invoice.currency, each.day, split, cash, 1, name)


def _is_between(instant: datetime, start: datetime, end: datetime | None) -> bool:
    """A payment of the same instant as a placement or a recall lies before it."""
    return instant > start and (end is None or instant <= end)


def liquidation_rate(rows: Rows) -> Value:
    return ratio(rows.amount("cash"), rows.amount("base"))


def at_risk_rows(asked: Asked) -> Iterator[Row]:
    for invoice in asked.book.standing:
        if not asked.has(invoice.issued):
            continue
        held = invoice.held_at_issue
        ripe = max(invoice.issued, invoice.due + 90)
        if ripe > asked.at:
            yield row("unripe", invoice, invoice.issued, held, invoice.amount)
            continue
        yield row("ripe", invoice, invoice.issued, held, invoice.amount)
        yield row("open", invoice, invoice.issued, held, invoice.balance_on(ripe))


def at_risk_rate(rows: Rows) -> Value:
    found = ratio(rows.amount("open"), rows.amount("ripe"))
    return found._replace(more={"unripe_minor": rows.amount("unripe")})


def dispute_rows(asked: Asked) -> Iterator[Row]:
    if asked.per == "account":
        yield from _disputing_accounts(asked)
        return
    for invoice in asked.book.standing:
        if not asked.has(invoice.issued):
            continue
        held = invoice.held_at_issue
        yield row("base", invoice, invoice.issued, held, invoice.amount)
        opened = [each for each in invoice.disputes if each.opened <= asked.at]
        if opened:
            most = min(invoice.amount, max(each.disputed for each in opened))
            yield row("disputed", invoice, invoice.issued, held, most)


def _disputing_accounts(asked: Asked) -> Iterator[Row]:
    for account in asked.book.accounts.values():
        owed = [each for each in asked.book.of(account) if each.balance_on(asked.end) > 0]
        if not owed:
            continue
        split = account.split(account.on(asked.end))
        yield Row("base", "", asked.end, split, 1, 1, account.name)
        if any(
            dispute.opened <= asked.end < dispute.resolved
            for invoice in owed
            for dispute in invoice.disputes
        ):
            yield Row("disputed", "", asked.end, split, 1, 1, account.name)


def dispute_rate(rows: Rows) -> Value:
    return ratio(rows.of("disputed"), rows.of("base"))
