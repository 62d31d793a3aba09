"""Holds of all services: `make holds ARGS="list | release NAME"`.

While a hold stands, no day begins by itself and nobody is contacted (docs/operations.md, Holds).
`list` says why; `release` confirms that it may go on, in every service and for every tenant.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local.errors import CannotStart
from deploy.migrate import service_urls
from shared.database import Database, holds
from shared.errors import AppError
from shared.process import program

SERVICES = ("ledger", "outreach")  # those that do things by themselves
OPERATOR = "operator"  # in the log and the table: whoever could reach the databases


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        with service_urls(os.environ, SERVICES, may_be_new=False) as urls:
            return asyncio.run(_run(options, {name: urls[name] for name in SERVICES}))
    except (CannotStart, AppError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program.call("deploy.holds"), description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list", help="what stands still, and why (the default)")
    release = commands.add_parser("release", help="let it go on")
    release.add_argument("name", nargs="+")
    return parser


async def _run(options: argparse.Namespace, urls: Mapping[str, str]) -> int:
    opened = {name: Database(url, pool_size=1, application="holds") for name, url in urls.items()}
    try:
        for db in opened.values():
            await db.ready()
        if options.command in (None, "list"):
            await _list(opened)
            return 0
        return max([await _release(opened, name) for name in options.name])
    finally:
        for db in opened.values():
            await db.close()


async def _release(opened: Mapping[str, Database], name: str) -> int:
    released = 0
    for service, db in opened.items():
        async with db.transaction() as session:
            count = await holds.release(session, name, by=OPERATOR)
        if count:
            print(f"{service}: {name} released")
        released += count
    if not released:
        print(f"no hold {name!r} stands", file=sys.stderr)
    return 0 if released else 1


async def _list(opened: Mapping[str, Database]) -> None:
    console = Console()
    table = Table("service", "hold", "tenant", "since", "reason")
    for service, db in opened.items():
        for hold in await holds.list_holds(db):
            since = f"{hold.since:%Y-%m-%d %H:%M:%S}"
            table.add_row(
                service, escape(hold.name), hold.tenant or "all", since, escape(hold.reason)
            )
    console.print(table if table.row_count else "no holds")


if __name__ == "__main__":
    raise SystemExit(main())
