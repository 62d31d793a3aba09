"""One `run-due` in a process of its own, for tests that kill it: the arguments are the database,
the ledger, the mail server, the tenant and the instant."""

import asyncio
import sys
from datetime import datetime

from services.outreach.jobs.office import Office, Sender
from services.outreach.jobs.runs import run_due
from shared.database import Database
from tests.unit.outreach.builders import RULEBOOKS, STRATEGIES, TEMPLATES


async def main(database: str, ledger: str, smtp: str, tenant: str, instant: str) -> None:
    db = Database(database)
    office = Office.open(
        db,
        ledger_url=ledger,
        token="token",
        smtp_url=smtp,
        strategies=STRATEGIES,
        template_sources=TEMPLATES,
        sender=Sender("accounts@creditor.example", "Creditor Ltd"),
        clock="manual",
        rulebooks=RULEBOOKS,
        residence_default="IS",
    )
    await run_due(office, tenant, datetime.fromisoformat(instant))
    await office.close()
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
