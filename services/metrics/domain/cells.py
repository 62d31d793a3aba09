"""What an item adds to the daily measures, by the facts known of it and of its account.

Every measure is additive over days, so that any window, interval and split agrees with the whole:
a flow counts on its day, a stock at the end of D is the sum of all that happened on days ≤ D.

measure (day; until): amount; also
- `invoiced` (issued): amount; count
- `credited` (credited): what sales are lowered by
- `open` (balance changed; due day): change of the open balance; count of open invoices
- `credit` (unapplied credit changed): its change
- `charges` (charged, waived, paid): change of what is open of charges
- `received` (received, reversed): payments less reversals; count of payments
- `entered` (entered collections): what was open then, and what came to it later because money
  that had been put on it before, or credit, was taken back; count
- `recovered` (cash put, taken back): cash on debts that had entered
- `in_collections` (balance changed; due day): the same changes as `open` of a debt that entered,
  those before it was overdue together on its first day past due
- `late` (cash put; taken back, `FAR`: never): amount; weight is amount × days late

`entered`, `recovered` and `in_collections` stand under the segment that held just before the debt
entered, so that in a split no part has cash of another.

Contacts are counted by result: each result once, `suppressed` once for each rule, and `withheld`
once with the first of them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from msgspec import Struct

from services.metrics.domain.invoices import Entry, Invoice, days_of, find_entry, read_invoice
from services.metrics.domain.items import (
    FAR,
    FIRST_DAY,
    Allocated,
    Charged,
    Credited,
    Fact,
    ItemKind,
    Occurred,
    Paid,
    Replaced,
    Reversed,
    bounded,
)
from services.metrics.domain.view import View
from services.metrics.domain.windows import ONE_DAY
from shared.clock import day_start

STOCKS = ("open", "credit", "charges")


class MoneyCell(Struct, frozen=True):
    """Where a measure of money adds up."""

    measure: str
    currency: str
    day: date
    until: date
    kind: str
    country: str
    segment: str


class ContactCell(Struct, frozen=True):
    """Where a result of contacts adds up."""

    result: str
    day: date
    kind: str
    country: str
    segment: str
    channel: str
    strategy: str
    rule: str


Cell = TypeVar("Cell", MoneyCell, ContactCell)
Added = tuple[int, int, int]  # amount, count, weight
MoneyCells = dict[MoneyCell, Added]
ContactCells = dict[ContactCell, Added]

NOTHING: Added = (0, 0, 0)


def add(cells: dict[Cell, Added], cell: Cell, amount: int, count: int = 0, weight: int = 0) -> None:
    """Add to a cell."""
    sums = cells.get(cell)
    if sums is None:
        cells[cell] = (amount, count, weight)
    else:
        cells[cell] = (sums[0] + amount, sums[1] + count, sums[2] + weight)


def merge(cells: dict[Cell, Added], others: Mapping[Cell, Added]) -> None:
    """Add all of the others."""
    for cell, sums in others.items():
        add(cells, cell, *sums)


def money_ends_on(cells: MoneyCells) -> date:
    """The last day on which an item adds anything; `FAR` while a balance of it stands."""
    last, standing = FIRST_DAY, dict.fromkeys(STOCKS, 0)
    for cell, sums in cells.items():
        if cell.measure in standing:
            standing[cell.measure] += sums[0]
        last = max(last, cell.day)
    return FAR if any(standing.values()) else last


def contact_ends_on(cells: ContactCells) -> date:
    """The last day on which a contact adds anything."""
    return max((cell.day for cell in cells), default=FIRST_DAY)


def _invoice_cells(facts: Sequence[Fact], view: View) -> MoneyCells:
    cells: MoneyCells = {}
    invoice = read_invoice(facts)
    if invoice is None:
        return cells
    credit_changes: dict[date, int] = {}
    for put in invoice.credit:
        applied_on, released_on = days_of(put, invoice.issued_on)
        _change(credit_changes, applied_on, -put.amount_minor)
        if released_on != FAR:
            _change(credit_changes, released_on, put.amount_minor)
    if credit_changes:
        _add_stock(cells, view, "credit", invoice.currency, FAR, credit_changes)
    if invoice.is_void:
        _add_credit_off_a_void(cells, invoice, view)
    else:
        _add_debt(cells, invoice, view, credit_changes)
    return cells


def _add_debt(cells: MoneyCells, invoice: Invoice, view: View, changes: dict[date, int]) -> None:
    """A standing invoice: issued, open, and what of it went through collections. `changes` holds
    the credit on it."""
    currency, issued_on = invoice.currency, invoice.issued_on
    kind, country = view.kind, view.country
    segment = view.segment_at(day_start(issued_on, view.zone)) if view.has_segments else ""
    cell = MoneyCell("invoiced", currency, issued_on, FAR, kind, country, segment)
    add(cells, cell, invoice.amount, 1)
    _change(changes, issued_on, invoice.amount)
    for put in invoice.given_up:  # neither cash nor credit, and no less sold
        applied_on, released_on = days_of(put, issued_on)
        _change(changes, applied_on, -put.amount_minor)
        if put.released_at is not None:
            _change(changes, released_on, put.amount_minor)
    for put in invoice.cash:
        amount = put.amount_minor
        applied_on, released_on = days_of(put, issued_on)
        if not put.is_recovery:
            _change(changes, applied_on, -amount)
        if released_on != applied_on:
            segment = view.segment_before(put.applied_at)
            late = amount * max(0, (applied_on - invoice.due_on).days)
            cell = MoneyCell("late", currency, applied_on, released_on, kind, country, segment)
            add(cells, cell, amount, 0, late)
        if put.released_at is not None and not put.is_recovery:
            _change(changes, released_on, amount)
    entry = find_entry(invoice, view) if invoice.staged or invoice.reopened else None
    if entry is not None:
        _add_collections(cells, invoice, view, entry, changes)
    _add_stock(cells, view, "open", currency, invoice.due_on, changes)


def _add_collections(
    cells: MoneyCells, invoice: Invoice, view: View, entry: Entry, changes: Mapping[date, int]
) -> None:
    """A debt that entered collections: what entered, what was recovered, what is open."""
    segment = view.segment_before(entry.at)

    def add_to(measure: str, day: date, amount: int, count: int = 0, until: date = FAR) -> None:
        cell = MoneyCell(measure, invoice.currency, day, until, view.kind, view.country, segment)
        add(cells, cell, amount, count)

    add_to("entered", entry.day, entry.amount, 1)
    taken = (invoice.cash, True), (invoice.credit, False), (invoice.given_up, False)
    for puts, is_cash in taken:
        for put in puts:
            applied_on, released_on = days_of(put, invoice.issued_on)
            is_recovered = is_cash and entry.counts(put.applied_at)
            if is_recovered:
                add_to("recovered", applied_on, put.amount_minor)
            if put.released_at is None:
                continue
            if is_recovered:
                add_to("recovered", released_on, -put.amount_minor)
            elif entry.counts(put.released_at) and not put.is_recovery:
                add_to("entered", released_on, put.amount_minor)
    first_past_due = min(invoice.due_on + ONE_DAY, FAR)
    for day, amount in changes.items():
        if amount:
            add_to("in_collections", max(day, first_past_due), amount, until=invoice.due_on)


def _add_credit_off_a_void(cells: MoneyCells, invoice: Invoice, view: View) -> None:
    """What credit notes took off a void invoice lowers no sales until the void has freed it."""
    for put in invoice.credit:
        applied_on, released_on = days_of(put, invoice.issued_on)
        segment = view.segment_before(put.applied_at)
        add(cells, _credited(view, invoice.currency, applied_on, segment), -put.amount_minor)
        if put.released_at is not None:
            segment = view.segment_before(put.released_at)
            add(cells, _credited(view, invoice.currency, released_on, segment), put.amount_minor)


def _credited(view: View, currency: str, day: date, segment: str) -> MoneyCell:
    return MoneyCell("credited", currency, day, FAR, view.kind, view.country, segment)


def _change(changes: dict[date, int], day: date, amount: int) -> None:
    changes[day] = changes.get(day, 0) + amount


def _add_stock(
    cells: MoneyCells,
    view: View,
    measure: str,
    currency: str,
    until: date,
    changes: dict[date, int],
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
                cell = MoneyCell(measure, currency, day, until, kind, country, before)
                add(cells, cell, -balance, -int(balance > 0))
                cell = MoneyCell(measure, currency, day, until, kind, country, segment)
                add(cells, cell, balance, int(balance > 0))
        change = changes.get(day, 0)
        if change:
            count = int(balance + change > 0) - int(balance > 0)
            cell = MoneyCell(measure, currency, day, until, kind, country, segment)
            add(cells, cell, change, count)
            balance += change


def _payment_cells(facts: Sequence[Fact], view: View) -> MoneyCells:
    cells: MoneyCells = {}
    paid: Paid | None = None
    reversals: dict[str, Reversed] = {}
    for fact in facts:
        if isinstance(fact, Paid):
            paid = paid or fact
        elif isinstance(fact, Reversed):
            reversals[fact.reversal_id] = fact  # what a reversal takes comes again when it changes
    if paid is None:
        return cells
    add(cells, _received(view, paid.currency, paid), paid.amount_minor, 1)
    for back in reversals.values():
        add(cells, _received(view, paid.currency, back), -back.amount_minor)
    return cells


def _received(view: View, currency: str, moved: Paid | Reversed) -> MoneyCell:
    segment, day = view.segment_before(moved.at), view.day_of(moved)
    return MoneyCell("received", currency, day, FAR, view.kind, view.country, segment)


def _credit_note_cells(facts: Sequence[Fact], view: View) -> MoneyCells:
    cells: MoneyCells = {}
    credited: Credited | None = None
    for fact in facts:
        if isinstance(fact, Replaced):
            return {}
        if isinstance(fact, Credited):
            credited = credited or fact
    if credited is None:
        return cells
    currency, day, amount = credited.currency, bounded(credited.day), credited.amount_minor
    add(cells, _credited(view, currency, day, view.segment_before(credited.at)), amount)
    _add_stock(cells, view, "credit", currency, FAR, {day: amount})
    return cells


def _charge_cells(facts: Sequence[Fact], view: View) -> MoneyCells:
    """A charge, and what lies on it: credit notes' money is no longer unapplied there either."""
    cells: MoneyCells = {}
    charged: Charged | None = None
    sources: dict[tuple[bool, str, str], Allocated] = {}
    for fact in facts:
        if isinstance(fact, Charged):
            charged = fact
        elif isinstance(fact, Allocated):
            sources[fact.source] = fact
    if charged is None:
        return cells
    changes: dict[date, int] = {}
    credit: dict[date, int] = {}
    for day, amount in charged.moves:
        _change(changes, bounded(day), amount)
    for source in sources.values():
        for put in source.puts:
            applied_on, released_on = days_of(put, FIRST_DAY)
            for moved in (changes, credit) if source.is_credit else (changes,):
                _change(moved, applied_on, -put.amount_minor)
                if put.released_at is not None:
                    _change(moved, released_on, put.amount_minor)
    for measure, moved in (("charges", changes), ("credit", credit)):
        if moved:
            _add_stock(cells, view, measure, charged.currency, FAR, moved)
    return cells


