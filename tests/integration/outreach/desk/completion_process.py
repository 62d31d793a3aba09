"""Completes a task in a process of its own, which a kill point may end."""

import asyncio
import sys

from services.outreach.desk.domain.task_view import Completion
from services.outreach.desk.processes.completion import complete
from shared.database import Database
from tests.integration.outreach.world import a_context

PROMISE = {"amount_minor": 10_000, "currency": "EUR", "due_on": "2026-03-20"}


async def run(database_url: str, ledger_url: str, tenant: str, task_id: str) -> None:
    db = Database(database_url, application="test")
    context = a_context(db, ledger_url, smtp_url=None)
    try:
        completion = Completion(disposition="promise", command=PROMISE, seconds=60)
        await complete(context, tenant, task_id, "ann", completion)
    finally:
        await context.close()
        await db.close()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
