"""Whether a step applies: its `when`, of what is known of account and invoice, and its `requires`.

What lies in the days (how long past due) can begin to hold by itself: then the first day counts.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.dunning.domain.conditions import ConditionFacts, holds
from services.outreach.dunning.domain.debtor_facts import Account, DebtorFacts, StepMade
from services.outreach.dunning.domain.strategy import Step

BROKEN_DAYS = 180  # for so long a broken promise is remembered


@dataclass(frozen=True, slots=True)
class Applying:
    """Asked of one subject: an invoice, or (none) the account's words only."""

    debtor: DebtorFacts
    account: Account
    today: date
    invoice: Invoice | None
    made: tuple[StepMade, ...]
    _known: dict[date, ConditionFacts] = field(default_factory=dict)

    def from_day(self, step: Step, day: date) -> date | None:
        """The first day, not before the given one, on which the step applies; None: it does not."""
        if step.requires is not None:
            required = [
                each.made_on + timedelta(days=step.requires.days)
                for each in self.made
                if each.name == step.requires.step and each.has_arrived
            ]
            if not required:
                return None
            day = max(day, *required)
        if not step.when:
            return day
        facts = self.facts(max(day, self.today))
        if holds(step.when, facts):
            return day
        return self._later(step, facts, day)

    def _later(self, step: Step, facts: ConditionFacts, day: date) -> date | None:
        """Where only the days past due are missing: when there are enough."""
        if self.invoice is None:
            return None
        limits = sorted(
            int(-(-bound.limit // 1))
            for case in step.when
            for bound in case.numbers
            if bound.fact == "days_past_due" and bound.side == "from"
        )
        for limit in limits:
            then = self.invoice.due_on + timedelta(days=limit)
            if then > day and holds(step.when, replace(facts, days_past_due=limit)):
                return then
        return None

    def facts(self, day: date) -> ConditionFacts:
        """What is known on a day."""
        if day not in self._known:
            self._known[day] = self._facts(day)
        return self._known[day]

    def _facts(self, day: date) -> ConditionFacts:
        account, invoice = self.account, self.invoice
        currency = invoice.currency if invoice is not None else None
        amounts = account.amounts.get(currency) if currency is not None else None
        since = day - timedelta(days=BROKEN_DAYS)
        return ConditionFacts(
            kind=account.kind,
            country=account.country,
            language=account.language,
            segment=account.segment,
            party=self.debtor.party,
            arms=account.arms,
            tags=account.tags,
            product=invoice.product if invoice else None,
            purpose=invoice.purpose if invoice else None,
            payer=invoice.payer if invoice else None,
            amount=invoice.balance_minor - invoice.disputed_minor if invoice else None,
            days_past_due=max(0, (day - invoice.due_on).days) if invoice else None,
            stage=invoice.stage if invoice else None,
            currency=currency,
            balance=amounts.balance_minor if amounts else None,
            overdue=amounts.overdue_minor if amounts else None,
            collectable=amounts.collectable_minor if amounts else None,
            pays_within=account.pays_within,
            late_payment=account.late_payment,
            priority=account.priority,
            contacts=account.contacts,
            promises_broken=sum(since < on <= day for on in account.promises_broken_on),
            answered=self._is_answered(),
        )

    def _is_answered(self) -> bool:
        last = max((step.made_on for step in self.made if step.is_made), default=None)
        answered_on = self.account.answered_on
        return answered_on is not None and (last is None or answered_on >= last)
