"""Facts of every kind of command, as the domain records them, against the cost of a payment.

`python -m tests.benchmarks.kinds`. Each is recorded on copies of one account of
BENCH_KINDS_INVOICES= open invoices (100), so that none builds on another; and `options` and a
preview on BENCH_OPTIONS_INVOICES= invoices (1,000). Time is CPU time.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from services.ledger import domain
from services.ledger.domain import AccountState, Fact
from services.ledger.domain.agreements import (
    AccountPlaced,
    AccountWrittenOff,
    ChargeAdded,
    HoldPlaced,
    Instalment,
    PlanAgreed,
    PromiseMade,
    SettlementOffered,
)
from services.ledger.domain.doors import Asking
from services.ledger.domain.doors.options import options
from services.ledger.domain.fork import fork
from services.ledger.domain.policies import NAMES
from shared.business_time import Begun
from shared.events import billing

INVOICES, TIMES = 100, 20
AIM = 1.5  # of a payment
OPTIONS_INVOICES, ASKED, P99_AIM_MS = 1_000, 100, 30.0
_DAY, _LATER = date(2026, 6, 10), date(2026, 6, 20)
_BEGUN = Begun(day=_DAY)
_AT = datetime(2026, 6, 10, 9, tzinfo=UTC)
_PARTS = (Instalment(1, _LATER, date(2026, 6, 23), 100),)

MADE: dict[str, Callable[[], Struct]] = {
    "payment-received": lambda: billing.PaymentReceived(
        "P", "C1", "EUR", 100, _AT, allocations=(billing.Target(invoice_id="I0", amount_minor=100),)
    ),
    "promise-made": lambda: PromiseMade(
        account_id="C1", promise_id="R", currency="EUR", amount_minor=100, due_on=_LATER,
        grace_until_on=_LATER, kept_from_percent=95, partly_from_percent=25, invoice_ids=("I0",),
    ),
    "hold-placed": lambda: HoldPlaced(
        account_id="C1", hold_id="H", kind="complaint", invoice_ids=("I0",), from_on=_DAY
    ),
    "plan-agreed": lambda: PlanAgreed(
        account_id="C1", plan_id="L", currency="EUR", kind="deferred", invoice_ids=("I0",),
        total_minor=100, instalments=_PARTS,
    ),
    "settlement-offered": lambda: SettlementOffered(
        account_id="C1", settlement_id="T", kind="bid", currency="EUR", invoice_ids=("I0",),
        base_minor=100, amount_minor=90, instalments=_PARTS, verdict="accepted",
    ),
    "account-written-off": lambda: AccountWrittenOff(
        account_id="C1", write_off_id="W", kind="uneconomic", currency="EUR", invoice_ids=("I0",)
    ),
    "account-placed": lambda: AccountPlaced(
        account_id="C1", placement_id="G", kind="agency", to="A", currency="EUR",
        invoice_ids=("I0",), commission_percent="18",
    ),
    "charge-added": lambda: ChargeAdded(
        account_id="C1", charge_id="B", kind="fee", currency="EUR", amount_minor=100,
        charged_on=_DAY,
    ),
}  # fmt: skip


def _fact(kind: str, data: Struct, time_: datetime | None) -> Fact:
    fact_id = domain.fact_id_of(kind, "/bench", "e", data)
    return Fact(kind, fact_id, "C1", "/bench", f"{kind} {fact_id}", time_, _AT, data)


def _account(invoices: int) -> AccountState:
    record = billing.AccountRegistered(account_id="C1", name="Ada Example")
    facts = [_fact("account-registered", record, _AT)]
    for number in range(invoices):
        issued, due = date(2026, 5, 1), date(2026, 6, 1)
        data = billing.InvoiceIssued(f"I{number}", "C1", "EUR", 100, issued, due)
        facts.append(_fact("invoice-issued", data, None))
    account = domain.new_account("C1", "UTC")
    domain.record(account, facts, _BEGUN)
    return account


def measure(invoices: int) -> dict[str, float]:
    """Seconds that a fact of each kind costs."""
    account, found = _account(invoices), {}
    for kind, make in MADE.items():
        fact, copies = _fact(kind, make(), _AT), [fork(account) for _ in range(TIMES)]
        started = time.process_time()
        for copy in copies:
            domain.record(copy, [fact], _BEGUN)
        found[kind] = (time.process_time() - started) / TIMES
    return found


def delays(invoices: int) -> dict[str, float]:
    """99th percentiles of `options`, and of a promise that is only tried, in milliseconds."""
    account = _account(invoices)
    policies = {name: known.read(known.source) for name, known in NAMES.items()}
    asking = Asking(at=_AT, on=_DAY, begun_on=_DAY, now=_AT, policies=policies)
    promise = _fact("promise-made", MADE["promise-made"](), _AT)
    return {
        "options": _p99(lambda: options(account, asking, for_staff=True)),
        "preview": _p99(lambda: domain.record(fork(account), [promise], _BEGUN)),
    }


def _p99(work: Callable[[], object]) -> float:
    found = []
    for _ in range(ASKED):
        started = time.process_time()
        work()
        found.append(1000 * (time.process_time() - started))
    return sorted(found)[int(0.99 * ASKED) - 1]


def show(console: Console) -> list[str]:
    """Measure and print; gives the aims that were missed."""
    found = measure(int(os.environ.get("BENCH_KINDS_INVOICES") or INVOICES))
    payment = found["payment-received"]
    table = Table("", "µs", "of a payment", title="Facts of every kind", title_justify="left")
    for kind, seconds in found.items():
        table.add_row(kind, f"{1e6 * seconds:,.0f}", f"{seconds / payment:.2f}")
    console.print(table)
    slow = delays(int(os.environ.get("BENCH_OPTIONS_INVOICES") or OPTIONS_INVOICES))
    console.print("p99: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in slow.items()))
    return [
        f"{name}: p99 {ms:.1f} ms, aim {P99_AIM_MS:.0f}"
        for name, ms in slow.items()
        if ms > P99_AIM_MS
    ] + [
        f"{kind}: {seconds / payment:.2f} of a payment, aim at most {AIM}"
        for kind, seconds in found.items()
        if seconds > AIM * payment
    ]


if __name__ == "__main__":
    for missed in show(Console()):
        print("missed:", missed)
