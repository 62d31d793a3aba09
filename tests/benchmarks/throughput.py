"""Events per second over HTTP: the ledger, the bare limit and the naive version, in turns.

Each has a database of its own on the same server and takes the same events through the same door.
They work in turns, a slice each, so that whatever else the machine does hits all of them alike.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import uuid4

from deploy import migrate
from deploy.local import databases
from tests.benchmarks import stream
from tests.benchmarks.servers import Load, Program, Watch, ledger_app, rival

ROUNDS = 5
NAIVE_SHARE = 10  # the naive version gets this much fewer events: it is that slow


@dataclass(frozen=True)
class Sending:
    """A way of sending: who sends how much at once (0: single events)."""

    name: str
    size: int
    clients: int


BATCH = Sending("batch", 500, 1)
BATCHES = Sending("batches", 500, 4)
SINGLE = Sending("single", 0, 64)


@dataclass
class Figures:
    """What one program did in one way of sending."""

    events: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    p50_ms: float = 0.0  # of a request; the median round's
    p99_ms: float = 0.0

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the server process's CPU per event."""
        return self.cpu_seconds / self.events * 1e6


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """A migrated ledger database for the length of the block."""
    name = f"bench_{uuid4().hex[:10]}"
    url = asyncio.run(databases.create(server, name))
    try:
        asyncio.run(migrate.upgrade("ledger", url))
        yield url
    finally:
        asyncio.run(databases.drop(server, name))


def measure(server: str, events: int, sending: Sending, watch: Watch) -> dict[str, Figures]:
    """All three, by name."""
    size, kind = sending.size, "batch" if sending.size else "single"
    accounts = min(stream.ACCOUNTS_MAX, max(1, events // 10))
    money = list(stream.money(events, accounts))
    with ExitStack() as held:
        programs = [held.enter_context(ledger_app(held.enter_context(fresh_database(server))))]
        for name in ("bare", "naive"):
            url = held.enter_context(fresh_database(server))
            programs.append(held.enter_context(rival(name, url)))
        loads = {p.name: Load(p.port, kind=kind, clients=sending.clients) for p in programs}
        for load in loads.values():
            held.callback(load.close)
        pids = {f"{p.name} ({sending.name})": p.process.pid for p in programs}
        held.enter_context(watch.on(pids))
        _warm_up(loads, accounts, size)
        return _in_turns(programs, loads, money, size)


def _warm_up(loads: dict[str, Load], accounts: int, size: int) -> None:
    """Register the accounts; connections, statements and caches are warm then."""
    registrations = stream.bodies(stream.registrations(accounts), size)
    for load in loads.values():
        load.send(registrations)


def _in_turns(
    programs: Sequence[Program], loads: dict[str, Load], money: list[stream.Json], size: int
) -> dict[str, Figures]:
    figures = {program.name: Figures() for program in programs}
    slice_size = -(-len(money) // ROUNDS)
    rounds: dict[str, list[tuple[float, float]]] = {program.name: [] for program in programs}
    for start in range(0, len(money), slice_size):
        for program in programs:
            part = money[start : start + slice_size]
            if program.name == "naive":  # its own stream, from its beginning
                begin = start // NAIVE_SHARE
                part = money[begin : begin + max(1, len(part) // NAIVE_SHARE)]
            found = figures[program.name]
            before = program.cpu_seconds()
            outcome = loads[program.name].send(stream.bodies(part, size))
            found.cpu_seconds += program.cpu_seconds() - before
            assert outcome.accepted == len(part), f"{program.name}: {outcome}, not {len(part)}"
            found.events += len(part)
            found.seconds += outcome.seconds
            rounds[program.name].append((outcome.p50_ms, outcome.p99_ms))
    for name, found in figures.items():
        ordered = sorted(rounds[name])
        found.p50_ms, found.p99_ms = ordered[len(ordered) // 2]
    return figures
