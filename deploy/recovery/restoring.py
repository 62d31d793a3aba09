"""Four databases from a backup, all or none: a restore that was cut off is done again.

While one is under way a mark stands in every database: nothing is started or copied meanwhile.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.errors import CannotStart
from deploy.recovery import programs, settlement, store
from deploy.recovery.manifest import Manifest
from shared.addresses import KafkaAccess
from shared.database import Database, migrate
from shared.process.crash import crash_point

_FIGURES = re.compile(r"SCHEMA - (figures_[0-9]{1,9})\b")  # in a list of what a copy holds
_LOOKS, _LOOK_SECONDS = 30, 0.1  # a server shows sessions for a moment after they were closed


async def check_idle(urls: Mapping[str, str]) -> None:
    """Raises `CannotStart` while somebody else is connected to one of the databases."""
    for service, url in urls.items():
        for _ in range(_LOOKS):
            async with _opened(url) as db:
                count, names = await store.find_sessions(db)
            if not count:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            raise CannotStart(
                f"the {service}'s database is in use ({count} connections: {names}): stop the "
                "platform before."
            )


async def check_free(urls: Mapping[str, str]) -> None:
    """Raises `CannotStart` where a restore would overwrite something."""
    full = []
    for service, url in urls.items():
        async with _opened(url) as db:
            if await store.is_marked(db):
                return  # one that was cut off: what is there is half of it
            if not await store.is_empty(db):
                full.append(service)
    if full:
        raise CannotStart(
            f"there is data already, of {', '.join(full)}; --replace drops it for the backup's."
        )


async def restore(
    urls: Mapping[str, str], folder: Path, manifest: Manifest, cluster: KafkaAccess | None
) -> int:
    """Bring the databases back and settle them; their new epoch. Can be repeated at any point."""
    for url in urls.values():
        async with _opened(url) as db, db.transaction() as session:
            await store.mark(session)
    crash_point("restore.marked")
    for service, url in urls.items():
        async with _opened(url) as db:
            version = max(await store.server_version(db), manifest.copies[service].postgres)
            copied = folder / manifest.copies[service].file
            listed = await programs.run(programs.find("pg_restore", version), "--list", copied)
            schemas = sorted(set(_FIGURES.findall(listed)))
            async with db.transaction() as session:
                await store.empty(session, schemas)
        await programs.run(
            programs.find("pg_restore", version, url),
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            "--schema=public",
            *(f"--schema={schema}" for schema in schemas),
            copied,
            url=url,
        )
        crash_point("restore.one_restored")
        await migrate.upgrade(service, url)
    epoch = await settlement.settle(urls, cluster, are_of_one_instant=True)
    crash_point("restore.settled")
    for url in urls.values():
        async with _opened(url) as db, db.transaction() as session:
            await store.unmark(session)
    return epoch


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    db = Database(url, pool_size=1, application="restore", restores=True)
    try:
        yield db
    finally:
        await db.close()


async def refuse_half_restored(urls: Mapping[str, str]) -> None:
    """Raises `CannotStart` where a restore was cut off: the databases are of different times."""
    for service, url in urls.items():
        async with _opened(url) as db:
            if await store.is_marked(db):
                raise CannotStart(
                    f"a restore into the {service}'s database was cut off: run it again "
                    "(python -m deploy.restore)."
                )
