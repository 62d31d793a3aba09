"""The statement of an account: what it owed, what happened, what it owes (per currency)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from heapq import merge
from typing import Any

from msgspec import Struct, structs

from services.ledger.domain.account import as_of_in_slices
from services.ledger.domain.buckets import days_past_due
from services.ledger.domain.facts import Fact, Position
from services.ledger.domain.movements import LINE_KINDS, TOTALS, Movement, OpenCharge, TotalName
from services.ledger.domain.ordering import Arranged, arrange
from services.ledger.domain.registry import KINDS, NOUNS
from services.ledger.domain.slices import SLICE_ENTRIES, Slices, run
from services.ledger.domain.state import AccountState
from shared.clock import day_start, local_day
from shared.errors import FieldError, Invalid

_CREDIT_NOTE = "credit-note-issued"
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
    found = yield from _until(_movements(state, arranged), to_on)
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
    charges = open_charges(then)
    items = yield from _open_items(then, charges, to_on)
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
                tuple([charge for charge in charges if charge.currency == code]),
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


def _open_items(
    then: AccountState, charges: Iterable[OpenCharge], day: date
) -> Slices[dict[str, list[OpenItem]]]:
    """What is open on each invoice, by currency, oldest due first."""
    charged: Counter[str | None] = Counter()
    for charge in charges:
        charged[charge.invoice_id] += charge.open_minor
    items: dict[str, list[OpenItem]] = {}
    invoices = sorted(then.invoices.values(), key=lambda invoice: invoice.order)
    for number, invoice in enumerate(invoices, start=1):
        if not number % SLICE_ENTRIES:
            yield
        charges_minor = charged[invoice.invoice_id]
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


def open_charges(state: AccountState, invoice_id: str | None = None) -> list[OpenCharge]:
    """The charges on which something is open, by day: all, or those of one invoice."""
    found = []
    for noun in NOUNS.values():
        if noun.open_charge is None:
            continue
        for value in state.objects.of(noun.name).values():
            charge = noun.open_charge(state, value)
            if charge is not None and invoice_id in (None, charge.invoice_id):
                invoice = state.invoices.get(charge.invoice_id or "")
                number = invoice.number if invoice is not None else None
                found.append(structs.replace(charge, number=number))
    return sorted(found, key=lambda charge: (charge.charged_on, charge.charge_id))


# ── Movements ───────────────────────────────────────────────────────────────────────────────────


def _movements(state: AccountState, arranged: Arranged) -> Iterator[Movement]:
    """All movements of an account, in fact order."""
    others = [*_of_resolutions(state), *_of_objects(state)]
    others.sort(key=_position)
    return merge(_of_facts(state, arranged), others, key=_position)


def _of_facts(state: AccountState, arranged: Arranged) -> Iterator[Movement]:
    for position, fact in arranged.ordered:
        kind = KINDS[fact.kind]
        if kind.movement is not None:
            currency, amount = kind.movement(state, fact.data)
            yield Movement(
                kind.day_of(fact.data, position[0], state.zone),
                position,
                fact.kind,
                fact.fact_id,
                currency,
                amount,
                _invoice_of(fact.data),
                getattr(fact.data, "kind", None),
                _of(fact),
            )


def _of_objects(state: AccountState) -> Iterator[Movement]:
    for noun in NOUNS.values():
        if noun.movements is not None:
            for value in state.objects.of(noun.name).values():
                yield from noun.movements(state, value)


def _of_resolutions(state: AccountState) -> Iterator[Movement]:
    """Credit notes that a dispute's resolution posted: no platform sent them."""
    given = {fact.fact_id for fact in state.facts if fact.kind == _CREDIT_NOTE}
    for (kind, credit_id), credit in state.credits.items():
        if kind == "credit_note" and credit_id not in given:
            yield Movement(
                credit.issued_on or local_day(credit.at, state.zone),
                credit.order[1:],
                _CREDIT_NOTE,
                credit_id,
                credit.currency,
                -credit.amount_minor,
                credit.invoice_id,
                "dispute" if credit.invoice_id is not None else None,
            )


def _invoice_of(data: Any) -> str | None:
    """The one invoice that a fact is about; of a payment, the only one that it is aimed at."""
    targets = {target.invoice_id for target in getattr(data, "allocations", ())}
    only = targets.pop() if len(targets) == 1 else None
    return getattr(data, "invoice_id", None) or only


def _of(fact: Fact) -> str | None:
    of_id = getattr(fact.data, "payment_id", None)
    return of_id if of_id != fact.fact_id else None


def _position(movement: Movement) -> Position:
    return movement.position
