"""What a trained model is asked of an account, at the beginning of a day.

Models know invoices and their payers (`learning/`). `late_payment` is asked of the newest open
invoice that is not due yet, or else of one as the account usually gets, issued that day;
`pays_within` of the oldest open invoice. What was booked or settled on the day itself does not
count yet, as in training: so a question about an invoice on the day it became known has exactly
the features that the case has when a later model learns from it.
"""

from datetime import date, timedelta

from services.segmentation.domain.account import Account
from services.segmentation.domain.features import Features
from services.segmentation.domain.invoices import fact_of
from services.segmentation.domain.payer import Everybody
from services.segmentation.learning.cases import InvoiceFacts, Target
from services.segmentation.learning.history import Ask, PayerHistory

TERMS_DAYS = 30  # where no agreement is known and no invoice tells


class Inquiry:
    """The questions about one account on one day. Several models may ask."""

    def __init__(self, account: Account, account_id: str, features: Features, on: date) -> None:
        self.on = on
        self._account = account
        self._account_id = account_id
        self._features = features
        self._facts: dict[str, InvoiceFacts | None] = {}

    def history(self, everybody: Everybody) -> PayerHistory:
        """The payer at the beginning of the day, held against everybody's figures of the time."""
        account = self._account
        return account.payer.history(self.on, everybody, account.open_ids, self._fact)

    def ask(self, target: Target) -> Ask:
        """The question that a target's model is asked."""
        facts = [
            fact
            for invoice_id in self._account.open_ids
            if (fact := self._fact(invoice_id)) is not None and fact.issued_on <= self.on
        ]
        if target == "late_payment":
            facts = [fact for fact in facts if fact.due_on >= self.on]
            if facts:
                newest = max(facts, key=lambda f: (f.day, f.issued_on, f.invoice_id))
                return Ask.of(newest, self.on)
        elif facts:
            return Ask.of(min(facts, key=lambda f: (f.due_on, f.invoice_id)), self.on)
        return self._usual()

    def _fact(self, invoice_id: str) -> InvoiceFacts | None:
        if invoice_id not in self._facts:
            account, invoice = self._account, self._account.invoices[invoice_id]
            self._facts[invoice_id] = fact_of(
                self._account_id, account.kind, account.timezone, invoice_id, invoice
            )
        return self._facts[invoice_id]

    def _usual(self) -> Ask:
        """An invoice as the account usually gets, issued on the day."""
        return Ask(
            day=self.on,
            amount_minor=self._features.usual_minor,
            currency=self._features.currency or "",
            issued_on=self.on,
            due_on=self.on + timedelta(days=self._usual_terms()),
            kind=self._account.kind,
        )

    def _usual_terms(self) -> int:
        """As agreed, or those of the invoice that became known last."""
        if self._account.payment_terms_days is not None:
            return self._account.payment_terms_days
        if not self._account.payer.booked:
            return TERMS_DAYS
        fact = self._fact(self._account.payer.booked[-1][1])
        assert fact is not None, "what was booked says something"
        return max(0, (fact.due_on - fact.issued_on).days)
