"""What the message of a contact says, from the live check alone."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from services.outreach.activity.domain.contacts import Item
from services.outreach.channels.domain.addresses import printable
from services.outreach.channels.domain.messages import Line, MessageContent, Total
from services.outreach.dunning.domain.live_check import (
    CheckedAccount,
    CheckedInvoice,
    is_reminder,
    reminder_minor,
)
from services.outreach.dunning.domain.strategies import Strategies

LINES_MAX = 200  # of a list; further ones are counted, and the totals are of all


def content(
    items: Sequence[Item], checked: Mapping[str, CheckedAccount], strategies: Strategies
) -> MessageContent:
    """What the message says, from the ledger's answer alone.

    If anything covered is past due, all that is past due in the covered accounts is listed, so that
    the total asked for is the account's collectable amount and not a part of it.
    """
    reminders = sorted(item for item in items if is_reminder(item, strategies))
    late = {item.account_id for item in items if not is_reminder(item, strategies)}
    overdue: list[Line] = []
    asked: list[Total] = []
    for account_id in sorted(late):
        account = checked[account_id]
        lines = [
            _line(account_id, invoice)
            for invoice in sorted(account.invoices, key=lambda i: (i.due_on, i.invoice_id))
            if invoice.stage is not None and invoice.owed_minor > 0
        ]
        for amounts in account.amounts:
            mine = [line for line in lines if line.currency == amounts.currency]
            if amounts.collectable_minor > 0:
                overdue += mine
                opened = sum(line.amount_minor for line in mine)
                asked.append(
                    Total(
                        amounts.currency,
                        opened,
                        max(0, opened - amounts.collectable_minor),
                        amounts.collectable_minor,
                    )
                )
    upcoming, upcoming_totals = _upcoming(reminders, checked)
    return MessageContent(
        tuple(overdue[:LINES_MAX]),
        _summed(asked),
        tuple(upcoming[:LINES_MAX]),
        upcoming_totals,
        overdue_unlisted=max(0, len(overdue) - LINES_MAX),
        upcoming_unlisted=max(0, len(upcoming) - LINES_MAX),
    )


def _upcoming(
    reminders: list[Item], checked: Mapping[str, CheckedAccount]
) -> tuple[list[Line], tuple[Total, ...]]:
    lines: list[Line] = []
    totals: list[Total] = []
    for account_id, group in groupby(reminders, key=lambda item: item.account_id):
        account, mine = checked[account_id], list(group)
        found = [i for i in (account.invoice(item.invoice_id) for item in mine) if i is not None]
        lines += [
            _line(account_id, i) for i in sorted(found, key=lambda i: (i.due_on, i.invoice_id))
        ]
        for currency in sorted({invoice.currency for invoice in found}):
            opened = sum(i.owed_minor for i in found if i.currency == currency)
            asks = reminder_minor(account, currency, mine)
            totals.append(Total(currency, opened, opened - asks, asks))
    return lines, _summed(totals)


def _summed(totals: Iterable[Total]) -> tuple[Total, ...]:
    """By currency, over the accounts of a debtor; currencies are never mixed."""
    by_currency: dict[str, list[Total]] = {}
    for total in totals:
        by_currency.setdefault(total.currency, []).append(total)
    return tuple(
        Total(
            currency,
            sum(t.open_minor for t in found),
            sum(t.unapplied_minor for t in found),
            sum(t.asked_minor for t in found),
        )
        for currency, found in sorted(by_currency.items())
    )


def _line(account_id: str, invoice: CheckedInvoice) -> Line:
    return Line(
        account_id,
        invoice.invoice_id,
        printable(invoice.number or invoice.invoice_id),
        invoice.due_on,
        invoice.currency,
        invoice.owed_minor,
    )
