"""Metrics at work: folding, answering, rebuilding; the aims are METRICS' own.

`BENCH_PARTS=figures`; BENCH_FIGURES= sets the number of events (10 million is the aim's).
"""

import asyncio
import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import asyncpg
import httpx
from rich.console import Console

from deploy.local import databases
from services.metrics import worker
from services.metrics.app import create_app
from services.metrics.processes.merging import merge_all
from services.metrics.rebuild import rebuild
from services.metrics.settings import Settings
from services.metrics.store.generations import ENTERING
from shared.database import Database
from shared.database.migrate import upgrade
from shared.events import producer
from shared.log.wire import OutboxRow
from shared.process.settings import Common
from tests.architecture.files import ROOT
from tests.benchmarks import figures_log
from tests.benchmarks.servers import KEY, environment

EVENTS = 200_000
ONE_AIM, MANY_AIM, OF_ONE_AIM, REBUILD_AIM = 8_000, 30_000, 1.7, 50_000
ASKED, ASKED_FEW = 40, 10
FRESH_AIM_MS, FRESH_PER_S = 300.0, 1_000
SERVICES = ("ledger", "segmentation", "outreach", "metrics")


class Folded(NamedTuple):
    """What workers did together."""

    events: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds


def fold(url: str, workers: int, events: int) -> Folded:
    """Fold by so many workers, each with its share of the accounts."""
    at_work = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.figure_fold", url]
            + [str(number) for number in (place, workers, events)],
            cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for place in range(workers)
    ]  # fmt: skip
    for process in at_work:
        assert process.stdout is not None
        while process.stdout.readline() not in ("ready\n", ""):
            pass
    for process in at_work:
        assert process.stdin is not None
        process.stdin.write("begin\n")
        process.stdin.flush()
    said = [process.communicate()[0].splitlines()[-1] for process in at_work]
    found = [json.loads(line) for line in said]
    return Folded(
        sum(each["events"] for each in found),
        max(each["seconds"] for each in found),
        sum(each["cpu"] for each in found),
    )


async def copy_rate(url: str) -> tuple[int, float]:
    """Rows a second of a bare COPY of the same cells into a table without an index."""
    connection = await asyncpg.connect(url)
    try:
        held = io.BytesIO()
        await connection.copy_from_query(
            "select * from figures_1.cells_log limit 200000", output=held, format="binary"
        )
        await connection.execute("create table bare (like figures_1.cells_log)")
        held.seek(0)
        begin = time.perf_counter()
        status = await connection.copy_to_table("bare", source=held, format="binary")
        seconds = time.perf_counter() - begin
        await connection.execute("drop table bare")
    finally:
        await connection.close()
    rows = int(status.rpartition(" ")[2])
    return rows, rows / seconds


QUESTIONS: Mapping[str, tuple[str, float, int]] = {
    # What is asked, at most so many milliseconds, how often.
    "a year by day and segment": (
        "/v1/kpis/received?from=2025-01-01&to=2025-12-31&interval=day&group_by=segment"
        "&currency=EUR", 50.0, ASKED,
    ),
    "a stock by month and country": (
        "/v1/kpis/dso?from=2025-01-01&to=2025-12-31&interval=month&group_by=country&currency=EUR",
        50.0, ASKED,
    ),
    "roll matrix": ("/v1/matrices/roll-rate?month=2025-06&currency=EUR", 250.0, ASKED_FEW),
    "cohorts": (
        "/v1/cohorts?of=issue&measure=paid&from=2025-01&to=2025-06&currency=EUR", 250.0, ASKED_FEW,
    ),
    "as of, by day": (
        "/v1/kpis/received?from=2025-01-01&to=2025-12-31&interval=day&group_by=segment"
        "&currency=EUR&as_of=2025-07-01", 1000.0, ASKED_FEW,
    ),
    "explain": (
        "/v1/kpis/received/explain?from=2025-01-01&to=2025-12-31&currency=EUR", 500.0, ASKED_FEW,
    ),
}  # fmt: skip


def settings_of(urls: Mapping[str, str], folder: Path) -> Settings:
    common = Common.from_env(
        {"RECOUP_LOCAL": "1", "RECOUP_DEV_KEY": KEY, "RECOUP_DATA_DIR": str(folder)}
    )
    return Settings(common, urls["metrics"], urls)


async def ask(settings: Settings) -> dict[str, tuple[float, float, int]]:
    """By question: the median and the 99th percentile in milliseconds, and the status."""
    app = create_app(settings)
    headers = {"Authorization": f"Bearer {KEY}", "X-Tenant": figures_log.TENANT}
    found = {}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", headers=headers
        ) as client,
    ):
        for name, (path, _, times) in QUESTIONS.items():
            took = []
            for _ in range(times + 1):  # the first one opens connections and makes plans
                begin = time.perf_counter()
                status = (await client.get(path)).status_code
                took.append((time.perf_counter() - begin) * 1000)
            ordered = sorted(took[1:])
            last = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
            found[name] = statistics.median(ordered), last, status
    return found


_OUTBOX = ["id", "aggregatetype", "aggregateid", "type", "sequence", "payload", "headers"]


def _outbox_row(row: OutboxRow) -> tuple[object, ...]:
    kind = json.loads(row.headers)["type"]
    return row.id, row.topic, row.key, kind, row.sequence, row.payload, row.headers


async def publish(urls: Mapping[str, str], rows: Sequence[OutboxRow]) -> None:
    """Put rows into the outboxes of their producers."""
    for service in SERVICES[:3]:
        mine = [row for row in rows if producer(row.topic) == service]
        connection = await asyncpg.connect(urls[service])
        try:
            await connection.copy_records_to_table(
                "outbox", columns=_OUTBOX, records=[_outbox_row(row) for row in mine]
            )
        finally:
            await connection.close()


