"""Contacts, what was answered, with whom we spoke, what people thought of it and asked to stop."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from shared.events import Received
from tests.oracles.metrics.book import Book
from tests.oracles.metrics.people import Contact, Feedback, Happened, Revocation, RightParty

Said = tuple[Received, Any]
RESULTS = {
    "contact-planned": "planned",
    "contact-cancelled": "cancelled",
    "contact-failed": "failed",
    "contact-sent": "sent",
    "contact-uncertain": "uncertain",
}
PARTIES = ("right-party-contacted", "wrong-party-contacted")


def read_contacts(book: Book, said: Iterable[Said]) -> None:
    """Contacts are the tenant's: what is answered may come from another account that they cover."""
    of_contact: dict[str, list[Said]] = defaultdict(list)
    answers: dict[str, list[Said]] = defaultdict(list)
    exchanges: dict[str, Said] = {}  # the last announced of each
    others: list[Said] = []
    for event, data in said:
        if event.type.startswith("contact-"):
            of_contact[data.contact_id].append((event, data))
        elif event.type in PARTIES:
            exchanges[data.touch_id] = (event, data)
        elif event.type in ("reply-received", "portal-visited"):
            answers[data.contact_id or ""].append((event, data))
        else:
            others.append((event, data))
    for event, data in exchanges.values():
        answers[data.contact_id or ""].append((event, data))
    for contact_id, of_it in of_contact.items():
        contact = _contact(book, contact_id, of_it)
        contact.answers += [
            _happened(*each) for each in answers.get(contact_id, ()) if _is_answer(*each)
        ]
        contact.right_parties = [
            _happened(*each)
            for each in answers.get(contact_id, ())
            if each[0].type == "right-party-contacted"
        ]
        book.contacts.append(contact)
    _read_right_parties(book, exchanges.values(), others)
    _read_others(book, others)


def _happened(event: Received, data: Any) -> Happened:
    return Happened(event.time, _day(event), event.type)


def _day(event: Received) -> int:
    return (event.day or event.time.date()).toordinal()


def _is_answer(event: Received, data: Any) -> bool:
    return event.type != "reply-received" or data.reply_class not in ("auto-reply", "auto_reply")


def _contact(book: Book, contact_id: str, of_it: list[Said]) -> Contact:
    results: dict[str, Happened] = {}
    suppressed: dict[str, Happened] = {}
    covers = {of_it[0][0].key}
    answers = []
    is_refused = False
    for event, data in of_it:
        covers |= {cover.account_id for cover in data.covers}
        refuses = event.type == "contact-failed" and data.reason_code == "not-accepted"
        is_refused = is_refused or refuses
        if event.type in RESULTS and not refuses:  # nothing has failed that never left us
            results.setdefault(RESULTS[event.type], _happened(event, data))
        elif event.type == "contact-suppressed":
            suppressed.setdefault(data.rule, _happened(event, data))
        elif event.type == "contact-delivered" and data.outcome == "conversation":
            answers.append(_happened(event, data))
    last = of_it[-1][1]
    return Contact(
        book.accounts[of_it[0][0].key],
        contact_id,
        last.channel,
        last.strategy,
        last.collector or "",
        last.arms,
        frozenset(covers),
        last.cost_micros,
        last.cost_currency or "",
        results,
        suppressed,
        is_refused,
        answers,
    )


def _read_right_parties(book: Book, exchanges: Iterable[Said], others: list[Said]) -> None:
    """One per contact or task: the last announced."""
    contacts = {contact.contact_id: contact for contact in book.contacts}
    tasks = {data.task_id: data for event, data in others if event.type == "task-created"}
    done = {data.task_id: data for event, data in others if event.type == "task-completed"}
    last: dict[tuple[str, str], Said] = {}  # by the account that it was with
    for event, data in exchanges:
        if event.type == "right-party-contacted":
            key = event.key, data.contact_id or data.task_id or data.touch_id
            before = last.get(key)
            if before is None or before[0].sequence < event.sequence:
                last[key] = (event, data)
    for (_, key), (event, data) in last.items():
        contact = contacts.get(data.contact_id or "")
        task = tasks.get(data.task_id or "")
        strategy = contact.strategy if contact else task.strategy if task else None
        book.right_parties.append(
            RightParty(
                book.accounts[event.key],
                key,
                data.outcome,
                event.time,
                _day(event),
                data.channel or (contact.channel if contact else ""),
                data.collector
                or (contact.collector if contact else "")
                or (done[data.task_id].collector if data.task_id in done else ""),
                strategy or "",
            )
        )


def _read_others(book: Book, others: list[Said]) -> None:
    contacts = {contact.contact_id: contact for contact in book.contacts}
    feedback = {each[1].feedback_id: each for each in others if each[0].type == "feedback-received"}
    for event, data in feedback.values():
        contact = contacts.get(data.contact_id or "")
        book.feedback.append(
            Feedback(
                book.accounts[event.key],
                data.score,
                event.time,
                _day(event),
                data.channel or (contact.channel if contact else ""),
                contact.collector if contact else "",
            )
        )
    for event, data in others:
        if event.type == "consent-revoked":
            account = book.accounts[event.key]
            book.revocations.append(Revocation(account, data.channel, event.time, _day(event)))
