"""Accounts and what they owe, as a ledger knows it: each fact changes them, and gives the events
that the ledger would announce. The answers of the ledger's door are made from the same."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from shared.events import ledger
from tests.integration.outreach.population.bills import DAY, Bill, Stoppage

Said = tuple[str, Struct]  # type and data of an event


@dataclass
class Debt:
    """One account."""

    account_id: str
    kind: str
    zone: str
    country: str
    debtor_id: str | None
    today: date
    bills: dict[str, Bill] = field(default_factory=dict)
    stoppages: dict[str, Stoppage] = field(default_factory=dict)
    payments: dict[str, tuple[date, int, str]] = field(default_factory=dict)  # day, amount, bill
    reversed: set[str] = field(default_factory=set)
    failures: dict[str, date] = field(default_factory=dict)
    is_erased: bool = False
    count: int = 0

    # ------------------------------------------------------------------ what it comes to

    def name(self, what: str) -> str:
        self.count += 1
        return f"{self.account_id}-{what}{self.count}"

    @property
    def open(self) -> list[Bill]:
        return [bill for bill in self.bills.values() if bill.balance > 0]

    def standing(self, day: date) -> list[Stoppage]:
        return [each for each in self.stoppages.values() if each.stands_on(day)]

    def _is_arranged(self, bill: Bill) -> bool:
        taken = ("plan", "settlement", "placed")
        return any(s.kind in taken and s.covers(bill.invoice_id) for s in self.standing(self.today))

    def _figures(self) -> dict[str, int]:
        overdue = [bill for bill in self.open if bill.stage_on(self.today) is not None]
        asked = [bill for bill in overdue if not self._is_arranged(bill)]
        return {
            "overdue_minor": sum(bill.balance for bill in overdue),
            "disputed_minor": sum(bill.disputed for bill in self.open),
            "unapplied_minor": 0,
            "collectable_minor": sum(bill.balance - bill.disputed for bill in asked),
        }

    def amounts(self) -> tuple[ledger.Amounts, ...]:
        oldest = min((bill.due_on for bill in self.open), default=None)
        late = 0 if oldest is None else max(0, (self.today - oldest).days)
        balance = sum(bill.balance for bill in self.open)
        return (
            ledger.Amounts(
                currency="EUR", balance_minor=balance, unapplied_credit_minor=0,
                oldest_due_on=oldest, days_past_due=late, **self._figures(),
            ),
        )  # fmt: skip

    def answer(self, sequence: int) -> dict[str, Any]:
        """Of `POST /v1/accounts/collectable`."""
        return {
            "account_id": self.account_id,
            "sequence": sequence,
            "holds": [],
            "arrangements": [],
            "charges": [],
            "disclose": [],
            "amounts": [{"currency": "EUR", **self._figures()}],
            "stops": [
                {
                    "kind": each.kind,
                    "id": each.id,
                    "hold_kind": each.hold_kind,
                    "until": None,
                    "invoice_ids": None if each.invoice_ids is None else list(each.invoice_ids),
                }
                for each in self.standing(self.today)
            ],
            "invoices": [
                {
                    "invoice_id": bill.invoice_id,
                    "number": f"N-{bill.invoice_id}",
                    "due_on": bill.due_on.isoformat(),
                    "currency": "EUR",
                    "balance_minor": bill.balance,
                    "disputed_minor": bill.disputed,
                    "stage": bill.stage_on(self.today),
                }
                for bill in self.open
            ],
        }

    # ------------------------------------------------------------------ days

    def begin(self, day: date) -> Iterator[Said]:
        """What the calendar says, day by day."""
        while self.today < day:
            self.today += DAY
            yield from self._promises_due()
            for bill in list(self.open):
                yield from self._calendar(bill)

    def _calendar(self, bill: Bill) -> Iterator[Said]:
        stage = bill.stage_on(self.today)
        if self.today == bill.due_on - 7 * DAY:
            yield "invoice-due-soon", ledger.InvoiceDueSoon(
                invoice_id=bill.invoice_id, account_id=self.account_id, currency="EUR",
                due_on=bill.due_on, balance_minor=bill.balance, disputed_minor=bill.disputed,
                amounts=self.amounts(),
            )  # fmt: skip
        if stage is not None and stage != bill.stage:
            bill.stage = stage
            yield "invoice-overdue", ledger.InvoiceOverdue(
                invoice_id=bill.invoice_id, account_id=self.account_id, currency="EUR",
                due_on=bill.due_on, stage=stage, days_past_due=stage,  # type: ignore[arg-type]
                since_on=bill.due_on + stage * DAY, balance_minor=bill.balance,
                disputed_minor=bill.disputed, amounts=self.amounts(),
            )  # fmt: skip

    def _promises_due(self) -> Iterator[Said]:
        for each in list(self.stoppages.values()):
            is_over = each.due_on is not None and self.today > each.due_on + 3 * DAY
            if each.kind == "promise" and each.ended_on is None and is_over:
                covered = [b for b in self.bills.values() if each.covers(b.invoice_id)]
                owed = sum(bill.balance for bill in covered)
                paid = sum(sum(bill.paid.values()) for bill in covered)
                state = "kept" if not owed else ("partly_kept" if paid else "broken")
                each.ended_on, each.outcome = self.today, state
                yield f"promise-{state.replace('_', '-')}", self._judged(each, state)

    def _judged(self, each: Stoppage, state: str) -> Struct:
        of = {"kept": ledger.PromiseKept, "partly_kept": ledger.PromisePartlyKept,
              "broken": ledger.PromiseBroken}[state]  # fmt: skip
        return of(
            **self._of(each.invoice_ids), promise_id=each.id, amount_minor=1000, asked_minor=1000,
            received_minor=0, due_on=each.due_on or self.today,
        )  # fmt: skip

    def _of(self, invoice_ids: tuple[str, ...] | None) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "currency": "EUR",
            "invoice_ids": invoice_ids,
            "amounts": self.amounts(),
        }

    # ------------------------------------------------------------------ facts

    def issue(self, due_on: date, amount: int) -> Iterator[Said]:
        bill = Bill(self.name("I"), due_on, amount)
        self.bills[bill.invoice_id] = bill
        yield "invoice-issued", ledger.InvoiceIssued(
            invoice_id=bill.invoice_id, account_id=self.account_id, currency="EUR",
            amount_minor=amount, issued_on=due_on - 14 * DAY, due_on=due_on, balance_minor=amount,
            amounts=self.amounts(),
        )  # fmt: skip

    def pay(self, bill: Bill, amount: int, at: datetime) -> Iterator[Said]:
        payment = self.name("P")
        bill.paid[payment] = amount
        self.payments[payment] = (self.today, amount, bill.invoice_id)
        late = max(0, (self.today - bill.due_on).days)
        yield "payment-received", ledger.PaymentReceived(
            payment_id=payment, account_id=self.account_id, currency="EUR", amount_minor=amount,
            received_at=at, amounts=self.amounts(),
            allocations=(
                ledger.Allocation(payment, bill.invoice_id, amount, at, self.today, late),
            ),
        )  # fmt: skip
        if bill.balance == 0:
            bill.was_paid = True
            yield "invoice-paid", ledger.InvoicePaid(
                invoice_id=bill.invoice_id, account_id=self.account_id, currency="EUR",
                amount_minor=bill.amount, due_on=bill.due_on, days_late=late,
                amounts=self.amounts(),
            )  # fmt: skip

    def take_back(self, payment: str, at: datetime) -> Iterator[Said]:
        """A payment bounces, all of it."""
        _, amount, invoice_id = self.payments[payment]
        bill = self.bills[invoice_id]
        was_paid = bill.balance == 0 and not bill.is_void
        del bill.paid[payment]
        self.reversed.add(payment)
        yield "payment-reversed", ledger.PaymentReversed(
            reversal_id=self.name("R"), payment_id=payment, account_id=self.account_id,
            currency="EUR", kind="bounced", amount_minor=amount, reversed_at=at, allocations=(),
            amounts=self.amounts(),
        )  # fmt: skip
        if was_paid and bill.balance > 0:
            bill.stage = bill.stage_on(self.today)
            yield "invoice-reopened", ledger.InvoiceReopened(
                invoice_id=invoice_id, account_id=self.account_id, currency="EUR",
                due_on=bill.due_on, stage=bill.stage,  # type: ignore[arg-type]
                days_past_due=max(0, (self.today - bill.due_on).days), balance_minor=bill.balance,
                because=f"payment {payment}", amounts=self.amounts(),
            )  # fmt: skip
        for each in self.stoppages.values():
            if each.kind == "promise" and each.outcome == "kept" and each.covers(invoice_id):
                each.outcome, each.ended_on = "broken", self.today
                yield "promise-rejudged", ledger.PromiseRejudged(
                    **self._of(each.invoice_ids), from_state="kept", to_state="broken",
                    because=f"payment {payment}", promise_id=each.id, amount_minor=1000,
                    received_minor=0, due_on=each.due_on,  # type: ignore[arg-type]
                )  # fmt: skip

    def fail(self, at: datetime) -> Iterator[Said]:
        payment = self.name("F")
        self.failures[payment] = self.today
        yield "payment-failed", ledger.PaymentFailed(
            payment_id=payment, account_id=self.account_id, currency="EUR", amount_minor=1000,
            failed_at=at, reason_code="insufficient-funds",
        )  # fmt: skip

    def void(self, bill: Bill) -> Iterator[Said]:
        bill.is_void, bill.stage = True, None
        yield "invoice-voided", ledger.InvoiceVoided(
            invoice_id=bill.invoice_id, account_id=self.account_id, currency="EUR",
            amounts=self.amounts(),
        )  # fmt: skip

    def promise(
        self, due_on: date, invoice_ids: tuple[str, ...] | None, promise_id: str | None = None
    ) -> Iterator[Said]:
        name = promise_id or self.name("M")
        self.stoppages[name] = Stoppage("promise", name, self.today, invoice_ids, due_on=due_on)
        yield "promise-made", ledger.PromiseMade(
            **self._of(invoice_ids), promise_id=name, amount_minor=1000, due_on=due_on,
            grace_until_on=due_on + 3 * DAY,
        )  # fmt: skip

    def plan(self, invoice_ids: tuple[str, ...] | None, first_on: date) -> Iterator[Said]:
        name = self.name("L")
        self.stoppages[name] = Stoppage("plan", name, self.today, invoice_ids)
        days = [first_on, first_on + 14 * DAY]
        yield "plan-agreed", ledger.PlanAgreed(
            **self._of(invoice_ids), plan_id=name, kind="instalments", total_minor=2000,
            freeze=ledger.Freeze(fees=True, interest=True),
            instalments=tuple(
                ledger.Instalment(n, day, day + 3 * DAY, 1000) for n, day in enumerate(days, 1)
            ),
        )  # fmt: skip

    def end_plan(self, each: Stoppage, *, is_default: bool) -> Iterator[Said]:
        each.ended_on = self.today
        if is_default:
            yield "plan-defaulted", ledger.PlanDefaulted(
                **self._of(each.invoice_ids), plan_id=each.id, because="missed", paid_minor=0,
                arrears_minor=1000,
            )  # fmt: skip
        else:
            yield (
                "plan-cancelled",
                ledger.PlanCancelled(
                    **self._of(each.invoice_ids), plan_id=each.id, because="debtor"
                ),
            )

    def settle(self, invoice_ids: tuple[str, ...]) -> Iterator[Said]:
        name = self.name("S")
        self.stoppages[name] = Stoppage("settlement", name, self.today, invoice_ids)
        on = self.today + 10 * DAY
        yield "settlement-accepted", ledger.SettlementAccepted(
            **self._of(invoice_ids), settlement_id=name, kind="bid", base_minor=2000,
            amount_minor=1500, conceded_minor=500, how="policy",
            instalments=(ledger.Instalment(1, on, on + 3 * DAY, 1500),),
        )  # fmt: skip

    def lapse(self, each: Stoppage) -> Iterator[Said]:
        each.ended_on = self.today
        yield (
            "settlement-lapsed",
            ledger.SettlementLapsed(
                **self._of(each.invoice_ids), settlement_id=each.id, because="missed", paid_minor=0
            ),
        )

    def dispute(
        self, bill: Bill, amount: int | None, dispute_id: str | None = None
    ) -> Iterator[Said]:
        name = dispute_id or self.name("D")
        bill.disputes[name] = amount
        yield "dispute-opened", ledger.DisputeOpened(
            dispute_id=name, account_id=self.account_id, invoice_id=bill.invoice_id,
            currency="EUR", amount_minor=amount, disputed_minor=bill.disputed,
            amounts=self.amounts(),
        )  # fmt: skip

    def resolve(self, bill: Bill, dispute_id: str) -> Iterator[Said]:
        was = bill.is_disputed
        del bill.disputes[dispute_id]
        if was and not bill.is_disputed:
            bill.free_on = self.today
        yield "dispute-resolved", ledger.DisputeResolved(
            dispute_id=dispute_id, account_id=self.account_id, invoice_id=bill.invoice_id,
            outcome="rejected", currency="EUR", disputed_minor=bill.disputed,
            amounts=self.amounts(),
        )  # fmt: skip

    def hold(
        self, kind: str, until_on: date | None, invoice_ids: tuple[str, ...] | None
    ) -> Iterator[Said]:
        """`until_on`: its last day."""
        name = self.name("H")
        end = None if until_on is None else until_on + DAY
        self.stoppages[name] = Stoppage(
            "hold", name, self.today, invoice_ids, hold_kind=kind, until_on=end
        )
        yield "hold-placed", ledger.HoldPlaced(
            account_id=self.account_id, currency=None, invoice_ids=invoice_ids, hold_id=name,
            kind=kind, from_on=self.today, until_on=until_on,  # type: ignore[arg-type]
            stops=("contact", "fees"),
        )  # fmt: skip

    def release(self, each: Stoppage) -> Iterator[Said]:
        each.ended_on = self.today
        yield "hold-released", ledger.HoldReleased(
            account_id=self.account_id, currency=None, invoice_ids=each.invoice_ids,
            hold_id=each.id, kind=each.hold_kind, released_on=self.today,  # type: ignore[arg-type]
            because="released",
        )  # fmt: skip

    def place(self, bills: list[Bill], to: str) -> Iterator[Said]:
        name = self.name("G")
        ids = tuple(bill.invoice_id for bill in bills)
        self.stoppages[name] = Stoppage("placed", name, self.today, ids)
        yield "account-placed", ledger.AccountPlaced(
            **self._of(ids), placement_id=name, kind="agency", to=to,
            placed_minor=sum(bill.balance for bill in bills),
            invoices=tuple(ledger.PlacedInvoice(b.invoice_id, b.balance) for b in bills),
        )  # fmt: skip

    def recall(self, each: Stoppage) -> Iterator[Said]:
        each.ended_on = self.today
        yield (
            "account-recalled",
            ledger.AccountRecalled(
                **self._of(each.invoice_ids), placement_id=each.id, because="agreed"
            ),
        )

    def erase(self) -> Iterator[Said]:
        self.is_erased = True
        yield "account-erased", ledger.AccountErased(account_id=self.account_id)
