"""One PostgreSQL and one Kafka broker for all parts, named to them by their environment."""

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from deploy.kafka.broker import Broker
from deploy.local.errors import CannotStart
from deploy.local.postgres import FORGETFUL, Postgres

POSTGRES = "RECOUP_POSTGRES_URL"
KAFKA = "KAFKA_BOOTSTRAP_SERVERS"
# Parts with the same one share the migrated databases that tests copy (tests/conftest.py).
RUN = "RECOUP_TEST_RUN"


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Both servers at work; what a part's environment says of them.

    One that can't start is left out: the tests that need it say so themselves.
    """
    with tempfile.TemporaryDirectory(prefix="recoup-tests-") as folder, ExitStack() as running:
        begin = {POSTGRES: _postgres, KAFKA: _kafka}
        wanted = [name for name in begin if not os.environ.get(name)]
        with ThreadPoolExecutor(len(begin)) as pool:
            started = [pool.submit(begin[name], Path(folder), running) for name in wanted]
        addresses = {name: address.result() for name, address in zip(wanted, started, strict=True)}
        found = {name: address for name, address in addresses.items() if address is not None}
        yield {RUN: uuid4().hex[:8], **found}


def _postgres(folder: Path, running: ExitStack) -> str | None:
    server = Postgres(folder / "postgres", settings=FORGETFUL, is_kept=False)
    return _started(server.start, server.remove, running)


def _kafka(folder: Path, running: ExitStack) -> str | None:
    broker = Broker(folder / "kafka")

    def start() -> str:
        broker.start()
        return broker.bootstrap

    return _started(start, broker.kill, running)


def _started(start: Callable[[], str], end: Callable[[], None], running: ExitStack) -> str | None:
    try:
        address = start()
    except CannotStart:
        return None
    running.callback(end)
    return address
