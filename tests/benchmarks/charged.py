"""Charges: a long account under a policy of interest and two steps; days that charge and judge.

`python -m tests.benchmarks.charged`. The domain alone: BENCH_CHARGED_INVOICES= of one account
(50,000) beside accounts of 50 facts, and a day of BENCH_DAY_INVOICES= open invoices (200,000) of
small accounts, with and without charges and agreements that are due on it. Time is CPU time.
"""

import os
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from services.ledger import domain
from services.ledger.domain import AccountState, Fact
from services.ledger.domain.agreements import Instalment, PlanAgreed, PromiseMade
from services.ledger.domain.policies.charge_rules import read_charges
from services.ledger.domain.policies.charges import charging
from services.ledger.domain.rules import NO_RULES, Dated, Rules
from services.ledger.domain.slices import Slices
from shared.business_time import Begun
from shared.events import billing

INVOICES, DAY_INVOICES = 50_000, 200_000
SMALL_INVOICES = 25
MEASURED, JITTER = 1_000, 100
OF_SMALL_AIM, OF_ORDER_AIM, MEMORY_AIM_MIB, PAUSE_AIM_MS = 0.5, 0.1, 400, 100.0
DAY_AIM, FULL_DAY_AIM = 20_000, 8_000  # invoices a second
OF_ACCOUNT = 10  # invoices of an account that a day comes to
_BEFORE, _BEGUN = Begun(day=date(2026, 5, 20)), Begun(day=date(2026, 6, 10))
_FIRST_PAYMENT = datetime(2026, 6, 10, tzinfo=UTC)
_RECORDED = datetime(2026, 6, 10, tzinfo=UTC)
_POLICY = {
    "name": "charges",
    "version": "1",
    "rules": [
        {"id": "i", "kind": "interest", "rate": {"percent": "9"}, "because": "terms"},
        {"id": "a", "kind": "late_fee", "step": 1, "because": "terms",
         "amount": {"fixed": {"EUR": 5}}},
        {"id": "b", "kind": "late_fee", "step": 31, "because": "terms",
         "amount": {"percent": "2"}},
    ],
}  # fmt: skip


def charging_rules() -> Rules:
    """Interest and late fees in two steps."""
    policy = charging(read_charges(msgspec.json.encode(_POLICY).decode()), {})
    return Rules(charges=Dated(policy))


# ── One account ─────────────────────────────────────────────────────────────────────────────────


@dataclass
class Long:
    """Facts a second of one core, and what the long account needs."""

    small: float
    in_order: float
    jitter: float
    built_seconds: float
    memory_mib: float
    pause_ms: float  # the longest time without giving way, of its computation from nothing


def measure_long(invoices: int) -> Long:
    """The long account beside small ones."""
    small = 0.0
    for _ in range(0, MEASURED, SMALL_INVOICES):
        account = _account(SMALL_INVOICES)
        small += _seconds(account, [_payment(n) for n in range(SMALL_INVOICES)])
    before = psutil.Process().memory_info().rss
    started = time.process_time()
    giant = _account(invoices)
    built = time.process_time() - started
    memory = (psutil.Process().memory_info().rss - before) / 2**20
    facts = [_payment(number) for number in range(2 * MEASURED)]
    in_order = _seconds(giant, facts[:MEASURED])
    places = random.Random(1)
    shaken = sorted(facts[MEASURED:], key=lambda fact: _place(fact) + places.uniform(0, JITTER))
    jitter = _seconds(giant, shaken)
    pause = _longest_pause(
        domain.load_account_in_slices(
            "C1", "UTC", giant.facts, rules=giant.rules, begun_on=giant.aged_on
        )
    )
    return Long(
        MEASURED / small, MEASURED / in_order, MEASURED / jitter, built, memory, 1000 * pause
    )


def _account(invoices: int) -> AccountState:
    account = domain.new_account("C1", "UTC", rules=charging_rules())
    facts = [_registered("C1"), *[_invoice("C1", n, _due_on(n)) for n in range(invoices)]]
    domain.record(account, facts, _BEFORE)
    domain.begin(account, _BEGUN)
    return account


def _due_on(number: int) -> date:
    """One of ten is past due and has been charged."""
    return date(2026, 6, 1) + timedelta(days=number % 90)


def _seconds(account: AccountState, facts: Iterable[Fact]) -> float:
    started = time.process_time()
    for fact in facts:
        domain.record(account, [fact], _BEGUN)
    return time.process_time() - started


def _longest_pause(work: Slices[AccountState]) -> float:
    longest, last = 0.0, time.thread_time()
    for _ in work:
        now = time.thread_time()
        longest, last = max(longest, now - last), now
    return longest


# ── A day ───────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Day:
    """How a day went, over accounts made and dropped one after the other."""

    name: str
    per_second: float  # invoices
    events: int
    aim: float


def measure_days(invoices: int) -> list[Day]:
    """A day with stages alone, and one on which charges, promises and instalments are due too."""
    return [
        _day("stages", invoices, NO_RULES, lambda _: [], DAY_AIM),
        _day(
            "and charges, promises, instalments", invoices, charging_rules(), _agreed, FULL_DAY_AIM
        ),
    ]


