"""A debtor in a dry run: as known at its beginning, and as the calendar and the contacts of the dry
run change it. Nobody pays but promises and instalments, on their day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from services.outreach.activity.domain.contacts import ATTEMPTS, Item, MessageChannel
from services.outreach.debtors.domain.account_money import CurrencyAmounts
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.occasions import Occasion, paid_up
from services.outreach.debtors.domain.stops import Stop
from services.outreach.dunning.domain.channel_choice import Reach
from services.outreach.dunning.domain.debtor_facts import (
    Account,
    DebtorFacts,
    StepMade,
    StepState,
    SubjectKey,
    subject_key,
)
from services.outreach.dunning.domain.planning import Plan
from shared.clock import day_start, local_day

FIRST_STAGE: Final = 1
LATER_STAGES: Final = (31, 61, 91, 121)
SOON_DAYS: Final = 7
REMEMBERED: Final = timedelta(days=31)  # so long an attempt counts


class TrialReach(Reach, Protocol):
    """What a debtor can be reached by; it takes note of what the dry run sends."""

    def noted(self, at: datetime, channel: MessageChannel, items: tuple[Item, ...]) -> None: ...

    def cost_micros(self, channel: MessageChannel, items: tuple[Item, ...]) -> int: ...

    def owing(self, invoices: Sequence[Invoice]) -> None:
        """These are open now."""
        ...


@dataclass
class TrialDebtor:
    """One debtor of a dry run."""

    facts: DebtorFacts
    reach: TrialReach
    priority: int = 0  # the highest of its accounts
    waits_until: datetime | None = None  # a person decides, or there was no slot

    @property
    def key(self) -> str:
        return self.facts.key

    # --------------------------------------------------------------- what the calendar brings

    def next_change(self, after: date) -> date | None:
        """The first day after the given one on which the calendar brings something."""
        days = [day for day in self._days() if day > after]
        return min(days, default=None)

    def next_change_at(self, at: datetime) -> datetime | None:
        """The first instant after the given one that brings something."""
        zone = self.facts.accounts[0].timezone
        day = self.next_change(local_day(at, zone))
        return None if day is None else day_start(day, zone)

    def begin_at(self, at: datetime) -> None:
        """The debtor as of an instant."""
        self.begin(local_day(at, self.facts.accounts[0].timezone))

    def is_paid_soon(self, made: Plan, day: date) -> bool:
        """Whether what a contact is about was paid within days anyway: nobody knows ahead."""
        return False

    def _days(self) -> Iterable[date]:
        for invoice in self.facts.invoices:
            if invoice.state != "open":
                continue
            yield invoice.due_on - timedelta(days=SOON_DAYS)
            for stage in (FIRST_STAGE, *LATER_STAGES):
                yield invoice.due_on + timedelta(days=stage)
        for occasion in self.facts.occasions:
            if occasion.stands and occasion.reaction in ("promise-due", "instalment-due"):
                yield occasion.anchor_on + timedelta(days=1)

    def begin(self, today: date) -> None:
        """The debtor on a day: what was promised for the day before is paid, stages are reached."""
        for occasion in self.facts.occasions:
            if occasion.stands and occasion.anchor_on < today:
                if occasion.reaction == "promise-due":
                    self._keep_promise(occasion)
                elif occasion.reaction == "instalment-due":
                    self._pay_instalment(occasion)
        invoices = tuple(_on_day(invoice, today) for invoice in self.facts.invoices)
        if invoices != self.facts.invoices:
            self._set_invoices(invoices, today)

    def _keep_promise(self, due: Occasion) -> None:
        stop = next((s for s in self.facts.stops if s.name == f"promise {due.subject_id}"), None)
        kept = replace(due, reaction="promise-kept")
        self._close(due)
        self.facts = replace(self.facts, occasions=(*self.facts.occasions, kept))
        if stop is not None and stop.account_id == due.account_id:
            self._pay(stop, due.anchor_on)

    def _pay_instalment(self, due: Occasion) -> None:
        """The last of an arrangement ends it."""
        of = due.subject_id.rpartition("/")[0]
        self._close(due)
        rest = any(
            o.stands
            and o.reaction == "instalment-due"
            and (o.account_id, o.subject_id.rpartition("/")[0]) == (due.account_id, of)
            for o in self.facts.occasions
        )
        if rest:
            return
        names = {f"plan {of}", f"settlement {of}"}
        for stop in self.facts.stops:
            if stop.name in names and stop.account_id == due.account_id:
                self._pay(stop, due.anchor_on)

    def _close(self, due: Occasion) -> None:
        self.facts = replace(
            self.facts,
            occasions=tuple(
                replace(o, stands=False)
                if (o.account_id, o.key) == (due.account_id, due.key)
                else o
                for o in self.facts.occasions
            ),
        )

    def _pay(self, stop: Stop, day: date) -> None:
        """All that the stop covers is paid on the day, and the stop ends."""
        before = self.facts.by_account[stop.account_id]
        invoices = tuple(
            replace(invoice, state="paid", balance_minor=0, disputed_minor=0, disputes={})
            if invoice.state == "open" and stop.covers(invoice)
            else invoice
            for invoice in self.facts.invoices
        )
        stops = tuple(
            replace(each, ended_on=day, outcome="kept") if each == stop else each
            for each in self.facts.stops
        )
        self.facts = replace(self.facts, stops=stops)
        self._set_invoices(invoices, day)
        after = self.facts.by_account[stop.account_id]
        if _overdue(before) > 0 and _overdue(after) == 0:
            found = paid_up(stop.account_id, day, None)
            self.facts = replace(self.facts, occasions=(*self.facts.occasions, found))

    def _set_invoices(self, invoices: tuple[Invoice, ...], _day: date) -> None:
        """The accounts' amounts follow their invoices."""
        accounts = tuple(
            replace(account, amounts=_moved(account, self.facts.invoices, invoices))
            for account in self.facts.accounts
        )
        self.facts = replace(self.facts, invoices=invoices, accounts=accounts)

    # --------------------------------------------------------------- what the dry run makes

    def anchor(self, anchors: Mapping[tuple[str, str], date]) -> None:
        if anchors:
            invoices = tuple(
                replace(i, anchor_on=anchors.get((i.account_id, i.invoice_id), i.anchor_on))
                for i in self.facts.invoices
            )
            self.facts = replace(self.facts, invoices=invoices)

    def make(self, made: Plan, at: datetime) -> None:
        """Its steps are made; a message arrives."""
        state: StepState = "handed-over"
        if made.channel not in ("person", "hand-over"):
            state = "suppressed" if made.verdict != "allow" else "sent"
        self._set_steps(made.items, at, state)
        if state == "sent":
            self._sent(made, at)

    def _set_steps(self, items: Sequence[Item], at: datetime, state: StepState) -> None:
        steps: dict[SubjectKey, tuple[StepMade, ...]] = dict(self.facts.steps)
        for item in items:
            zone = self.facts.by_account[item.account_id].timezone
            key = subject_key(item)
            others = tuple(step for step in steps.get(key, ()) if step.n != item.n)
            steps[key] = (*others, StepMade(item.n, item.step, local_day(at, zone), state))
        self.facts = replace(self.facts, steps=steps)

    def _sent(self, made: Plan, at: datetime) -> None:
        covered = {item.account_id for item in made.items}
        asked = {item.account_id for item in made.items if item.section == "overdue"}
        channel = made.channel
        assert channel != "person", "a task is no message"
        assert channel != "hand-over", "a hand-over is no message"
        counts = channel in ATTEMPTS
        accounts = tuple(
            account
            if account.account_id not in covered
            else replace(
                account,
                is_contacted=True,
                contacts=account.contacts + counts,
                asked_on=local_day(at, account.timezone)
                if account.account_id in asked
                else account.asked_on,
            )
            for account in self.facts.accounts
        )
        attempts = tuple(each for each in self.facts.attempts if each > at - REMEMBERED)
        self.facts = replace(
            self.facts,
            accounts=accounts,
            attempts=(*attempts, at) if counts else attempts,
            last_message_at=at,
        )
        self.reach.noted(at, channel, made.items)


