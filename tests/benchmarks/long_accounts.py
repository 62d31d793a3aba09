"""Accounts with long histories over HTTP: facts out of order, late ones, two APIs on one database.

`python -m tests.benchmarks.long_accounts`; BENCH_LONG_EVENTS= sets how many events (20,000). The
programs work in turns, a slice each, so that ratios are worth something on a busy machine.
"""

import os
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx
from rich.console import Console
from rich.table import Table

from shared.cloudevents import BATCH
from tests.benchmarks import stream
from tests.benchmarks.load import HOST
from tests.benchmarks.servers import KEY, Load, Program, ledger_app, postgres
from tests.benchmarks.throughput import ROUNDS, fresh_database

EVENTS = 20_000
MANY, FEW, ONE = 5_000, 20, 1  # accounts
PLACES = 300  # within which events are shuffled
SIZE = 500  # of a batch
RANDOM_EVENTS, RANDOM_AIM_SECONDS = 5_000, 5.0
FEW_AIM, ONE_AIM, TWO_AIM, PAUSE_AIM_MS = 0.7, 0.5, 1.0, 250.0


@dataclass
class Found:
    """What was measured."""

    rates: dict[str, float] = field(default_factory=dict)  # events a second
    pauses_ms: dict[str, float] = field(default_factory=dict)  # the longest answer
    random_seconds: float = 0.0

    def missed(self) -> list[str]:
        many, few, one = (self.rates[f"{n:,} accounts"] for n in (MANY, FEW, ONE))
        ratios = [
            (f"{FEW} accounts, shuffled, of {MANY:,}", few / many, FEW_AIM),
            (f"{ONE} account, shuffled, of {MANY:,}", one / many, ONE_AIM),
            ("two APIs of one", self.rates["two APIs"] / self.rates["one API"], TWO_AIM),
        ]
        lines = [f"{name}: {ratio:.2f}, aim {aim:g}" for name, ratio, aim in ratios if ratio < aim]
        lines += [
            f"{name} while a late fact acts: {pause:.0f} ms, aim {PAUSE_AIM_MS:.0f} ms"
            for name, pause in self.pauses_ms.items()
            if pause > PAUSE_AIM_MS
        ]
        if self.random_seconds > RANDOM_AIM_SECONDS:
            lines.append(
                f"{RANDOM_EVENTS:,} events of one account in random order:"
                f" {self.random_seconds:.1f} s, aim {RANDOM_AIM_SECONDS:g} s"
            )
        return lines


def shuffled(events: Sequence[stream.Json], places: int) -> list[stream.Json]:
    """Each event at most so many places from its own."""
    chance = random.Random(11)
    keyed = [(place + chance.uniform(0, places), event) for place, event in enumerate(events)]
    keyed.sort(key=lambda item: item[0])
    return [event for _, event in keyed]


def _rates(server: str, events: int, found: Found) -> None:
    """The same number of events over many, few and one account."""
    with ExitStack() as held:
        loads: dict[str, tuple[Load, list[stream.Json]]] = {}
        for accounts in (MANY, FEW, ONE):
            program = held.enter_context(ledger_app(held.enter_context(fresh_database(server))))
            load = held.enter_context(_load(program))
            load.send(stream.bodies(stream.registrations(accounts), SIZE))
            money = shuffled(
                list(stream.money(events, accounts)), 0 if accounts == MANY else PLACES
            )
            loads[f"{accounts:,} accounts"] = load, money
        found.rates |= _in_turns(loads)


