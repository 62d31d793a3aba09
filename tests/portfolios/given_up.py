"""Credit, concessions, write-offs and charges, as the ledger announces them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from shared.events import ledger
from tests.portfolios.money import Money, Put


class GivenUp(Money):
    # ── Credit, concessions, write-offs ─────────────────────────────────────────────────────────
    def credit(
        self,
        account: str,
        note: str,
        issued: date,
        on: Mapping[str, int],
        *,
        loose: int = 0,
        currency: str | None = None,
        at: datetime | None = None,
        replaces: str | None = None,
    ) -> None:
        at = at or self.start_of(issued, account)
        first = next(iter(on), None)
        for invoice, amount in on.items():
            start = self.start_of(self.bills[invoice].issued, account)
            self.puts.append(Put(note, "credit_note", invoice, amount, max(at, start)))
        data = ledger.CreditNoteIssued(
            credit_note_id=note,
            account_id=account,
            currency=currency or (self.bills[first].currency if first else "EUR"),
            amount_minor=sum(on.values()) + loose,
            issued_on=issued,
            invoice_id=first,
            replaces=replaces,
            allocations=self.history(("credit_note", note)),
            amounts=(),
        )
        self._fact(account, "credit-note-issued", data, at, issued)
        self.announce()

    def write_off(self, account: str, write_off: str, at: datetime, on: Mapping[str, int]) -> None:
        for invoice, amount in on.items():
            self.puts.append(Put(write_off, "write_off", invoice, amount, at))
        data = ledger.AccountWrittenOff(
            account_id=account,
            currency=self.bills[next(iter(on))].currency,
            invoice_ids=tuple(on),
            write_off_id=write_off,
            kind="uncollectable",
            amount_minor=sum(on.values()),
            allocations=self.history(("write_off", write_off)),
        )
        self._fact(account, "account-written-off", data, at)

    def take_back(self, account: str, kind: str, source: str, at: datetime) -> None:
        """A write-off, a discount or a note gives way: what it took off is open again."""
        reopened = []
        for put in self.puts:
            if (put.kind, put.source) == (kind, source) and put.back_at is None:
                if self.balance(self.bills[put.invoice], at) <= 0:
                    reopened.append(self.bills[put.invoice])
                put.back_at = max(at, put.at)
        data = ledger.AllocationChanged(
            account_id=account,
            because=f"reversal of {source}",
            allocations=self.history((kind, source)),
            amounts=(),
        )
        self._fact(account, "allocation-changed", data, at)
        for bill in reopened:
            self._reopened(bill, source, at)
        self.announce()

    def discount(self, invoice: str, at: datetime, amount: int) -> None:
        """For paying early; its history comes in two parts, as long ones do."""
        bill, source = self.bills[invoice], f"discount:{invoice}"
        first = amount // 2
        for part in (first, amount - first):
            if part:
                self.puts.append(Put(source, "discount", invoice, part, at))
        history = self.history(("discount", source))
        for number, each in enumerate(history, start=1):
            data = ledger.DiscountGranted(
                account_id=bill.account,
                currency=bill.currency,
                invoice_ids=(invoice,),
                invoice_id=invoice,
                amount_minor=amount,
                allocations=(each,),
                part=number,
                parts=len(history),
            )
            self._fact(bill.account, "discount-granted", data, at)

    def concede(self, account: str, settlement: str, at: datetime, on: Mapping[str, int]) -> None:
        for invoice, amount in on.items():
            self.puts.append(Put(settlement, "concession", invoice, amount, at))
        data = ledger.SettlementCompleted(
            account_id=account,
            currency=self.bills[next(iter(on))].currency,
            invoice_ids=tuple(on),
            settlement_id=settlement,
            paid_minor=0,
            conceded_minor=sum(on.values()),
            allocations=self.history(("concession", settlement)),
        )
        self._fact(account, "settlement-completed", data, at)

    # ── Charges ─────────────────────────────────────────────────────────────────────────────────
    def charge(
        self,
        account: str,
        charge: str,
        invoice: str,
        posted: Iterable[tuple[date, int]],
        at: datetime,
        waived: Iterable[tuple[date, int]] = (),
    ) -> None:
        postings = tuple(ledger.Posting(on, amount) for on, amount in posted)
        waivers = tuple(
            ledger.Waiver(f"{charge}:{n}", on, amount) for n, (on, amount) in enumerate(waived)
        )
        fields: dict[str, Any] = {
            "account_id": account,
            "currency": self.bills[invoice].currency,
            "invoice_ids": (invoice,),
            "charge_id": charge,
            "kind": "fee",
            "status": "open",
            "invoice_id": invoice,
            "amount_minor": sum(each.amount_minor for each in postings),
            "balance_minor": 0,
            "charged_on": postings[0].on,
            "posted": postings,
            "waivers": waivers,
        }
        self.charges[charge] = fields
        if waivers:
            data: Any = ledger.ChargeWaived(**fields, because="waived")
            self._fact(account, "charge-waived", data, at)
        else:
            self._fact(account, "fee-charged", ledger.FeeCharged(**fields), at)

    def pay_charge(
        self, account: str, payment: str, at: datetime, charge: str, amount: int
    ) -> None:
        fields = self.charges[charge]
        self.puts.append(Put(payment, "payment", fields["invoice_id"], amount, at, charge=charge))
        self.pay(account, payment, at, {}, loose=amount, currency=fields["currency"])
