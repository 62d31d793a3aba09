"""What became of each invoice, from a billing platform's facts and without a running platform.

The ledger's rules in short (its own code is another service's): a payment serves what it is aimed
at, everything else goes to what is due first, undisputed parts before disputed ones; a credit note
lowers the invoice it is aimed at; what is taken back opens invoices again, latest due first.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import NamedTuple

from msgspec import Struct, field

from services.segmentation.learning.cases import InvoiceFacts
from shared.clock import zone
from shared.events import billing

INVOICE, CREDIT, PAYMENT, REVERSAL, OPENED, RESOLVED, VOID = range(7)  # in this order at an instant


class Fact(NamedTuple):
    """One billing event that was accepted."""

    time: datetime
    data: billing.Data


class _Act(NamedTuple):
    instant: datetime
    rank: int
    id: str
    day: date
    data: billing.Data


class _Invoice(Struct):
    data: billing.InvoiceIssued
    due_on: date
    amount_minor: int  # less what credit notes took off
    paid_minor: int = 0
    is_void: bool = False
    disputes: dict[str, int | None] = field(default_factory=dict)  # None: the whole balance
    turns: list[tuple[date, bool]] = field(default_factory=list)  # when it became zero, or open

    @property
    def balance_minor(self) -> int:
        return 0 if self.is_void else self.amount_minor - self.paid_minor

    @property
    def undisputed_minor(self) -> int:
        if None in self.disputes.values():
            return 0
        return max(0, self.balance_minor - sum(part or 0 for part in self.disputes.values()))

    @property
    def order(self) -> tuple[date, date, str]:
        return self.due_on, self.data.issued_on, self.data.invoice_id


class _Source(Struct):
    """A payment, or a credit note's part that is not on the invoice it was aimed at."""

    key: str
    order: tuple[bool, datetime, str]  # credit before cash, then the oldest
    free_minor: int
    aimed: dict[str, int] = field(default_factory=dict)  # at invoices that are not there yet
    on: list[tuple[str, int]] = field(default_factory=list)  # invoice, amount: in this order


