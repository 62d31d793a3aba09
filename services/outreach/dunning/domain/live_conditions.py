"""A step's `when`, asked again with the amounts of the live check: what has come in since the
contact was planned may have taken from the step what it asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.outreach.activity.domain.contacts import Item
from services.outreach.dunning.domain.applying import Applying
from services.outreach.dunning.domain.conditions import ConditionFacts, When, holds
from services.outreach.dunning.domain.debtor_facts import DebtorFacts, invoice_key
from services.outreach.dunning.domain.live_check import CheckedAccount
from services.outreach.dunning.domain.strategy import Strategy
from shared.clock import local_day


@dataclass(frozen=True)
class AskedAgain:
    """What an item's step asks, and what is known of its account and invoice."""

    when: When
    facts: ConditionFacts

    def holds(self, item: Item, account: CheckedAccount) -> bool:
        """By the amounts of the check, and by what else is known."""
        currency = self.facts.currency
        amounts = account.amounts_in(currency) if currency is not None else None
        invoice = account.invoice(item.subject_id)
        return holds(
            self.when,
            replace(
                self.facts,
                amount=invoice.owed_minor if invoice is not None else None,
                balance=sum(i.balance_minor for i in account.invoices if i.currency == currency),
                overdue=amounts.overdue_minor if amounts is not None else 0,
                collectable=amounts.collectable_minor if amounts is not None else 0,
            ),
        )


# By item; what is not in it asks nothing.
StepConditions = Mapping[Item, AskedAgain]


def asked_again(
    item: Item, debtor: DebtorFacts, strategy: Strategy, at: datetime
) -> AskedAgain | None:
    """Of a ladder's item whose step has conditions. None: nothing is asked."""
    step = strategy.step(item.step) if item.is_ladder else None
    account = debtor.by_account.get(item.account_id)
    invoice = debtor.invoice(item.account_id, item.subject_id)
    if step is None or not step.when or account is None or invoice is None:
        return None
    today = local_day(at, account.timezone)
    made = debtor.steps_of(invoice_key(invoice))
    facts = Applying(debtor, account, today, invoice, made).facts(today)
    return AskedAgain(step.when, facts)
