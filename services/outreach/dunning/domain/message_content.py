"""What the message of a contact says, from the live check alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from services.outreach.activity.domain.contacts import Item
from services.outreach.channels.domain.addresses import printable
from services.outreach.channels.domain.message_values import (
    Line,
    LinePart,
    MessageContent,
    Total,
)
from services.outreach.dunning.domain.agreed_lines import NOTHING_AGREED, Agreed
from services.outreach.dunning.domain.live_check import (
    ASKING,
    CheckedAccount,
    CheckedCharge,
    CheckedInvoice,
    reminder_minor,
)

INTEREST = "interest"
CHARGE_KINDS = ("fee", "cost", INTEREST)
LINES_MAX = 200  # of a list; further ones are counted, and the totals are of all


@dataclass(frozen=True)
class _Asked:
    """Of one account in one currency: what its lines make, and what is asked for."""

    account_id: str
    currency: str
    open_minor: int
    asks_minor: int

    @property
    def unapplied_minor(self) -> int:
        return max(0, self.open_minor - self.asks_minor)


def content(
    items: Sequence[Item],
    checked: Mapping[str, CheckedAccount],
    agreed: Agreed = NOTHING_AGREED,
) -> MessageContent:
    """What the message says, from the ledger's answer alone.

    If anything covered is past due, all that is past due in the covered accounts is listed, so that
    the total asked for is the account's collectable amount and not a part of it. What a promise, an
    arrangement, a hold or a placement stops is neither listed nor asked for.
    """
    reminders = sorted(item for item in items if item.is_reminder)
    overdue: list[Line] = []
    charges: list[LinePart] = []
    asked: list[_Asked] = []
    for account_id in _late(items):
        account = checked[account_id]
        for currency in [amounts.currency for amounts in account.amounts]:
            asks = account.asked_minor(currency)
            if asks > 0:
                overdue += [_overdue(account_id, i) for i in account.asked_invoices(currency)]
                charges += [_charge(charge) for charge in account.asked_charges(currency)]
                asked.append(_Asked(account_id, currency, account.listed_minor(currency), asks))
    upcoming, asked_early = _upcoming(reminders, checked, asked)
    return _listed(overdue, charges, asked, upcoming, asked_early, agreed)


def _listed(
    overdue: Sequence[Line],
    charges: Sequence[LinePart],
    asked: Sequence[_Asked],
    upcoming: Sequence[Line],
    asked_early: Sequence[_Asked],
    agreed: Agreed,
) -> MessageContent:
    """As many lines as a message has, and the totals of all."""
    return MessageContent(
        tuple(overdue[:LINES_MAX]),
        _summed(asked, [*overdue[LINES_MAX:], *charges[LINES_MAX:]]),
        tuple(upcoming[:LINES_MAX]),
        _summed(asked_early, upcoming[LINES_MAX:]),
        overdue_unlisted=max(0, len(overdue) - LINES_MAX),
        upcoming_unlisted=max(0, len(upcoming) - LINES_MAX),
        charges=tuple(charges[:LINES_MAX]),
        charges_unlisted=max(0, len(charges) - LINES_MAX),
        promises=agreed.promises[:LINES_MAX],
        instalments=agreed.instalments[:LINES_MAX],
        settlements=agreed.settlements[:LINES_MAX],
        answers=agreed.answers[:LINES_MAX],
    )


def content_of_account(account: CheckedAccount) -> MessageContent:
    """All of an account that may be asked for now, past due or not: what a preview shows."""
    overdue: list[Line] = []
    charges: list[LinePart] = []
    asked: list[_Asked] = []
    upcoming: list[Line] = []
    for currency in [amounts.currency for amounts in account.amounts]:
        asks = account.asked_minor(currency)
        if asks > 0:
            overdue += [_overdue(account.account_id, i) for i in account.asked_invoices(currency)]
            charges += [_charge(charge) for charge in account.asked_charges(currency)]
            opened = account.listed_minor(currency)
            asked.append(_Asked(account.account_id, currency, opened, asks))
    early = [
        i
        for i in sorted(account.invoices, key=lambda i: (i.due_on, i.invoice_id))
        if i.stage is None and i.owed_minor > 0 and account.stopped_by(i) is None
    ]
    upcoming = [_line(account.account_id, invoice) for invoice in early]
    used = {each.currency: each.unapplied_minor for each in asked}
    asked_early = []
    for currency in sorted({invoice.currency for invoice in early}):
        opened = sum(i.owed_minor for i in early if i.currency == currency)
        amounts = account.amounts_in(currency)
        waits = (amounts.unapplied_minor if amounts else 0) - used.get(currency, 0)
        asks = max(0, opened - max(0, waits))
        asked_early.append(_Asked(account.account_id, currency, opened, asks))
    return _listed(overdue, charges, asked, upcoming, asked_early, NOTHING_AGREED)


def collectable(items: Sequence[Item], checked: Mapping[str, CheckedAccount]) -> dict[str, int]:
    """What the ledger says may be asked for as past due, by currency: the totals must be that."""
    found: Counter[str] = Counter()
    for account_id in _late(items):
        account = checked[account_id]
        for amounts in account.amounts:
            found[amounts.currency] += max(0, account.asked_minor(amounts.currency))
    return {currency: minor for currency, minor in found.items() if minor}


def paid_at(content: MessageContent, urls: Mapping[tuple[str, str], str]) -> str | None:
    """Where the biller takes money for what is asked for, if that is one invoice and no more; else
    the reader's account is the place."""
    lines = (*content.overdue, *content.upcoming)
    further = content.overdue_unlisted + content.upcoming_unlisted + content.charges_unlisted
    agreed = (*content.charges, *content.promises, *content.instalments, *content.settlements)
    if len(lines) != 1 or further or agreed or len(lines[0].parts) > 1:
        return None
    return urls.get((lines[0].account_id, lines[0].subject_id))


