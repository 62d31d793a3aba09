"""Random but realistic accounts: facts, the order in which these arrive, the days between.

Everything is drawn from small pools (ids, days, hours, amounts), so that facts meet: equal
instants, aims at invoices that come later, reversals beyond what is left, midnights that a zone
skips.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st

from services.ledger.domain import Fact, fact_id_of
from shared.business_time import Begun
from shared.events import billing
from tests.oracles.ledger_table import first_instant

T = TypeVar("T")
ACCOUNT = "C1"
SOURCE = "/billing"
RECORDED = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = (
    "Europe/Berlin",
    "UTC",
    "Pacific/Auckland",
    "America/Los_Angeles",
    "Africa/Cairo",  # skips 00:00 of 2026-04-24
    "Asia/Beirut",  # skips 00:00 of 2026-03-29
    "America/Havana",  # skips 00:00 of 2026-03-08, has it twice on 2026-11-01
    "America/Santiago",  # skips 00:00 of 2026-09-06
    "Pacific/Apia",  # left out 2011-12-30
)
BASES = (
    date(2011, 12, 29),
    date(2026, 2, 26),
    date(2026, 4, 14),
    date(2026, 8, 27),
    date(2026, 10, 22),
)
HOURS = (0.0, 0.0, 0.0, -1.0, 12.0, 23.5)
AMOUNTS = (1, 30, 50, 70, 100, 100, 100, 150, 200, 300, 300)


@dataclass(frozen=True)
class Batch:
    """Facts that arrive together, or a day that begins."""

    facts: tuple[Fact, ...] = ()
    begun: Begun | None = None


@dataclass(frozen=True)
class Story:
    tenant_zone: str
    steps: tuple[Batch, ...]
    look_on: date  # the day of the `as_of` question

    @property
    def facts(self) -> list[Fact]:
        return [fact for step in self.steps for fact in step.facts]

    def without(self, index: int) -> "Story":
        """The story without one of its steps."""
        steps = (*self.steps[:index], *self.steps[index + 1 :])
        return Story(self.tenant_zone, steps, self.look_on)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))  # how Hypothesis shows a shrunk story

    def __str__(self) -> str:
        lines = [f"Story(zone={self.tenant_zone}, look_on={self.look_on}"]
        for step in self.steps:
            if step.begun is not None:
                lines.append(f"  begin day={step.begun.day} at={step.begun.at}")
            lines += [
                f"  {'record' if fact is step.facts[0] else '     +'} {_short(fact)}"
                for fact in step.facts
            ]
        return "\n".join([*lines, ")"])


def _short(fact: Fact) -> str:
    time = f" time={fact.time.isoformat()}" if fact.time else ""
    data = msgspec.json.encode(fact.data).decode()
    return f"{fact.kind} {fact.fact_id}{time} {data}"


class _Writer:
    """Draws facts; knows the ids drawn so far."""

    def __init__(self, draw: Callable[[st.SearchStrategy[object]], object], size: int) -> None:
        self._draw = draw
        self.size = size
        self.tenant_zone = self.of(ZONES)
        self.zone = self.of(ZONES)
        self.base = self.of(BASES)
        self.facts: list[Fact] = []
        self.invoices = [f"I{n}" for n in range(1, self.count(1, 3 if size < 2 else 8) + 1)]

    def of(self, choices: "tuple[T, ...] | list[T]") -> T:
        return self._draw(st.sampled_from(choices))  # type: ignore[return-value]

    def count(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))  # type: ignore[return-value]

    def day(self, low: int = 0, high: int = 70) -> date:
        return self.base + timedelta(days=self.count(low, high))

    def instant(self, high: int = 110) -> datetime:
        """Often at, or an hour before, the instant at which some invoice's stage begins."""
        day = self.day(0, high)
        invoices = [f.data for f in self.facts if isinstance(f.data, billing.InvoiceIssued)]
        if invoices and self.count(0, 2) == 2:
            day = self.of(invoices).due_on + timedelta(days=self.of((0, 1, 1, 31, 61)))
        return first_instant(day, self.zone) + timedelta(hours=self.of(HOURS))

    def currency(self) -> str:
        return self.of(("EUR",) * 7 + ("USD",))

    def add(self, data: billing.Data, kind: str, time: datetime | None = None) -> None:
        event_id = f"e{len(self.facts)}"
        fact_id = fact_id_of(kind, SOURCE, event_id, data)
        if (kind, fact_id) not in {(f.kind, f.fact_id) for f in self.facts}:
            self.facts.append(Fact(kind, fact_id, ACCOUNT, SOURCE, event_id, time, RECORDED, data))

    def some_invoice(self) -> str:
        return self.of([*self.invoices, *self.invoices, "I0"])  # I0 never comes

    def write(self) -> list[Fact]:
        self._account()
        for invoice_id in self.invoices:
            self._invoice(invoice_id)
        parts = (
            (self._paid_and_taken_back, 2),
            (self._payment, 5),
            (self._reversal, 4),
            (self._credit_note, 2),
            (self._dispute, 3),
            (self._void, 1),
            (self._amendment, 2),
            (self._failure, 1),
        )
        for write, most in parts:
            for number in range(self.count(0, most * self.size)):
                write(number + 1)
        return self.facts

    def _account(self) -> None:
        name = "Ada Example"
        zone = self.of((self.zone, None))
        self.add(
            billing.AccountRegistered(ACCOUNT, name, timezone=zone),
            "account-registered",
            self.instant(30),
        )
        if self.count(0, 5) == 5:
            zone = self.of((*ZONES, None))
            self.add(
                billing.AccountUpdated(ACCOUNT, name, timezone=zone),
                "account-updated",
                self.instant(30),
            )

    def _invoice(self, invoice_id: str) -> None:
        issued_on = self.day(0, 30)
        due_on = issued_on + timedelta(days=self.of((14, 0, 3, 7, 30, -5, -40)))
        amount = self.of((100, 100, 200, 300, 0))
        self.add(
            billing.InvoiceIssued(invoice_id, ACCOUNT, self.currency(), amount, issued_on, due_on),
            "invoice-issued",
            first_instant(issued_on, "UTC"),
        )

    def _paid_and_taken_back(self, number: int) -> None:
        """An invoice paid to the cent; often the money is taken back later."""
        invoice = self.of([f.data for f in self.facts if isinstance(f.data, billing.InvoiceIssued)])
        received_at = self.instant()
        if invoice.amount_minor == 0:
            return
        targets = (
            billing.Target(invoice_id=invoice.invoice_id, amount_minor=invoice.amount_minor),
        )
        self.add(
            billing.PaymentReceived(
                f"Q{number}",
                ACCOUNT,
                invoice.currency,
                invoice.amount_minor,
                received_at,
                allocations=self.of((targets, ())),
            ),
            "payment-received",
        )
        if self.count(0, 3):
            after = timedelta(days=self.of((0, 1, 7, 20, 40, -3)))
            self.add(
                billing.PaymentReversed(
                    f"S{number}",
                    f"Q{number}",
                    ACCOUNT,
                    invoice.currency,
                    received_at + after,
                    amount_minor=self.of((None, 30, invoice.amount_minor)),
                ),
                "payment-reversed",
            )

    def _payment(self, number: int) -> None:
        amount = self.of(AMOUNTS)
        targets: list[billing.Target] = []
        rest = amount
        for _ in range(self.count(0, 2)):
            part = min(rest, self.of(AMOUNTS))
            if part:
                targets.append(billing.Target(invoice_id=self.some_invoice(), amount_minor=part))
                rest -= part
        self.add(
            billing.PaymentReceived(
                f"P{number}",
                ACCOUNT,
                self.currency(),
                amount,
                self.instant(),
                allocations=tuple(targets),
            ),
            "payment-received",
        )

    def _reversal(self, number: int) -> None:
        payments = [f.data for f in self.facts if isinstance(f.data, billing.PaymentReceived)]
        payment_id = self.of([*(p.payment_id for p in payments), "P1"])
        known = {p.payment_id: p.currency for p in payments}
        self.add(
            billing.PaymentReversed(
                f"R{number}",
                payment_id,
                ACCOUNT,
                known.get(payment_id, "EUR"),
                self.instant(),
                amount_minor=self.of((None, None, None, 30, 50, 100, 300)),
            ),
            "payment-reversed",
        )

    def _credit_note(self, number: int) -> None:
        self.add(
            billing.CreditNoteIssued(
                f"N{number}",
                ACCOUNT,
                self.currency(),
                self.of(AMOUNTS),
                self.day(0, 100),
                invoice_id=self.of((self.some_invoice(), self.some_invoice(), None)),
                dispute_id=self.of((None, None, None, "D1", "D2")),
            ),
            "credit-note-issued",
        )

    def _dispute(self, number: int) -> None:
        invoice_id = self.of([self.invoices[0], self.some_invoice()])
        if self.count(0, 5) < 5:
            self.add(
                billing.DisputeOpened(
                    dispute_id=f"D{number}",
                    account_id=ACCOUNT,
                    invoice_id=invoice_id,
                    amount_minor=self.of((None, 30, 50, 300)),
                ),
                "dispute-opened",
                self.instant(30),
            )
        if self.count(0, 1):
            credited = self.of((None, 30, 50, 300))
            outcome = "rejected" if credited is None else self.of(("upheld", "partly"))
            self.add(
                billing.DisputeResolved(
                    dispute_id=f"D{number}",
                    account_id=ACCOUNT,
                    invoice_id=invoice_id,
                    outcome=outcome,  # type: ignore[arg-type]
                    credited_minor=credited,
                ),
                "dispute-resolved",
                self.instant(),
            )

    def _void(self, number: int) -> None:
        self.add(
            billing.InvoiceVoided(self.some_invoice(), ACCOUNT), "invoice-voided", self.instant()
        )

    def _amendment(self, number: int) -> None:
        due_on = self.of((None, self.day(0, 90), self.day(0, 90)))
        self.add(
            billing.InvoiceAmended(self.some_invoice(), ACCOUNT, due_on, f"No {number}"),
            "invoice-amended",
            self.instant(30),
        )

    def _failure(self, number: int) -> None:
        self.add(
            billing.PaymentFailed(f"F{number}", ACCOUNT, "EUR", 50, self.instant()),
            "payment-failed",
        )


