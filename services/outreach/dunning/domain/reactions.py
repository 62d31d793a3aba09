"""What else is answered: which steps of reactions can be made, from when on, and while what is so.

Each thing is answered once: a promise, an instalment, a payment, a dispute. What asks for money
asks only while something of it may be asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.dunning.domain.applying import Applying
from services.outreach.dunning.domain.debtor_facts import (
    Account,
    DebtorFacts,
    StepMade,
    SubjectKey,
    invoice_key,
)
from services.outreach.dunning.domain.ladder import position, step_day
from services.outreach.dunning.domain.options import Option
from services.outreach.dunning.domain.pauses import LadderPause
from services.outreach.dunning.domain.strategy import Step, Strategy
from shared.clock import day_start

# A message about something that is longer ago than this answers nothing any more.
STALE_DAYS: Final = 14
CORRECTED_DAYS: Final = 30  # so long ago a message has called an invoice overdue
# These ask for what is overdue: something of their invoices, or of the account, is collectable.
_ASKS: Final = frozenset({"promise-broken", "payment-failed"})
_OF_ACCOUNT: Final = frozenset({"payment-failed"})
_TAKEN: Final = frozenset({"placed", "written-off"})  # what these cover is answered by nobody


@dataclass(frozen=True, slots=True)
class ReactionsOf:
    """One account's reactions, on a day."""

    account: Account
    strategy: Strategy
    debtor: DebtorFacts
    pauses: tuple[LadderPause, ...]
    today: date

    def climb(self, occasion: Occasion) -> list[Option]:
        """The steps that answer it and can still be made, by their days."""
        reaction = self.strategy.reactions.get(occasion.reaction)
        if reaction is None or not occasion.stands:
            return []
        key: SubjectKey = (
            occasion.account_id, occasion.subject, occasion.subject_id, None, occasion.reaction,
        )  # fmt: skip
        made = self.debtor.steps_of(key)
        behind = position(made)
        steps = [step for step in reaction.steps if step.ladder_day > behind]
        if not steps or not self._is_so(occasion):
            return []
        about = tuple(sorted(invoice.invoice_id for invoice in self._about(occasion)))
        return [
            option for step in steps for option in self._options(occasion, step, key, made, about)
        ]

    def _options(
        self,
        occasion: Occasion,
        step: Step,
        key: SubjectKey,
        made: tuple[StepMade, ...],
        about: tuple[str, ...],
    ) -> Iterator[Option]:
        day = step_day(occasion.anchor_on, step, self.debtor.calendar_name)
        contact_from = self.debtor.contact_from
        if contact_from is None or day < contact_from:
            return
        applying = Applying(self.debtor, self.account, self.today, None, made)
        applies = applying.from_day(step, day)
        if applies is None:
            return
        is_ahead = occasion.reaction.endswith("-due")  # told before its day or not at all
        until = occasion.anchor_on if is_ahead else applies + timedelta(days=STALE_DAYS)
        yield Option(
            day_start(applies, self.account.timezone),
            until,
            self.account,
            self.strategy,
            step,
            step,
            key,
            occasion.anchor_on,
            invoice_ids=about,
            tried=next((s.tried for s in made if s.n == step.ladder_day), ()),
        )

    # --------------------------------------------------------------- while it is so

    def _is_so(self, occasion: Occasion) -> bool:
        """Whether what it says is still so, by the facts of the account."""
        if self.is_silent():
            return False
        reaction = occasion.reaction
        if reaction in _ASKS:
            wide = reaction in _OF_ACCOUNT
            found = self.debtor.invoices_of.get(self.account.account_id, ())
            asked = found if wide else self._about(occasion)
            return any(self._is_collectable(invoice) for invoice in asked)
        if reaction == "paid":
            return self._is_paid_up(occasion)
        if reaction == "corrected":
            return self._was_wrongly_asked(occasion)
        if reaction.startswith("segment."):
            return self.account.segment == reaction.removeprefix("segment.")
        return not self._are_taken(occasion)

    def is_silent(self) -> bool:
        """Whether nobody is contacted about anything: a hold of the kind that means the person."""
        return any(
            pause.stop.is_silence and pause.stop.stands_on(self.today) for pause in self.pauses
        )

    def _about(self, occasion: Occasion) -> list[Invoice]:
        """The open invoices that it is about."""
        if occasion.subject == "account":
            return []
        found = self.debtor.invoices_of.get(self.account.account_id, ())
        ids = None if occasion.invoice_ids is None else frozenset(occasion.invoice_ids)
        return [
            invoice
            for invoice in found
            if invoice.state == "open"
            and (invoice.invoice_id in ids if ids is not None else True)
            and (ids is not None or occasion.currency in (None, invoice.currency))
            and not self._is_taken(invoice)
        ]

    def _is_collectable(self, invoice: Invoice) -> bool:
        """Whether it may be asked for today. A pause that has ended no longer keeps it, whenever
        the ladder goes on."""
        if invoice.state != "open" or invoice.stage is None or invoice.is_disputed:
            return False
        return not any(
            pause.stop.covers(invoice)
            and pause.stop.from_on <= self.today
            and (pause.ends_on is None or self.today < pause.ends_on)
            for pause in self.pauses
        )

    def _is_taken(self, invoice: Invoice) -> bool:
        return any(
            pause.stop.kind in _TAKEN
            and pause.stop.stands_on(self.today)
            and pause.stop.covers(invoice)
            for pause in self.pauses
        )

    def _are_taken(self, occasion: Occasion) -> bool:
        """Whether all that it is about is in other hands."""
        ids = None if occasion.invoice_ids is None else frozenset(occasion.invoice_ids)
        found = [
            invoice
            for invoice in self.debtor.invoices_of.get(self.account.account_id, ())
            if invoice.state == "open"
            and (invoice.invoice_id in ids if ids is not None else invoice.stage is not None)
        ]
        return bool(found) and all(self._is_taken(invoice) for invoice in found)

    def _is_paid_up(self, occasion: Occasion) -> bool:
        """Whether nothing is overdue, and a message has asked for what was."""
        if any(known.overdue_minor > 0 for known in self.account.amounts.values()):
            return False
        asked_on = self.account.asked_on
        since = occasion.since_on or occasion.anchor_on
        return asked_on is not None and since <= asked_on <= occasion.anchor_on

    def _was_wrongly_asked(self, occasion: Occasion) -> bool:
        invoice = self.debtor.invoice(self.account.account_id, occasion.subject_id)
        if invoice is None or invoice.stage is not None:
            return False
        since = occasion.anchor_on - timedelta(days=CORRECTED_DAYS)
        return any(
            step.n > 0 and step.may_have_arrived and step.made_on >= since
            for step in self.debtor.steps_of(invoice_key(invoice))
        )
