"""A copy of all four databases at one instant, while everything runs.

Dumps taken one after the other would not fit: a reader could know what its producer's copy does
not. So for the moment in which the four snapshots are taken the outboxes' locks are held: nobody
publishes meanwhile, and whatever a reader has taken in stands in its producer's snapshot, too.
"""

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from deploy.local.errors import CannotStart
from deploy.recovery import manifest, programs, store
from deploy.recovery.manifest import Copy, Manifest
from shared import clock
from shared.database import Database


def back_up(urls: Mapping[str, str], folder: Path) -> Manifest:
    """Copy the services' databases into a new folder. Raises `CannotStart`, `Unavailable`."""
    if folder.exists():
        raise CannotStart(f"{folder} exists already: a backup goes into a folder of its own.")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)  # of an attempt that was cut off
        unfinished.mkdir(mode=0o700, parents=True)  # it holds personal data
    except OSError as error:
        raise CannotStart(f"{folder} cannot be made: {error.strerror}: {error.filename}") from error
    try:
        made = asyncio.run(_copy_all(urls, unfinished))
        manifest.write(unfinished, made)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return made


async def _copy_all(urls: Mapping[str, str], folder: Path) -> Manifest:
    async with AsyncExitStack() as held:
        databases = {}
        for service, url in urls.items():
            databases[service] = Database(url, pool_size=1, application="backup")
            held.push_async_callback(databases[service].close)
        for service, db in databases.items():
            await db.ready()
            if await store.is_marked(db):
                raise CannotStart(f"a restore into the {service}'s database has not ended yet.")
        snapshots = await _snapshots(databases, held)
        taken_at = clock.now()
        copies = {
            service: await _copy(service, urls[service], connection, snapshot, folder)
            for service, (connection, snapshot) in snapshots.items()
        }
    return Manifest(format=manifest.FORMAT, taken_at=taken_at, copies=copies)


async def _snapshots(
    databases: Mapping[str, Database], held: AsyncExitStack
) -> dict[str, tuple[Any, str]]:
    """A connection for each database, and the name of its snapshot: all of one instant."""
    found: dict[str, tuple[Any, str]] = {}
    async with AsyncExitStack() as standing:
        for db in databases.values():
            lock = await standing.enter_async_context(db.own_connection())
            await store.begin_standstill(lock)
        for service, db in databases.items():
            connection = await held.enter_async_context(db.own_connection())
            found[service] = connection, await store.export_snapshot(connection)
    return found


async def _copy(service: str, url: str, connection: Any, snapshot: str, folder: Path) -> Copy:
    revision, epoch, version = await store.describe(connection)
    path = folder / f"{service}.dump"
    await programs.run(
        programs.find("pg_dump", version),
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={snapshot}",
        f"--file={path}",
        url=url,
    )
    # Read it to its end once: what cannot be read now is no copy.
    await programs.run(programs.find("pg_restore", version), "--file=/dev/null", path)
    length, digest = await asyncio.to_thread(manifest.describe, path)
    return Copy(
        file=path.name,
        bytes=length,
        sha256=digest,
        revision=revision,
        epoch=epoch,
        postgres=version,
    )
