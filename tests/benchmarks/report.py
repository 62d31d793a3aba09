"""The figures of a run for a person, with what they are worth."""

import os
import platform
from collections.abc import Mapping, Sequence

import psutil
from rich.console import Console
from rich.table import Table

from tests.benchmarks.latency import Delays
from tests.benchmarks.throughput import Figures

OF_BARE = 0.5
BATCH_OF_NAIVE, SINGLE_OF_NAIVE = 20.0, 8.0
LOCAL_P99_MS, KAFKA_P99_MS = 200.0, 500.0


class Report:
    """Prints each part as soon as it is known."""

    def __init__(self) -> None:
        self.console = Console()
        self.missed: list[str] = []

    def machine(self, events: int) -> None:
        memory = psutil.virtual_memory().total / 2**30
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        self.console.print(
            f"{events:,} events. {platform.machine()}, {psutil.cpu_count()} CPUs, {memory:.0f} GiB,"
            f" {platform.system()}, Python {platform.python_version()}; load before: {load}."
            " Ratios travel, absolute figures do not."
        )

    def throughput(self, title: str, found: Mapping[str, Figures], of_naive: float | None) -> None:
        """One way of sending: the three programs, and the ledger's ratios to the others."""
        ledger, bare, naive = found["ledger"], found["bare"], found["naive"]
        table = _table(title, "events", "events/s", "CPU µs/event", "request p50", "request p99")
        for name, figures in found.items():
            table.add_row(
                name, f"{figures.events:,}", f"{figures.rate:,.0f}", f"{figures.cpu_us:.0f}",
                f"{figures.p50_ms:.1f} ms", f"{figures.p99_ms:.1f} ms",
            )  # fmt: skip
        self.console.print(table)
        to_bare, to_naive = ledger.rate / bare.rate, ledger.rate / naive.rate
        self.console.print(f"of the bare limit: {to_bare:.2f}; times the naive: {to_naive:.1f}")
        if of_naive is None:
            return
        self._aim(title, "times the naive version", to_naive, of_naive)
        if of_naive == BATCH_OF_NAIVE:
            self._aim(title, "of the bare limit", to_bare, OF_BARE)

    def kafka(self, figures: Figures, batch: Mapping[str, Figures] | None) -> None:
        table = _table("Over Kafka", "events", "events/s", "CPU µs/event", "of bare", "× naive")
        ratios = (
            [f"{figures.rate / batch[name].rate:.2f}" for name in ("bare", "naive")]
            if batch
            else ["", ""]
        )
        table.add_row(
            "ledger worker", f"{figures.events:,}", f"{figures.rate:,.0f}",
            f"{figures.cpu_us:.0f}", *ratios,
        )  # fmt: skip
        self.console.print(table)

    def delays(self, title: str, found: Delays, limit_ms: float) -> None:
        table = _table(title, "events", "p50", "p99", "most")
        table.add_row(
            "intake to KPI", f"{found.events:,}", f"{found.p50_ms:.0f} ms",
            f"{found.p99_ms:.0f} ms", f"{found.max_ms:.0f} ms",
        )  # fmt: skip
        self.console.print(table)
        if found.p99_ms > limit_ms:
            self.missed.append(f"{title}: p99 {found.p99_ms:.0f} ms, aim {limit_ms:.0f} ms")

    def memory(self, peaks: Mapping[str, int]) -> None:
        table = _table("Peak memory", "MiB")
        for name, size in peaks.items():
            table.add_row(name, f"{size / 2**20:.0f}")
        self.console.print(table)

    def verdict(self) -> None:
        for line in self.missed or ["Every aim that was measured is met."]:
            self.console.print(line)

    def _aim(self, title: str, what: str, ratio: float, aim: float) -> None:
        if ratio < aim:
            self.missed.append(f"{title}: {ratio:.2f} {what}, aim {aim:g}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


PARTS: Sequence[str] = (
    "batch", "batches", "single", "kafka", "whole", "latency", "latency-kafka",
    "account", "charged", "kinds", "long", "documents", "governor", "mail", "contacts", "desk",
    "figures",
    "learning", "population",
)  # fmt: skip
