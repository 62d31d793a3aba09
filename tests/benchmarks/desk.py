"""The work list, and dry runs of strategies: how long a collector waits for the next task while
many ask, and how long it takes to try a strategy on many debtors.

`python -m tests.benchmarks.desk`; BENCH_TASKS= and BENCH_DEBTORS= set how many (100,000; 10,000).
"""

import asyncio
import os
import random
import time
from dataclasses import replace

import httpx
from rich.console import Console
from rich.table import Table

from services.outreach.activity.commands import open_tasks
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.activity.store.business_times import raise_business_time
from services.outreach.dunning.processes.strategy_trial import find_scope, try_ahead
from shared.database import Database
from shared.process.serve import rest_collector
from tests.benchmarks.debtors import SAMPLE, at, database, null_channels, populate, world_over
from tests.benchmarks.load import percentile
from tests.benchmarks.servers import postgres
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import STRATEGIES

TASKS, COLLECTORS, ASKED, SECONDS = 100_000, 50, 20, 1.0
NEXT_P99_MS = 50.0
DEBTORS, DAYS, TRIAL_SECONDS_AIM = 10_000, 30, 60.0
ACCOUNTS_OF_TASKS = 10_000
NOON = at("2026-03-03 12:00:00")


def show(console: Console, server: str, tasks: int, debtors: int) -> list[str]:
    """Print the figures; the aims that are missed, in words."""
    return asyncio.run(_show(console, server, tasks, debtors))


async def _show(console: Console, server: str, tasks: int, debtors: int) -> list[str]:
    missed: list[str] = []
    rest_collector()  # as the services do
    async with database(server) as url:
        p50, p99 = await _worklist(url, tasks)
    table = Table(title=f"The next of {tasks:,} tasks, {COLLECTORS} collectors")
    for name in ("p50", "p99"):
        table.add_column(name, justify="right")
    table.add_row(f"{p50:.1f} ms", f"{p99:.1f} ms")
    console.print(table)
    if p99 > NEXT_P99_MS:
        missed.append(f"Work list: next p99 {p99:.0f} ms, aim {NEXT_P99_MS:.0f} ms")
    async with database(server) as url:
        seconds, contacts = await _trial(url, debtors)
    console.print(
        f"Dry run ahead of {debtors:,} debtors over {DAYS} days: {seconds:.1f} s,"
        f" {contacts:,} contacts"
    )
    if seconds > TRIAL_SECONDS_AIM:
        missed.append(f"Dry run: {seconds:.0f} s, aim {TRIAL_SECONDS_AIM:.0f} s")
    return missed


async def _worklist(url: str, tasks: int) -> tuple[float, float]:
    db = Database(url)
    world = world_over(db, "demo")
    await populate(world, min(tasks, ACCOUNTS_OF_TASKS))
    await _open(world, tasks)
    seconds: list[float] = []
    async for client in client_of(settings_for(world, url, RECOUP_LOG_LEVEL="warning")):
        await asyncio.gather(*[_collect(client, n, seconds) for n in range(COLLECTORS)])
    await world.context.close()
    await db.close()
    seconds.sort()
    return percentile(seconds, 0.5) * 1000, percentile(seconds, 0.99) * 1000


async def _open(world: World, tasks: int) -> None:
    """Tasks of all accounts, a fifth of them calls, of every priority."""
    async with world.db.transaction() as session:
        await raise_business_time(session, "demo", NOON)
        for kind, cause in (("reply", "bench 0"), ("call", "bench 1")):
            await open_tasks(
                session, "demo", NOON,
                [NewTask(account_id=SAMPLE, kind=kind, cause=cause, due_at=NOON)],  # type: ignore[arg-type]
            )  # fmt: skip
        names = [
            row["column_name"]
            for row in await session.fetch(
                "select column_name from information_schema.columns where table_name = 'tasks'"
                " and table_schema = 'public' order by ordinal_position"
            )
        ]
        given = {
            "task_id": "t.task_id || '-' || n",
            "account_id": f"'C' || lpad((n % {min(tasks, ACCOUNTS_OF_TASKS)})::text, 7, '0')",
            "cause": "t.cause || ' ' || n",
            "priority": "(n * 7919) % 100",
        }
        values = ", ".join(given.get(name, f"t.{name}") for name in names)
        for cause, first, last in (("bench 0", 2, tasks * 4 // 5), ("bench 1", 2, tasks // 5)):
            await session.execute(
                f"insert into tasks ({', '.join(names)}) select {values} from tasks t,"
                f" generate_series({first}, {last}) n where t.cause = $1",
                cause,
            )
    await world.db.fetch("analyze tasks")


async def _collect(client: httpx.AsyncClient, number: int, seconds: list[float]) -> None:
    """One collector, who asks once a second."""
    chance, person = random.Random(number), {"X-Actor": f"collector {number}"}
    await asyncio.sleep(chance.random() * SECONDS)
    for _ in range(ASKED):
        started = time.monotonic()
        answer = await client.post("/v1/worklist/next", headers=person)
        spent = time.monotonic() - started
        assert answer.status_code == 200, answer.text
        seconds.append(spent)
        await asyncio.sleep(max(0.0, SECONDS - spent))


async def _trial(url: str, debtors: int) -> tuple[float, int]:
    db = Database(url)
    world = world_over(db, "demo")
    world.context = replace(world.context, channels=null_channels())
    await populate(world, debtors)
    async with db.transaction() as session:
        await raise_business_time(session, "demo", NOON)
    strategy = STRATEGIES["consumer"]
    started = time.monotonic()
    scope = await find_scope(world.context, "demo", strategy)
    report = await try_ahead(world.context, "demo", strategy, DAYS, scope)
    seconds = time.monotonic() - started
    assert report["debtors"] == debtors, report["debtors"]
    await world.context.close()
    await db.close()
    return seconds, sum(each["count"] for each in report["totals"])


def main() -> None:
    console = Console()
    with postgres() as server:
        tasks = int(os.environ.get("BENCH_TASKS") or TASKS)
        debtors = int(os.environ.get("BENCH_DEBTORS") or DEBTORS)
        for line in show(console, server, tasks, debtors) or ["Every aim is met."]:
            console.print(line)


if __name__ == "__main__":
    main()
