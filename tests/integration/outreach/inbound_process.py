"""Reads what waits, in a process of its own, for tests that kill it: the arguments are the database
and the ledger."""

import asyncio
import sys

from services.outreach.inbound.processes.reading import read_next
from shared.database import Database
from tests.integration.outreach.world import a_context


async def main(database: str, ledger: str) -> None:
    db = Database(database)
    context = a_context(db, ledger, smtp_url=None)
    while await read_next(context):
        pass
    await context.close()
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
