"""Generations of the figures: made beside those in use, by whom, and what becomes of the old."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from services.metrics import jobs, worker
from services.metrics.context import open_context
from services.metrics.domain.version import FIGURES_VERSION
from services.metrics.rebuild import rebuild
from services.metrics.settings import Settings
from services.metrics.store import figures, generations
from shared import clock
from shared.database import Database
from tests.architecture.files import ROOT
from tests.integration.metrics.served import DEV_KEY
from tests.integration.metrics.test_rebuild import NOON, answers, say, take_all_in
from tests.integration.shared.rig import until
from tests.metrics_figures import a_contact, a_segment_changed
from tests.unit.metrics.test_story import a_payment, an_account, an_invoice, overdue, put

PATIENCE = 120.0


@pytest.fixture
async def log(ledger_db: Database, segmentation_db: Database, outreach_db: Database) -> Database:
    """What three producers said."""
    paid = put("P1", 40, "2026-03-20", 10)
    await say(ledger_db, an_account(), an_invoice(), overdue())
    await say(ledger_db, a_payment("P1", 40, "2026-03-20", paid, hour=10))
    await say(segmentation_db, a_segment_changed("reminder", time=NOON))
    await say(
        outreach_db,
        a_contact("contact-planned", "K1", time=NOON),
        a_contact("contact-sent", "K1", time=NOON),
    )
    return ledger_db


def run_rebuild(settings: Settings, crash_at: str = "") -> int:
    """`python -m services.metrics.rebuild`, which may be killed at some point."""
    urls = {**settings.producer_urls, "metrics": settings.database_url}
    given = {f"{name.upper()}_DATABASE_URL": url for name, url in urls.items()}
    here = {name: text for name, text in os.environ.items() if not name.startswith("KAFKA_")}
    done = subprocess.run(
        [sys.executable, "-m", "services.metrics.rebuild"],
        cwd=ROOT,
        env={
            **here,
            **given,
            "RECOUP_LOCAL": "1",
            "RECOUP_DEV_KEY": DEV_KEY,
            "RECOUP_CRASH_AT": crash_at,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -9), done.stderr[-2000:]
    return done.returncode


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """A worker meanwhile."""
    stop = asyncio.Event()
    work = asyncio.create_task(worker.run(settings, stop))
    try:
        yield
    finally:
        stop.set()
        await work


async def in_use(db: Database) -> int:
    return (await generations.current(db)).number


@pytest.mark.parametrize(
    "point",
    [
        "consume.after_commit",
        "metrics.merge.before_commit",
        "metrics.rebuild.before_swap",
    ],
)
async def test_a_rebuild_that_was_killed_goes_on_and_gives_the_same_bytes(
    settings: Settings, client: httpx.AsyncClient, metrics_db: Database, log: Database, point: str
) -> None:
    await take_all_in(settings)
    before = await answers(client)
    assert await asyncio.to_thread(run_rebuild, settings, point) == -9
    assert await in_use(metrics_db) == 1
    assert await answers(client) == before  # half of a rebuild is seen by nobody
    begun = await generations.building(metrics_db)
    assert begun is not None
    assert begun.number == 2
    assert await asyncio.to_thread(run_rebuild, settings) == 0
    assert await in_use(metrics_db) == 2
    assert await answers(client) == before


async def test_a_worker_moves_to_new_figures_and_goes_on_there(
    settings: Settings, client: httpx.AsyncClient, metrics_db: Database, log: Database
) -> None:
    await take_all_in(settings)
    revision = (await client.get("/v1/kpis/received")).json()["revision"]
    async with working(settings):
        await rebuild(settings)
        assert await in_use(metrics_db) == 2
        moved = (await client.get("/v1/kpis/received")).json()["revision"]
        assert moved == revision + 1
        paid = put("P2", 60, "2026-03-21", 10)
        await say(log, a_payment("P2", 60, "2026-03-21", paid, hour=10))

        async def is_counted() -> bool:
            window = {"from": "2026-03-01", "to": "2026-03-31"}
            found = (await client.get("/v1/kpis/received", params=window)).json()
            return bool(found["value"] == 100)

        await until(is_counted, "the payment is counted", PATIENCE)
    assert (await client.get("/v1/lag")).json()["items"][0]["consumer"] == "metrics@2"


async def test_figures_of_other_rules_stand_still_and_are_made_anew(
    settings: Settings,
    client: httpx.AsyncClient,
    metrics_db: Database,
    log: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await take_all_in(settings)
    before = await answers(client)
    for module in (generations, figures, jobs):
        monkeypatch.setattr(module, "FIGURES_VERSION", FIGURES_VERSION + 1)
    stale = (await client.get("/v1/kpis/received")).json()
    assert stale["stale_since"] == stale["known_until"] is not None
    shown = (await client.get("/v1/rebuild")).json()
    assert (shown["in_use"], shown["stale_since"]) == (1, stale["known_until"])
    async with working(settings):

        async def is_made() -> bool:
            return await in_use(metrics_db) == 2

        await until(is_made, "the second generation is in use", PATIENCE)
    assert await answers(client) == before
    assert "stale_since" not in (await client.get("/v1/kpis/received")).json()
    assert (await client.get("/v1/rebuild")).json() == {
        "generation": 2, "state": "current", "in_use": 2, "behind": 0, "total": None,
        "events_per_s": None, "ends_at": None, "stale_since": None,
    }  # fmt: skip


async def test_an_older_release_leaves_newer_figures_alone(
    settings: Settings, metrics_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (generations, jobs):
        monkeypatch.setattr(module, "FIGURES_VERSION", 0)
    context = open_context(settings, "metrics-worker")
    try:
        assert await jobs._begun(context) is None
    finally:
        await context.close()
    assert await generations.building(metrics_db) is None


async def test_a_rebuild_by_other_rules_is_given_up(
    metrics_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = await generations.begin(metrics_db)
    assert (await generations.begin(metrics_db)).number == begun.number
    monkeypatch.setattr(generations, "FIGURES_VERSION", FIGURES_VERSION + 1)
    other = await generations.begin(metrics_db)
    assert other.number == begun.number + 1
    rows = await metrics_db.fetch("select nspname from pg_namespace where nspname ~ '^figures'")
    assert {row[0] for row in rows} == {"figures_1", f"figures_{other.number}"}


async def test_old_figures_go_after_a_day(
    settings: Settings, client: httpx.AsyncClient, metrics_db: Database, log: Database
) -> None:
    await take_all_in(settings)
    await rebuild(settings)
    assert await generations.drop_old(metrics_db) == []
    await metrics_db.fetch(
        "update generations set swapped_at = $1 where generation = 1",
        clock.now() - generations.OLD_KEPT_FOR - timedelta(seconds=1),
    )
    assert await generations.drop_old(metrics_db) == [1]
    rows = await metrics_db.fetch("select nspname from pg_namespace where nspname ~ '^figures'")
    assert [row[0] for row in rows] == ["figures_2"]
    for table in ("positions", "heads", "waiting", "dead_letters", "skips"):
        left = await metrics_db.fetch(f"select from {table} where consumer = 'metrics'")
        assert left == []
    assert await generations.drop_old(metrics_db) == []
    assert (await generations.begin(metrics_db)).number == 3


async def test_skips_hold_for_a_rebuild_also_those_decided_meanwhile(
    metrics_db: Database,
) -> None:
    insert = """
        insert into skips (consumer, topic, tenant, key, sequence, source, part, position, reason)
        values ('metrics', 'ledger.events', 'demo', 'C1', $1, 's', 'p', $1, 'r')
    """
    await metrics_db.fetch(insert, 1)
    begun = await generations.begin(metrics_db)
    await metrics_db.fetch(insert, 2)
    for _ in range(2):
        await generations.note_progress(
            metrics_db, begun.number, behind=1, total=2, events_per_s=1.0
        )
    rows = await metrics_db.fetch("select sequence from skips where consumer = 'metrics@2'")
    assert sorted(row[0] for row in rows) == [1, 2]


def test_each_generation_reads_under_a_name_of_its_own() -> None:
    names = [generations.consumer_of(number) for number in (1, 2, 10)]
    assert names == ["metrics", "metrics@2", "metrics@10"]