def asks_for_interest(items: Sequence[Item], checked: Mapping[str, CheckedAccount]) -> bool:
    """Whether the message asks for interest that the ledger has charged."""
    for account_id in _late(items):
        account = checked[account_id]
        for currency in [amounts.currency for amounts in account.amounts]:
            if account.asked_minor(currency) <= 0:
                continue
            charges = [*account.asked_charges(currency)]
            for invoice in account.asked_invoices(currency):
                charges += invoice.asked_charges
            if any(charge.kind == INTEREST for charge in charges):
                return True
    return False


def _late(items: Sequence[Item]) -> list[str]:
    """The accounts of which what is past due is asked for."""
    asking = [i for i in items if i.section == "overdue" or i.reaction in ASKING]
    return sorted({item.account_id for item in asking})


def _upcoming(
    reminders: list[Item], checked: Mapping[str, CheckedAccount], overdue: Sequence[_Asked]
) -> tuple[list[Line], list[_Asked]]:
    """Money on the account that already counts against what is past due counts once."""
    used = {(each.account_id, each.currency): each.unapplied_minor for each in overdue}
    lines: list[Line] = []
    asked: list[_Asked] = []
    for account_id, group in groupby(reminders, key=lambda item: item.account_id):
        account, mine = checked[account_id], list(group)
        found = [i for i in (account.invoice(item.subject_id) for item in mine) if i is not None]
        lines += [
            _line(account_id, i) for i in sorted(found, key=lambda i: (i.due_on, i.invoice_id))
        ]
        for currency in sorted({invoice.currency for invoice in found}):
            opened = sum(i.owed_minor for i in found if i.currency == currency)
            asks = reminder_minor(account, currency, mine) + used.get((account_id, currency), 0)
            asked.append(_Asked(account_id, currency, opened, min(opened, asks)))
    return lines, asked


def _summed(asked: Iterable[_Asked], unlisted: Iterable[Line | LinePart]) -> tuple[Total, ...]:
    """By currency, over the accounts of a debtor; currencies are never mixed."""
    by_currency: dict[str, list[_Asked]] = {}
    for each in asked:
        by_currency.setdefault(each.currency, []).append(each)
    left_out: Counter[str] = Counter()
    for line in unlisted:
        left_out[line.currency] += line.amount_minor
    return tuple(
        Total(
            currency,
            sum(each.open_minor for each in found),
            sum(each.unapplied_minor for each in found),
            sum(each.asks_minor for each in found),
            left_out[currency],
        )
        for currency, found in sorted(by_currency.items())
    )


def _overdue(account_id: str, invoice: CheckedInvoice) -> Line:
    """With its charges, each by its name."""
    charges = tuple(_charge(charge) for charge in invoice.asked_charges)
    line = _line(account_id, invoice)
    amount = line.amount_minor + sum(charge.amount_minor for charge in charges)
    return replace(line, amount_minor=amount, parts=(*line.parts, *charges))


def _charge(charge: CheckedCharge) -> LinePart:
    kind = charge.kind if charge.kind in CHARGE_KINDS else "charge"
    name = charge.charge_id.partition(":")[0]
    return LinePart(kind, charge.currency, charge.owed_minor, name)


def _line(account_id: str, invoice: CheckedInvoice) -> Line:
    return Line(
        account_id,
        invoice.invoice_id,
        printable(invoice.number or invoice.invoice_id),
        invoice.due_on,
        invoice.currency,
        invoice.owed_minor,
        (LinePart("principal", invoice.currency, invoice.owed_minor),),
    )
