"""Bring the databases to the newest revision: `.venv/bin/python -m deploy.migrate [SERVICE …]`.

The addresses come from `LEDGER_DATABASE_URL` and so on; without them from `RECOUP_POSTGRES_URL`;
without that from the local mode's own server, which is started if it does not run.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local import databases
from deploy.local.errors import CannotStart
from deploy.recovery.restoring import refuse_half_restored
from shared.database import migrate
from shared.errors import Unavailable
from shared.process import program
from shared.process.settings import BadSetting


async def upgrade(service: str, url: str) -> None:
    """Bring one service's database to the newest revision."""
    await migrate.upgrade(service, url)


async def upgrade_all(urls: Mapping[str, str]) -> None:
    """The same for several, one after the other (Alembic's context is one per process).

    Raises `CannotStart` where a restore was cut off: they are of different times then.
    """
    await refuse_half_restored(urls)
    for service, url in urls.items():
        await upgrade(service, url)


async def upgrade_own(access: databases.Access, *, reads_outboxes: bool) -> None:
    """The local mode's databases: migrated, and closed to who has no business there."""
    await upgrade_all(access.owners)
    await databases.close_all(access, reads_outboxes=reads_outboxes)


@contextmanager
def server(environment: Mapping[str, str], *, may_be_new: bool = True) -> Iterator[str]:
    """The address of the server to work on, for command line tools next to the platform.

    Without `may_be_new`, a data folder that has no database is refused rather than given one.
    """
    try:
        given = databases.server_of(environment)
    except BadSetting as error:
        raise CannotStart(str(error)) from error
    if given is not None:
        yield given
        return
    # Only here: an image for a cluster has none of what a server of one's own needs.
    from deploy.local import folder
    from deploy.local.postgres import Postgres, has_database, running_url

    data = Path(environment.get("RECOUP_DATA_DIR") or "var")
    if not may_be_new and not has_database(data):
        raise CannotStart(
            f"there is no database in {data}; start Recoup once, or name another folder with "
            "RECOUP_DATA_DIR."
        )
    running = running_url(data)
    if running is not None:
        yield running
        return
    folder.make(data)
    with folder.locked(data):
        own = Postgres(data)
        try:
            yield own.start()
        finally:
            own.stop()


@contextmanager
def service_urls(
    environment: Mapping[str, str],
    services: Sequence[str] = databases.SERVICES,
    *,
    may_be_new: bool = True,
) -> Iterator[dict[str, str]]:
    """The services' database addresses, from the environment or from `server`."""
    try:
        named = databases.named_in(environment, services)
    except BadSetting as error:
        raise CannotStart(str(error)) from error
    if named is not None:
        yield named
        return
    with server(environment, may_be_new=may_be_new) as address:
        yield dict(asyncio.run(databases.create_all(address)).owners)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=program.call("deploy.migrate"), description=__doc__)
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="default: all four")
    chosen = parser.parse_args(arguments).services or list(databases.SERVICES)
    unknown = sorted(set(chosen) - set(databases.SERVICES))
    if unknown:
        parser.error(f"no such service: {', '.join(unknown)}")
    try:
        with service_urls(os.environ, chosen) as urls:
            asyncio.run(upgrade_all({service: urls[service] for service in chosen}))
    except (CannotStart, Unavailable) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"migrated: {', '.join(chosen)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
