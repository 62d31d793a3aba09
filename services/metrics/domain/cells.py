"""What an item adds to the daily measures, by the facts known of it and of its account.

Every measure is additive over days, so that any window, interval and split agrees with the whole:
a flow counts on its day, a stock at the end of D is the sum of all that happened on days ≤ D.

measure (day; until): amount; also
- `invoiced` (issued): amount; count
- `credited` (credited): what sales are lowered by
- `open` (balance changed; due day): change of the open balance; count of open invoices
- `credit` (unapplied credit changed): its change
- `received` (received, reversed): payments less reversals; count of payments
- `entered` (entered collections): what was open then; count
- `recovered` (cash put, taken back): cash on debts that had entered
- `late` (cash put; taken back, `FAR`: never): amount; weight is amount × days late

Contacts are counted by result: each result once, `suppressed` once for each rule, and `withheld`
once with the first of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.metrics.domain.items import (
    FAR,
    FIRST_DAY,
    Allocated,
    Amended,
    Credited,
    Fact,
    Issued,
    ItemKind,
    Occurred,
    Paid,
    Put,
    Reopened,
    Replaced,
    Reversed,
    Staged,
    Voided,
    bounded,
)
from services.metrics.domain.view import View
from shared.clock import day_start

# Money: (measure, currency, day, until, kind, country, segment).
# Contacts: (result, day, kind, country, segment, channel, strategy, rule).
Cell = tuple[Any, ...]
Cells = dict[Cell, tuple[int, int, int]]  # amount, count, weight

STOCKS = ("open", "credit")


def cells_of(kind: ItemKind, facts: Sequence[Fact], view: View) -> Cells:
    """All that the item adds."""
    cells: Cells = {}
    if kind == "invoice":
        _add_invoice(cells, facts, view)
    elif kind == "payment":
        _add_payment(cells, facts, view)
    elif kind == "credit_note":
        _add_credit_note(cells, facts, view)
    else:
        _add_contact(cells, facts, view)
    return cells


def ends_on(kind: ItemKind, cells: Cells) -> date:
    """The last day on which the item adds anything; `FAR` while a balance of it stands."""
    if kind == "contact":
        return max((cell[1] for cell in cells), default=FIRST_DAY)
    last, standing = FIRST_DAY, dict.fromkeys(STOCKS, 0)
    for cell, (amount, _, _) in cells.items():
        if cell[0] in standing:
            standing[cell[0]] += amount
        last = max(last, cell[2])
    return FAR if any(standing.values()) else last


def add(cells: Cells, cell: Cell, amount: int, count: int = 0, weight: int = 0) -> None:
    """Add to a cell."""
    known = cells.get(cell)
    if known is None:
        cells[cell] = (amount, count, weight)
    else:
        cells[cell] = (known[0] + amount, known[1] + count, known[2] + weight)


@dataclass(slots=True)
class _Invoice:
    currency: str
    amount: int
    issued_on: date
    due_on: date
    is_void: bool
    cash: list[Put]
    credit: list[Put]
    staged: list[int]
    reopened: list[Reopened]


def _read_invoice(facts: Sequence[Fact]) -> _Invoice | None:
    issued: Issued | None = None
    due_on = FAR
    is_void = False
    staged: list[Staged] = []
    reopened: list[Reopened] = []
    sources: dict[tuple[bool, str], Allocated] = {}
    for fact in facts:
        if isinstance(fact, Allocated):
            sources[fact.is_cash, fact.source_id] = fact
        elif isinstance(fact, Issued):
            issued, due_on = fact, fact.due_on  # by the amendments that came before it, too
        elif isinstance(fact, Staged):
            staged.append(fact)
        elif isinstance(fact, Amended):
            due_on = fact.due_on
        elif isinstance(fact, Reopened):
            reopened.append(fact)
        elif isinstance(fact, Voided):
            is_void = True
    if issued is None:
        return None
    due_on = bounded(due_on)
    return _Invoice(
        currency=issued.currency,
        amount=issued.amount_minor,
        issued_on=bounded(issued.issued_on),
        due_on=due_on,
        is_void=is_void,
        cash=[put for source in sources.values() if source.is_cash for put in source.puts],
        credit=[put for source in sources.values() if not source.is_cash for put in source.puts],
        staged=[fact.stage for fact in staged if bounded(fact.due_on) == due_on],
        reopened=reopened,
    )


@dataclass(slots=True)
class _Entry:
    """The moment at which a debt entered collections, and what was open then."""

    at: datetime
    is_after: bool  # after all facts of that instant; else just before it
    day: date
    amount: int = 0

    def counts(self, applied_at: datetime) -> bool:
        """Whether cash put on the invoice then is recovered."""
        return applied_at > self.at if self.is_after else applied_at >= self.at


def _find_entry(invoice: _Invoice, view: View) -> _Entry | None:
    """The first begun moment at which the invoice was past due and open, by the facts known."""
    moments: list[_Entry] = []
    for stage in invoice.staged:
        since_on = min(invoice.due_on + timedelta(days=stage), FAR)
        if since_on > invoice.issued_on:
            moments.append(_Entry(day_start(since_on, view.zone), False, since_on))
        else:
            start = day_start(invoice.issued_on, view.zone)
            moments.append(_Entry(start, True, invoice.issued_on))
    for again in invoice.reopened:
        day = view.day_of(again)
        if day > invoice.due_on:
            moments.append(_Entry(again.at, True, max(day, invoice.issued_on)))
    moments.sort(key=lambda moment: (moment.at, moment.is_after))
    for moment in moments:
        moment.amount = _balance_at(invoice, moment)
        if moment.amount > 0:
            return moment
    return None


def _balance_at(invoice: _Invoice, moment: _Entry) -> int:
    balance = invoice.amount
    for puts in (invoice.cash, invoice.credit):
        for put in puts:
            if not moment.counts(put.applied_at):
                balance -= put.amount_minor
                if put.released_at is not None and not moment.counts(put.released_at):
                    balance += put.amount_minor
    return balance


def _days_of(put: Put, issued_on: date) -> tuple[date, date]:
    """When it was put and taken back (`FAR`: never), not before the invoice was there."""
    applied_on = max(bounded(put.applied_on), issued_on)
    if put.released_on is None:
        return applied_on, FAR
    return applied_on, max(bounded(put.released_on), applied_on)


def _add_invoice(cells: Cells, facts: Sequence[Fact], view: View) -> None:
    invoice = _read_invoice(facts)
    if invoice is None:
        return
    credit_changes: dict[date, int] = {}
    for put in invoice.credit:
        applied_on, released_on = _days_of(put, invoice.issued_on)
        _change(credit_changes, applied_on, -put.amount_minor)
        if released_on != FAR:
            _change(credit_changes, released_on, put.amount_minor)
    if credit_changes:
        _add_stock(cells, view, "credit", invoice.currency, FAR, credit_changes)
    if invoice.is_void:
        _add_credit_off_a_void(cells, invoice, view)
    else:
        _add_debt(cells, invoice, view, dict(credit_changes))


def _add_debt(cells: Cells, invoice: _Invoice, view: View, changes: dict[date, int]) -> None:
    """A standing invoice: issued, open, entered, recovered. `changes` holds the credit on it."""
    currency, issued_on = invoice.currency, invoice.issued_on
    kind, country = view.kind, view.country
    segment = view.segment_at(day_start(issued_on, view.zone)) if view.has_segments else ""
    add(
        cells,
        ("invoiced", currency, issued_on, FAR, kind, country, segment),
        invoice.amount,
        1,
    )
    entry = _find_entry(invoice, view) if invoice.staged or invoice.reopened else None
    if entry is not None:
        segment = view.segment_at(entry.at)
        cell = ("entered", currency, entry.day, FAR, kind, country, segment)
        add(cells, cell, entry.amount, 1)
    _change(changes, issued_on, invoice.amount)
    for put in invoice.cash:
        amount = put.amount_minor
        applied_on, released_on = _days_of(put, issued_on)
        segment = view.segment_before(put.applied_at)
        _change(changes, applied_on, -amount)
        if released_on != applied_on:
            late = amount * max(0, (applied_on - invoice.due_on).days)
            cell = ("late", currency, applied_on, released_on, kind, country, segment)
            add(cells, cell, amount, 0, late)
        is_recovered = entry is not None and entry.counts(put.applied_at)
        if is_recovered:
            cell = ("recovered", currency, applied_on, FAR, kind, country, segment)
            add(cells, cell, amount)
        if put.released_at is not None:
            _change(changes, released_on, amount)
            if is_recovered:
                segment = view.segment_before(put.released_at)
                cell = ("recovered", currency, released_on, FAR, kind, country, segment)
                add(cells, cell, -amount)
    _add_stock(cells, view, "open", currency, invoice.due_on, changes)


def _add_credit_off_a_void(cells: Cells, invoice: _Invoice, view: View) -> None:
    """What credit notes took off a void invoice lowers no sales until the void has freed it."""
    for put in invoice.credit:
        applied_on, released_on = _days_of(put, invoice.issued_on)
        segment = view.segment_before(put.applied_at)
        cell = (
            "credited", invoice.currency, applied_on, FAR, view.kind, view.country, segment
        )  # fmt: skip
        add(cells, cell, -put.amount_minor)
        if put.released_at is not None:
            segment = view.segment_before(put.released_at)
            add(cells, (*cell[:2], released_on, *cell[3:6], segment), put.amount_minor)


def _change(changes: dict[date, int], day: date, amount: int) -> None:
    changes[day] = changes.get(day, 0) + amount


def _add_stock(
    cells: Cells, view: View, measure: str, currency: str, until: date, changes: dict[date, int]
) -> None:
    """A stock's changes; where the segment changes, the balance moves from the old to the new."""
    kind, country = view.kind, view.country
    balance = 0
    days = sorted(changes)
    moves = view.moves_after(days[0]) if view.has_segments else ()
    if moves:
        days = sorted({*days, *moves})
    segment = view.segment_on(days[0]) if view.has_segments else ""
    for day in days:
        if day in moves:
            before, segment = segment, view.segment_on(day)
            if balance:
                cell = (measure, currency, day, until, kind, country, before)
                add(cells, cell, -balance, -int(balance > 0))
                cell = (measure, currency, day, until, kind, country, segment)
                add(cells, cell, balance, int(balance > 0))
        change = changes.get(day, 0)
        if change:
            count = int(balance + change > 0) - int(balance > 0)
            cell = (measure, currency, day, until, kind, country, segment)
            add(cells, cell, change, count)
            balance += change


