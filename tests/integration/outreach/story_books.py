"""A small ledger for stories: an account's books by day, on the log and at the door."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct

from shared.clock import day_start
from shared.events import CONTACTS, LEDGER, SEGMENTATION, Received, ledger, segmentation
from shared.events.billing import Address, Phone
from tests.integration.outreach.world import World

BERLIN = "Europe/Berlin"
STAGES: tuple[ledger.Stage, ...] = (1, 31, 61, 91, 121)
HOME = Address(line1="Musterstr. 1", postal_code="10115", city="Berlin", country="DE")
MOBILE = Phone(number="+4915112345678", type="mobile")


@dataclass
class Booked:
    """An invoice in the books."""

    due_on: date
    balance_minor: int
    disputed_minor: int = 0
    is_soon: bool = False
    stage: ledger.Stage | None = None


@dataclass
class Books:
    """One account of a consumer in Berlin, with every kind of address."""

    world: World
    account_id: str
    invoices: dict[str, Booked] = field(default_factory=dict)
    stops: list[dict[str, Any]] = field(default_factory=list)
    arrangements: list[dict[str, Any]] = field(default_factory=list)

    # ------------------------------------------------------------------ what happens

    async def open(self, day: date, **more: Any) -> None:
        details: dict[str, Any] = {
            "name": f"Name of {self.account_id}", "timezone": BERLIN,
            "email": f"{self.account_id.lower()}@example.com", "phones": (MOBILE,),
            "addresses": (HOME,),
        }  # fmt: skip
        registered = ledger.AccountRegistered(
            account_id=self.account_id, kind="consumer", timezone=BERLIN, country="DE",
            currency="EUR",
        )  # fmt: skip
        contact = ledger.Contact(account_id=self.account_id, **(details | more))
        await self.say(day, "account-registered", registered)
        at = day_start(day, BERLIN)
        await self.world.take(
            self.world.event(CONTACTS, self.account_id, "contact-details", contact, time=at)
        )

    async def bill(
        self, invoice_id: str, due_on: date, minor: int, *, payment_url: str | None = None
    ) -> None:
        self.invoices[invoice_id] = Booked(due_on, minor)
        issued_on = due_on - timedelta(days=14)
        await self.say(
            issued_on,
            "invoice-issued",
            ledger.InvoiceIssued(
                invoice_id=invoice_id, account_id=self.account_id, currency="EUR",
                amount_minor=minor, issued_on=issued_on, due_on=due_on, number=f"N-{invoice_id}",
                payment_url=payment_url, balance_minor=minor, amounts=self.amounts(issued_on),
            ),
        )  # fmt: skip

    async def begin(self, day: date) -> None:
        """What the calendar brings."""
        for invoice_id, booked in self.invoices.items():
            late = (day - booked.due_on).days
            of: dict[str, Any] = {
                "invoice_id": invoice_id, "account_id": self.account_id, "currency": "EUR",
                "due_on": booked.due_on, "balance_minor": booked.balance_minor,
                "disputed_minor": booked.disputed_minor,
            }  # fmt: skip
            if booked.balance_minor and not booked.is_soon and -7 <= late <= 0:
                booked.is_soon = True
                soon = ledger.InvoiceDueSoon(**of, amounts=self.amounts(day))
                await self.say(day, "invoice-due-soon", soon)
            stage = max((each for each in STAGES if each <= late), default=None)
            if booked.balance_minor and stage is not None and stage != booked.stage:
                booked.stage = stage
                since_on = booked.due_on + timedelta(days=stage)
                data = ledger.InvoiceOverdue(
                    **of, stage=stage, days_past_due=stage, since_on=since_on,
                    amounts=self.amounts(day),
                )  # fmt: skip
                await self.say(day, "invoice-overdue", data)

    async def pay(self, day: date, payment_id: str, invoice_id: str, minor: int) -> None:
        booked = self.invoices[invoice_id]
        booked.balance_minor -= minor
        late = max(0, (day - booked.due_on).days)
        at = day_start(day, BERLIN)
        put = ledger.Allocation(payment_id, invoice_id, minor, at, day, late)
        await self.say(
            day,
            "payment-received",
            ledger.PaymentReceived(
                payment_id=payment_id, account_id=self.account_id, currency="EUR",
                amount_minor=minor, received_at=at, allocations=(put,), amounts=self.amounts(day),
            ),
        )  # fmt: skip
        if booked.balance_minor == 0:
            data = ledger.InvoicePaid(
                invoice_id=invoice_id, account_id=self.account_id, currency="EUR",
                amount_minor=minor, due_on=booked.due_on, days_late=late, amounts=(),
            )  # fmt: skip
            await self.say(day, "invoice-paid", data)

    async def dispute(self, day: date, invoice_id: str, *, is_over: bool = False) -> None:
        """All of it; rejected in the end."""
        booked = self.invoices[invoice_id]
        booked.disputed_minor = 0 if is_over else booked.balance_minor
        of: dict[str, Any] = {
            "dispute_id": f"D-{invoice_id}", "account_id": self.account_id,
            "invoice_id": invoice_id, "currency": "EUR", "disputed_minor": booked.disputed_minor,
            "amounts": self.amounts(day),
        }  # fmt: skip
        if is_over:
            await self.say(
                day, "dispute-resolved", ledger.DisputeResolved(**of, outcome="rejected")
            )
        else:
            await self.say(day, "dispute-opened", ledger.DisputeOpened(**of))

    async def promise(self, day: date, due_on: date, grace_until_on: date, minor: int) -> None:
        data = ledger.PromiseMade(
            account_id=self.account_id, currency="EUR", invoice_ids=None, promise_id="R1",
            amount_minor=minor, due_on=due_on, grace_until_on=grace_until_on,
        )  # fmt: skip
        self.stops.append(
            {"kind": "promise", "id": "R1", "currency": "EUR", "invoice_ids": None,
             "until": grace_until_on.isoformat()}
        )  # fmt: skip
        await self.say(day, "promise-made", data)

    async def judge(self, day: date, due_on: date, minor: int, *, is_kept: bool = False) -> None:
        self.stops.clear()
        type_ = ledger.PromiseKept if is_kept else ledger.PromiseBroken
        data = type_(
            account_id=self.account_id, currency="EUR", invoice_ids=None, promise_id="R1",
            amount_minor=minor, asked_minor=minor, received_minor=minor if is_kept else 0,
            due_on=due_on, amounts=self.amounts(day),
        )  # fmt: skip
        await self.say(day, "promise-kept" if is_kept else "promise-broken", data)

    async def score(self, day: date, pays_within: float) -> None:
        data = segmentation.AccountScored(
            account_id=self.account_id, target="pays_within", probability=pays_within,
            horizon_days=30, expected_recovery_minor=0, priority=50, reasons=(),
            model_version="1", policy_version="1",
        )  # fmt: skip
        await self.world.take(self.event(SEGMENTATION, day, "account-scored", data))

    async def say(self, day: date, type_: str, data: Struct) -> None:
        """On the log; and the door answers as the books are then."""
        await self.world.take(self.event(LEDGER, day, type_, data))
        self.answer()

    def event(self, topic: str, day: date, type_: str, data: Struct) -> Received:
        at = datetime.combine(day, datetime.min.time(), UTC)
        return self.world.event(topic, self.account_id, type_, data, time=at)

    # ------------------------------------------------------------------ how it stands

    def amounts(self, day: date) -> tuple[ledger.Amounts, ...]:
        found = list(self.invoices.values())
        late = [i for i in found if i.stage is not None]
        overdue = sum(i.balance_minor for i in late)
        disputed = sum(i.disputed_minor for i in late)
        owing = [i.due_on for i in found if i.balance_minor]
        oldest = min(owing, default=None)
        return (
            ledger.Amounts(
                "EUR", sum(i.balance_minor for i in found), overdue, disputed, 0, 0,
                overdue - disputed, oldest, max(0, (day - oldest).days) if oldest else 0,
            ),
        )  # fmt: skip

    def answer(self) -> None:
        """What the live check says from now on."""
        (amounts,) = self.amounts(date.min)
        self.world.ledger.accounts[self.account_id] = {
            "account_id": self.account_id,
            "sequence": self.world.sequences.get((LEDGER, self.account_id), 0),
            "holds": [], "stops": self.stops, "arrangements": self.arrangements,
            "charges": [], "disclose": [],
            "amounts": [
                {"currency": "EUR", "collectable_minor": amounts.collectable_minor,
                 "overdue_minor": amounts.overdue_minor, "disputed_minor": amounts.disputed_minor,
                 "unapplied_minor": 0}
            ],
            "invoices": [
                {"invoice_id": name, "number": f"N-{name}", "due_on": booked.due_on.isoformat(),
                 "currency": "EUR", "balance_minor": booked.balance_minor,
                 "disputed_minor": booked.disputed_minor, "stage": booked.stage}
                for name, booked in self.invoices.items()
                if booked.balance_minor
            ],
        }  # fmt: skip
