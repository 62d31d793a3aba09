"""Compare what the four services know: `make compare`, `.venv/bin/python -m deploy.compare`.

Names each account whose readers are ahead of their producer (it was restored alone), that is
parked for a fork of the log, or whose sums differ. Ends with 1 if there is any, and with 2 if all
that differs may yet come: events are under way.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local.errors import CannotStart
from deploy.migrate import service_urls
from deploy.recovery.comparison import Comparison, compare
from shared.database import Database
from shared.errors import AppError
from shared.process import program

SHOWN_MAX = 200


def main(arguments: Sequence[str] | None = None) -> int:
    argparse.ArgumentParser(prog=program.call("deploy.compare"), description=__doc__).parse_args(
        arguments
    )
    try:
        with service_urls(os.environ, may_be_new=False) as urls:
            found = asyncio.run(compare_at(urls))
    except (CannotStart, AppError, OSError) as error:
        print(f"nothing was compared: {error}", file=sys.stderr)
        return 1
    show(found)
    return code_of(found)


def code_of(found: Comparison) -> int:
    """0: all agree. 1: they do not, and never will. 2: they may, when all has come in."""
    if any(one.what in {"ahead", "parked"} for one in found.differences):
        return 1
    return (2 if found.behind else 1) if found.differences else 0


async def compare_at(urls: Mapping[str, str]) -> Comparison:
    """Compare the databases at these addresses."""
    async with AsyncExitStack() as held:
        databases = {}
        for service, url in urls.items():
            databases[service] = Database(url, pool_size=1, application="compare")
            held.push_async_callback(databases[service].close)
            await databases[service].ready()
        return await compare(databases)


def show(found: Comparison) -> None:
    """Print what was found."""
    console = Console()
    if found.behind:
        console.print(f"{found.behind} keys of readers have events to come: compare again then")
    if not found.differences:
        console.print("the four services agree")
        return
    table = Table("service", "what", "account", "found")
    for one in found.differences[:SHOWN_MAX]:
        table.add_row(one.service, one.what, escape(one.place), escape(one.found))
    console.print(table)
    if len(found.differences) > SHOWN_MAX:
        console.print(f"and {len(found.differences) - SHOWN_MAX} more")


if __name__ == "__main__":
    raise SystemExit(main())
