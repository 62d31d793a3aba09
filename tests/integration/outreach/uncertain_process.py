"""Asks a provider about uncertain contacts, in a process of its own, for tests that kill it: the
arguments are the database, the ledger and the instant. The provider knows of all of them."""

import asyncio
import sys
from dataclasses import replace
from datetime import datetime

from services.outreach.channels.domain.contract import Accepted
from services.outreach.dunning.processes.uncertain import resolve_uncertain
from shared.database import Database
from tests.integration.outreach.scripted import ScriptedChannel, over
from tests.integration.outreach.world import a_context


async def main(database: str, ledger: str, instant: str) -> None:
    db = Database(database)
    channel = ScriptedChannel(finds=lambda _intent: Accepted("their-id"))
    context = replace(a_context(db, ledger, smtp_url=None), channels=over(channel))
    await resolve_uncertain(context, datetime.fromisoformat(instant))
    await context.close()
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
