"""What a contact speaks of besides invoices: promises, instalments, settlements, and what happened
that it answers.

The figures are those that the ledger has announced, and of arrangements those of its live check.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.outreach.activity.domain.contacts import DebtorContact, Item
from services.outreach.channels.domain.addresses import printable
from services.outreach.channels.domain.message_values import Answered, Line, LinePart
from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.dunning.domain.live_check import CheckedAccount, CheckedArrangement

NUMBERS_MAX = 3  # of the invoices that a promise is of; further ones are counted

_PROMISES = frozenset({"promise-made", "promise-due", "promise-broken", "promise-kept"})
_INSTALMENTS = frozenset({"instalment-due", "instalment-missed"})
_PLANS = frozenset({"plan-agreed", "plan-defaulted"})
_SETTLEMENTS = frozenset({"settlement-offered", "settlement-due"})
_DISPUTES = frozenset({"dispute-opened", "dispute-resolved"})


@dataclass(frozen=True)
class Agreed:
    """What a contact speaks of besides invoices, as the ledger last said it."""

    promises: tuple[Line, ...] = ()
    instalments: tuple[Line, ...] = ()
    settlements: tuple[Line, ...] = ()
    answers: tuple[Answered, ...] = ()


NOTHING_AGREED = Agreed()


def agreed_lines(
    contact: DebtorContact, occasions: Iterable[Occasion], checked: Mapping[str, CheckedAccount]
) -> Agreed:
    """Of the contact's reactions, and what it confirms at once; `occasions`: those of its accounts,
    also of its plans' instalments."""
    known = list(occasions)
    by_key = {(each.account_id, *each.key): each for each in known}
    promises = list(_confirmed(contact))
    instalments: list[Line] = []
    settlements: list[Line] = []
    answers: list[Answered] = []
    for item in sorted(contact.items if contact.service is None else ()):
        occasion = by_key.get((item.account_id, item.reaction, item.subject_id))
        if occasion is None:
            continue
        account = checked[item.account_id]
        if item.reaction in _PROMISES:
            promises += _lines(occasion, item, account)
        elif item.reaction in _INSTALMENTS:
            instalments += _lines(occasion, item, account)
        elif item.reaction in _PLANS:
            instalments += _of_plan(occasion, item, account, known)
        elif item.reaction in _SETTLEMENTS:
            settlements += _lines(occasion, item, account)
        else:
            answers += _answered(occasion, account)
    return Agreed(
        tuple(dict.fromkeys(promises)),
        tuple(sorted(dict.fromkeys(instalments), key=lambda line: (line.due_on, line.subject_id))),
        tuple(dict.fromkeys(settlements)),
        tuple(dict.fromkeys(answers)),
    )


def _confirmed(contact: DebtorContact) -> Iterator[Line]:
    """The promise that a message confirms which leaves at once."""
    promise = contact.service.promise if contact.service is not None else None
    if promise is not None:
        yield Line(
            contact.account_id, promise.promise_id, "", promise.due_on, promise.currency,
            promise.amount_minor,
        )  # fmt: skip


def _lines(occasion: Occasion, item: Item, account: CheckedAccount) -> Iterator[Line]:
    asked, currency = occasion.amount_minor, occasion.currency
    due_on = occasion.due_on or occasion.anchor_on
    if asked is None or currency is None:
        return
    minor = asked
    arrangement = _arrangement(occasion, account)
    parts: tuple[LinePart, ...] = ()
    if arrangement is not None and arrangement.next_due_on == due_on and arrangement.next_minor:
        minor = min(minor, arrangement.next_minor)  # some of it is paid already
    base = occasion.base_minor
    if base is not None and base > asked == minor:
        parts = (
            LinePart("principal", currency, base),
            LinePart("discount", currency, minor - base),
        )
    number = _numbers(occasion, item, account)
    yield Line(account.account_id, occasion.subject_id, number, due_on, currency, minor, parts)


def _of_plan(
    occasion: Occasion, item: Item, account: CheckedAccount, known: Iterable[Occasion]
) -> Iterator[Line]:
    """Its instalments that are still to be paid; of one that has failed, what is in arrears."""
    if occasion.reaction == "plan-defaulted":
        yield from _lines(occasion, item, account)
        return
    for each in known:
        is_of_it = each.subject_id.rpartition("/")[0] == occasion.subject_id
        if each.reaction == "instalment-due" and each.stands and is_of_it:
            yield from _lines(each, item, account)


def _answered(occasion: Occasion, account: CheckedAccount) -> Iterator[Answered]:
    """A payment that came or failed, a dispute, an invoice that was called overdue wrongly."""
    minor, currency, day = occasion.amount_minor, occasion.currency, occasion.anchor_on
    named = occasion.invoice_ids or ()
    invoice = account.invoice(named[0]) if named else None
    number = ""
    if named:
        number = printable((invoice.number if invoice is not None else None) or named[0])
    match occasion.reaction:
        case "payment-failed":
            yield Answered("payment", number, day, currency, minor)
        case "paid":
            yield Answered("payment", "", day, currency, minor)
        case "corrected":
            if invoice is not None:
                minor, currency = invoice.owed_minor, invoice.currency
            yield Answered("invoice", number, day, currency, minor)
        case reaction if reaction in _DISPUTES:
            if minor is None and invoice is not None:  # all of it
                is_open = reaction == "dispute-opened"
                minor = invoice.disputed_minor if is_open else invoice.balance_minor
                minor = None if occasion.outcome in ("upheld", "partly") else minor
                currency = invoice.currency
            outcome = occasion.outcome
            yield Answered("invoice" if named else "charge", number, day, currency, minor, outcome)
        case _:
            return


def _arrangement(occasion: Occasion, account: CheckedAccount) -> CheckedArrangement | None:
    id_ = occasion.subject_id
    if occasion.subject == "instalment":
        id_ = id_.rpartition("/")[0]
    return next((each for each in account.arrangements if each.id == id_), None)


def _numbers(occasion: Occasion, item: Item, account: CheckedAccount) -> str:
    """Of the invoices that it is about, as the debtor knows them."""
    names = occasion.invoice_ids if occasion.invoice_ids is not None else item.invoices
    found = [account.invoice(name) for name in names]
    numbers = [printable(each.number or each.invoice_id) for each in found if each is not None]
    more = len(numbers) - NUMBERS_MAX
    return ", ".join(numbers[:NUMBERS_MAX]) + (f" +{more}" if more > 0 else "")
