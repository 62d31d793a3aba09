"""An account's state: where all its money lies, in what queues, and how facts are undone.

`AccountState` is changed in place. The objects in it are values: a fact replaces them, and the
journal of undo entries keeps each as it was before the fact. So a fact costs what it touches,
and the last facts can be taken back one by one (docs/ledger.md).
"""

from bisect import bisect_left, insort
from datetime import date, datetime

from msgspec import structs

from services.ledger.domain.agreements import Command
from services.ledger.domain.credits import Credit, CreditKey
from services.ledger.domain.currency_state import (
    CurrencyState,
    count_credit,
    count_invoice,
    due_on_of,
    remove,
    requeue_credit,
    requeue_invoice,
)
from services.ledger.domain.facts import Fact, Need, Position, named_amount, newest
from services.ledger.domain.invoices import Invoice, Reopening, levels_after
from services.ledger.domain.journal import Totals
from services.ledger.domain.objects import ObjectStore
from services.ledger.domain.rules import NO_RULES, Rules
from services.ledger.domain.stages import StageNotice, holding_stage, next_day
from services.ledger.domain.timeless import Timeless
from services.ledger.domain.undo import NOTHING, UNDO_FACTS, Awaited, Name, Undo, position_of
from shared.clock import day_start
from shared.events import billing


