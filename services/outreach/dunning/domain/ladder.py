"""Where an invoice stands on its ladder, and which of its steps can be made from when on.

The position is the largest ladder day among the steps made, whichever strategy and version made
them; what lies at it or below is behind for ever. So a new strategy repeats nothing and begins
nothing again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.dunning.domain.applying import Applying
from services.outreach.dunning.domain.debtor_facts import (
    Account,
    DebtorFacts,
    StepMade,
    invoice_key,
)
from services.outreach.dunning.domain.options import Option
from services.outreach.dunning.domain.pauses import InvoicePauses, LadderPause, invoice_pauses
from services.outreach.dunning.domain.strategy import Step, Strategy
from shared.calendars.business_days import business_days_after
from shared.clock import day_start

BEFORE_ALL = -(10**6)  # the position of what has made no step


@dataclass(frozen=True, slots=True)
class LadderStart:
    """The day from which an invoice's steps are counted."""

    base_on: date
    late_on: date | None  # where it starts late: to be kept, for it does not move later
    begins: Step | None  # the step that falls on the day of a late start


def position(made: Sequence[StepMade]) -> int:
    return max((step.n for step in made if step.is_made), default=BEFORE_ALL)


def step_day(day: date, step: Step, calendar_name: str | None) -> date:
    """The day of a step whose anchor is a day: in days, or in business days."""
    if step.business_days is not None:
        return business_days_after(day, step.business_days, calendar_name)
    return day + timedelta(days=step.days)


