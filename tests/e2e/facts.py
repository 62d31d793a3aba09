"""Seeded sets of billing facts, in the order in which they happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from tests.factories import a_billing_event, a_payment, a_reversal, an_account, an_invoice

Json = dict[str, Any]

FIRST_ON = date(2026, 1, 5)
CURRENCIES = ("EUR", "USD")
ZONES = ("Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles")


@dataclass(frozen=True)
class Books:
    """Facts, and what they sum to per currency in minor units."""

    events: Sequence[Json]
    invoiced: dict[str, int]
    received: dict[str, int]

    @property
    def accounts(self) -> list[str]:
        return [e["subject"] for e in self.events if e["type"] == "account-registered"]


def plain_books(accounts: int, invoices_each: int, seed: int = 1) -> Books:
    """Accounts, invoices and for most of these a payment: every sum can be told in advance."""
    random = Random(seed)
    events: list[Json] = []
    invoiced = dict.fromkeys(CURRENCIES, 0)
    received = dict.fromkeys(CURRENCIES, 0)
    for number in range(accounts):
        account_id = f"C{number:05}"
        currency = CURRENCIES[number % 2]
        events.append(an_account(account_id, timezone=ZONES[number % 3]))
        for index in range(invoices_each):
            invoice_id = f"{account_id}-{index}"
            issued_on = FIRST_ON + timedelta(days=random.randrange(60))
            minor = random.randrange(100, 50_000)
            events.append(_invoice(invoice_id, account_id, minor, issued_on, currency))
            invoiced[currency] += minor
            if random.random() < 0.8:
                part = minor if random.random() < 0.7 else minor // 2
                at = _noon(issued_on + timedelta(days=random.randrange(60)))
                events.append(
                    a_payment(
                        f"P-{invoice_id}", account_id, part, received_at=at, currency=currency
                    )
                )
                received[currency] += part
    return Books(events, invoiced, received)


def tangled_facts(accounts: int = 4, seed: int = 7) -> list[Json]:
    """Every kind of fact, entangled: partial, targeted and over-payments, back-dated ones, several
    reversals of a payment, credit notes, disputes, voids, amendments, zero invoices."""
    random = Random(seed)
    events: list[Json] = []
    for number in range(accounts):
        events += _tangle(f"C{number}", ZONES[number % 3], random)
    for index, event in enumerate(events):
        event["id"] = f"tangled-{index}"
    return events


def _tangle(account_id: str, zone: str, random: Random) -> Iterator[Json]:
    yield an_account(account_id, timezone="UTC", time="2026-01-01T08:00:00Z")
    yield an_account(account_id, timezone=zone, time="2026-02-01T08:00:00Z")
    for index in range(7):
        invoice_id = f"{account_id}-{index}"
        currency = CURRENCIES[index % 5 == 4]
        issued_on = FIRST_ON + timedelta(days=random.randrange(90))
        minor = 0 if index == 6 else random.randrange(1000, 30_000)
        yield _invoice(invoice_id, account_id, minor, issued_on, currency)
    for index in range(8):
        payment_id = f"P-{account_id}-{index}"
        currency = CURRENCIES[index % 5 == 4]
        on = FIRST_ON + timedelta(days=random.randrange(120))
        minor = random.randrange(500, 25_000)
        aims = [{"invoice_id": f"{account_id}-{index % 7}", "amount_minor": minor // 2}]
        yield a_payment(
            payment_id, account_id, minor, received_at=_noon(on), currency=currency,
            **({"allocations": aims} if index % 2 else {}),
        )  # fmt: skip
        for part in range(index % 3):
            yield a_reversal(
                f"R-{payment_id}-{part}", payment_id, account_id, currency=currency,
                reversed_at=_noon(on + timedelta(days=random.randrange(40))),
                amount_minor=minor // 4, kind="refund",
            )  # fmt: skip
    yield from _second_thoughts(account_id, random)


def _second_thoughts(account_id: str, random: Random) -> Iterator[Json]:
    on = FIRST_ON + timedelta(days=random.randrange(100))
    note = {
        "credit_note_id": f"N-{account_id}", "account_id": account_id, "currency": "EUR",
        "amount_minor": 900, "issued_on": on.isoformat(), "invoice_id": f"{account_id}-0",
    }  # fmt: skip
    yield a_billing_event("credit-note-issued", note)
    dispute = {"dispute_id": f"D-{account_id}", "account_id": account_id}
    about = {**dispute, "invoice_id": f"{account_id}-1"}
    yield a_billing_event("dispute-opened", {**about, "amount_minor": 400}, time=_noon(on))
    yield a_billing_event(
        "dispute-resolved", {**about, "outcome": "partly", "credited_minor": 150},
        time=_noon(on + timedelta(days=9)),
    )  # fmt: skip
    void = {"invoice_id": f"{account_id}-2", "account_id": account_id, "reason": "by mistake"}
    yield a_billing_event("invoice-voided", void, time=_noon(on + timedelta(days=3)))
    for days in (40, 75):
        due_on = (FIRST_ON + timedelta(days=days)).isoformat()
        amended = {"invoice_id": f"{account_id}-3", "account_id": account_id, "due_on": due_on}
        yield a_billing_event("invoice-amended", amended, time=f"2026-02-{days // 4:02}T10:00:00Z")


def _invoice(invoice_id: str, account_id: str, minor: int, issued_on: date, currency: str) -> Json:
    due_on = issued_on + timedelta(days=14)
    return an_invoice(
        invoice_id, account_id, minor,
        issued_on=issued_on.isoformat(), due_on=due_on.isoformat(), currency=currency,
    )  # fmt: skip


def _noon(on: date) -> str:
    return datetime(on.year, on.month, on.day, 12, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
