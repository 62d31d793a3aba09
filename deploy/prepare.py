"""Make a deployment ready, once before its services start: `python -m deploy.prepare`.

The four databases (`LEDGER_DATABASE_URL` and so on) exist and stand at the newest revision; the
topics exist on `KAFKA_BOOTSTRAP_SERVERS`. Safe to repeat; what is there stays as it is.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from deploy import migrate
from deploy.kafka import topics
from deploy.local import databases
from deploy.local.errors import CannotStart
from shared.errors import Unavailable
from shared.log import kafka
from shared.process.settings import BadSetting, Env

ENTRY_DATABASE = "postgres"


async def prepare(environment: Mapping[str, str]) -> None:
    """Raises `BadSetting`, `Unavailable`, or what the server answered."""
    env = Env(environment)
    urls = {service: env.database(service) for service in databases.SERVICES}
    bootstrap = env.text("KAFKA_BOOTSTRAP_SERVERS")
    for url in urls.values():
        name = urlsplit(url).path.lstrip("/")
        await databases.create(databases.url_of(url, ENTRY_DATABASE), name)
    await migrate.upgrade_all(urls)
    if bootstrap is not None:
        await kafka.create_topics(bootstrap, topics.load())


def main() -> int:
    try:
        asyncio.run(prepare(os.environ))
    except (BadSetting, CannotStart, Unavailable, OSError) as error:
        print(f"cannot prepare: {error}", file=sys.stderr)
        return 1
    print("ready: databases migrated, topics made")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