# What the items of each kind add.
MONEY_CELLS: dict[ItemKind, Callable[[Sequence[Fact], View], MoneyCells]] = {
    "invoice": _invoice_cells,
    "charge": _charge_cells,
    "payment": _payment_cells,
    "credit_note": _credit_note_cells,
}


def contact_cells(facts: Sequence[Fact], view: View) -> ContactCells:
    """What a contact adds. An attempt counts once: what was in doubt counts as sent when it is
    announced as sent, and not at all when the provider never had it."""
    cells: ContactCells = {}
    occurred = [fact for fact in facts if isinstance(fact, Occurred)]
    known = {fact.result for fact in occurred}
    is_settled = not known.isdisjoint({"sent", "not-accepted"})
    counted: set[tuple[str, str]] = set()
    for fact in occurred:
        if fact.result == "not-accepted" or (fact.result == "uncertain" and is_settled):
            continue
        results: list[tuple[str, str]] = [(fact.result, fact.rule)]
        if fact.result == "suppressed":
            results.append(("withheld", ""))
        for result, rule in results:
            if (result, rule) not in counted:
                counted.add((result, rule))
                cell = ContactCell(
                    result,
                    bounded(fact.day),
                    view.kind,
                    view.country,
                    view.segment_at(fact.at),
                    fact.channel,
                    fact.strategy,
                    rule,
                )
                add(cells, cell, 0, 1)
    return cells
