"""Posts what waits for endpoints, in a process of its own, for tests that kill it: the arguments
are the database, the key that seals secrets and the instant."""

import asyncio
import sys
from datetime import datetime

from services.outreach.webhooks.clients import open_webhook_clients
from services.outreach.webhooks.processes import post_due
from shared.database import Database


async def main(database: str, key: str, instant: str) -> None:
    db = Database(database)
    clients = open_webhook_clients([bytes.fromhex(key)], is_local=True)
    await post_due(db, clients.poster, clients.box, lambda: datetime.fromisoformat(instant))
    await clients.close()
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
