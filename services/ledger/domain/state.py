"""An account's state: where all its money lies, and what one fact touched."""

from bisect import insort
from datetime import date, datetime
from typing import cast

from msgspec import structs

from services.ledger.domain.credits import (
    Credit,
    CreditKey,
    CreditOrder,
    put,
    take_off,
)
from services.ledger.domain.facts import Fact, Position, cause_of, instant_of
from services.ledger.domain.invoices import (
    Holding,
    Invoice,
    Level,
    Order,
    Reopening,
    disputed_part,
)
from services.ledger.domain.journal import NO_TOTALS, Totals
from services.ledger.domain.stages import StageNotice
from services.ledger.domain.timeline import Need
from shared.events import billing


class AccountState:
    """An account's state by the facts in `facts`."""

    __slots__ = (
        "account_id",
        "acts",
        "aimed",
        "amendments",
        "before_credits",
        "before_invoices",
        "before_totals",
        "credits",
        "facts",
        "invoices",
        "last",
        "loose",
        "next_days",
        "notices",
        "open",
        "profile_fact",
        "registered",
        "settled",
        "tenant_zone",
        "totals",
        "waiting",
        "zone",
    )

    def __init__(self, account_id: str, tenant_zone: str) -> None:
        self.account_id = account_id
        self.tenant_zone = tenant_zone
        self.zone = tenant_zone
        self.registered = False
        self.profile_fact: Fact | None = None  # whose record holds now
        self.facts: list[Fact] = []  # in order of arrival
        self.invoices: dict[str, Invoice] = {}
        self.credits: dict[CreditKey, Credit] = {}
        self.open: dict[str, tuple[Order, ...]] = {}  # currency → open invoices, oldest due first
        self.loose: dict[str, tuple[CreditOrder, ...]] = {}  # currency → sources with unapplied
        self.aimed: dict[tuple[str, str], tuple[CreditKey, ...]] = {}  # (invoice, currency) unknown
        self.totals: dict[str, Totals] = {}
        self.acts: dict[Need, datetime] = {}  # what others may wait for → when it acts
        self.waiting: dict[Need, tuple[Fact, ...]] = {}
        self.amendments: dict[str, tuple[Fact, ...]] = {}
        self.settled: frozenset[str] = frozenset()  # disputes that have a note of the platform
        self.last: Position | None = None
        self.notices: dict[str, tuple[StageNotice, ...]] = {}
        self.next_days: dict[str, date] = {}  # invoice → next day on which it may be news
        self.forget()

    def forget(self) -> None:
        """Begin a new fact: nothing is touched yet."""
        self.before_invoices: dict[str, Invoice | None] = {}
        self.before_credits: dict[CreditKey, Credit | None] = {}
        self.before_totals: dict[str, Totals] = {}

    def copy(self) -> "AccountState":
        """A working copy; the objects in it are values and are shared."""
        other = AccountState.__new__(AccountState)
        other.account_id = self.account_id
        other.tenant_zone = self.tenant_zone
        other.zone = self.zone
        other.registered = self.registered
        other.profile_fact = self.profile_fact
        other.facts = self.facts.copy()
        other.invoices = self.invoices.copy()
        other.credits = self.credits.copy()
        other.open = self.open.copy()
        other.loose = self.loose.copy()
        other.aimed = self.aimed.copy()
        other.totals = self.totals.copy()
        other.acts = self.acts.copy()
        other.waiting = self.waiting.copy()
        other.amendments = self.amendments.copy()
        other.settled = self.settled
        other.last = self.last
        other.notices = self.notices.copy()
        other.next_days = self.next_days.copy()
        other.forget()
        return other

    def become(self, other: "AccountState") -> None:
        """Take everything over from a working copy."""
        for name in AccountState.__slots__:
            setattr(self, name, getattr(other, name))

    @property
    def profile(self) -> billing.AccountRegistered | None:
        """The record that holds: the one with the newest `time`."""
        return (
            cast(billing.AccountRegistered, self.profile_fact.data) if self.profile_fact else None
        )

    # ── Objects and queues ──────────────────────────────────────────────────────────────────────

    def set_invoice(self, invoice: Invoice) -> None:
        """Put an invoice in the place of what it was."""
        invoice_id = invoice.invoice_id
        before = self.invoices.get(invoice_id)
        if invoice_id not in self.before_invoices:
            self.before_invoices[invoice_id] = before
        self.invoices[invoice_id] = invoice
        was_open = before is not None and before.balance_minor > 0
        if was_open != (invoice.balance_minor > 0):
            queue = list(self.open.get(invoice.currency, ()))
            if was_open:
                queue.remove(invoice.order)
            else:
                insort(queue, invoice.order)
            self.open[invoice.currency] = tuple(queue)

    def set_credit(self, source: Credit) -> None:
        """Put a source in the place of what it was."""
        key = source.key
        before = self.credits.get(key)
        if key not in self.before_credits:
            self.before_credits[key] = before
        self.credits[key] = source
        was_loose = before is not None and before.unapplied_minor > 0
        if was_loose != (source.unapplied_minor > 0):
            queue = list(self.loose.get(source.currency, ()))
            if was_loose:
                queue.remove(source.order)
            else:
                insort(queue, source.order)
            self.loose[source.currency] = tuple(queue)

    def amended(self, data: billing.InvoiceIssued) -> billing.InvoiceAmended:
        """Due date and number that hold: of the newest amendment that carries the field."""
        due_on, number = data.due_on, data.number
        for fact in self.amendments.get(data.invoice_id, ()):
            change = cast(billing.InvoiceAmended, fact.data)
            due_on = change.due_on or due_on
            number = change.number if change.number is not None else number
        return billing.InvoiceAmended(data.invoice_id, data.account_id, due_on, number)

    def add_amendment(self, fact: Fact) -> None:
        """Keep the amendments of an invoice oldest first, so that the newest has the last word."""
        invoice_id = cast(billing.InvoiceAmended, fact.data).invoice_id
        kept = [*self.amendments.get(invoice_id, ()), fact]
        kept.sort(key=lambda known: newest(known, self.zone))
        self.amendments[invoice_id] = tuple(kept)

    # ── Money ───────────────────────────────────────────────────────────────────────────────────

    def place(self, source: Credit, invoice_id: str, amount_minor: int, at: datetime) -> Credit:
        """Put unapplied money on an invoice."""
        invoice = self.invoices[invoice_id]
        assert 0 < amount_minor <= min(invoice.balance_minor, source.unapplied_minor)
        source = put(source, invoice_id, amount_minor, at)
        self.set_credit(source)
        kept, together = invoice.holdings, amount_minor
        if kept and kept[-1].credit_id == source.credit_id and kept[-1].kind == source.kind:
            last = kept[-1]
            if last.applied_at == at:
                kept, together = kept[:-1], last.amount_minor + amount_minor
        holding = Holding(source.kind, source.credit_id, together, at)
        self._hold(invoice, (*kept, holding), source.kind, amount_minor)
        return source

    def release(self, invoice_id: str, index: int, amount_minor: int, at: datetime) -> None:
        """Take money off an invoice; it is unapplied again."""
        invoice = self.invoices[invoice_id]
        holding = invoice.holdings[index]
        source = self.credits[holding.kind, holding.credit_id]
        self.set_credit(take_off(source, invoice_id, holding.applied_at, amount_minor, at))
        rest = holding.amount_minor - amount_minor
        stays = (structs.replace(holding, amount_minor=rest),) if rest else ()
        holdings = (*invoice.holdings[:index], *stays, *invoice.holdings[index + 1 :])
        self._hold(invoice, holdings, holding.kind, -amount_minor)

    def _hold(
        self, invoice: Invoice, holdings: tuple[Holding, ...], kind: str, amount_minor: int
    ) -> None:
        balance = invoice.balance_minor - amount_minor
        cash = amount_minor if kind == "payment" else 0
        self.set_invoice(
            structs.replace(
                invoice,
                balance_minor=balance,
                disputed_minor=disputed_part(balance, invoice.disputes),
                credited_minor=invoice.credited_minor + amount_minor - cash,
                paid_minor=invoice.paid_minor + cash,
                holdings=holdings,
            )
        )

    def distribute(self, currency: str, at: datetime) -> None:
        """Nothing stays unapplied beside an open balance: credit first, then cash, oldest first."""
        if not self.registered or not self.open.get(currency):
            return
        for rank, _, _, credit_id in self.loose.get(currency, ()):
            source = self.credits["payment" if rank else "credit_note", credit_id]
            if source.free_minor:
                self._spread(source, at)
                if not self.open[currency]:
                    return

    def _spread(self, source: Credit, at: datetime) -> None:
        """Oldest due first, undisputed parts before disputed ones."""
        left = source.free_minor
        for disputed_too in (False, True):
            for _, _, invoice_id in self.open[source.currency]:
                invoice = self.invoices[invoice_id]
                part = invoice.balance_minor
                if not disputed_too:
                    part -= invoice.disputed_minor
                if part:
                    amount = min(left, part)
                    source = self.place(source, invoice_id, amount, at)
                    left -= amount
                    if not left:
                        return

    # ── The end of a fact ───────────────────────────────────────────────────────────────────────

    def settle(self, fact: Fact, at: datetime) -> None:
        """Draw the conclusions: totals, the invoices' levels, and which debts are open again."""
        for invoice_id, before in self.before_invoices.items():
            invoice = self.invoices[invoice_id]
            self._count(invoice.currency, _invoice_change(before, invoice))
            changed = structs.replace(invoice, levels=_levels(invoice, at))
            if before is not None and not before.balance_minor and invoice.balance_minor:
                again = Reopening(fact.fact_id, cause_of(fact), at)
                changed = structs.replace(changed, reopenings=(*invoice.reopenings, again))
            self.invoices[invoice_id] = changed
        for key, earlier in self.before_credits.items():
            source = self.credits[key]
            self._count(source.currency, _source_change(earlier, source))

    def _count(self, currency: str, change: tuple[int, int, int, int, int, int]) -> None:
        totals = self.totals.get(currency, NO_TOTALS)
        if currency not in self.before_totals:
            self.before_totals[currency] = totals
        balance, disputed, cash, unapplied_cash, unapplied_credit, billed = change
        self.totals[currency] = Totals(
            totals.balance_minor + balance,
            totals.disputed_minor + disputed,
            totals.cash_minor + cash,
            totals.unapplied_cash_minor + unapplied_cash,
            totals.unapplied_credit_minor + unapplied_credit,
            totals.billed_minor + billed,
        )