def _day(
    name: str, invoices: int, rules: Rules, agreed: Callable[[str], Sequence[Fact]], aim: float
) -> Day:
    """On the day one of ten invoices comes to be overdue."""
    due_on = date(2026, 6, 14)
    spent, events = 0.0, 0
    for number in range(invoices // OF_ACCOUNT):
        account_id = f"C{number}"
        account = domain.new_account(account_id, "UTC", rules=rules)
        facts = [
            _invoice(account_id, n, due_on + timedelta(days=10 * n)) for n in range(OF_ACCOUNT)
        ]
        domain.record(account, [_registered(account_id), *facts, *agreed(account_id)], _BEGUN)
        started = time.process_time()
        decision = domain.begin(account, Begun(day=due_on + timedelta(days=1)))
        domain.next_on(account)
        spent += time.process_time() - started
        events += len(decision.announcements)
    return Day(name, invoices / spent, events, aim)


def _agreed(account_id: str) -> Sequence[Fact]:
    """A promise for the invoice that is due, or an instalment of a plan over another."""
    at, due_on = datetime(2026, 6, 10, 9, tzinfo=UTC), date(2026, 6, 14)
    if int(account_id[1:]) % 2:
        promise = PromiseMade(
            account_id=account_id,
            promise_id=f"R{account_id}",
            currency="EUR",
            amount_minor=5_000,
            due_on=due_on,
            grace_until_on=due_on,
            kept_from_percent=100,
            partly_from_percent=50,
        )
        return [_fact("promise-made", promise.promise_id, account_id, at, promise)]
    parts = tuple(
        [
            Instalment(n + 1, day, day, 5_000)
            for n, day in enumerate((due_on, due_on + timedelta(days=30)))
        ]
    )
    plan = PlanAgreed(
        account_id=account_id,
        plan_id=f"L{account_id}",
        currency="EUR",
        kind="instalments",
        invoice_ids=(f"{account_id} I00001",),
        total_minor=10_000,
        instalments=parts,
    )
    return [_fact("plan-agreed", plan.plan_id, account_id, at, plan)]


# ── Facts ───────────────────────────────────────────────────────────────────────────────────────


def _fact(
    kind: str, fact_id: str, account_id: str, at: datetime | None, data: msgspec.Struct
) -> Fact:
    return Fact(kind, fact_id, account_id, "/bench", fact_id, at, _RECORDED, data)


def _registered(account_id: str) -> Fact:
    data = billing.AccountRegistered(account_id=account_id, name="Ada Example")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return _fact("account-registered", "/bench e1", account_id, at, data)


def _invoice(account_id: str, number: int, due_on: date) -> Fact:
    invoice_id = f"{account_id} I{number:05}"
    data = billing.InvoiceIssued(invoice_id, account_id, "EUR", 100_00, date(2026, 5, 1), due_on)
    return _fact("invoice-issued", invoice_id, account_id, None, data)


def _payment(number: int) -> Fact:
    """Aimed at nothing: it goes to what is oldest due, and to its charges."""
    received_at = _FIRST_PAYMENT + timedelta(seconds=number)
    data = billing.PaymentReceived(f"P{number:05}", "C1", "EUR", 100_00, received_at)
    return _fact("payment-received", f"P{number:05}", "C1", None, data)


def _place(fact: Fact) -> int:
    return int(fact.fact_id[1:])


def show(console: Console) -> list[str]:
    """Print the figures; the aims that are missed, in words."""
    invoices = int(os.environ.get("BENCH_CHARGED_INVOICES") or INVOICES)
    found = measure_long(invoices)
    table = Table(
        title=f"One account of {invoices:,} invoices, interest and two steps", title_justify="left"
    )
    for column in ("", "facts/s of one core", "µs", "ratio", "aim"):
        table.add_column(column, justify="right" if column else "left")
    to_small, to_order = found.in_order / found.small, found.jitter / found.in_order
    for name, rate, ratio, aim in (
        (f"accounts of {2 * SMALL_INVOICES} facts", found.small, 1.0, ""),
        ("in order", found.in_order, to_small, f"{OF_SMALL_AIM:g}"),
        (f"within {JITTER} places", found.jitter, to_order, f"{OF_ORDER_AIM:g}"),
    ):
        table.add_row(name, f"{rate:,.0f}", f"{1e6 / rate:.0f}", f"{ratio:.2f}", aim)
    console.print(table)
    console.print(
        f"made in {found.built_seconds:.1f} s; {found.memory_mib:.0f} MiB; computed from nothing"
        f" it gives way at least every {found.pause_ms:.0f} ms."
    )
    days = measure_days(int(os.environ.get("BENCH_DAY_INVOICES") or DAY_INVOICES))
    table = Table(title="A day begins, the rules alone", title_justify="left")
    for column in ("", "invoices/s of one core", "events", "aim"):
        table.add_column(column, justify="right" if column else "left")
    for day in days:
        table.add_row(day.name, f"{day.per_second:,.0f}", f"{day.events:,}", f"{day.aim:,.0f}")
    console.print(table)
    missed = []
    if to_small < OF_SMALL_AIM:
        missed.append(f"Charged account, in order: {to_small:.2f}, aim {OF_SMALL_AIM:g}")
    if to_order < OF_ORDER_AIM:
        missed.append(f"Charged account, jitter: {to_order:.2f}, aim {OF_ORDER_AIM:g}")
    if found.memory_mib > MEMORY_AIM_MIB:
        missed.append(f"Charged account: {found.memory_mib:.0f} MiB, aim {MEMORY_AIM_MIB}")
    if found.pause_ms > PAUSE_AIM_MS:
        missed.append(f"Charged account: {found.pause_ms:.0f} ms, aim {PAUSE_AIM_MS:.0f} ms")
    missed += [
        f"A day, {day.name}: {day.per_second:,.0f} invoices/s, aim {day.aim:,.0f}"
        for day in days
        if day.per_second < day.aim
    ]
    return missed


def main() -> None:
    console = Console()
    for line in show(console) or ["Every aim is met."]:
        console.print(line)


if __name__ == "__main__":
    main()
