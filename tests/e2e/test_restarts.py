"""PostgreSQL is restarted again and again under load, with two workers of a service.

Afterwards every part of every worker is at work, or its process was ended and started again; all
that was said has arrived, once.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from deploy.local import databases, parent
from deploy.local.platform import WORKERS_ABOVE, compose
from deploy.local.postgres import Postgres
from shared.process.settings import PORTS
from shared.process.watchdog import EXIT_CODE
from tests.architecture.files import ROOT
from tests.e2e.conftest import NewPlatform
from tests.e2e.desk import Desk
from tests.e2e.facts import Books, plain_books
from tests.e2e.platform import KEY, Platform, wait_for
from tests.e2e.test_survival import BATCH, CLIENTS, LAST_DAY, check_log, check_sums, insist

SECONDS_ABOVE = 15  # a second worker's door, above the API's
SECONDS_MAX = 180.0
# Under the host's name it would be taken for the first worker, and throw it out.
_SECOND = """
import runpy, socket, sys
socket.gethostname = lambda: "second"
runpy.run_module(sys.argv[1], run_name="__main__")
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    """A server of the test's own."""
    # It forgets nothing that it has confirmed, as long as the machine does not fall.
    made = Postgres(tmp_path / "server", settings={"fsync": "off"}, is_kept=False)
    try:
        yield made
    finally:
        made.remove()


def restart(server: Postgres, mode: str) -> None:
    """On the same port: "fast" says farewell to its clients, "immediate" does not."""
    before = server._pid()
    failure = server._pg_ctl("restart", "-m", mode, "-w", "-l", str(server.log))
    assert failure is None, failure
    parent.forget(before)
    parent.end_with_us(server._pid(), stop=signal.SIGINT, is_server=True, removing=server._folder)


class SecondWorkers:
    """Beside those of the platform, and started again like them when they end by themselves."""

    def __init__(self, services: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self._environment = environment
        self._log = log
        self._over = threading.Event()
        self.codes: list[int] = []
        self._keepers = ThreadPoolExecutor(len(services))
        self._kept = [self._keepers.submit(self._keep, service) for service in services]

    def _keep(self, service: str) -> None:
        while not self._over.is_set():
            with self._log.open("ab") as output:
                process = subprocess.Popen(
                    [sys.executable, "-c", _SECOND, f"services.{service}.worker"],
                    cwd=ROOT, env=self._environment, stdout=output, stderr=output,
                )  # fmt: skip
            parent.end_with_us(process.pid)
            while process.poll() is None and not self._over.wait(0.05):
                pass
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
            else:
                self.codes.append(process.returncode)
            process.wait()
            parent.forget(process.pid)

    def end(self) -> None:
        self._over.set()
        for kept in self._kept:
            kept.result()
        self._keepers.shutdown()


@contextmanager
def second_workers(platform: Platform, services: Sequence[str], url: str) -> Iterator[list[int]]:
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(Path.home()),
        "RECOUP_CLOCK": "manual",
        "RECOUP_PORT_BASE": str(platform.port),
        "RECOUP_METRICS_PORT": str(platform.port + SECONDS_ABOVE),
        "KAFKA_BOOTSTRAP_SERVERS": platform.bootstrap,
    }
    urls = {
        f"{name.upper()}_DATABASE_URL": databases.url_of(url, databases.database_name(name))
        for name in PORTS
    }
    environment = compose(given, data=platform.data, databases=urls, key=KEY)
    workers = SecondWorkers(services, environment, platform.log.with_suffix(".second.log"))
    try:
        yield workers.codes
    finally:
        workers.end()


def is_well(platform: Platform, service: str, above: int) -> bool:
    """Whether a worker says that all its parts and servers are there."""
    url = f"http://127.0.0.1:{platform.port + above + PORTS[service]}/health/ready"
    try:
        return platform.client.get(url).status_code == 200
    except httpx.TransportError:
        return False


def all_well(platform: Platform, seconds: Sequence[str]) -> None:
    for above, services in ((WORKERS_ABOVE, tuple(PORTS)), (SECONDS_ABOVE, seconds)):
        for service in services:
            wait_for(
                lambda service=service, above=above: is_well(platform, service, above),  # type: ignore[misc]
                SECONDS_MAX,
                f"the worker of {service} at +{above}; {platform.log}",
            )


def feed_and_restart(desk: Desk, books: Books, server: Postgres, times: int) -> None:
    """A share of the events is on its way whenever the server goes down."""
    events = list(books.events)
    batches = [events[start : start + BATCH] for start in range(0, len(events), BATCH)]
    over, share = threading.Event(), len(batches) / times
    with ThreadPoolExecutor(CLIENTS) as pool:
        try:
            for n in range(times):
                sent = [
                    pool.submit(insist, desk, batch, over)
                    for batch in batches[int(n * share) : int((n + 1) * share)]
                ]
                sent[0].result()
                restart(server, "immediate" if n % 3 == 2 else "fast")
                for each in sent:
                    each.result()
        finally:
            over.set()


def check_restarts(
    new_platform: NewPlatform, server: Postgres, books: Books, seconds: Sequence[str], times: int
) -> None:
    url = server.start()
    platform = new_platform("kafka", RECOUP_POSTGRES_URL=url).start()
    desk = Desk(platform).settle_in(timezone="Europe/Berlin")
    desk.send(books.events[0])
    with second_workers(platform, seconds, url) as codes:
        all_well(platform, seconds)
        feed_and_restart(desk, books, server, times)
        all_well(platform, seconds)
        platform.wait_quiet(300)
        desk.start_day(LAST_DAY)
        platform.wait_quiet()
        assert set(codes) <= {EXIT_CODE}, "no worker falls with a traceback"
    assert "Traceback" not in platform.said
    check_sums(desk, books)
    check_log(desk)


@pytest.mark.kafka
def test_a_restarted_database_leaves_no_worker_that_does_nothing(
    new_platform: NewPlatform, server: Postgres
) -> None:
    check_restarts(new_platform, server, plain_books(60, 6), ("ledger",), 3)


@pytest.mark.full
@pytest.mark.kafka
@pytest.mark.timeout(1800)
def test_fifty_restarts_with_two_workers_of_each_service(
    new_platform: NewPlatform, server: Postgres
) -> None:
    check_restarts(new_platform, server, plain_books(300, 12), tuple(PORTS), 50)
