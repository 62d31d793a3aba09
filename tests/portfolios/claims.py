"""Disputes, promises and placements, as the ledger announces them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from shared.events import ledger
from tests.portfolios.given_up import GivenUp


class Claims(GivenUp):
    def dispute(
        self, dispute: str, invoice: str, at: datetime, disputed: int | None = None
    ) -> None:
        bill = self.bills[invoice]
        data = ledger.DisputeOpened(
            dispute_id=dispute,
            account_id=bill.account,
            invoice_id=invoice,
            currency=bill.currency,
            amount_minor=disputed,
            disputed_minor=max(0, self.balance(bill, at)) if disputed is None else disputed,
        )
        self._fact(bill.account, "dispute-opened", data, at)

    def resolve(self, dispute: str, invoice: str, at: datetime) -> None:
        bill = self.bills[invoice]
        data = ledger.DisputeResolved(
            dispute_id=dispute, account_id=bill.account, invoice_id=invoice, outcome="rejected"
        )
        self._fact(bill.account, "dispute-resolved", data, at)

    def promise(
        self,
        account: str,
        promise: str,
        amount: int,
        at: datetime,
        *,
        currency: str = "EUR",
        collector: str | None = None,
        channel: str | None = None,
        days: int = 7,
    ) -> None:
        due = self.day_of(at, account) + timedelta(days=days)
        data = ledger.PromiseMade(
            account_id=account,
            currency=currency,
            invoice_ids=None,
            promise_id=promise,
            amount_minor=amount,
            due_on=due,
            grace_until_on=due,
            collector=collector,
            channel=channel,
        )
        self._fact(account, "promise-made", data, at)

    def judge(
        self,
        account: str,
        promise: str,
        state: str,
        at: datetime,
        *,
        amount: int,
        received: int = 0,
        asked: int | None = None,
        currency: str = "EUR",
        rejudged_from: str | None = None,
        day: date | None = None,
    ) -> None:
        """Kept, partly kept, broken, cancelled; or judged again."""
        of: dict[str, Any] = {
            "account_id": account,
            "currency": currency,
            "invoice_ids": None,
            "promise_id": promise,
            "received_minor": received,
        }
        if rejudged_from is None and state == "cancelled":
            data: Any = ledger.PromiseCancelled(**of, because="manual")
            type_ = "promise-cancelled"
        else:
            of |= {"amount_minor": amount, "asked_minor": asked, "due_on": self.day_of(at, account)}
            type_ = f"promise-{state.replace('_', '-')}"
            if rejudged_from is not None:
                type_ = "promise-rejudged"
                of |= {"from_state": rejudged_from, "to_state": state, "because": "payment X"}
            data = ledger.TYPES[type_](**of)
        self._fact(account, type_, data, at, day)

    def place(
        self, account: str, placement: str, agency: str, at: datetime, on: Mapping[str, int]
    ) -> None:
        data = ledger.AccountPlaced(
            account_id=account,
            currency=self.bills[next(iter(on))].currency,
            invoice_ids=tuple(on),
            placement_id=placement,
            kind="agency",
            to=agency,
            placed_minor=sum(on.values()),
            invoices=tuple(ledger.PlacedInvoice(name, amount) for name, amount in on.items()),
        )
        self._fact(account, "account-placed", data, at)

    def recall(self, account: str, placement: str, at: datetime) -> None:
        data = ledger.AccountRecalled(
            account_id=account,
            currency=None,
            invoice_ids=None,
            placement_id=placement,
            because="recalled",
        )
        self._fact(account, "account-recalled", data, at)

    def commission(
        self, account: str, placement: str, payment: str, amount: int, currency: str, at: datetime
    ) -> None:
        data = ledger.CommissionDue(
            account_id=account,
            currency=currency,
            invoice_ids=None,
            placement_id=placement,
            payment_id=payment,
            base_minor=amount * 10,
            commission_minor=amount,
            settled="payable",
        )
        self._fact(account, "commission-due", data, at)