async def freshness(
    settings: Settings, urls: Mapping[str, str], rows: Sequence[OutboxRow]
) -> list[float]:
    """Milliseconds from the commit of a producer until a worker has folded it, at a steady rate."""
    db, stop = Database(urls["metrics"], entering=ENTERING), asyncio.Event()
    at_work = asyncio.create_task(worker.run(settings, stop))
    ledger = await asyncpg.connect(urls["ledger"])
    folded = "select coalesce(max(position), 0) from positions where consumer = 'metrics@2'"
    batch, waits = FRESH_PER_S // 20, []
    try:
        mine = [row for row in rows if producer(row.topic) == "ledger"]
        for start in range(0, len(mine), batch):
            begin = time.perf_counter()
            await publish(urls, mine[start : start + batch])
            committed = time.perf_counter()
            last = await ledger.fetchval("select max(seq) from outbox")
            while (await db.fetch(folded))[0][0] < last:  # noqa: ASYNC110 # another process folds
                await asyncio.sleep(0.002)  # another process folds
            waits.append((time.perf_counter() - committed) * 1000)
            await asyncio.sleep(max(0.0, begin + batch / FRESH_PER_S - time.perf_counter()))
    finally:
        stop.set()
        await at_work
        await ledger.close()
        await db.close()
    return waits[1:]  # the first one waits for the worker to begin


def show(console: Console, server: str, events: int) -> list[str]:
    """All of it; what is missed."""
    missed: list[str] = []

    def tell(what: str, is_missed: bool, aim: str) -> None:
        console.print(what)
        if is_missed:
            missed.append(f"{what} ({aim})")

    urls = asyncio.run(_databases(server))
    one = fold(urls["metrics"], 1, events)
    cpu = one.cpu / one.events * 1e6
    tell(
        f"Folding, one worker: {one.events:,} events, {one.rate:,.0f}/s, {cpu:.0f} µs of CPU each",
        one.rate < ONE_AIM, f"aim: {ONE_AIM:,}/s",
    )  # fmt: skip
    cells = asyncio.run(_settled(urls["metrics"]))
    rows, bare = asyncio.run(copy_rate(urls["metrics"]))
    console.print(
        f"Cells: {cells:,}, {cells / one.events:.1f} an event; COPY of {rows:,} of them:"
        f" {bare:,.0f}/s, folding {cells / one.seconds / bare:.3f} of that"
    )
    with TemporaryDirectory() as folder:
        settings = settings_of(urls, Path(folder))
        for name, (median, p99, status) in asyncio.run(ask(settings)).items():
            limit = QUESTIONS[name][1]
            what = f"Asking for {name}: median {median:.1f} ms, p99 {p99:.1f} ms"
            tell(what if status == 200 else f"{what}, {status}", p99 > limit, f"aim: {limit:g} ms")
        _rebuild(settings, urls, events, tell)
    workers = os.cpu_count() or 2
    urls = asyncio.run(_databases(server))
    many = fold(urls["metrics"], workers, events)
    of_one = many.rate / one.rate
    tell(
        f"Folding, {workers} workers: {many.rate:,.0f}/s, {of_one:.2f} times one",
        many.rate < MANY_AIM if workers >= 4 else of_one < OF_ONE_AIM,
        f"aim: {MANY_AIM:,}/s with four or more, else {OF_ONE_AIM} times one",
    )
    asyncio.run(_drop(server))
    return missed


def _rebuild(
    settings: Settings, urls: Mapping[str, str], events: int, tell: Callable[[str, bool, str], None]
) -> None:
    accounts = max(1, events // figures_log.EVENTS_OF_AN_ACCOUNT)
    rows = figures_log.rows(figures_log.events(range(accounts)))
    asyncio.run(publish(urls, rows))
    begin = time.perf_counter()
    asyncio.run(rebuild(settings))
    rate = len(rows) / (time.perf_counter() - begin)
    tell(f"Rebuilding: {rate:,.0f} events/s", rate < REBUILD_AIM, f"aim: {REBUILD_AIM:,}/s")
    fresh = figures_log.rows(figures_log.events(range(accounts, accounts + accounts // 10 + 20)))
    waits = sorted(asyncio.run(freshness(settings, urls, fresh)))
    p99 = waits[min(len(waits) - 1, round(0.99 * len(waits)))]
    tell(
        f"Fresh at {FRESH_PER_S:,} events/s: median {statistics.median(waits):.0f} ms,"
        f" p99 {p99:.0f} ms",
        p99 > FRESH_AIM_MS, f"aim: {FRESH_AIM_MS:g} ms",
    )  # fmt: skip


def _name(service: str) -> str:
    return f"bench_figures_{service}"


async def _databases(server: str) -> dict[str, str]:
    await _drop(server)
    urls = {service: await databases.create(server, _name(service)) for service in SERVICES}
    for service, url in urls.items():
        await upgrade(service, url)
    return urls


async def _drop(server: str) -> None:
    for service in SERVICES:
        await databases.drop(server, _name(service))


async def _settled(url: str) -> int:
    """Merge the rest, and let the planner know the sizes; how many cells there are."""
    db = Database(url, entering=ENTERING)
    try:
        await merge_all(db, 1)
        await db.fetch("vacuum analyze")
        return int((await db.fetch("select count(*) from figures_1.cells_log"))[0][0])
    finally:
        await db.close()
