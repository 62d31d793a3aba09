"""What collecting has cost: contacts, tasks, agencies, gateways, and what was recorded of it."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from shared.events import Received
from shared.money import DECIMALS
from tests.oracles.metrics.book import Book
from tests.oracles.metrics.people import Cost, Happened
from tests.oracles.metrics.things import Account, instant_of

Said = tuple[Received, Any]


def read_costs(book: Book, said: Iterable[Said]) -> None:
    said = list(said)
    for contact in book.contacts:
        attempt = contact.attempt
        if attempt is not None and contact.cost_micros:
            split = contact.split(contact.account.at(attempt.at))
            minor = _minor(contact.cost_micros, contact.cost_currency)
            _add(book, contact.account, "contact", contact.cost_currency, minor, attempt, split)
    _read_tasks(book, said)
    _read_fees(book)
    commissions = {
        (event.key, data.placement_id, data.payment_id): (event, data)
        for event, data in said
        if event.type == "commission-due"
    }
    for event, data in commissions.values():
        account = book.accounts[event.key]
        split = _plain(account, account.before(event.time))
        minor = Fraction(data.commission_minor)
        _add(book, account, "agency", data.currency, minor, _When(event), split)
    recorded: dict[str, Said] = {}
    for event, data in said:
        if event.type in ("cost-recorded", "cost-withdrawn"):
            recorded[data.cost_id] = (event, data)
    for event, data in recorded.values():
        if event.type == "cost-recorded":
            _read_recorded(book, data)


class _When:
    def __init__(self, event: Received) -> None:
        self.at, self.day = event.time, (event.day or event.time.date()).toordinal()


def _minor(micros: int, currency: str) -> Fraction:
    return Fraction(micros * 10 ** DECIMALS[currency], 10**6)


def _plain(account: Account, held: Any, **more: str | None) -> dict[str, str]:
    return account.split(held, **{"channel": "", "strategy": "", "collector": "", **more})


def _add(
    book: Book,
    account: Account | None,
    kind: str,
    currency: str,
    minor: Fraction,
    when: Any,
    split: dict[str, str],
) -> None:
    if minor:
        book.costs.append(Cost(account, kind, currency, minor, when.at, when.day, split))


def _read_tasks(book: Book, said: list[Said]) -> None:
    contacts = {contact.contact_id: contact for contact in book.contacts}
    created = {data.task_id: data for event, data in said if event.type == "task-created"}
    done = {each[1].task_id: each for each in said if each[0].type == "task-completed"}
    for task_id, (event, data) in done.items():
        account = book.accounts[event.key]
        task = created.get(task_id)
        contact = contacts.get(data.contact_id or (task.contact_id if task else None) or "")
        split = _plain(
            account,
            account.at(event.time),
            channel=contact.channel if contact else "",
            strategy=(task.strategy if task else None) or (contact.strategy if contact else ""),
            collector=data.collector,
        )
        if data.cost_micros:
            minor = _minor(data.cost_micros, data.cost_currency)
            _add(book, account, "task", data.cost_currency, minor, _When(event), split)


def _read_fees(book: Book) -> None:
    """Of payments of which cash was recovered: whole, on the payment's day."""
    recovered = {
        (debt.account.name, put.source)
        for debt in book.debts
        for put in debt.puts
        if debt.is_collected(put)
    }
    for payment in book.payments:
        if (payment.account.name, payment.payment_id) in recovered:
            split = _plain(payment.account, payment.account.before(payment.at))
            _add(
                book,
                payment.account,
                "gateway",
                payment.currency,
                Fraction(payment.fee),
                payment,
                split,
            )


def _read_recorded(book: Book, data: Any) -> None:
    account = book.accounts.get(data.account_id or "")
    at = instant_of(data.incurred_on, account.zone if account else book.zone)
    none = Account("", book.zone)
    held = account.at(at) if account else None
    split = _plain(account or none, held, channel=data.channel or "")
    when = Happened(at, data.incurred_on.toordinal())
    _add(book, account, data.kind, data.currency, Fraction(data.amount_minor), when, split)