def _levels(invoice: Invoice, at: datetime) -> tuple[Level, ...]:
    """The invoice's levels after a fact at this instant."""
    levels = invoice.levels
    last = levels[-1] if levels else None
    balance, disputed = invoice.balance_minor, invoice.disputed_minor
    if last is None:
        return (Level(at, balance, disputed),)
    if (last.balance_minor, last.disputed_minor) == (balance, disputed):
        return levels
    return (*(levels[:-1] if last.at == at else levels), Level(at, balance, disputed))


def newest(fact: Fact, zone: str) -> tuple[datetime, str, str]:
    """The order of records and amendments: newest `time` wins, ties by id."""
    return (instant_of(fact, zone), fact.event_id, fact.source)


def _invoice_change(before: Invoice | None, after: Invoice) -> tuple[int, int, int, int, int, int]:
    balance, disputed = after.balance_minor, after.disputed_minor
    billed = 0 if after.voided_at else after.amount_minor
    if before is not None:
        balance -= before.balance_minor
        disputed -= before.disputed_minor
        billed -= 0 if before.voided_at else before.amount_minor
    return (balance, disputed, 0, 0, 0, billed)


def _source_change(before: Credit | None, after: Credit) -> tuple[int, int, int, int, int, int]:
    unapplied, taken, arrived = after.unapplied_minor, after.taken_minor, after.amount_minor
    if before is not None:
        unapplied -= before.unapplied_minor
        taken -= before.taken_minor
        arrived = 0
    if after.kind == "payment":
        return (0, 0, arrived - taken, unapplied, 0, 0)
    return (0, 0, 0, 0, unapplied, -arrived)