class _Seeded(_Writer):
    """The same from a seed: does not shrink, but each seed is as unlike the others as can be."""

    def __init__(self, seed: int, size: int) -> None:
        self._random = Random(seed)
        super().__init__(lambda strategy: None, size)

    def of(self, choices: "tuple[T, ...] | list[T]") -> T:
        return self._random.choice(choices)

    def count(self, low: int, high: int) -> int:
        return self._random.randint(low, high)


@st.composite
def stories(draw: Callable[[st.SearchStrategy[object]], object], size: int = 1) -> Story:
    """Facts in some order of arrival, in batches, with days that begin between them."""
    return _tell(_Writer(draw, size))


def seeded_story(seed: int, size: int = 1) -> Story:
    return _tell(_Seeded(seed, size))


def _tell(writer: _Writer) -> Story:
    facts = writer.write()
    order = writer.count(0, 2)
    if order == 1:
        facts = [facts.pop(writer.count(0, len(facts) - 1)) for _ in range(len(facts))]
    elif order == 2:
        facts = facts[::-1]
    by_instant = writer.of((False, False, True))
    pace = writer.of(((None, 0, 1, 4), (None, None, 4, 7, 15), (None, None, 0, 15, 31, 60)))
    day = writer.base
    steps: list[Batch] = []
    for fact in facts:
        ahead = writer.of(pace)
        if ahead is not None:
            day = day + timedelta(days=ahead)
            steps.append(Batch(begun=_begun(writer, day, by_instant)))
        if steps and steps[-1].facts and writer.count(0, 3) == 3:
            steps[-1] = Batch((*steps[-1].facts, fact))
        else:
            steps.append(Batch((fact,)))
    day = day + timedelta(days=writer.of((0, 40, 130)))
    steps.append(Batch(begun=_begun(writer, day, by_instant)))
    return Story(writer.tenant_zone, tuple(steps), writer.day(-3, 150))


def _begun(writer: _Writer, day: date, by_instant: bool) -> Begun:
    if not by_instant:
        return Begun(day, None)
    return Begun(None, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
