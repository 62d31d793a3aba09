"""One `run-due` in a process of its own, for tests that kill it: the arguments are the database,
the ledger, the mail server, the tenant and the instant."""

import asyncio
import sys
from datetime import datetime

from services.outreach.dunning.processes.run_due import run_due
from shared.database import Database
from tests.integration.outreach.world import a_context


async def main(database: str, ledger: str, smtp: str, tenant: str, instant: str) -> None:
    db = Database(database)
    context = a_context(db, ledger, smtp_url=smtp)
    await run_due(context, tenant, datetime.fromisoformat(instant))
    await context.close()
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
