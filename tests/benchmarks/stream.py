"""The events of a run: accounts first, then invoices and their payments in the order of days.

An account's facts come in the order in which they act, as a billing platform sends them; the
payment follows its invoice a day later. All days lie just before today, so that a ledger with the
system clock has nothing to announce about them.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

Json = dict[str, Any]

ACCOUNTS_MAX = 5_000
DAYS = 20
CURRENCY = "EUR"
AMOUNT_MINOR = 12_500


def registrations(count: int) -> list[Json]:
    """The events that make the accounts known."""
    return [
        _event(
            f"reg-{number}",
            "account-registered",
            datetime.now(UTC) - timedelta(days=DAYS + 10),
            {"account_id": f"A{number:05}", "name": f"Debtor {number}", "timezone": "UTC"},
        )
        for number in range(count)
    ]


def first_day() -> date:
    """The day of the first invoices."""
    return datetime.now(UTC).date() - timedelta(days=DAYS + 2)


def money(count: int, accounts: int) -> Iterator[Json]:
    """`count` events: on each day invoices to some accounts, and the payments of the day before."""
    first = first_day()
    per_day = max(1, -(-count // (2 * DAYS)))
    invoices = count - count // 2
    for start in range(0, invoices + per_day, per_day):
        day = first + timedelta(days=start // per_day)
        for number in range(start - per_day, min(start, count // 2)):
            if number >= 0:
                yield _payment(number, f"A{number % accounts:05}", day)
        for number in range(start, min(start + per_day, invoices)):
            yield _invoice(number, f"A{number % accounts:05}", day)


def _invoice(number: int, account_id: str, day: date) -> Json:
    return _event(
        f"ev-i{number}",
        "invoice-issued",
        datetime(day.year, day.month, day.day, 8, tzinfo=UTC),
        {
            "invoice_id": f"INV-{number}",
            "account_id": account_id,
            "currency": CURRENCY,
            "amount_minor": AMOUNT_MINOR,
            "issued_on": day.isoformat(),
            "due_on": (day + timedelta(days=60)).isoformat(),
            "number": f"2026/{number}",
        },
    )


def _payment(number: int, account_id: str, day: date) -> Json:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return _event(
        f"ev-p{number}",
        "payment-received",
        at,
        {
            "payment_id": f"PAY-{number}",
            "account_id": account_id,
            "currency": CURRENCY,
            "amount_minor": AMOUNT_MINOR,
            "received_at": at.isoformat(),
            "method": "transfer",
            "allocations": [{"invoice_id": f"INV-{number}", "amount_minor": AMOUNT_MINOR}],
        },
    )


def _event(id_: str, kind: str, time: datetime, data: Json) -> Json:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "/benchmark/billing",
        "type": kind,
        "subject": data["account_id"],
        "time": time.isoformat(timespec="seconds"),
        "datacontenttype": "application/json",
        "data": data,
    }


def bodies(events: Sequence[Json], size: int) -> list[bytes]:
    """Request bodies: batches of `size`, or (0) single events."""
    encode = msgspec.json.encode
    if size == 0:
        return [encode(event) for event in events]
    return [encode(events[start : start + size]) for start in range(0, len(events), size)]
