"""A book from the events of all topics: what of them was known at some time, each thing once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from msgspec import UNSET

from shared.events import Received, ledger
from tests.oracles.ledger_table import day_of
from tests.oracles.metrics.book import Book, Run
from tests.oracles.metrics.people import Promise
from tests.oracles.metrics.reading_contacts import read_contacts
from tests.oracles.metrics.reading_costs import read_costs
from tests.oracles.metrics.things import (
    NEVER,
    Account,
    Charge,
    Dispute,
    Held,
    Invoice,
    Moment,
    Note,
    Payment,
    Placement,
    Put,
    Reversal,
    in_order,
    instant_of,
)

Said = tuple[Received, Any]  # an event and its data
Source = tuple[str, str]  # kind, id


def read(events: Iterable[Received], zone: str = "UTC", as_of: date | None = None) -> Book:
    """The book of what was known at the end of `as_of`, or of everything."""
    taken = sorted(events, key=lambda event: (event.topic, event.key, event.sequence))
    newest = max((event.recordedtime for event in taken), default=None)
    business_day = day_of(newest, zone).toordinal() if newest else NEVER
    if as_of is not None:
        end = instant_of(as_of + timedelta(days=1), zone)
        taken = [event for event in taken if event.recordedtime < end]
    said = [(event, event.decode()) for event in taken if event.type in TYPES]
    book = Book(zone, business_day)
    _read_accounts(book, said)
    for name, of_account in _by_key(said).items():
        if name:
            _read_money(book, book.accounts[name], of_account)
    _read_tenant(book, said)
    read_contacts(book, said)
    read_costs(book, said)
    return book


def _by_key(said: list[Said]) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = defaultdict(list)
    for event, data in said:
        found[event.key].append((event, data))
    return found


def _of(said: list[Said], *types: str) -> Iterator[Said]:
    return (each for each in said if each[0].type in types)


def _read_accounts(book: Book, said: list[Said]) -> None:
    for event, data in said:
        if not event.key:
            continue
        account = book.accounts.setdefault(event.key, Account(event.key, book.zone))
        if event.type in ("account-registered", "account-updated"):
            account.zone, account.kind = data.timezone, data.kind
            account.country = data.country or ""
    for event, data in _of(said, "segment-changed"):
        account = book.accounts[event.key]
        day = event.day or day_of(event.time, account.zone)
        account.held.append(Held(event.time, day.toordinal(), data.to_segment, data.arms))
    for account in book.accounts.values():
        account.held = in_order(account.held)


# ── Money ───────────────────────────────────────────────────────────────────────────────────────
def _read_money(book: Book, account: Account, said: list[Said]) -> None:
    histories = _histories(said)
    of_charges: dict[str, list[tuple[Source, ledger.Allocation]]] = defaultdict(list)
    of_invoices: dict[str, list[tuple[Source, ledger.Allocation]]] = defaultdict(list)
    for source, history in histories.items():
        for each in history:
            if each.amount_minor == 0:
                continue  # it never put anything anywhere
            if each.charge_id is not None:
                of_charges[each.charge_id].append((source, each))
            elif each.invoice_id is not None:
                of_invoices[each.invoice_id].append((source, each))
    for event, data in _of(said, "invoice-issued"):
        invoice = _invoice(account, said, event, data)
        puts = of_invoices[invoice.name]
        invoice.puts = [_put(source, each, invoice) for source, each in puts]
        book.invoices.append(invoice)
        if invoice.is_void:
            book.loose_credit += [(account, put) for put in invoice.puts if put.is_credit]
    _read_charges(book, account, said, of_charges)
    _read_sources(book, account, said)
    _read_placements(book, account, said)
    _read_promises(book, account, said)


def _histories(said: list[Said]) -> dict[Source, list[ledger.Allocation]]:
    """Of every source the history that was announced last."""
    found: dict[Source, list[ledger.Allocation]] = {}
    for event, data in said:
        allocations = getattr(data, "allocations", None)
        if allocations is None:
            continue
        if not ledger.adds(data):
            for each in allocations:
                found[each.source_kind, each.source_id] = []
            if event.type == "payment-received":
                found["payment", data.payment_id] = []
            elif event.type == "credit-note-issued":
                found["credit_note", data.credit_note_id] = []
        for each in allocations:
            found.setdefault((each.source_kind, each.source_id), []).append(each)
    return found


def _put(source: Source, each: ledger.Allocation, invoice: Invoice) -> Put:
    day = max(each.applied_on.toordinal(), invoice.issued)
    back = NEVER if each.released_on is None else max(each.released_on.toordinal(), day)
    return Put(
        source[1],
        source[0],
        each.amount_minor,
        each.applied_at,
        day,
        each.released_at,
        back,
        each.use == "recovery",
        invoice.currency,
        invoice.is_void,
    )


def _invoice(account: Account, said: list[Said], event: Received, data: Any) -> Invoice:
    due_on, is_void = data.due_on, False
    moments: list[Moment] = []
    disputes: dict[str, Dispute] = {}
    mine = [each for each in said if getattr(each[1], "invoice_id", None) == data.invoice_id]
    for other, more in mine:
        if other.type == "invoice-amended" and more.due_on is not None:
            due_on = more.due_on
        elif other.type == "invoice-voided":
            is_void = True
        elif other.type == "dispute-opened" and more.charge_id is UNSET:
            before = disputes.get(more.dispute_id)
            most = max(more.disputed_minor, before.disputed if before else 0)
            day = _day(other)
            disputes[more.dispute_id] = Dispute(more.dispute_id, day, NEVER, most)
    for other, more in mine:
        if other.type == "dispute-resolved" and more.dispute_id in disputes:
            opened = disputes[more.dispute_id]
            disputes[more.dispute_id] = Dispute(
                opened.dispute_id, opened.opened, _day(other), opened.disputed
            )
    start = instant_of(data.issued_on, account.zone)
    for other, more in mine:
        if other.type == "invoice-overdue" and more.due_on == due_on:
            since = due_on + timedelta(days=more.stage)
            if since <= data.issued_on:
                moments.append(Moment(start, True, data.issued_on.toordinal()))
            else:
                at = instant_of(since, account.zone)
                moments.append(Moment(at, False, since.toordinal()))
        elif other.type == "invoice-reopened" and _day(other) > due_on.toordinal():
            day = max(_day(other), data.issued_on.toordinal())
            moments.append(Moment(other.time, True, day))
    return Invoice(
        account,
        data.invoice_id,
        data.currency,
        data.amount_minor,
        data.issued_on.toordinal(),
        start,
        due_on.toordinal(),
        is_void,
        moments,
        disputes=list(disputes.values()),
    )


def _day(event: Received) -> int:
    return (event.day or event.time.date()).toordinal()


def _read_charges(
    book: Book,
    account: Account,
    said: list[Said],
    allocated: dict[str, list[tuple[Source, ledger.Allocation]]],
) -> None:
    last: dict[str, Any] = {}
    for _, data in _of(said, "fee-charged", "interest-charged", "charge-waived"):
        if not ledger.adds(data) if hasattr(data, "part") else True:
            last[data.charge_id] = data
    for charge_id, data in last.items():
        changes = [(each.on.toordinal(), each.amount_minor) for each in data.posted]
        changes += [(each.on.toordinal(), -each.amount_minor) for each in data.waivers]
        puts = tuple(
            Put(
                source[1],
                source[0],
                each.amount_minor,
                each.applied_at,
                each.applied_on.toordinal(),
                each.released_at,
                NEVER if each.released_on is None else each.released_on.toordinal(),
                currency=data.currency,
            )
            for source, each in allocated[charge_id]
        )
        book.charges.append(Charge(account, data.currency, tuple(changes), puts))
        book.loose_credit += [(account, put) for put in puts if put.is_credit]


def _read_sources(book: Book, account: Account, said: list[Said]) -> None:
    payments = {
        data.payment_id: each for each in _of(said, "payment-received") for data in each[1:]
    }
    for event, data in payments.values():
        book.payments.append(
            Payment(
                account,
                data.payment_id,
                data.currency,
                data.amount_minor,
                event.time,
                _day(event),
                data.method or "",
                data.fee_minor or 0,
            )
        )
    reversals = {each[1].reversal_id: each for each in _of(said, "payment-reversed")}
    for event, data in reversals.values():
        book.reversals.append(
            Reversal(
                account, data.payment_id, data.currency, data.amount_minor, event.time, _day(event)
            )
        )
    notes = {each[1].credit_note_id: each for each in _of(said, "credit-note-issued")}
    replaced = {data.replaces for _, data in notes.values()}
    for event, data in notes.values():
        if data.credit_note_id not in replaced:
            book.notes.append(
                Note(account, data.currency, data.amount_minor, event.time, _day(event))
            )


def _read_placements(book: Book, account: Account, said: list[Said]) -> None:
    recalled = {data.placement_id: event.time for event, data in _of(said, "account-recalled")}
    placed = {each[1].placement_id: each for each in _of(said, "account-placed")}
    for event, data in placed.values():
        book.placements.append(
            Placement(
                account,
                data.placement_id,
                data.to,
                data.currency or "",
                event.time,
                _day(event),
                {each.invoice_id: each.amount_minor for each in data.invoices},
                recalled.get(data.placement_id),
            )
        )


_STATES = {
    "promise-kept": "kept",
    "promise-partly-kept": "partly_kept",
    "promise-broken": "broken",
    "promise-cancelled": "cancelled",
}


def _read_promises(book: Book, account: Account, said: list[Said]) -> None:
    judged: dict[str, Said] = {}
    for each in _of(said, *_STATES, "promise-rejudged"):
        judged[each[1].promise_id] = each
    made = {each[1].promise_id: each for each in _of(said, "promise-made")}
    for promise_id, (event, data) in made.items():
        last, more = judged.get(promise_id, (event, None))
        state, asked, received = "open", None, 0
        if more is not None:
            state = _STATES.get(last.type) or more.to_state.replace("-", "_")
            asked, received = getattr(more, "asked_minor", None), more.received_minor
        book.promises.append(
            Promise(
                account,
                promise_id,
                data.currency or "",
                data.amount_minor,
                data.collector or "",
                data.channel or "",
                state,
                received,
                data.amount_minor if asked is None else asked,
                last.time,
                _day(last),
            )
        )


# ── The tenant's own ────────────────────────────────────────────────────────────────────────────
def _read_tenant(book: Book, said: list[Said]) -> None:
    runs: dict[tuple[str, int], Run] = {}
    for event, data in _of(said, "experiment-started"):
        shares = {arm.name: arm.share for arm in data.arms}
        run = Run(data.name, data.run, data.champion, shares, event.time)
        runs.setdefault((data.name, data.run), run)
    book.runs = list(runs.values())
    for _, data in _of(said, "rates-changed"):
        rates = [(each.currency, each.on.toordinal(), Fraction(each.rate)) for each in data.rates]
        is_further = data.part is not UNSET and data.part > 1
        book.rates[data.to] = (book.rates.get(data.to, []) if is_further else []) + rates


TYPES = frozenset(
    {
        "account-registered", "account-updated", "segment-changed", "invoice-issued",
        "invoice-amended", "invoice-voided", "invoice-overdue", "invoice-reopened",
        "payment-received", "payment-reversed", "credit-note-issued", "allocation-changed",
        "settlement-completed", "account-written-off", "discount-granted", "discount-revoked",
        "recovery-received", "fee-charged", "interest-charged", "charge-waived", "dispute-opened",
        "dispute-resolved", "account-placed", "account-recalled", "commission-due", "promise-made",
        "promise-kept", "promise-partly-kept", "promise-broken", "promise-rejudged",
        "promise-cancelled", "contact-planned", "contact-suppressed", "contact-cancelled",
        "contact-sent", "contact-uncertain", "contact-failed", "contact-delivered",
        "reply-received", "portal-visited", "right-party-contacted", "wrong-party-contacted",
        "task-created", "task-completed", "feedback-received", "consent-revoked",
        "experiment-started", "rates-changed", "cost-recorded", "cost-withdrawn",
    }
)  # fmt: skip
