"""Backups and restores as an operator meets them, on databases of a server of one's own."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from importlib import util
from pathlib import Path

import asyncpg
import pytest

from deploy import backup, compare, restore
from deploy.local import databases
from deploy.local.errors import CannotStart
from deploy.migrate import upgrade_all
from deploy.recovery import copying, manifest, programs
from shared.database import Database, holds, migrate
from shared.log import outbox, positions
from shared.log.forks import Head
from tests.architecture.files import ROOT
from tests.conftest import Template, fresh_url
from tests.integration.shared.rig import until

Urls = dict[str, str]


@pytest.fixture
async def urls(postgres: str, templates: Template) -> AsyncIterator[Urls]:
    """The four services' databases, with a row in one of them."""
    async with AsyncExitStack() as held:
        found = {
            service: await held.enter_async_context(fresh_url(postgres, templates, service))
            for service in databases.SERVICES
        }
        await run_in(found["metrics"], "insert into tenants (tenant_id) values ('kept')")
        yield found


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, urls: Urls) -> Urls:
    for service, url in urls.items():
        monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", url)
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    return urls


@pytest.fixture
async def copy(environment: Urls, tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    await asyncio.to_thread(copying.back_up, environment, folder)
    return folder


async def run_in(url: str, statement: str) -> list[tuple[object, ...]]:
    db = Database(url, pool_size=1)
    try:
        return [tuple(row) for row in await db.fetch(statement)]
    finally:
        await db.close()


async def tenants(urls: Urls) -> list[tuple[object, ...]]:
    return await run_in(urls["metrics"], "select tenant_id from tenants order by 1")


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What `deploy.restore` says when it refuses: one line, no traceback."""
    assert restore.main([str(argument) for argument in arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


async def back(*arguments: object) -> int:
    return await asyncio.to_thread(restore.main, [str(argument) for argument in arguments])


async def test_it_brings_back_what_was_and_says_what_comes_next(
    environment: Urls, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run_in(environment["metrics"], "insert into tenants (tenant_id) values ('lost')")
    assert await back("--from", copy, "--replace") == 0
    said = capsys.readouterr().out
    assert "the four services agree" in said
    assert "make holds" in said
    assert await tenants(environment) == [("kept",)]
    epochs = {
        (await run_in(url, "select epoch from database_ids"))[0] for url in environment.values()
    }
    assert len(epochs) == 1
    for service in ("ledger", "outreach"):
        db = Database(environment[service])
        assert [(hold.name, hold.tenant) for hold in await holds.list_holds(db)] == [
            ("restored", "")
        ]
        await db.close()
    assert await back("--from", copy, "--replace") == 0  # once more: another epoch again
    (again,) = {
        (await run_in(url, "select epoch from database_ids"))[0] for url in environment.values()
    }
    assert again > epochs.pop()


async def test_the_moment_of_a_backup_has_no_writer_in_it(
    environment: Urls, tmp_path: Path
) -> None:
    """Who has published and not committed yet is waited for: readers may know it a moment later."""
    writer = await asyncpg.connect(environment["outreach"])
    await writer.execute("begin")
    await writer.execute("select pg_advisory_xact_lock($1)", outbox.LOCK)
    making = asyncio.create_task(asyncio.to_thread(copying.back_up, environment, tmp_path / "b"))

    async def is_waiting() -> bool:
        waiting = (
            "select count(*) from pg_locks join pg_database d on d.oid = database"
            " where locktype = 'advisory' and not granted and datname = current_database()"
        )
        return making.done() or await run_in(environment["outreach"], waiting) != [(0,)]

    await until(is_waiting, "the backup waits for the writer")
    assert not making.done()
    await writer.execute("insert into database_ids default values on conflict do nothing")
    await writer.execute("commit")
    await writer.close()
    await making
    assert await back("--from", tmp_path / "b", "--replace") == 0


async def test_a_backup_of_a_restored_set_can_be_restored(
    environment: Urls, copy: Path, tmp_path: Path
) -> None:
    assert await back("--from", copy, "--replace") == 0
    second = tmp_path / "second"
    assert await asyncio.to_thread(backup.main, ["--to", str(second)]) == 0
    assert await back("--from", second, "--replace") == 0
    assert await tenants(environment) == [("kept",)]


def may_others(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


async def test_a_copy_is_for_its_owner_only_and_a_folder_is_used_once(
    environment: Urls, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (manifest.NAME, *(f"{service}.dump" for service in databases.SERVICES))
    assert not any(may_others(path) for path in (copy, *(copy / name for name in names)))
    assert await asyncio.to_thread(backup.main, ["--to", str(copy)]) == 1
    assert "exists already" in capsys.readouterr().err
    (copy.with_name("next.unfinished")).mkdir()  # of a backup that was killed
    assert await asyncio.to_thread(backup.main, ["--to", str(copy.with_name("next"))]) == 0
    assert not copy.with_name("next.unfinished").exists()


async def test_full_databases_are_not_overwritten_unasked(
    environment: Urls, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = await asyncio.to_thread(refusal, capsys, "--from", copy)
    assert "--replace" in line
    assert await tenants(environment) == [("kept",)]


async def test_a_platform_that_runs_is_in_the_way(
    environment: Urls, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = Database(environment["outreach"], application="outreach-worker")
    await db.fetch("select 1")
    try:
        line = await asyncio.to_thread(refusal, capsys, "--from", copy, "--replace")
    finally:
        await db.close()
    assert "the outreach's database is in use (1 connections: outreach-worker)" in line


def no_manifest(folder: Path) -> None:
    (folder / manifest.NAME).unlink()


def no_file(folder: Path) -> None:
    (folder / "segmentation.dump").unlink()


def a_bit_flipped(folder: Path) -> None:
    path = folder / "ledger.dump"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(folder: Path) -> None:
    path = folder / "metrics.dump"
    path.write_bytes(path.read_bytes()[:-100])


def changed(folder: Path, **members: object) -> None:
    path = folder / manifest.NAME
    document = json.loads(path.read_bytes())
    for name, value in members.items():
        if name in document:
            document[name] = value
        else:
            document["copies"]["ledger"][name] = value
    path.write_text(json.dumps(document))


BAD = {
    "no manifest": (no_manifest, "is no backup"),
    "no file": (no_file, "the copy of segmentation cannot be read"),
    "a bit": (a_bit_flipped, "the copy of ledger is damaged"),
    "cut short": (cut_short, "the copy of metrics is damaged"),
    "not JSON": (lambda folder: (folder / manifest.NAME).write_text("{"), "cannot be read"),
    "not text": (lambda folder: (folder / manifest.NAME).write_bytes(b"\xff"), "cannot be read"),
    "newer format": (lambda folder: changed(folder, format=2), "has format 2"),
    "newer": (lambda folder: changed(folder, revision="ledger_9999"), "a newer version of Recoup"),
    "elsewhere": (lambda folder: changed(folder, file="../x"), "names a file elsewhere"),
    "services": (lambda folder: changed(folder, copies={}), "not of the four services"),
}


async def test_what_is_no_whole_backup_changes_nothing(
    environment: Urls, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (spoil, words) in BAD.items():
        spoilt = copy.with_name(name)
        shutil.copytree(copy, spoilt)
        spoil(spoilt)
        line = await asyncio.to_thread(refusal, capsys, "--from", spoilt, "--replace")
        assert words in line, name
    assert await tenants(environment) == [("kept",)]


@pytest.mark.parametrize("point", ["restore.marked", "restore.settled"])
async def test_one_that_was_killed_is_run_again_and_nothing_starts_before(
    environment: Urls, copy: Path, point: str, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "deploy.restore", "--from", str(copy), "--replace"],
        cwd=ROOT, env={**os.environ, "RECOUP_CRASH_AT": point}, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(CannotStart, match="was cut off: run it again"):
        await upgrade_all(environment)
    assert await asyncio.to_thread(backup.main, ["--to", str(copy.with_name("no"))]) == 1
    assert "has not ended yet" in capsys.readouterr().err
    assert await back("--from", copy) == 0  # --replace was said the first time
    assert await tenants(environment) == [("kept",)]
    await upgrade_all(environment)


async def test_an_older_backup_is_migrated(
    environment: Urls, copy: Path, postgres: str, tmp_path: Path
) -> None:
    url = await databases.create(postgres, f"test_old_{os.getpid()}")
    try:
        await migrate.upgrade("segmentation", url, "segmentation_0003")
        old = tmp_path / "old"
        await asyncio.to_thread(copying.back_up, {**environment, "segmentation": url}, old)
    finally:
        await databases.drop(postgres, f"test_old_{os.getpid()}")
    assert await back("--from", old, "--replace") == 0
    rows = await run_in(environment["segmentation"], "select version_num from alembic_version")
    assert rows != [("segmentation_0003",)]


async def test_databases_brought_back_otherwise_are_marked(
    environment: Urls, capsys: pytest.CaptureFixture[str]
) -> None:
    db = Database(environment["metrics"])
    async with db.transaction() as session:
        head = {("demo", "ledger.events", "A"): Head(5)}
        await positions.save_heads(session, "metrics", head)
    await db.close()
    assert await back("--mark") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "demo/A" in said  # a reader that is ahead: the copies are not of one instant
    assert await run_in(environment["ledger"], "select epoch > 1 from database_ids") == [(True,)]
    assert await asyncio.to_thread(compare.main, []) == 1


def test_a_program_older_than_the_server_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, name in ((15, "old"), (18, "new")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}.2'\n")
        (folder / "pg_dump").chmod(0o755)
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}:{os.environ['PATH']}")
    assert programs.find("pg_dump", 15) == tmp_path / "old" / "pg_dump"
    with pytest.raises(CannotStart, match=r"of PostgreSQL 16 or newer is needed.*15"):
        programs.find("pg_dump", 16)
