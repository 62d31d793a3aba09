"""A log for metrics to fold: accounts with invoices, reminders and payments, in the order of days.

The same for the same numbers, whoever makes it; each of several readers makes its own accounts.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Protocol
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.events import LEDGER, OUTREACH, SEGMENTATION, Event, ledger, outreach, segmentation
from shared.log import outbox
from shared.log.wire import OutboxRow

FIRST = date(2025, 1, 1)
DAYS = 365
EVENTS_OF_AN_ACCOUNT = 13
TENANT = "bench"
SEGMENTS = ("new", "standard", "patron", "late", "personal", "silent")
COUNTRIES = ("DE", "AT", "CH", "FR", "NL")

_json = msgspec.json.Encoder()


def events(accounts: Sequence[int], days: int = DAYS) -> list[Event]:
    """What is said of these accounts, by day; each account's events in their order."""
    said = [event for account in accounts for event in _of_account(account, days)]
    said.sort(key=lambda event: event.time)
    return said


def rows(said: Sequence[Event]) -> list[OutboxRow]:
    """The events as an outbox holds them."""
    last: dict[tuple[str, str], int] = {}
    found = []
    for seq, event in enumerate(said, 1):
        place = (event.topic, event.key)
        number = last[place] = last.get(place, 0) + 1
        identity = UUID(bytes=hashlib.sha256(f"{place} {number}".encode()).digest()[:16])
        attributes = outbox._attributes(str(identity), event, number, epoch=1)
        found.append(
            OutboxRow(
                seq=seq,
                topic=event.topic,
                key=f"{event.tenant}/{event.key}",
                sequence=number,
                headers=_json.encode(attributes).decode(),
                payload=_json.encode(event.data).decode(),
                id=identity,
            )
        )
    return found


def _of_account(number: int, days: int) -> Iterator[Event]:
    draw = Random(number)
    account = f"A{number}"
    start = FIRST + timedelta(days=draw.randrange(max(1, days - 90)))

    def said(topic: str, kind: str, day: date, hour: int, data: Struct, entity: str) -> Event:
        at = datetime.combine(day, time(hour, draw.randrange(60)), UTC)
        return Event(
            topic=topic,
            tenant=TENANT,
            key=account,
            type=kind,
            entity=entity,
            cause=kind,
            time=at,
            day=day,
            recordedtime=at + timedelta(seconds=2),
            data=data,
        )

    registered = ledger.AccountRegistered(
        account_id=account,
        kind=draw.choice(("consumer", "business")),
        country=draw.choice(COUNTRIES),
        timezone="UTC",
    )
    yield said(LEDGER, "account-registered", start, 6, registered, account)
    segment = draw.choice(SEGMENTS)
    for place in range(3):
        issued = start + timedelta(days=30 * place)
        due = issued + timedelta(days=14)
        invoice, amount = f"I{number}-{place}", draw.randrange(1_000, 100_000)
        yield said(
            LEDGER,
            "invoice-issued",
            issued,
            8,
            ledger.InvoiceIssued(
                invoice_id=invoice, account_id=account, currency="EUR", amount_minor=amount,
                issued_on=issued, due_on=due, balance_minor=amount, amounts=(),
            ),
            invoice,
        )  # fmt: skip
        is_late = draw.random() < 0.5
        if is_late:
            yield _overdue(said, account, invoice, amount, due)
            yield said(
                SEGMENTATION, "segment-changed", due + timedelta(days=1), 2,
                segmentation.SegmentChanged(
                    account_id=account, from_segment=segment, to_segment=draw.choice(SEGMENTS),
                    arms={}, priority=1, because="bench", policy_version="1",
                ),
                account,
            )  # fmt: skip
            yield from _reminder(said, account, f"K{number}-{place}", due + timedelta(days=2))
        paid = due + timedelta(days=draw.randrange(3, 25) if is_late else -draw.randrange(1, 10))
        yield _payment(said, account, invoice, f"P{number}-{place}", amount, paid, due)


def _overdue(said: "_Said", account: str, invoice: str, amount: int, due: date) -> Event:
    since = due + timedelta(days=1)
    data = ledger.InvoiceOverdue(
        invoice_id=invoice, account_id=account, currency="EUR", due_on=due, stage=1,
        days_past_due=1, since_on=since, balance_minor=amount, disputed_minor=0, amounts=(),
    )  # fmt: skip
    return said(LEDGER, "invoice-overdue", since, 1, data, invoice)


def _reminder(said: "_Said", account: str, contact: str, day: date) -> Iterator[Event]:
    shared = {
        "contact_id": contact, "account_id": account, "channel": "email", "strategy": "standard",
        "strategy_version": "1", "step": "first", "tone": "friendly", "covers": (),
    }  # fmt: skip
    due_at = datetime.combine(day, time(9), UTC)
    planned = outreach.TYPES["contact-planned"](**shared, due_at=due_at)
    yield said(OUTREACH, "contact-planned", day, 9, planned, contact)
    sent = outreach.TYPES["contact-sent"](**shared, sent_at=due_at, message_id=contact)
    yield said(OUTREACH, "contact-sent", day, 10, sent, contact)


def _payment(
    said: "_Said", account: str, invoice: str, payment: str, amount: int, paid: date, due: date
) -> Event:
    at = datetime.combine(paid, time(12), UTC)
    put = ledger.Allocation(
        source_id=payment,
        invoice_id=invoice,
        amount_minor=amount,
        applied_at=at,
        applied_on=paid,
        days_late=max(0, (paid - due).days),
    )
    data = ledger.PaymentReceived(
        payment_id=payment,
        account_id=account,
        currency="EUR",
        amount_minor=amount,
        received_at=at,
        method="transfer",
        matched="rule",
        allocations=(put,),
        amounts=(),
    )
    return said(LEDGER, "payment-received", paid, 12, data, payment)


class _Said(Protocol):
    def __call__(
        self, topic: str, kind: str, day: date, hour: int, data: Struct, entity: str
    ) -> Event: ...
