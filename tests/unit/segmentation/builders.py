"""Valid events and features of one account; a test says only what it is about."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from services.segmentation.domain.account import Account
from services.segmentation.domain.features import Features
from services.segmentation.domain.fold import fold
from shared.events import LEDGER, OUTREACH, Received, ledger, outreach
from shared.ids import event_id

ACCOUNT = "C1"
DAY0 = date(2026, 1, 1)


def day(number: int) -> date:
    """The calendar day so many days after 2026-01-01."""
    return DAY0 + timedelta(days=number)


def at(number: int, hour: int = 12) -> datetime:
    return datetime(DAY0.year, DAY0.month, DAY0.day, hour, tzinfo=UTC) + timedelta(days=number)


def some_features(**changes: Any) -> Features:
    """An account with nothing open, known for a year, of whose payments nothing is known."""
    neutral = Features(
        kind="consumer",
        tags=(),
        currency="EUR",
        balance_minor=0,
        overdue_minor=0,
        disputed_minor=0,
        collectable_minor=0,
        usual_minor=0,
        open_invoices=0,
        is_due_soon=False,
        age_days=0,
        settled=0,
        settled_late=0,
        recent_delay_days=None,
        delay_trend_days=None,
        disputes=0,
        failed_payments=0,
        bounced_payments=0,
        tenure_days=200,
        days_since_payment=100,
    )
    return msgspec.structs.replace(neutral, **changes)


class Story:
    """Events of one account, numbered as they are said. `owed` is kept by hand: (open, overdue)."""

    def __init__(self, tenant: str = "demo", account_id: str = ACCOUNT) -> None:
        self.tenant, self.account_id = tenant, account_id
        self.events: list[Received] = []
        self._sequences = {LEDGER: 0, OUTREACH: 0}
        self.allocations: dict[str, list[ledger.Allocation]] = {}

    def say(self, type_: str, data: msgspec.Struct, number: int, topic: str = LEDGER) -> "Story":
        self._sequences[topic] += 1
        sequence = self._sequences[topic]
        self.events.append(
            Received(
                topic=topic,
                tenant=self.tenant,
                key=self.account_id,
                type=type_,
                id=event_id(self.tenant, topic, self.account_id, str(sequence)),
                source=f"/recoup/{self.tenant}/{topic.partition('.')[0]}",
                sequence=sequence,
                time=at(number),
                day=day(number) if topic == LEDGER else None,
                recordedtime=at(number),
                data=msgspec.json.encode(data),
            )
        )
        return self

    def registered(self, number: int = 0, **changes: Any) -> "Story":
        fields: dict[str, Any] = {"kind": "consumer", "timezone": "UTC", "currency": "EUR"}
        data = ledger.AccountRegistered(account_id=self.account_id, **{**fields, **changes})
        return self.say("account-registered", data, number)

    def issued(
        self, invoice_id: str, number: int, *, due: int, minor: int = 10_000, **owed: int
    ) -> "Story":
        data = ledger.InvoiceIssued(
            invoice_id=invoice_id,
            account_id=self.account_id,
            currency="EUR",
            amount_minor=minor,
            issued_on=day(number),
            due_on=day(due),
            balance_minor=minor,
            amounts=(owed_now(**owed),),
        )
        return self.say("invoice-issued", data, number)

    def overdue(
        self, invoice_id: str, number: int, *, due: int, stage: int, **owed: int
    ) -> "Story":
        data = ledger.InvoiceOverdue(
            invoice_id=invoice_id,
            account_id=self.account_id,
            currency="EUR",
            due_on=day(due),
            stage=stage,  # type: ignore[arg-type]
            days_past_due=stage,
            since_on=day(number),
            balance_minor=owed.get("balance", 0),
            disputed_minor=0,
            amounts=(owed_now(**owed),),
        )
        return self.say("invoice-overdue", data, number)

    def paid(self, payment_id: str, number: int, puts: dict[str, int], **owed: int) -> "Story":
        items = tuple(an_allocation(payment_id, i, minor, number) for i, minor in puts.items())
        data = ledger.PaymentReceived(
            payment_id=payment_id,
            account_id=self.account_id,
            currency="EUR",
            amount_minor=max(1, sum(puts.values())),
            received_at=at(number),
            allocations=items,
            amounts=(owed_now(**owed),),
        )
        return self.say("payment-received", data, number)

    def contacted(self, number: int, *others: str) -> "Story":
        accounts = (self.account_id, *others)
        data = outreach.ContactSent(
            contact_id=f"contact {number}",
            account_id=self.account_id,
            channel="email",
            strategy="consumer",
            strategy_version="1",
            step="first",
            tone="friendly",
            covers=tuple(
                outreach.Cover(account_id=a, checked_sequence=1, invoice_ids=()) for a in accounts
            ),
            sent_at=at(number),
            message_id="m",
        )
        return self.say("contact-sent", data, number, OUTREACH)

    def folded(self) -> Account:
        return fold_all(self.events, self.account_id)


def fold_all(events: list[Received], account_id: str = ACCOUNT) -> Account:
    account = Account()
    for event in events:
        fold(account, account_id, event)
    return account


def owed_now(
    *, balance: int = 0, overdue: int = 0, disputed: int = 0, unapplied: int = 0
) -> ledger.Amounts:
    return ledger.Amounts(
        currency="EUR",
        balance_minor=balance,
        overdue_minor=overdue,
        disputed_minor=disputed,
        unapplied_minor=unapplied,
        unapplied_credit_minor=0,
        collectable_minor=max(0, overdue - min(disputed, overdue) - unapplied),
        oldest_due_on=None,
        days_past_due=0,
    )


def an_allocation(
    source_id: str, invoice_id: str, minor: int, number: int, released: int | None = None
) -> ledger.Allocation:
    return ledger.Allocation(
        source_id=source_id,
        invoice_id=invoice_id,
        amount_minor=minor,
        applied_at=at(number),
        applied_on=day(number),
        days_late=0,
        released_at=None if released is None else at(released),
        released_on=None if released is None else day(released),
    )
