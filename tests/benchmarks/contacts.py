"""Contacts swept: planned ones are claimed, checked with the ledger over HTTP, judged by the rules,
written, and given to a channel that takes everything; by one worker and by two, each a process.

`python -m tests.benchmarks.contacts`; BENCH_CONTACTS= sets how many (20,000; the aim is a million).
"""

import asyncio
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import psutil
import uvicorn
from rich.console import Console
from rich.table import Table

from services.outreach.dunning.processes.run_due import run_due
from shared.database import Database
from shared.process.serve import rest_collector
from tests.architecture.files import ROOT
from tests.benchmarks.debtors import DUE_ON, at, database, null_channels, populate, world_over
from tests.benchmarks.servers import environment, free_port, postgres, running

CONTACTS = 20_000
RATE_AIM, RATIO_AIM, GROWTH_MIB_MAX = 2_000.0, 1.6, 64.0
PLANNED, SWEPT = at("2026-03-03 00:00:00"), at("2026-03-03 12:00:00")
MINOR = 10_000


class Sweep(msgspec.Struct, frozen=True):
    """What one worker did."""

    sent: int
    seconds: float
    cpu_seconds: float
    growth_mib: float  # of its memory, from the first tenth to the end


def show(console: Console, server: str, number: int) -> list[str]:
    """Print the figures; the aims that are missed, in words."""
    return asyncio.run(_show(console, server, number))


async def _show(console: Console, server: str, number: int) -> list[str]:
    port = free_port()
    table = Table(title=f"{number:,} planned contacts swept", title_justify="left")
    for name in ("", "contacts/s", "CPU µs each", "memory grown"):
        table.add_column(name, justify="right" if name else "left")
    rates: dict[int, float] = {}
    missed: list[str] = []
    with running("ledger", ["tests.benchmarks.contacts", "ledger", str(port)], environment(), port):
        for workers in (1, 2):
            async with database(server) as url:
                planned = await _prepare(url, port, number)
                found, seconds = await _sweep(url, port, workers)
            sent = sum(each.sent for each in found)
            assert sent == number, f"{sent} of {number} were sent"
            rates[workers] = number / seconds
            cpu = sum(each.cpu_seconds for each in found) / number * 1e6
            grown = max(each.growth_mib for each in found)
            name = "one worker" if workers == 1 else "two workers"
            table.add_row(name, f"{rates[workers]:,.0f}", f"{cpu:,.0f}", f"{grown:.0f} MiB")
            if grown > GROWTH_MIB_MAX:
                missed.append(f"Sweep: memory grew by {grown:.0f} MiB, aim {GROWTH_MIB_MAX:.0f}")
    console.print(table)
    ratio = rates[2] / rates[1]
    console.print(f"two workers of one: {ratio:.2f}; planned before at {planned:,.0f}/s")
    if rates[2] < RATE_AIM:
        missed.append(f"Sweep: {rates[2]:,.0f} contacts/s, aim {RATE_AIM:,.0f}")
    if ratio < RATIO_AIM:
        missed.append(f"Sweep: two workers {ratio:.2f} of one, aim {RATIO_AIM}")
    return missed


async def _prepare(url: str, port: int, number: int) -> float:
    """All planned for the morning; gives how many a second."""
    db = Database(url)
    world = world_over(db, "demo", f"http://127.0.0.1:{port}")
    await populate(world, number)
    world.context = replace(world.context, channels=null_channels())
    started = time.monotonic()
    ran = await run_due(world.context, "demo", PLANNED)
    seconds = time.monotonic() - started
    assert ran.counts["planned"] == number, ran
    await db.fetch("analyze")
    await world.context.close()
    await db.close()
    return number / seconds


async def _sweep(url: str, port: int, workers: int) -> tuple[list[Sweep], float]:
    started = time.monotonic()
    arguments = [sys.executable, "-m", "tests.benchmarks.contacts", "worker", url, str(port)]
    processes = [
        await asyncio.create_subprocess_exec(
            *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, env=environment()
        )
        for _ in range(workers)
    ]
    answers = await asyncio.gather(*[process.communicate() for process in processes])
    found = [msgspec.json.decode(out.splitlines()[-1], type=Sweep) for out, _ in answers]
    longest = max(each.seconds for each in found)
    assert time.monotonic() - started >= longest
    return found, longest


async def _work(url: str, port: int) -> None:
    """One worker, in this process."""
    db = Database(url)
    world = world_over(db, "demo", f"http://127.0.0.1:{port}")
    world.context = replace(world.context, channels=null_channels())
    rest_collector()  # as the worker does
    sizes: list[float] = []
    watching = asyncio.ensure_future(_watch(sizes))
    cpu, started = time.process_time(), time.monotonic()
    sent = more = (await run_due(world.context, "demo", SWEPT)).counts["sent"]
    while more:  # what a check that grew old has put off, on a machine that was busy
        more = (await run_due(world.context, "demo", SWEPT)).counts["sent"]
        sent += more
    seconds = time.monotonic() - started
    spent = time.process_time() - cpu
    watching.cancel()
    await world.context.close()
    await db.close()
    early = sizes[len(sizes) // 10]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024) - early
    sweep = Sweep(sent, seconds, spent, grown)
    print(msgspec.json.encode(sweep).decode(), flush=True)


async def _watch(sizes: list[float]) -> None:
    process = psutil.Process()
    while True:
        sizes.append(process.memory_info().rss / 2**20)
        await asyncio.sleep(0.2)


# ------------------------------------------------------------------------- the ledger's door


def _account(account_id: str) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "sequence": 10,
        "amounts": [
            {"currency": "EUR", "collectable_minor": MINOR, "overdue_minor": MINOR,
             "disputed_minor": 0, "unapplied_minor": 0},
        ],
        "invoices": [
            {"invoice_id": f"{account_id}-I1", "number": f"N-{account_id}", "currency": "EUR",
             "due_on": DUE_ON.isoformat(), "balance_minor": MINOR, "disputed_minor": 0, "stage": 1},
        ],
    }  # fmt: skip


async def _door(scope: Any, receive: Any, send: Any) -> None:
    """`POST /v1/accounts/collectable`: everybody owes the same."""
    body, is_more = b"", True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
    ids: Sequence[str] = msgspec.json.decode(body)["account_ids"]
    answer = {
        "accounts": [_account(each) for each in ids],
        "intake_caught_up_at": datetime.now(UTC),
    }
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(answer)})


def main() -> None:
    match sys.argv[1:]:
        case ["worker", url, port]:
            asyncio.run(_work(url, int(port)))
        case ["ledger", port]:
            uvicorn.run(_door, host="127.0.0.1", port=int(port), log_config=None, lifespan="off")
        case _:
            console = Console()
            with postgres() as server:
                number = int(os.environ.get("BENCH_CONTACTS") or CONTACTS)
                for line in show(console, server, number) or ["Every aim is met."]:
                    console.print(line)


if __name__ == "__main__":
    main()