def _two_apis(server: str, events: int, found: Found) -> None:
    """The same accounts through one process and through two, beside each other."""
    money = list(stream.money(events, FEW))
    with ExitStack() as held:
        loads = {}
        for name, count in (("one API", 1), ("two APIs", 2)):
            url = held.enter_context(fresh_database(server))
            programs = [held.enter_context(ledger_app(url)) for _ in range(count)]
            loads[name] = [held.enter_context(_load(p, clients=4 // count)) for p in programs]
            loads[name][0].send(stream.bodies(stream.registrations(FEW), SIZE))
        pool = held.enter_context(ThreadPoolExecutor(2))
        seconds = dict.fromkeys(loads, 0.0)
        slice_size = -(-len(money) // ROUNDS)
        for start in range(0, len(money), slice_size):
            bodies = stream.bodies(money[start : start + slice_size], SIZE // 5)
            for name, several in loads.items():
                began = time.monotonic()
                shares = [bodies[n :: len(several)] for n in range(len(several))]
                list(
                    pool.map(lambda pair: pair[0].send(pair[1]), zip(several, shares, strict=True))
                )
                seconds[name] += time.monotonic() - began
        found.rates |= {name: len(money) / took for name, took in seconds.items()}


def _late_fact(server: str, events: int, found: Found) -> None:
    """A fact before all others of a long account."""
    money = list(stream.money(events, ONE))
    with ledger_app_on(server) as program, _client(program, "demo") as client:
        with _load(program) as load:
            load.send(stream.bodies(stream.registrations(ONE), SIZE))
            load.send(stream.bodies(money[1:], SIZE))
        with _asking(program, found):
            _post(client, money[:1])


def _random_order(server: str, found: Found) -> None:
    """All events of one account in one request, in any order."""
    with ledger_app_on(server) as program, _client(program, "demo") as client:
        mixed = list(stream.money(RANDOM_EVENTS, ONE))
        random.Random(12).shuffle(mixed)
        _post(client, stream.registrations(ONE))
        began = time.monotonic()
        _post(client, mixed)
        found.random_seconds = time.monotonic() - began


@contextmanager
def _asking(program: Program, found: Found) -> Iterator[None]:
    """Ask for signs of life, and post to another tenant, without a pause."""
    stop = threading.Event()

    def ask(name: str, client: httpx.Client, count: list[int]) -> None:
        longest = 0.0
        while not stop.is_set():
            began = time.monotonic()
            if name == "health":
                client.get("/health/live").raise_for_status()
            else:
                count[0] += 1
                _post(client, [*stream.registrations(1)][:1] if count[0] == 1 else _one(count[0]))
            longest = max(longest, time.monotonic() - began)
        found.pauses_ms[name] = longest * 1000

    with ExitStack() as held:
        threads = []
        for name in ("health", "another tenant's intake"):
            client = held.enter_context(_client(program, "neighbour"))
            client.get("/health/live")
            threads.append(threading.Thread(target=ask, args=(name, client, [0])))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _one(number: int) -> list[stream.Json]:
    (event, *_) = stream.money(1, 1)
    data = {**event["data"], "invoice_id": f"N-{number}"}
    return [{**event, "id": f"n-{number}", "data": data}]


def _in_turns(loads: Mapping[str, tuple[Load, list[stream.Json]]]) -> dict[str, float]:
    seconds = dict.fromkeys(loads, 0.0)
    for part in range(ROUNDS):
        for name, (load, money) in loads.items():
            size = -(-len(money) // ROUNDS)
            some = money[part * size : (part + 1) * size]
            outcome = load.send(stream.bodies(some, SIZE))
            assert outcome.accepted == len(some), f"{name}: {outcome}, not {len(some)}"
            seconds[name] += outcome.seconds
    return {name: len(money) / seconds[name] for name, (_, money) in loads.items()}


@contextmanager
def ledger_app_on(server: str) -> Iterator[Program]:
    """The ledger's API over a database of its own."""
    with fresh_database(server) as url, ledger_app(url) as program:
        yield program


@contextmanager
def _load(program: Program, clients: int = 1) -> Iterator[Load]:
    load = Load(program.port, kind="batch", clients=clients)
    try:
        yield load
    finally:
        load.close()


def _client(program: Program, tenant: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {KEY}", "X-Tenant": tenant}
    return httpx.Client(base_url=f"http://{HOST}:{program.port}", headers=headers, timeout=600)


def _post(client: httpx.Client, events: Sequence[stream.Json]) -> None:
    (body,) = stream.bodies(events, len(events))
    answer = client.post("/v1/events", content=body, headers={"Content-Type": BATCH})
    assert answer.json().get("accepted") == len(events), answer.text[:500]


def show(console: Console, server: str, events: int) -> list[str]:
    """Print the figures as they come; the aims that are missed, in words."""
    found = Found()
    _rates(server, events, found)
    _two_apis(server, events, found)
    table = Table(title=f"Long accounts, {events:,} events", title_justify="left")
    table.add_column("")
    table.add_column("events/s", justify="right")
    for name, rate in found.rates.items():
        table.add_row(name, f"{rate:,.0f}")
    console.print(table)
    _late_fact(server, events, found)
    for name, pause in found.pauses_ms.items():
        console.print(
            f"longest answer of {name} while a fact before all others acts: {pause:.0f} ms"
        )
    _random_order(server, found)
    console.print(
        f"{RANDOM_EVENTS:,} events of one account in random order: {found.random_seconds:.1f} s"
    )
    return found.missed()


def main() -> None:
    console = Console()
    with postgres() as server:
        missed = show(console, server, int(os.environ.get("BENCH_LONG_EVENTS") or EVENTS))
    for line in missed or ["Every aim is met."]:
        console.print(line)


if __name__ == "__main__":
    main()