def _on_day(invoice: Invoice, today: date) -> Invoice:
    """As the ledger would announce it by then."""
    if invoice.state != "open":
        return invoice
    late = (today - invoice.due_on).days
    reached = [stage for stage in (FIRST_STAGE, *LATER_STAGES) if stage <= late]
    stage = max([*reached, invoice.stage or 0]) or None
    soon = invoice.due_on if -SOON_DAYS <= late <= 0 else invoice.due_soon_on
    if (stage, soon) == (invoice.stage, invoice.due_soon_on):
        return invoice
    return replace(invoice, stage=stage, due_soon_on=soon)


def _overdue(account: Account) -> int:
    return sum(known.overdue_minor for known in account.amounts.values())


def _moved(
    account: Account, before: Iterable[Invoice], after: Iterable[Invoice]
) -> dict[str, CurrencyAmounts]:
    """The account's amounts, by as much as its invoices have changed."""
    amounts = dict(account.amounts)
    for invoices, sign in ((before, -1), (after, 1)):
        for invoice in invoices:
            if invoice.account_id != account.account_id or invoice.state != "open":
                continue
            known = amounts.get(invoice.currency, CurrencyAmounts())
            overdue = invoice.balance_minor if invoice.stage is not None else 0
            disputed = invoice.disputed_minor if invoice.stage is not None else 0
            amounts[invoice.currency] = CurrencyAmounts(
                known.balance_minor + sign * invoice.balance_minor,
                known.overdue_minor + sign * overdue,
                known.collectable_minor + sign * (overdue - disputed),
            )
    return amounts
