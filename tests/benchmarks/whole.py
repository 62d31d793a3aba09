"""The whole platform, as `make run` starts it: from the first event sent until every KPI shows all.

The load generator is a process of its own. The clock stops when metrics' KPIs count the last event
and all four services say, twice in a row, that nothing is under way; the CPU is that of all the
platform's Python processes, per event, over that time.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from shared.process.settings import PORTS
from tests.benchmarks import stream
from tests.benchmarks.servers import KEY, Load
from tests.benchmarks.throughput import Sending
from tests.e2e.platform import Platform

BATCHES_AIM, SINGLE_AIM = 4_000.0, 2_500.0  # events a second, on two cores
CPU_US_AIM = 285.0  # half of what it was
ROUNDS = 2  # the second is measured: connections, statements and memories are warm then


@dataclass(frozen=True)
class Shown:
    """How fast events came to be shown."""

    name: str
    events: int
    seconds: float  # until every KPI shows all of them
    taken_seconds: float  # until the last of them was accepted
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu_seconds / self.events * 1e6


def measure(events: int, sending: Sending) -> Shown:
    """One way of sending, on a platform of its own with the system's clock."""
    environment = {"RECOUP_CLOCK": "system", "RECOUP_DEV_KEY": KEY, "RECOUP_LOG_LEVEL": "warning"}
    accounts = min(stream.ACCOUNTS_MAX, max(1, events // 10))
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Path(folder) / "data", environment=environment)
        try:
            platform.start()
            with _load(platform, sending) as load:
                load.send(stream.bodies(stream.registrations(accounts), sending.size))
                money = list(stream.money(events * ROUNDS, accounts))
                for start in range(0, len(money), events):
                    platform.wait_quiet()
                    bodies = stream.bodies(money[start : start + events], sending.size)
                    shown = _send(platform, load, sending, bodies, events)
            return shown
        finally:
            platform.remove()


@contextmanager
def _load(platform: Platform, sending: Sending) -> Iterator[Load]:
    kind = "batch" if sending.size else "single"
    load = Load(platform.port + PORTS["ledger"], kind=kind, clients=sending.clients)
    try:
        yield load
    finally:
        load.close()


def _send(
    platform: Platform, load: Load, sending: Sending, bodies: list[bytes], events: int
) -> Shown:
    cpu, started = _cpu_seconds(platform), time.monotonic()
    outcome = load.send(bodies)
    assert outcome.accepted == events, f"{outcome.accepted} of {events} were accepted"
    taken = time.monotonic() - started
    platform.wait_quiet()
    seconds = time.monotonic() - started
    return Shown(sending.name, events, seconds, taken, _cpu_seconds(platform) - cpu)


def _cpu_seconds(platform: Platform) -> float:
    """Of the platform's Python processes; PostgreSQL's are not counted."""
    parent = platform.part("")
    processes = [parent, *parent.children(recursive=True)]
    times = [process.cpu_times() for process in processes if "python" in process.name()]
    return float(sum(spent.user + spent.system for spent in times))


def show(console: Console, found: Shown, aim: float) -> list[str]:
    """Print the figures; what misses its aim, in words."""
    table = Table(title=f"Whole platform, {found.name}", title_justify="left")
    for column in ("events", "accepted/s", "shown in every KPI/s", "CPU µs/event"):
        table.add_column(column, justify="right")
    accepted = found.events / found.taken_seconds
    table.add_row(
        f"{found.events:,}", f"{accepted:,.0f}", f"{found.rate:,.0f}", f"{found.cpu_us:.0f}"
    )
    console.print(table)
    missed = []
    if found.rate < aim:
        missed.append(f"Whole platform, {found.name}: {found.rate:,.0f}/s shown, aim {aim:,.0f}")
    if found.cpu_us > CPU_US_AIM:
        missed.append(f"Whole platform, {found.name}: {found.cpu_us:.0f} µs, aim {CPU_US_AIM:.0f}")
    return missed
