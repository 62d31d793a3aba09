"""The statement of an account: what it owed, what happened, what it owes (per currency)."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

from services.ledger.domain.account import as_of_in_slices
from services.ledger.domain.buckets import days_past_due
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.movements import LINE_KINDS, TOTALS, Movement, TotalName, movements
from services.ledger.domain.ordering import Arranged, arrange
from services.ledger.domain.slices import SLICE_ENTRIES, Slices, run
from services.ledger.domain.state import AccountState
from shared.clock import day_start
from shared.errors import FieldError, Invalid

LINES_MAX = 50_000  # of one statement, all currencies together


class Line(Struct, frozen=True, gc=False):
    """One movement: above zero it adds to the debt, below it takes from it."""

    on: date
    kind: str  # of LINE_KINDS: an event's type, or what a charge or a discount is
    id: str
    amount_minor: int
    balance_minor: int  # after it
    invoice_id: str | None = None
    number: str | None = None  # of the invoice
    variant: str | None = None
    of_id: str | None = None


class OpenItem(Struct, frozen=True, gc=False):
    """An invoice on which something is open at the end of the window."""

    invoice_id: str
    number: str | None
    issued_on: date
    due_on: date
    days_past_due: int
    principal_minor: int
    disputed_minor: int
    charges_minor: int


class ChargedDays(Struct, frozen=True, gc=False):
    """Days of interest that are alike."""

    from_on: date
    to_on: date
    days: int
    basis_minor: int
    percent: str  # a year, a decimal as text


class OpenCharge(Struct, frozen=True, gc=False):
    """A charge with its reason, and what of it is open at the end of the window."""

    charge_id: str
    kind: str  # interest, fee, cost
    invoice_id: str | None
    number: str | None
    charged_on: date
    amount_minor: int
    open_minor: int
    reason: str | None = None  # the rule's citation, or a person's words
    days: tuple[ChargedDays, ...] = ()


class CurrencyStatement(Struct, frozen=True, gc=False):
    """One currency between two days, both included.

    Balances are net: below zero, the account has money with us. The closing balance of a window is
    the opening one of the window that begins the day after. Each total is the sum of its lines.
    """

    currency: str
    from_on: date
    to_on: date
    opening_minor: int
    lines: tuple[Line, ...]
    closing_minor: int
    totals: dict[TotalName, int] = {}
    open_items: tuple[OpenItem, ...] = ()
    open_charges: tuple[OpenCharge, ...] = ()


def statement(
    state: AccountState, from_on: date, to_on: date, currency: str | None = None
) -> tuple[CurrencyStatement, ...]:
    """The account's statements, by currency, of the days `from_on` to `to_on`."""
    return run(statement_in_slices(state, from_on, to_on, currency))


def statement_in_slices(
    state: AccountState,
    from_on: date,
    to_on: date,
    currency: str | None = None,
    lines_max: int = LINES_MAX,
) -> Slices[tuple[CurrencyStatement, ...]]:
    """The same, giving way. Raises `Invalid` where there are more lines than that."""
    arranged = yield from arrange(state.facts, state.zone, state.registered)
    chosen = [code for code in sorted(state.currencies) if currency in (None, code)]
    closing = dict.fromkeys(chosen, 0)
    opening = dict(closing)
    lines: dict[str, list[Line]] = {code: [] for code in chosen}
    found = yield from _until(movements(state, arranged), to_on)
    left = lines_max
    for number, movement in enumerate(found, start=1):
        if not number % SLICE_ENTRIES:
            yield
        code, amount = movement.currency, movement.amount_minor
        if code not in closing or not amount:
            continue
        closing[code] += amount
        if movement.on < from_on:
            opening[code] = closing[code]
        elif not left:
            raise _too_many(lines_max)
        else:
            left -= 1
            lines[code].append(_line(state, movement, closing[code]))
    then = yield from _state_at(state, arranged, to_on)
    items = yield from _open_items(then, to_on)
    return tuple(
        [
            CurrencyStatement(
                code,
                from_on,
                to_on,
                opening[code],
                tuple(lines[code]),
                closing[code],
                _totals(lines[code]),
                tuple(items.get(code, ())),
                _open_charges(then, code),
            )
            for code in chosen
        ]
    )


def _too_many(lines_max: int) -> Invalid:
    detail = f"the window has more than {lines_max:,} lines: ask for fewer days, or one currency"
    return Invalid("The statement would be too long.", [FieldError("/query/from", detail)])


def _until(found: Iterable[Movement], to_on: date) -> Slices[list[Movement]]:
    """Those on days up to one, by day and in fact order within it."""
    kept = []
    for number, movement in enumerate(found, start=1):
        if not number % SLICE_ENTRIES:
            yield
        if movement.on <= to_on:
            kept.append(movement)
    kept.sort(key=lambda movement: movement.on)  # stable, and nearly sorted already
    return kept


def _line(state: AccountState, movement: Movement, balance_minor: int) -> Line:
    invoice = state.invoices.get(movement.invoice_id or "")
    return Line(
        movement.on,
        movement.kind,
        movement.id,
        movement.amount_minor,
        balance_minor,
        movement.invoice_id,
        invoice.number if invoice is not None else None,
        movement.variant,
        movement.of_id,
    )


def _totals(lines: Iterable[Line]) -> dict[TotalName, int]:
    sums: Counter[TotalName] = Counter()
    for line in lines:
        sums[LINE_KINDS.get(line.kind, "other")] += line.amount_minor
    return {name: sums[name] for name in TOTALS}


def _state_at(state: AccountState, arranged: Arranged, day: date) -> Slices[AccountState]:
    """The account by the facts effective by the end of a day: itself, where none is later."""
    end = day_start(day + timedelta(days=1), state.zone)
    is_present = state.aged_on is None or day >= state.aged_on
    if is_present and (not arranged.ordered or arranged.ordered[-1][0][0] < end):
        return state
    return (yield from as_of_in_slices(state, day))


def _open_items(then: AccountState, day: date) -> Slices[dict[str, list[OpenItem]]]:
    """What is open on each invoice, by currency, oldest due first."""
    items: dict[str, list[OpenItem]] = {}
    invoices = sorted(then.invoices.values(), key=lambda invoice: invoice.order)
    for number, invoice in enumerate(invoices, start=1):
        if not number % SLICE_ENTRIES:
            yield
        charges_minor = _charges_on(then, invoice)
        if invoice.balance_minor or charges_minor:
            items.setdefault(invoice.currency, []).append(
                OpenItem(
                    invoice.invoice_id,
                    invoice.number,
                    invoice.issued_on,
                    invoice.due_on,
                    days_past_due(invoice.due_on, day) if invoice.balance_minor else 0,
                    invoice.balance_minor,
                    invoice.disputed_minor,
                    charges_minor,
                )
            )
    return items


# ── Charges: the one place where statements learn of them ───────────────────────────────────────


def _charges_on(then: AccountState, invoice: Invoice) -> int:
    """What is open of the charges on an invoice. There are no charges yet."""
    return 0


def _open_charges(then: AccountState, currency: str) -> tuple[OpenCharge, ...]:
    """The open charges of a currency, with and without an invoice. There are none yet."""
    return ()


def invoice_charges(state: AccountState, invoice: Invoice) -> tuple[OpenCharge, ...]:
    """The open charges on an invoice. There are none yet."""
    return ()
