"""What the message of a contact says, from the live check alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from services.outreach.activity.domain.contacts import Item
from services.outreach.channels.domain.addresses import printable
from services.outreach.channels.domain.messages import ChargeLine, Line, MessageContent, Total
from services.outreach.dunning.domain.live_check import (
    ASKING,
    CheckedAccount,
    CheckedCharge,
    CheckedInvoice,
    reminder_minor,
)

CHARGE_NAMES = {"fee": "fee", "cost": "costs", "interest": "interest"}
LINES_MAX = 200  # of a list; further ones are counted, and the totals are of all


def content(items: Sequence[Item], checked: Mapping[str, CheckedAccount]) -> MessageContent:
    """What the message says, from the ledger's answer alone.

    If anything covered is past due, all that is past due in the covered accounts is listed, so that
    the total asked for is the account's collectable amount and not a part of it. What a promise, an
    arrangement, a hold or a placement stops is neither listed nor asked for.
    """
    reminders = sorted(item for item in items if item.is_reminder)
    late = {
        item.account_id for item in items if item.section == "overdue" or item.reaction in ASKING
    }
    overdue: list[Line] = []
    charges: list[ChargeLine] = []
    asked: list[Total] = []
    for account_id in sorted(late):
        account = checked[account_id]
        for currency in [amounts.currency for amounts in account.amounts]:
            asks = account.asked_minor(currency)
            if asks > 0:
                overdue += [_overdue(account_id, i) for i in account.asked_invoices(currency)]
                charges += [_charge(charge) for charge in account.asked_charges(currency)]
                opened = account.listed_minor(currency)
                asked.append(Total(currency, opened, max(0, opened - asks), asks))
    upcoming, upcoming_totals = _upcoming(reminders, checked)
    return MessageContent(
        tuple(overdue[:LINES_MAX]),
        _summed(asked),
        tuple(upcoming[:LINES_MAX]),
        upcoming_totals,
        overdue_unlisted=max(0, len(overdue) - LINES_MAX),
        upcoming_unlisted=max(0, len(upcoming) - LINES_MAX),
        charges=tuple(charges[:LINES_MAX]),
        charges_unlisted=max(0, len(charges) - LINES_MAX),
    )


def _upcoming(
    reminders: list[Item], checked: Mapping[str, CheckedAccount]
) -> tuple[list[Line], tuple[Total, ...]]:
    lines: list[Line] = []
    totals: list[Total] = []
    for account_id, group in groupby(reminders, key=lambda item: item.account_id):
        account, mine = checked[account_id], list(group)
        found = [i for i in (account.invoice(item.subject_id) for item in mine) if i is not None]
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


def _overdue(account_id: str, invoice: CheckedInvoice) -> Line:
    """With its charges, each by its name."""
    charges = tuple(_charge(charge) for charge in invoice.asked_charges)
    line = _line(account_id, invoice)
    amount = line.amount_minor + sum(charge.amount_minor for charge in charges)
    return replace(line, amount_minor=amount, charges=charges)


def _charge(charge: CheckedCharge) -> ChargeLine:
    name = CHARGE_NAMES.get(charge.kind, "charge")
    return ChargeLine(name, charge.currency, charge.owed_minor)


def _line(account_id: str, invoice: CheckedInvoice) -> Line:
    return Line(
        account_id,
        invoice.invoice_id,
        printable(invoice.number or invoice.invoice_id),
        invoice.due_on,
        invoice.currency,
        invoice.owed_minor,
    )
