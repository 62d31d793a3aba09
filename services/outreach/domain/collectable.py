"""The live check: what the ledger says is collectable now, and what of a contact stands before it.

The shape is that of `POST /v1/accounts/collectable`. The amounts of a message come from here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from services.outreach.domain.planning import Because, Item, first_reason
from services.outreach.domain.strategies import Strategies

# A ledger further behind its own intake is not believed (docs/decisions/0003).
INTAKE_LAG_MAX = timedelta(seconds=30)


class CheckedAmounts(Struct, frozen=True):
    currency: str
    collectable_minor: int
    overdue_minor: int
    disputed_minor: int
    unapplied_minor: int


class CheckedInvoice(Struct, frozen=True):
    """An open invoice."""

    invoice_id: str
    due_on: date
    currency: str
    balance_minor: int
    disputed_minor: int
    number: str | None = None
    stage: int | None = None

    @property
    def owed_minor(self) -> int:
        """What may be asked for: the balance less its disputed part."""
        return self.balance_minor - self.disputed_minor


class CheckedAccount(Struct, frozen=True):
    account_id: str
    sequence: int
    amounts: tuple[CheckedAmounts, ...]
    invoices: tuple[CheckedInvoice, ...]
    holds: tuple[Any, ...] = ()

    def invoice(self, invoice_id: str) -> CheckedInvoice | None:
        return next((i for i in self.invoices if i.invoice_id == invoice_id), None)

    def amounts_in(self, currency: str) -> CheckedAmounts | None:
        return next((a for a in self.amounts if a.currency == currency), None)


class Answer(Struct, frozen=True):
    """The ledger's answer, all read in one snapshot."""

    accounts: tuple[CheckedAccount, ...]
    intake_caught_up_at: datetime | None = None

    def by_account(self) -> dict[str, CheckedAccount]:
        return {account.account_id: account for account in self.accounts}

    def is_behind(self, machine_now: datetime) -> bool:
        """Whether payments may be waiting at the ledger's door."""
        caught_up_at = self.intake_caught_up_at
        return caught_up_at is None or machine_now - caught_up_at > INTAKE_LAG_MAX


@dataclass(frozen=True)
class Verdict:
    """What of a contact stands: the items still to be asked for, and why the others are not."""

    items: tuple[Item, ...]
    refused: Mapping[Item, Because]

    @property
    def because(self) -> Because:
        """The one reason to give when nothing stands."""
        return first_reason(self.refused.values())


def judge(
    items: Iterable[Item], checked: Mapping[str, CheckedAccount], strategies: Strategies
) -> Verdict:
    """Each item against the answer. Every account of the items must be in it."""
    items = tuple(items)
    refused: dict[Item, Because] = {}
    for item in items:
        reason = _refusal(item, checked[item.account_id], _is_reminder(item, strategies))
        if reason is not None:
            refused[item] = reason
    reminders = [i for i in items if i not in refused and _is_reminder(i, strategies)]
    for item in reminders:
        account = checked[item.account_id]
        beside = [other for other in reminders if other.account_id == item.account_id]
        if reminder_minor(account, _currency(item, checked), beside) <= 0:
            refused[item] = "paid"
    return Verdict(tuple(item for item in items if item not in refused), refused)


def reminder_minor(account: CheckedAccount, currency: str, items: Iterable[Item]) -> int:
    """What a reminder before the due day asks for: its invoices' balance less disputed less
    unapplied, in one currency of one account."""
    owed = 0
    for item in items:
        invoice = account.invoice(item.invoice_id)
        if invoice is not None and invoice.currency == currency:
            owed += invoice.owed_minor
    amounts = account.amounts_in(currency)
    return owed - (amounts.unapplied_minor if amounts is not None else 0)


def _refusal(item: Item, account: CheckedAccount, is_reminder: bool) -> Because | None:
    if account.holds:
        return "hold"
    invoice = account.invoice(item.invoice_id)
    if invoice is None or invoice.balance_minor <= 0:
        return "paid"
    if invoice.due_on != item.due_on:
        return "corrected"
    if invoice.owed_minor <= 0:
        return "disputed"
    if is_reminder:
        return None if invoice.stage is None else "superseded"
    if invoice.stage is None:
        return "corrected"
    amounts = account.amounts_in(invoice.currency)
    return None if amounts is not None and amounts.collectable_minor > 0 else "paid"


def _is_reminder(item: Item, strategies: Strategies) -> bool:
    step = strategies[item.kind].step(item.words)
    assert step is not None, "items are made from the same strategies"
    return step.is_reminder


def _currency(item: Item, checked: Mapping[str, CheckedAccount]) -> str:
    invoice = checked[item.account_id].invoice(item.invoice_id)
    assert invoice is not None, "an item that was not refused names an open invoice"
    return invoice.currency