class AccountState:
    """An account by the facts in `facts`."""

    __slots__ = (
        "account_id",
        "acts",
        "aged_on",
        "aimed",
        "aimed_now",
        "amendments",
        "arranged_now",
        "before_aimed",
        "before_credits",
        "before_invoices",
        "before_totals",
        "credits",
        "currencies",
        "facts",
        "forgotten",
        "invoices",
        "looked",
        "named_minor",
        "next_days",
        "next_queue",
        "notices",
        "objects",
        "offers_discounts",
        "position",
        "profile_fact",
        "registered",
        "reversals",
        "rules",
        "settled",
        "spread",
        "tenant_zone",
        "timeless",
        "touched",
        "undo",
        "undo_facts",
        "waiting",
        "zone",
    )

    def __init__(
        self,
        account_id: str,
        tenant_zone: str,
        undo_facts: int | None = UNDO_FACTS,
        rules: Rules = NO_RULES,
    ) -> None:
        self.account_id = account_id
        self.tenant_zone = tenant_zone
        self.zone = tenant_zone  # its own once it is registered and has one
        self.rules = rules  # the tenant's policies by day
        # Known at once and for the whole history.
        self.facts: list[Fact] = []  # all accepted facts, in order of arrival
        self.named_minor: dict[str, int] = {}  # currency → sum of all amounts that facts name
        self.registered = False
        self.profile_fact: Fact | None = None  # whose record holds now
        self.amendments: dict[str, tuple[Fact, ...]] = {}  # of an invoice, oldest first
        self.offers_discounts = False  # whether any invoice ever did
        self.settled: set[str] = set()  # disputes that have a credit note of the platform
        self.reversals: dict[str, Fact] = {}
        self.waiting: dict[Need, tuple[Fact, ...]] = {}
        self.timeless = Timeless()
        # Made by the facts that act, one after the other in fact order.
        self.invoices: dict[str, Invoice] = {}
        self.credits: dict[CreditKey, Credit] = {}  # payments and credit notes
        self.aimed: dict[Awaited, tuple[CreditKey, ...]] = {}
        self.acts: dict[Need, datetime] = {}  # what others may wait for → when it acts
        self.objects = ObjectStore()  # promises, plans, holds, charges and the like
        self.currencies: dict[str, CurrencyState] = {}
        self.position: Position | None = None  # of what acts now
        self.aged_on: date | None = None  # the begun day: what is due before it is overdue
        self.undo: list[Undo] = []
        self.undo_facts = undo_facts
        self.forgotten: Position | None = None  # the last fact whose undo entry is gone
        # The places at which an object was changed, as far as undo entries go.
        self.touched: dict[Name, list[Position]] = {}
        self.looked: Position | None = None  # the last place at which a queue was, or a later one
        # Made by what was announced.
        self.notices: dict[str, tuple[StageNotice, ...]] = {}
        self.next_days: dict[str, date] = {}  # invoice → next day on which it may be news
        self.next_queue: list[tuple[date, str]] = []
        # What the fact in hand has touched, as it was before it.
        self.before_invoices: dict[str, Invoice | None] = {}
        self.before_credits: dict[CreditKey, Credit | None] = {}
        self.before_aimed: dict[Awaited, tuple[CreditKey, ...]] = {}
        self.before_totals: dict[str, Totals] = {}
        self.spread = False
        self.aimed_now: dict[str, int] = {}  # what a payment put on the invoices it is aimed at
        self.arranged_now = 0  # what of its free money went to the arrangement

    def forget(self) -> None:
        """Begin a new fact: nothing is touched yet. Undo entries keep what is not empty."""
        if self.before_invoices:
            self.before_invoices = {}
        if self.before_credits:
            self.before_credits = {}
        if self.before_aimed:
            self.before_aimed = {}
        if self.before_totals:
            self.before_totals = {}
        if self.aimed_now:
            self.aimed_now = {}
        objects = self.objects
        if objects.before or objects.before_wakes:
            objects.forget()
        self.spread = False
        self.arranged_now = 0

    def become(self, other: "AccountState") -> None:
        """Take everything over from another state of the same account."""
        for name in AccountState.__slots__:
            setattr(self, name, getattr(other, name))

    @property
    def profile(self) -> billing.AccountRegistered | None:
        """The record that holds: the one with the newest `time`."""
        record = self.profile_fact.data if self.profile_fact is not None else None
        assert record is None or isinstance(record, billing.AccountRegistered)
        return record

    @property
    def horizon(self) -> datetime | None:
        """Up to this instant boundaries have happened: the beginning of the begun day."""
        return day_start(self.aged_on, self.zone) if self.aged_on is not None else None

    @property
    def last(self) -> Position | None:
        """The place of the last fact that acted."""
        return self.undo[-1].position if self.undo else self.forgotten

    # ── What holds for the whole history ────────────────────────────────────────────────────────

    def keep(self, fact: Fact) -> None:
        """Keep a fact, whether it acts or not."""
        self.facts.append(fact)
        currency, amount = named_amount(fact.data)
        if amount:
            self.named_minor[currency] = self.named_minor.get(currency, 0) + amount
        if isinstance(fact.data, Command) and fact.time is not None:
            last = self.timeless.last_command_at
            self.timeless.last_command_at = max(fact.time, last) if last else fact.time

    def take_profile(self, fact: Fact) -> None:
        """Keep the record with the newest `time`, ties by id."""
        if self.profile_fact is None or newest(fact) > newest(self.profile_fact):
            self.profile_fact = fact

    def own_zone(self) -> str:
        """The account's own zone once it is registered, else the tenant's."""
        own = self.profile.timezone if self.registered and self.profile is not None else None
        return own or self.tenant_zone

    # ── Objects and queues ──────────────────────────────────────────────────────────────────────

    def currency(self, code: str) -> CurrencyState:
        found = self.currencies.get(code)
        if found is None:
            found = self.currencies[code] = CurrencyState()
        return found

    def set_invoice(self, invoice: Invoice) -> None:
        """Put an invoice in the place of what it was."""
        invoice_id = invoice.invoice_id
        before = self.invoices.get(invoice_id)
        if invoice_id not in self.before_invoices:
            self.before_invoices[invoice_id] = before
        if before is None and invoice.data.early_discount is not None:
            self.offers_discounts = True
        self.invoices[invoice_id] = invoice
        requeue_invoice(self.currency(invoice.currency), before, invoice)

    def set_credit(self, credit: Credit) -> None:
        """Put a credit in the place of what it was."""
        key = credit.key
        before = self.credits.get(key)
        if key not in self.before_credits:
            self.before_credits[key] = before
        self.credits[key] = credit
        requeue_credit(self.currency(credit.currency), before, credit)

    def set_aimed(self, awaited: Awaited, keys: tuple[CreditKey, ...]) -> None:
        """Keep which credits wait for an invoice; none: nothing is kept."""
        known = self.aimed.get(awaited, ())
        self.before_aimed.setdefault(awaited, known)
        if keys:
            self.aimed[awaited] = keys
        else:
            self.aimed.pop(awaited, None)

    # ── The end of a fact, and taking it back ───────────────────────────────────────────────────

    def settle(self, fact: Fact | None, cause: str, position: Position) -> None:
        """Draw the conclusions: sums, the invoices' levels, and which debts are open again."""
        at = position[0]
        fact_id = fact.fact_id if fact is not None else cause
        for invoice_id, before in self.before_invoices.items():
            invoice = self.invoices[invoice_id]
            sums = self._touch(invoice.currency)
            count_invoice(sums, before, invoice, self.aged_on)
            levels, reopenings = levels_after(invoice, at), invoice.reopenings
            if before is not None and not before.balance_minor and invoice.balance_minor:
                reopenings = (*reopenings, Reopening(fact_id, cause, at))
            elif levels is invoice.levels:
                continue
            self.invoices[invoice_id] = structs.replace(
                invoice, levels=levels, reopenings=reopenings
            )
        for key, earlier in self.before_credits.items():
            credit = self.credits[key]
            count_credit(self._touch(credit.currency), earlier, credit)
        if self.objects.before:
            self._count_objects()
        entry = Undo(
            position,
            fact,
            self.before_invoices or NOTHING,
            self.before_credits or NOTHING,
            self.before_aimed or NOTHING,
            self.spread,
            self.objects.before or NOTHING,
            self.objects.before_wakes or NOTHING,
        )
        self.undo.append(entry)
        for name in entry.names:
            insort(self.touched.setdefault(name, []), position)
        if entry.looks_at_queues and (self.looked is None or self.looked < position):
            self.looked = position

    def _count_objects(self) -> None:
        for key, before in self.objects.before.items():
            after = self.objects.values.get(key)
            for known, sign in ((before, -1), (after, 1)):
                if known is not None and known.currency:
                    self.currency(known.currency)
                    sums = self._touch(known.currency)
                    sums.objects += sign
                    sums.count(known.counts(), sign)

    def _touch(self, code: str) -> CurrencyState:
        sums = self.currencies[code]
        if code not in self.before_totals:
            self.before_totals[code] = sums.totals
        return sums

    def sort_in_last(self) -> None:
        """Put the undo entry of the fact that acted last at its place among the others."""
        entry = self.undo.pop()
        insort(self.undo, entry, key=position_of)

    def trim(self) -> None:
        """Forget the oldest undo entries, some at a time."""
        if self.undo_facts is None:
            return
        some = max(1, self.undo_facts // 10)
        if len(self.undo) >= self.undo_facts + some:
            self.forgotten = self.undo[some - 1].position
            for entry in self.undo[:some]:
                self._forget_places(entry)
            del self.undo[:some]

    def _forget_places(self, entry: Undo) -> None:
        for name in entry.names:
            places = self.touched[name]
            del places[bisect_left(places, entry.position)]
            if not places:
                del self.touched[name]

    def undo_entry(self, entry: Undo) -> None:
        """Take back a fact: everything is as it was before it.

        It is the one that acted last, or nothing that acted after it changed the same objects.
        """
        if entry is self.undo[-1]:  # perhaps not at its place yet
            del self.undo[-1]
        else:
            del self.undo[bisect_left(self.undo, entry.position, key=position_of)]
        self._forget_places(entry)
        for invoice_id, before in entry.invoices.items():
            now = self.invoices[invoice_id]
            sums = self.currencies[now.currency]
            requeue_invoice(sums, now, before)
            count_invoice(sums, now, before, self.aged_on)
            if before is not None:
                self.invoices[invoice_id] = before
            else:
                del self.invoices[invoice_id]
                self._drop_empty(now.currency)
        for key, earlier in entry.credits.items():
            credit = self.credits[key]
            sums = self.currencies[credit.currency]
            requeue_credit(sums, credit, earlier)
            count_credit(sums, credit, earlier)
            if earlier is not None:
                self.credits[key] = earlier
            else:
                del self.credits[key]
                self._drop_empty(credit.currency)
        for awaited, keys in entry.aimed.items():
            if keys:
                self.aimed[awaited] = keys
            else:
                self.aimed.pop(awaited, None)
        if entry.objects or entry.wakes:
            self._undo_objects(entry)

    def _undo_objects(self, entry: Undo) -> None:
        for key, before in entry.objects.items():
            now = self.objects.values.get(key)
            for known, sign in ((now, -1), (before, 1)):
                if known is not None and known.currency:
                    sums = self.currency(known.currency)
                    sums.objects += sign
                    sums.count(known.counts(), sign)
            if now is not None and now.currency:
                self._drop_empty(now.currency)
        self.objects.undo(entry.objects, entry.wakes)

    def _drop_empty(self, code: str) -> None:
        if code in self.currencies and not self.currencies[code].objects:
            del self.currencies[code]

    # ── Days ────────────────────────────────────────────────────────────────────────────────────

    def age_to(self, day: date | None) -> None:
        """Count as overdue what is due before this day."""
        before = self.aged_on
        if day == before:
            return
        self.aged_on = day
        for sums in self.currencies.values():
            first = 0 if before is None else bisect_left(sums.open, before, key=due_on_of)
            last = 0 if day is None else bisect_left(sums.open, day, key=due_on_of)
            sign = 1 if first <= last else -1
            for order in sums.open[min(first, last) : max(first, last)]:
                invoice = self.invoices[order[2]]
                sums.overdue_minor += sign * invoice.balance_minor
                sums.disputed_overdue_minor += sign * invoice.disputed_minor

    def refresh(self, invoice_id: str) -> None:
        """Set an invoice's stage and its next day by what was announced of it."""
        invoice = self.invoices.get(invoice_id)
        following = None
        if invoice is not None:
            notices = self.notices.get(invoice_id, ())
            stage = holding_stage(invoice, notices) if notices else None
            if stage != invoice.stage:
                self.invoices[invoice_id] = invoice = structs.replace(invoice, stage=stage)
            following = next_day(invoice, notices, self.zone)
        known = self.next_days.get(invoice_id)
        if known == following:
            return
        if known is not None:
            remove(self.next_queue, (known, invoice_id))
            del self.next_days[invoice_id]
        if following is not None:
            insort(self.next_queue, (following, invoice_id))
            self.next_days[invoice_id] = following