class _Books:
    """One account in one currency."""

    def __init__(self, due_on: dict[str, date], replaced: Container[str]) -> None:
        self.due_on = due_on  # as amended; the newest holds for the whole history
        self.replaced = replaced  # disputes whose credit the billing platform notes itself
        self.invoices: dict[str, _Invoice] = {}
        self.sources: dict[str, _Source] = {}
        self.loose: dict[str, _Source] = {}  # those with money that is on no invoice
        self.touched: set[str] = set()  # invoices, by the act under way
        self.waiting: list[_Act] = []  # credit notes aimed at invoices that are not there yet

    def take(self, act: _Act) -> None:
        data = act.data
        if isinstance(data, billing.InvoiceIssued):
            self._issue(data)
        elif isinstance(data, billing.CreditNoteIssued):
            self._credit(act, data)
        elif isinstance(data, billing.PaymentReceived):
            self._pay(act, data)
        elif isinstance(data, billing.PaymentReversed):
            self._reverse(data)
        elif isinstance(data, billing.InvoiceVoided):
            if (invoice := self.invoices.get(data.invoice_id)) is not None:
                invoice.is_void = True
                self.touched.add(data.invoice_id)
                self._release(data.invoice_id, invoice.paid_minor)
        elif isinstance(data, billing.DisputeOpened):
            if (invoice := self.invoices.get(data.invoice_id)) is not None:
                invoice.disputes[data.dispute_id] = data.amount_minor
        elif isinstance(data, billing.DisputeResolved):
            self._resolve(act, data)
        self._distribute()
        for invoice_id in self.touched:
            invoice = self.invoices[invoice_id]
            is_zero = invoice.balance_minor == 0
            if not invoice.turns or invoice.turns[-1][1] != is_zero:
                invoice.turns.append((act.day, is_zero))
        self.touched.clear()

    def _issue(self, data: billing.InvoiceIssued) -> None:
        due_on = self.due_on.get(data.invoice_id, data.due_on)
        self.invoices[data.invoice_id] = _Invoice(data, due_on, data.amount_minor)
        self.touched.add(data.invoice_id)
        still: list[_Act] = []
        for act in self.waiting:
            assert isinstance(act.data, billing.CreditNoteIssued)
            if act.data.invoice_id == data.invoice_id:
                self._credit(act, act.data)
            else:
                still.append(act)
        self.waiting = still
        for source in sorted(self.loose.values(), key=lambda s: s.order):
            self._put(source, data.invoice_id, source.aimed.pop(data.invoice_id, 0))

    def _credit(self, act: _Act, data: billing.CreditNoteIssued) -> None:
        if data.invoice_id is not None and data.invoice_id not in self.invoices:
            self.waiting.append(act)
            return
        rest = data.amount_minor
        invoice = self.invoices.get(data.invoice_id or "")
        if invoice is not None and not invoice.is_void:
            taken = min(rest, invoice.amount_minor)
            invoice.amount_minor -= taken
            self.touched.add(invoice.data.invoice_id)
            rest -= taken
            over = invoice.paid_minor - invoice.amount_minor
            if over > 0:
                self._release(invoice.data.invoice_id, over)
        if rest:
            order = (False, act.instant, data.credit_note_id)
            key = f"credit:{data.credit_note_id}"
            self.sources[key] = self.loose[key] = _Source(key, order, rest)

    def _resolve(self, act: _Act, data: billing.DisputeResolved) -> None:
        """What is credited counts as a credit note aimed at the invoice."""
        invoice = self.invoices.get(data.invoice_id)
        if invoice is None:
            return
        invoice.disputes.pop(data.dispute_id, None)
        if data.credited_minor and data.dispute_id not in self.replaced:
            note = billing.CreditNoteIssued(
                credit_note_id=f"dispute:{data.dispute_id}",
                account_id=data.account_id,
                currency=invoice.data.currency,
                amount_minor=data.credited_minor,
                issued_on=act.day,
                invoice_id=data.invoice_id,
            )
            self._credit(act, note)

    def _pay(self, act: _Act, data: billing.PaymentReceived) -> None:
        order = (True, act.instant, data.payment_id)
        key = f"payment:{data.payment_id}"
        source = self.sources[key] = self.loose[key] = _Source(key, order, data.amount_minor)
        for target in data.allocations:
            if target.invoice_id in self.invoices:
                self._put(source, target.invoice_id, target.amount_minor)
            else:
                before = source.aimed.get(target.invoice_id, 0)
                source.aimed[target.invoice_id] = before + target.amount_minor

    def _reverse(self, data: billing.PaymentReversed) -> None:
        source = self.sources.get(f"payment:{data.payment_id}")
        if source is None:
            return
        left = source.free_minor + sum(minor for _, minor in source.on)
        wanted = left if data.amount_minor is None else min(data.amount_minor, left)
        taken = min(wanted, source.free_minor)
        source.free_minor -= taken
        wanted -= taken
        by_due = sorted(source.on, key=lambda item: self.invoices[item[0]].order, reverse=True)
        for item in by_due:
            back = min(wanted, item[1])
            if back:
                self._take_back(source, item, back)
                wanted -= back

    def _take_back(self, source: _Source, item: tuple[str, int], minor: int) -> None:
        place = source.on.index(item)
        source.on[place] = (item[0], item[1] - minor)
        if item[1] == minor:
            del source.on[place]
        self.invoices[item[0]].paid_minor -= minor
        self.touched.add(item[0])

    def _release(self, invoice_id: str, minor: int) -> None:
        """Free money of an invoice, what was put last first."""
        for source in sorted(self.sources.values(), key=lambda s: s.order, reverse=True):
            for item in [item for item in reversed(source.on) if item[0] == invoice_id]:
                back = min(minor, item[1])
                if back:
                    self._take_back(source, item, back)
                    source.free_minor += back
                    self.loose[source.key] = source
                    minor -= back

    def _put(self, source: _Source, invoice_id: str, most: int) -> None:
        invoice = self.invoices[invoice_id]
        minor = min(most, source.free_minor, invoice.balance_minor)
        if minor > 0:
            source.free_minor -= minor
            source.on.append((invoice_id, minor))
            invoice.paid_minor += minor
            self.touched.add(invoice_id)

    def _distribute(self) -> None:
        """Nothing stays unapplied beside an open balance, but for what waits for its invoice."""
        self.loose = {key: s for key, s in self.loose.items() if s.free_minor > 0}
        sources = [s for s in self.loose.values() if s.free_minor > sum(s.aimed.values())]
        if not sources:
            return
        opened = [i for i in self.invoices.values() if i.balance_minor > 0]
        opened.sort(key=lambda i: i.order)
        for source in sorted(sources, key=lambda s: s.order):
            for is_all in (False, True):
                for invoice in opened:
                    free = source.free_minor - sum(source.aimed.values())
                    if free <= 0:
                        break
                    part = invoice.balance_minor if is_all else invoice.undisputed_minor
                    self._put(source, invoice.data.invoice_id, min(free, part))


