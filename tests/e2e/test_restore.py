"""Backups brought back: the whole set as if nothing had been lost, one database alone never so."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.local import databases
from tests.architecture.files import ROOT
from tests.e2e.conftest import LONG_OVER_KAFKA, NewPlatform
from tests.e2e.desk import Desk
from tests.e2e.facts import tangled_facts
from tests.e2e.platform import Platform, wait_for
from tests.factories import a_payment, an_account, an_invoice

pytestmark = pytest.mark.timeout(900)

Json = dict[str, Any]
MONTHS = ("2026-01-01", "2026-06-30")
ACCOUNTS = [f"C{number}" for number in range(4)]
LEDGER = databases.database_name("ledger")
# How often an account is scored on the way, or has something to be worked on for a while, depends
# on how its events are batched.
PASSING = {
    "account-scored",
    "segment-changed",
    "early-warning-raised",
    "case-opened",
    "case-closed",
}
ANSWER_SECONDS_MAX = 120.0
COPY = "copy_of_the_ledger"


def tool(platform: Platform, name: str, *arguments: object, **environment: str) -> str:
    """Run one of the operator's tools on the platform's folder; what it said. It must succeed."""
    done = tried(platform, name, *arguments, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tried(
    platform: Platform, name: str, *arguments: object, **environment: str
) -> subprocess.CompletedProcess[str]:
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(Path.home()),
        "RECOUP_DATA_DIR": str(platform.data),
        "COLUMNS": "400",
        **environment,
    }
    command = [sys.executable, "-m", f"deploy.{name}", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def view(desk: Desk) -> Json:
    """What all four services know of a tenant, as far as it can be seen from outside."""
    return {
        "accounts": [desk.account(account) for account in ACCOUNTS],
        "invoices": list(desk.every("/v1/invoices")),
        "kpis": {
            (name, currency): desk.kpi(name, *MONTHS, currency=currency)["value"]
            for name in ("invoiced", "received", "recovery_rate", "dso")
            for currency in ("EUR", "USD")
        },
        "scores": [
            desk.get("segmentation", f"/v1/accounts/{account}/score")["segment"]
            for account in ACCOUNTS
        ],
        "timelines": [
            sorted(
                (entry["type"], entry["at"])
                for entry in desk.get("outreach", f"/v1/accounts/{account}/timeline")["items"]
                if entry["type"] not in PASSING
            )
            for account in ACCOUNTS
        ],
    }


@pytest.mark.parametrize("transport", LONG_OVER_KAFKA)
def test_a_restored_set_is_as_a_twin_that_lost_nothing(
    new_platform: NewPlatform, transport: str, tmp_path: Path
) -> None:
    platform = new_platform(transport).start()
    backup = tmp_path / "backup"
    facts = tangled_facts(len(ACCOUNTS))
    kept, lost = facts[: len(facts) // 2], facts[len(facts) // 2 :]
    desk = Desk(platform).settle_in(timezone="Europe/Berlin")
    desk.send(*kept)
    desk.start_day("2026-03-01")
    platform.wait_quiet()
    assert "read back and whole" in tool(platform, "backup", "--to", backup)

    desk.send(*lost)
    desk.start_day("2026-04-20")
    platform.wait_quiet()
    platform.stop()
    said = tool(platform, "restore", "--from", backup, "--replace")
    assert "the four services agree" in said

    platform.start()
    desk.send(*reversed(lost))
    platform.wait_quiet()
    assert "outreach: restored released" in tool(platform, "holds", "release", "restored")
    desk.start_day("2026-04-20")
    platform.wait_quiet()
    assert "the four services agree" in tool(platform, "compare")
    assert desk.integrity() == {}

    twin = Desk(platform).settle_in(timezone="Europe/Berlin")
    twin.send(*kept)
    twin.start_day("2026-03-01")
    twin.send(*reversed(lost))
    twin.start_day("2026-04-20")
    platform.wait_quiet()
    assert view(desk) == view(twin)
    assert not any(item["parked_accounts"] for item in lags(platform))


def lags(platform: Platform) -> list[Json]:
    items: list[Json] = []
    for service in databases.SERVICES:
        found: Any = platform.lag(service)["items"]
        items += found
    return items


def test_a_ledger_restored_alone_is_no_silent_split(new_platform: NewPlatform) -> None:
    platform = new_platform("local").start()
    desk = Desk(platform).settle_in(timezone="Europe/Stockholm")
    desk.send(an_account("C1"), an_invoice("I1", "C1", 100_000, currency="SEK"))
    platform.wait_quiet()
    asyncio.run(_copy_ledger(platform))
    hundred = a_payment("P1", "C1", 10_000, currency="SEK")
    desk.send(hundred)
    platform.wait_quiet()
    assert desk.minor("received", *MONTHS, "SEK") == 10_000
    asyncio.run(_bring_ledger_back(platform))  # beneath everything that runs

    news = [a_payment("P2", "C1", 30_000, currency="SEK"), hundred]
    until(lambda: desk.offer(news).status_code == 200, "the platform sends again")
    until(lambda: sum(forked(platform).values()) == 3, "all three readers know")
    platform.wait_quiet()
    assert desk.amounts("C1", "SEK")["balance_minor"] == 60_000
    assert forked(platform) == {"segmentation": 1, "outreach": 1, "metrics": 1}
    assert desk.minor("received", *MONTHS, "SEK") == 10_000  # nothing was mixed
    compared = tried(platform, "compare")
    assert compared.returncode == 1
    assert f"{desk.tenant}/C1" in compared.stdout.replace("\n", "")
    assert "log-forked" in tool(platform, "dead_letters", "list").replace("\n", "")

    tool(platform, "rebuild_metrics")
    platform.wait_quiet()
    assert desk.minor("received", *MONTHS, "SEK") == 40_000
    assert forked(platform) == {"segmentation": 1, "outreach": 1, "metrics@2": 0}


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for it; processes that remember what was replaced end, and are started again."""

    def is_so() -> bool:
        try:
            return holds()
        except httpx.HTTPError:
            return False

    wait_for(is_so, ANSWER_SECONDS_MAX, what)


def forked(platform: Platform) -> dict[str, int]:
    """Accounts that are parked for a fork of the ledger's log, by reader."""
    return {
        item["consumer"]: item["forked_accounts"]
        for item in lags(platform)
        if item["topic"] == "ledger.events"
    }


async def _copy_ledger(platform: Platform) -> None:
    async with _thrown_out(platform) as connection:
        await connection.execute(f"create database {COPY} template {LEDGER} strategy file_copy")


async def _bring_ledger_back(platform: Platform) -> None:
    async with _thrown_out(platform) as connection:
        await connection.execute(f"drop database {LEDGER}")
        await connection.execute(f"alter database {COPY} rename to {LEDGER}")


@asynccontextmanager
async def _thrown_out(platform: Platform) -> AsyncIterator[Any]:
    """The server, while nobody is connected to the ledger's database."""
    connection = await asyncpg.connect(platform.postgres)
    try:
        await connection.execute(f"alter database {LEDGER} allow_connections false")
        await connection.fetch(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1",
            LEDGER,
        )
        yield connection
        await connection.execute(f"alter database {LEDGER} allow_connections true")
    finally:
        await connection.close()
