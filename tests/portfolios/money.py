"""The ledger's side: invoices, money on them, stages, disputes, promises, charges, write-offs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from shared.events import LEDGER, ledger
from tests.portfolios.log import ONE_DAY, Log

FAR = datetime.max


@dataclass
class Put:
    source: str
    kind: Any
    invoice: str
    amount: int
    at: datetime
    back_at: datetime | None = None
    is_recovery: bool = False
    charge: str | None = None


@dataclass
class Bill:
    account: str
    name: str
    currency: str
    amount: int
    issued: date
    due: date
    is_void: bool = False
    announced: set[tuple[date, int]] = field(default_factory=set)


class Money(Log):
    """Facts come in the order in which they are recorded; each may lie in the past."""

    def __init__(self, *of_log: Any, **more: Any) -> None:
        super().__init__(*of_log, **more)
        self.bills: dict[str, Bill] = {}
        self.puts: list[Put] = []
        self.payments: dict[str, Any] = {}  # as announced
        self.charges: dict[str, Any] = {}
        self.begun: date | None = None

    def _fact(
        self, account: str, type_: str, data: Struct, at: datetime, day: date | None = None
    ) -> None:
        self.record_at(at)
        self.say(LEDGER, account, type_, data, at, day)

    # ── Accounts and days ───────────────────────────────────────────────────────────────────────
    def account(
        self,
        account: str,
        *,
        zone: str = "UTC",
        kind: Literal["consumer", "business"] = "consumer",
        country: str | None = None,
        at: datetime | None = None,
    ) -> None:
        data = {"account_id": account, "kind": kind, "country": country, "timezone": zone}
        is_new = account not in self.zones
        self.zones[account] = zone
        type_ = "account-registered" if is_new else "account-updated"
        cls: Any = ledger.TYPES[type_]
        self.say(LEDGER, account, type_, cls(**data), at or self.now)

    def start_day(self, day: date) -> None:
        """The stages that begin until then are announced, each as of its own day."""
        start = self.begun or day
        self.begun = max(start, day)
        while start <= day:
            self.record_at(self.start_of(start, ""))
            self.announce(start)
            start += ONE_DAY

    def announce(self, day: date | None = None) -> None:
        """Stages that have begun, and are not announced yet."""
        begun = day or self.begun
        for bill in self.bills.values():
            for stage in ledger.STAGES:
                since = max(bill.due + timedelta(days=stage), bill.issued)
                if begun is None or since > begun or (bill.due, stage) in bill.announced:
                    continue
                is_late = bill.due + timedelta(days=stage) <= bill.issued
                at = self.start_of(since, bill.account)
                left = self.balance(bill, at, is_after=is_late)
                if left > 0:
                    bill.announced.add((bill.due, stage))
                    self._overdue(bill, stage, since, at, left)

    def _overdue(
        self, bill: Bill, stage: ledger.Stage, since: date, at: datetime, left: int
    ) -> None:
        data = ledger.InvoiceOverdue(
            invoice_id=bill.name,
            account_id=bill.account,
            currency=bill.currency,
            due_on=bill.due,
            stage=stage,
            days_past_due=stage,
            since_on=since,
            balance_minor=left,
            disputed_minor=0,
            amounts=(),
        )
        self.say(LEDGER, bill.account, "invoice-overdue", data, at, since)

    # ── Balances ────────────────────────────────────────────────────────────────────────────────
    def balance(self, bill: Bill, at: datetime, *, is_after: bool = True) -> int:
        """What is open after all facts of an instant, or just before it."""
        if bill.is_void or self.start_of(bill.issued, bill.account) > at:
            return 0

        def before(instant: datetime) -> bool:
            return instant <= at if is_after else instant < at

        return bill.amount - sum(
            put.amount
            for put in self.puts
            if put.invoice == bill.name
            and put.charge is None
            and not put.is_recovery
            and before(put.at)
            and not (put.back_at is not None and before(put.back_at))
        )

    def room(self, bill: Bill, at: datetime) -> int:
        """How much more can lie on it from an instant on, whatever comes later."""
        start = self.start_of(bill.issued, bill.account)
        moments = [max(at, start), *(put.at for put in self.puts if put.invoice == bill.name)]
        return max(0, min(self.balance(bill, each) for each in moments if each >= max(at, start)))

    def history(self, *sources: tuple[str, str]) -> tuple[ledger.Allocation, ...]:
        found = []
        for put in self.puts:
            if (put.kind, put.source) in sources:
                bill = self.bills[put.invoice]
                on = self.day_of(put.at, bill.account)
                back = None if put.back_at is None else self.day_of(put.back_at, bill.account)
                found.append(
                    ledger.Allocation(
                        put.source,
                        put.invoice,
                        put.amount,
                        put.at,
                        on,
                        max(0, (on - bill.due).days),
                        put.back_at,
                        back,
                        put.kind,
                        put.charge,
                        "recovery" if put.is_recovery else None,
                    )
                )
        return tuple(found)

    # ── Invoices ────────────────────────────────────────────────────────────────────────────────
    def issue(
        self,
        account: str,
        invoice: str,
        amount: int,
        issued: date,
        due: date,
        currency: str = "EUR",
        at: datetime | None = None,
    ) -> None:
        bill = self.bills[invoice] = Bill(account, invoice, currency, amount, issued, due)
        data = ledger.InvoiceIssued(
            invoice_id=invoice,
            account_id=account,
            currency=currency,
            amount_minor=amount,
            issued_on=issued,
            due_on=due,
            balance_minor=amount,
            amounts=(),
        )
        self._fact(account, "invoice-issued", data, at or self.start_of(issued, account), issued)
        self.announce()
        assert bill.amount >= 0

    def amend(self, invoice: str, due: date, at: datetime) -> None:
        bill = self.bills[invoice]
        bill.due = due
        data = ledger.InvoiceAmended(invoice_id=invoice, account_id=bill.account, due_on=due)
        self._fact(bill.account, "invoice-amended", data, at)
        self.announce()

    def void(self, invoice: str, at: datetime) -> None:
        """Frees all that lies on it; it stays loose."""
        bill = self.bills[invoice]
        moved = []
        for put in self.puts:
            if put.invoice == invoice and put.back_at is None and put.charge is None:
                put.back_at = max(at, put.at)
                moved.append((put.kind, put.source))
        bill.is_void = True
        data = ledger.InvoiceVoided(
            invoice_id=invoice,
            account_id=bill.account,
            currency=bill.currency,
            allocations=self.history(*moved),
        )
        self._fact(bill.account, "invoice-voided", data, at)

    # ── Payments ────────────────────────────────────────────────────────────────────────────────
    def pay(
        self,
        account: str,
        payment: str,
        at: datetime,
        on: Mapping[str, int],
        *,
        loose: int = 0,
        currency: str | None = None,
        method: str | None = None,
        fee: int | None = None,
        recovers: bool = False,
        write_off: str = "",
    ) -> None:
        """Money of which so much lies on each invoice; what is put on none is loose."""
        first = next(iter(on), None)
        currency = currency or (self.bills[first].currency if first else "EUR")
        for invoice, amount in on.items():
            start = self.start_of(self.bills[invoice].issued, account)
            self.puts.append(
                Put(payment, "payment", invoice, amount, max(at, start), is_recovery=recovers)
            )
        data = ledger.PaymentReceived(
            payment_id=payment,
            account_id=account,
            currency=currency,
            amount_minor=sum(on.values()) + loose,
            received_at=at,
            method=method,
            fee_minor=fee,
            allocations=self.history(("payment", payment)),
            amounts=(),
        )
        self.payments[payment] = data
        self._fact(account, "payment-received", data, at)
        for invoice, amount in on.items() if recovers else ():
            recovery = ledger.RecoveryReceived(
                account_id=account,
                currency=currency,
                invoice_ids=(invoice,),
                payment_id=payment,
                write_off_id=write_off,
                invoice_id=invoice,
                amount_minor=amount,
                allocations=self.history(("payment", payment)),
            )
            self.say(LEDGER, account, "recovery-received", recovery, at)
        self.announce()

    def reverse(self, payment: str, reversal: str, at: datetime, amount: int | None = None) -> None:
        """Taken back from its invoices, the last first; the whole of it, or a part."""
        data = self.payments[payment]
        mine = [each for each in self.puts if each.source == payment and each.kind == "payment"]
        standing = [each for each in mine if each.back_at is None]
        amount = sum(each.amount for each in standing) if amount is None else amount
        left, reopened = amount, []
        for put in reversed(standing):
            taken = min(left, put.amount)
            if taken == 0:
                continue
            bill = self.bills[put.invoice]
            was_open = self.balance(bill, at) if not put.is_recovery and put.charge is None else 1
            if taken < put.amount:
                self.puts.append(rest_of(put, put.amount - taken))
                put.amount = taken
            put.back_at = max(at, put.at)
            left -= taken
            if was_open <= 0 and self.balance(bill, at) > 0:
                reopened.append(bill)
        reversed_ = ledger.PaymentReversed(
            reversal_id=reversal,
            payment_id=payment,
            account_id=data.account_id,
            currency=data.currency,
            kind="chargeback",
            amount_minor=amount,
            reversed_at=at,
            allocations=self.history(("payment", payment)),
            amounts=(),
        )
        self._fact(data.account_id, "payment-reversed", reversed_, at)
        for name in dict.fromkeys(bill.name for bill in reopened):
            self._reopened(self.bills[name], reversal, at)
        self.announce()

    def _reopened(self, bill: Bill, reversal: str, at: datetime) -> None:
        day = self.day_of(at, bill.account)
        past = (day - bill.due).days
        stage: Any = max((each for each in ledger.STAGES if each <= past), default=None)
        data = ledger.InvoiceReopened(
            invoice_id=bill.name,
            account_id=bill.account,
            currency=bill.currency,
            due_on=bill.due,
            stage=stage,
            days_past_due=max(0, past),
            balance_minor=self.balance(bill, at),
            because=f"reversal {reversal}",
            amounts=(),
        )
        self.say(LEDGER, bill.account, "invoice-reopened", data, at)

    def move(self, payment: str, to: Mapping[str, int], at: datetime) -> None:
        """A fact shows that a payment always lay elsewhere: its whole history anew."""
        account = self.payments[payment].account_id
        received = self.payments[payment].received_at
        self.puts = [each for each in self.puts if (each.kind, each.source) != ("payment", payment)]
        for invoice, amount in to.items():
            start = self.start_of(self.bills[invoice].issued, account)
            self.puts.append(Put(payment, "payment", invoice, amount, max(received, start)))
        history = self.history(("payment", payment))
        if not history:  # it never put anything anywhere
            some = next(bill for bill in self.bills.values() if bill.account == account)
            history = (ledger.Allocation(payment, some.name, 0, received, received.date(), 0),)
        data = ledger.AllocationChanged(
            account_id=account, because="payment X", allocations=history, amounts=()
        )
        self._fact(account, "allocation-changed", data, at)
        self.announce()


def rest_of(put: Put, amount: int) -> Put:
    """What stays of money of which a part is taken back."""
    return Put(put.source, put.kind, put.invoice, amount, put.at, None, put.is_recovery, put.charge)
