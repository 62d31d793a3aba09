"""Make a deployment ready, once before its services start: `.venv/bin/python -m deploy.prepare`.

The four databases (`LEDGER_DATABASE_URL` and so on) exist and stand at the newest revision; the
topics exist on `KAFKA_BOOTSTRAP_SERVERS`. With `RECOUP_POSTGRES_URL`, a user who may make roles,
the roles exist too that those addresses name, with their passwords, and each owns its database and
nothing else. Without Kafka, readers' roles (`METRICS_LEDGER_DATABASE_URL` …) may read the outboxes.
Safe to repeat, and by several at once; what is there stays as it is.
"""

import asyncio
import os
import sys
from collections.abc import Mapping

from deploy import migrate
from deploy.kafka import topics
from deploy.local import databases
from deploy.local.errors import CannotStart
from shared.addresses import BadUrl
from shared.errors import Unavailable
from shared.log import kafka
from shared.process.kafka_settings import read_kafka
from shared.process.settings import BadSetting, Env

ENTRY_DATABASE = "postgres"


async def prepare(environment: Mapping[str, str]) -> None:
    """Raises `BadSetting`, `Unavailable`, or what the server answered."""
    env = Env(environment, collects=True)
    urls = {service: env.database(service) for service in databases.SERVICES}
    cluster = read_kafka(env, local=False)
    server = env.attempt(lambda: databases.server_of(environment))
    ways = [
        (producer, env.producer(reader, producer))
        for reader, producers in databases.PRODUCERS.items()
        for producer in (producers if cluster is None else ())
    ]
    env.checked(None)
    readers: dict[str, set[str]] = {service: set() for service in databases.SERVICES}
    reading: set[str] = set()
    for producer, url in ways:
        if databases.user_of(url) != databases.user_of(urls[producer]):
            reading.add(url)
            readers[producer].add(databases.user_of(url))
    if server is not None:
        await databases.create_owned(server, urls)
        await databases.make_readers(server, reading)
    else:
        for url in urls.values():
            name = databases.database_of(url)
            await databases.create(databases.url_of(url, ENTRY_DATABASE), name)
    await migrate.upgrade_all(urls)
    roles = {databases.user_of(url) for url in (*urls.values(), *reading)}
    if server is not None or reading:
        for service, url in urls.items():
            await databases.close_to_others(url, readers[service], roles)
    if cluster is not None:
        await kafka.create_topics(cluster, topics.load())


def main() -> int:
    try:
        asyncio.run(prepare(os.environ))
    except BadSetting as error:
        for fault in error.faults:
            print(f"cannot prepare: {fault}", file=sys.stderr)
        return 1
    except (BadUrl, CannotStart, Unavailable, OSError) as error:
        print(f"cannot prepare: {error}", file=sys.stderr)
        return 1
    print("ready: databases migrated, topics made")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