def _add_payment(cells: Cells, facts: Sequence[Fact], view: View) -> None:
    paid = next((fact for fact in facts if isinstance(fact, Paid)), None)
    if paid is None:
        return
    kind, country = view.kind, view.country
    segment = view.segment_before(paid.at)
    cell = ("received", paid.currency, view.day_of(paid), FAR, kind, country, segment)
    add(cells, cell, paid.amount_minor, 1)
    # What a reversal takes is said again when it changes.
    reversals = {fact.reversal_id: fact for fact in facts if isinstance(fact, Reversed)}
    for back in reversals.values():
        segment = view.segment_before(back.at)
        cell = ("received", paid.currency, view.day_of(back), FAR, kind, country, segment)
        add(cells, cell, -back.amount_minor)


def _add_credit_note(cells: Cells, facts: Sequence[Fact], view: View) -> None:
    if any(isinstance(fact, Replaced) for fact in facts):
        return
    credited = next((fact for fact in facts if isinstance(fact, Credited)), None)
    if credited is None:
        return
    currency, day, amount = credited.currency, bounded(credited.day), credited.amount_minor
    segment = view.segment_before(credited.at)
    add(cells, ("credited", currency, day, FAR, view.kind, view.country, segment), amount)
    _add_stock(cells, view, "credit", currency, FAR, {day: amount})


def _add_contact(cells: Cells, facts: Sequence[Fact], view: View) -> None:
    said: set[tuple[str, str]] = set()
    for fact in facts:
        if not isinstance(fact, Occurred):
            continue
        told: list[tuple[str, str]] = [(fact.result, fact.rule)]
        if fact.result == "suppressed":
            told.append(("withheld", ""))
        for result, rule in told:
            if (result, rule) in said:
                continue
            said.add((result, rule))
            segment = view.segment_at(fact.at)
            dimensions = (view.kind, view.country, segment, fact.channel, fact.strategy, rule)
            add(cells, (result, bounded(fact.day), *dimensions), 0, 1)
