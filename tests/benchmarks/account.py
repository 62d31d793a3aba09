"""One account: what a fact costs in a long history, in order and late, on one core.

`python -m tests.benchmarks.account`. The domain alone, without database: BENCH_ACCOUNT_INVOICES=
(20,000) of one account beside accounts of 50 facts. Time is CPU time; the ratios travel.
"""

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from services.ledger import domain
from services.ledger.domain import AccountState, Fact
from shared.business_time import Begun
from shared.events import billing

INVOICES = 20_000
SMALL_FACTS = 50
MEASURED = 1_000  # facts of each row
JITTER = 100
RANDOM_FACTS, RANDOM_AIM_SECONDS = 5_000, 5.0
OF_SMALL_AIM, OF_ORDER_AIM = 0.5, 0.1
_BEGUN = Begun(day=date(2026, 6, 1))
_FIRST_PAYMENT = datetime(2026, 5, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Cost:
    """Facts a second of one core, and of which other row an aim is a part."""

    name: str
    per_second: float
    ratio: float
    aim: float | None = None


def measure(invoices: int) -> tuple[list[Cost], float, float]:
    """Costs of a fact; seconds of some facts in random order, and of a computation from nothing."""
    small = _small()
    rows = [Cost(f"accounts of {SMALL_FACTS} facts", small, 1.0)]
    for name, payment in (("aimed", _aimed), ("oldest due first", _oldest_first)):
        account = _giant(invoices)
        facts = [payment(number) for number in range(3 * MEASURED)]
        in_order = _rate(account, facts[:MEASURED])
        rows.append(Cost(f"in order, {name}", in_order, in_order / small, OF_SMALL_AIM))
        shaken = sorted(facts[MEASURED : 2 * MEASURED], key=_shaken())
        jitter = _rate(account, shaken)
        rows.append(
            Cost(f"within {JITTER} places, {name}", jitter, jitter / in_order, OF_ORDER_AIM)
        )
        late = [
            payment(number, back=JITTER + 0.5) for number in range(2 * MEASURED, 2 * MEASURED + 20)
        ]
        back = _rate(account, late)
        rows.append(Cost(f"{JITTER} places back, {name}", back, back / in_order))
    started = time.process_time()
    domain.load_account("C1", "UTC", account.facts)
    return rows, _random(), time.process_time() - started


def _small() -> float:
    """Many accounts, in order: half invoices, half payments."""
    spent = count = 0.0
    for _ in range(MEASURED // SMALL_FACTS):
        account = _giant(SMALL_FACTS // 2)
        facts = [_aimed(number) for number in range(SMALL_FACTS // 2)]
        spent += len(facts) / _rate(account, facts)
        count += len(facts)
    return count / spent


def _rate(account: AccountState, facts: Sequence[Fact]) -> float:
    started = time.process_time()
    for fact in facts:
        domain.record(account, [fact], _BEGUN)
    return len(facts) / (time.process_time() - started)


def _random() -> float:
    """Seconds of facts of one account in random order, in one call."""
    count = RANDOM_FACTS // 2
    facts = [_invoice(number) for number in range(count)] + [_aimed(n) for n in range(count)]
    random.Random(1).shuffle(facts)
    account = domain.new_account("C1", "UTC")
    started = time.process_time()
    domain.record(account, [_registration(), *facts], _BEGUN)
    return time.process_time() - started


def _giant(invoices: int) -> AccountState:
    """An account of invoices not due yet."""
    account = domain.new_account("C1", "UTC")
    facts = [_registration(), *[_invoice(number) for number in range(invoices)]]
    domain.record(account, facts, _BEGUN)
    return account


def _shaken() -> Callable[[Fact], float]:
    places = random.Random(1)
    return lambda fact: int(fact.fact_id[1:]) + places.uniform(0, JITTER)


def _fact(kind: str, fact_id: str, time: datetime | None, data: Struct) -> Fact:
    recorded = datetime(2026, 5, 1, tzinfo=UTC)
    return Fact(kind, fact_id, "C1", "/bench", fact_id, time, recorded, data)


def _registration() -> Fact:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    data = billing.AccountRegistered(account_id="C1", name="Ada Example")
    return _fact("account-registered", "/bench e1", when, data)


def _invoice(number: int) -> Fact:
    issued_on = date(2026, 4, 1) + timedelta(days=number * 30 // INVOICES)
    due_on = date(2026, 7, 1) + timedelta(days=number % 60)
    data = billing.InvoiceIssued(f"I{number}", "C1", "EUR", 100_00, issued_on, due_on)
    return _fact("invoice-issued", f"I{number}", None, data)


def _aimed(number: int, back: float = 0) -> Fact:
    return _payment(number, back, (billing.Target(invoice_id=f"I{number}", amount_minor=100_00),))


def _oldest_first(number: int, back: float = 0) -> Fact:
    return _payment(number, back, ())


def _payment(number: int, back: float, targets: tuple[billing.Target, ...]) -> Fact:
    received_at = _FIRST_PAYMENT + timedelta(seconds=number - back)
    data = billing.PaymentReceived(
        f"P{number}", "C1", "EUR", 100_00, received_at, allocations=targets
    )
    return _fact("payment-received", f"P{number}", None, data)


def show(console: Console) -> list[str]:
    """Print the figures; the aims that are missed, in words."""
    invoices = int(os.environ.get("BENCH_ACCOUNT_INVOICES") or INVOICES)
    rows, shuffled, computed = measure(invoices)
    table = Table(title=f"One account of {invoices:,} invoices", title_justify="left")
    for column in ("", "facts/s of one core", "µs", "ratio", "aim"):
        table.add_column(column, justify="right" if column else "left")
    for row in rows:
        aim = f"{row.aim:g}" if row.aim is not None else ""
        micros = f"{1e6 / row.per_second:.0f}"
        table.add_row(row.name, f"{row.per_second:,.0f}", micros, f"{row.ratio:.2f}", aim)
    console.print(table)
    console.print(
        f"{RANDOM_FACTS:,} facts in random order: {shuffled:.1f} s;"
        f" computed from nothing: {computed:.1f} s. In order: of small accounts; late: of in order."
    )
    missed = [
        f"One account, {row.name}: {row.ratio:.2f}, aim {row.aim:g}"
        for row in rows
        if row.aim is not None and row.ratio < row.aim
    ]
    if shuffled > RANDOM_AIM_SECONDS:
        missed.append(f"Random order: {shuffled:.1f} s, aim {RANDOM_AIM_SECONDS:g} s")
    return missed


def main() -> None:
    console = Console()
    for line in show(console) or ["Every aim is met."]:
        console.print(line)


if __name__ == "__main__":
    main()