def settle(facts: Iterable[Fact]) -> list[InvoiceFacts]:
    """The invoices of all accounts, void ones left out, in the order of their ids."""
    by_account: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_account[fact.data.account_id].append(fact)
    made: list[InvoiceFacts] = []
    for account_id in sorted(by_account):
        made += _settle_account(by_account[account_id])
    return made


def _settle_account(facts: Sequence[Fact]) -> list[InvoiceFacts]:
    record = _latest(facts)
    tz = zone((record.timezone if record else None) or "UTC")
    due_on: dict[str, date] = {}
    for fact in sorted(facts, key=lambda f: f.time):
        if isinstance(fact.data, billing.InvoiceAmended) and fact.data.due_on is not None:
            due_on[fact.data.invoice_id] = fact.data.due_on
    currency_of = {
        f.data.invoice_id: f.data.currency
        for f in facts
        if isinstance(f.data, billing.InvoiceIssued)
    }
    acts: dict[str, list[_Act]] = defaultdict(list)
    for fact in facts:
        act = _act(fact, tz)
        if act is not None:
            currency = getattr(act.data, "currency", None) or currency_of.get(
                getattr(act.data, "invoice_id", ""), ""
            )
            insort(acts[currency], act, key=lambda a: a[:3])
    decided = {
        f.data.invoice_id: f.time.astimezone(tz).date()
        for f in facts
        if isinstance(f.data, billing.InvoiceIssued)
    }
    replaced = {
        f.data.dispute_id
        for f in facts
        if isinstance(f.data, billing.CreditNoteIssued) and f.data.dispute_id
    }
    made: list[InvoiceFacts] = []
    for currency in sorted(acts):
        books = _Books(due_on, replaced)
        for act in acts[currency]:
            books.take(act)
        made += [
            _told(invoice, decided[invoice_id], record.kind if record else "consumer")
            for invoice_id, invoice in sorted(books.invoices.items())
            if not invoice.is_void
        ]
    return made


def _latest(facts: Sequence[Fact]) -> billing.AccountRegistered | None:
    """The newest record of the account."""
    best: tuple[datetime, billing.AccountRegistered] | None = None
    for fact in facts:
        if isinstance(fact.data, billing.AccountRegistered) and (
            best is None or fact.time >= best[0]
        ):
            best = (fact.time, fact.data)
    return best[1] if best else None


def _act(fact: Fact, tz: tzinfo) -> _Act | None:
    """When a fact acts, and in which order; None: it moves no money."""
    data = fact.data
    if isinstance(data, billing.InvoiceIssued):
        return _Act(_midnight(data.issued_on, tz), INVOICE, data.invoice_id, data.issued_on, data)
    if isinstance(data, billing.CreditNoteIssued):
        start = _midnight(data.issued_on, tz)
        return _Act(start, CREDIT, data.credit_note_id, data.issued_on, data)
    at, rank, fact_id = fact.time, -1, ""
    if isinstance(data, billing.PaymentReceived):
        at, rank, fact_id = data.received_at, PAYMENT, data.payment_id
    elif isinstance(data, billing.PaymentReversed):
        at, rank, fact_id = data.reversed_at, REVERSAL, data.reversal_id
    elif isinstance(data, billing.DisputeOpened):
        rank, fact_id = OPENED, data.dispute_id
    elif isinstance(data, billing.DisputeResolved):
        rank, fact_id = RESOLVED, data.dispute_id
    elif isinstance(data, billing.InvoiceVoided):
        rank, fact_id = VOID, data.invoice_id
    return None if rank < 0 else _Act(at, rank, fact_id, at.astimezone(tz).date(), data)


def _midnight(day: date, tz: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=tz).astimezone(UTC)


def _told(invoice: _Invoice, decided_on: date, kind: str) -> InvoiceFacts:
    data, turns = invoice.data, invoice.turns
    settled_on = turns[-1][0] if turns and turns[-1][1] else None
    until_due = [is_zero for day, is_zero in turns if day <= invoice.due_on]
    was_open = not (until_due and until_due[-1])
    as_settled = settled_on is None or settled_on > invoice.due_on
    return InvoiceFacts(
        account_id=data.account_id,
        invoice_id=data.invoice_id,
        currency=data.currency,
        amount_minor=data.amount_minor,
        issued_on=data.issued_on,
        decided_on=decided_on,
        due_on=invoice.due_on,
        settled_on=settled_on,
        was_open_at_due=was_open if was_open != as_settled else None,
        kind=kind,
    )