@dataclass(frozen=True, slots=True)
class LadderOf:
    """One account's ladder, on a day: what all of its invoices share."""

    account: Account
    strategy: Strategy
    debtor: DebtorFacts
    pauses: tuple[LadderPause, ...]
    today: date
    begun: frozenset[tuple[str, str]]  # invoices whose ladders a contact under way has begun

    def climb(self, invoice: Invoice) -> tuple[list[Option], date | None]:
        """The steps that can still be made, by their ladder days; and a late start to be kept."""
        pauses = invoice_pauses(self.pauses, invoice, self.strategy, self.today)
        if invoice.state != "open" or pauses.because is not None:
            return [], None
        made = self.debtor.steps_of(invoice_key(invoice))
        behind = position(made)
        for _, skip_to_n in pauses.resumes:
            if skip_to_n is not None:
                behind = max(behind, skip_to_n)
        steps = [step for step in self.strategy.ladder if step.ladder_day > behind]
        applying = Applying(self.debtor, self.account, self.today, invoice, made)
        first = self._first_of_all(applying, steps, behind)
        start = self._start(applying, first, pauses)
        if first:  # nothing comes before it, however long it waits
            last = first[0].ladder_day
            possible = [step for step in steps if step.is_before_due or step.ladder_day <= last]
        else:
            possible = steps
        options = [
            option
            for step in possible
            for option in self._options(applying, step, steps, start, pauses)
        ]
        return options, start.late_on

    # --------------------------------------------------------------- where it starts

    def _start(
        self, applying: Applying, first: Sequence[Step], pauses: InvoicePauses
    ) -> LadderStart:
        invoice, made = applying.invoice, applying.made
        assert invoice is not None, "a ladder is an invoice's"
        base = invoice.due_on if first else invoice.anchor_on or invoice.due_on
        for resume_on, _ in pauses.resumes:
            skipped = max((n for on, n in pauses.skips if on <= resume_on), default=BEFORE_ALL)
            before = max(
                (s.n for s in made if s.is_made and s.made_on < resume_on), default=skipped
            )
            step = self._first_above(max(before, skipped, 0))
            if step is not None:
                base = max(base, resume_on - timedelta(days=step.ladder_day))
        late_on = self._late_start(first, base)
        return LadderStart(late_on or base, late_on, first[0] if late_on is not None else None)

    def _first_above(self, n: int) -> Step | None:
        return next((step for step in self.strategy.ladder if step.ladder_day > n), None)

    def _first_of_all(
        self, applying: Applying, steps: Sequence[Step], behind: int
    ) -> Sequence[Step]:
        """An account never contacted begins with its first overdue step that can be made: that one,
        and those after it. None: the ladder has begun, or has not come to it yet."""
        invoice = applying.invoice
        assert invoice is not None, "a ladder is an invoice's"
        is_begun = (invoice.account_id, invoice.invoice_id) in self.begun
        if invoice.stage is None or self.account.is_contacted or is_begun or behind > 0:
            return ()
        return [
            step
            for step in steps
            if not step.is_before_due
            and self._own_day(invoice, step, applying.made, invoice.due_on) is not None
            and applying.from_day(step, self.today) == self.today
        ]

    def _late_start(self, first: Sequence[Step], base: date) -> date | None:
        """Where a second step would have come too: the first one falls on today, and not before
        the tenant lets it. The same on whichever days it is asked, until something is made."""
        if not first:
            return None
        contact_from = self.debtor.contact_from
        assert contact_from is not None, "nobody is planned for before"
        start_on = max(self.today, contact_from)
        days = [timedelta(days=step.ladder_day) for step in first]
        is_late = len(days) > 1 and base + days[1] <= start_on
        return start_on - days[0] if is_late or base + days[0] < contact_from else None

    # --------------------------------------------------------------- which steps, from when

    def _options(
        self,
        applying: Applying,
        step: Step,
        steps: Sequence[Step],
        start: LadderStart,
        pauses: InvoicePauses,
    ) -> Iterator[Option]:
        invoice, made = applying.invoice, applying.made
        assert invoice is not None, "a ladder is an invoice's"
        day = self._own_day(invoice, step, made, start.base_on)
        contact_from = self.debtor.contact_from
        if day is not None and contact_from is not None and step is start.begins:
            day = max(day, contact_from)  # business days can be fewer than its ladder day says
        if day is None or contact_from is None or day < contact_from:
            return  # its own day; where a weekend moves it to does not count
        day = max(day, self._resumed(step, pauses) or day)
        if self.account.paid_on is not None:
            quiet = self.strategy.quiet.after_payment_days
            day = max(day, self.account.paid_on + timedelta(days=quiet))
        if step.anchor == "last-contact" and self._is_waited_for(applying, step, steps):
            return
        applies = applying.from_day(step, day)
        if applies is None:
            return
        yield from self._around(invoice, step, made, applies, pauses)

    def _resumed(self, step: Step, pauses: InvoicePauses) -> date | None:
        """The first day after what has stopped it: a reminder of money that is not past due waits
        for the end alone, for after the due day it can't be made any more."""
        if step.is_before_due:
            return pauses.over_on
        return pauses.resumes[-1][0] if pauses.resumes else None

    def _around(
        self,
        invoice: Invoice,
        step: Step,
        made: Sequence[StepMade],
        day: date,
        pauses: InvoicePauses,
    ) -> Iterator[Option]:
        """The step from its day on; where a pause is still to begin, until then and after it."""
        last = invoice.due_on if step.is_before_due else None
        for from_on, resume_on in pauses.ahead:
            if day < from_on:
                until = from_on - timedelta(days=1)
                yield self._option(
                    invoice, step, made, day, until if last is None else min(until, last)
                )
            if resume_on is None:
                return
            day = max(day, resume_on)
        yield self._option(invoice, step, made, day, last)

    def _option(
        self,
        invoice: Invoice,
        step: Step,
        made: Sequence[StepMade],
        day: date,
        until_on: date | None,
    ) -> Option:
        return Option(
            day_start(day, self.account.timezone),
            until_on,
            self.account,
            self.strategy,
            step,
            self._words(step),
            invoice_key(invoice),
            invoice.due_on,
            tried=next((s.tried for s in made if s.n == step.ladder_day), ()),
        )

    def _own_day(
        self, invoice: Invoice, step: Step, made: Sequence[StepMade], base: date
    ) -> date | None:
        """The day of the step by itself; None: it can't be made as things are announced."""
        if step.is_before_due and not invoice.is_due_soon:
            return None
        if not step.is_before_due and (invoice.stage is None or invoice.stage < (step.stage or 0)):
            return None
        if step.anchor == "last-contact":
            last = max((each.made_on for each in made if each.is_made), default=None)
            return None if last is None else step_day(last, step, self.debtor.calendar_name)
        if step.is_before_due:
            return invoice.due_on + timedelta(days=step.ladder_day)
        if step.anchor == "stage":
            assert step.stage is not None, "a step from a stage names it"
            day = step_day(base + timedelta(days=step.stage), step, self.debtor.calendar_name)
            return max(day, invoice.due_on + timedelta(days=step.stage))
        return max(
            step_day(base, step, self.debtor.calendar_name), invoice.due_on + timedelta(days=1)
        )

    def _is_waited_for(self, applying: Applying, step: Step, steps: Sequence[Step]) -> bool:
        """Whether an earlier step that applies is still to be made."""
        return any(
            each.ladder_day < step.ladder_day
            and (step.is_before_due or not each.is_before_due)
            and applying.from_day(each, self.today) is not None
            for each in steps
        )

    def _words(self, step: Step) -> Step:
        """Nobody's first message is a firm one, even if earlier ones were suppressed."""
        if self.account.is_contacted or step.is_before_due or not step.is_message:
            return step
        return self.strategy.first_words or step
