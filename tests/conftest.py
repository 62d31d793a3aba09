"""Fixtures that every part uses: a real PostgreSQL, migrated databases, a real broker.

Each service's migrations run once per run, into a template; each test gets a copy of it. Several
pytest processes of one run (tests/suite) share the servers and the templates.

No test depends on the machine's speed: that is also what the one Hypothesis profile says.
`--hypothesis-profile=deep` asks the oracles many more and larger stories (minutes, not seconds).
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import NoReturn
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from deploy.local import databases
from deploy.local.errors import CannotStart
from deploy.local.postgres import FORGETFUL, Postgres
from services.metrics.store.generations import ENTERING
from shared.database import Database, migrate

Template = Callable[[str], str]

# In CI the same examples each time, and those that failed are not kept.
_GIVEN = settings.get_profile("ci" if os.environ.get("CI") else "default")
settings.register_profile(
    "recoup",
    _GIVEN,
    deadline=None,
    print_blob=True,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)
settings.register_profile("deep", settings.get_profile("recoup"), derandomize=False)
settings.load_profile("recoup")


def not_run(reason: str) -> NoReturn:
    """Skip for want of a server, where a person can see it; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"NOT RUN: {reason}", pytrace=False)
    pytest.skip(f"NOT RUN: {reason}")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL server."""
    given = os.environ.get("RECOUP_POSTGRES_URL")
    if given:
        yield given
        return
    server = Postgres(tmp_path_factory.mktemp("postgres"), settings=FORGETFUL, is_kept=False)
    try:
        url = server.start()
    except CannotStart as error:
        not_run(str(error))
    try:
        yield url
    finally:
        server.remove()


@pytest.fixture(scope="session")
def templates(postgres: str) -> Iterator[Template]:
    """`templates("ledger")` is the name of a migrated database to copy, made when first asked."""
    shared = os.environ.get("RECOUP_TEST_RUN")
    run = shared or uuid4().hex[:8]
    made: dict[str, str] = {}

    def template(service: str) -> str:
        if service not in made:
            name = f"test_{run}_{service}"
            _in_own_loop(_make_template(postgres, service, name))
            made[service] = name
        return made[service]

    yield template
    if shared is None:
        for name in made.values():
            _in_own_loop(databases.drop(postgres, name))


async def _make_template(postgres: str, service: str, name: str) -> None:
    """Make it if no other process of this run did. It gets its name when it is whole."""
    half_made = f"{name}_half_made"
    connection = await asyncpg.connect(postgres)
    try:
        await connection.execute("select pg_advisory_lock(hashtext($1))", name)
        if await connection.fetchval("select 1 from pg_database where datname = $1", name):
            return
        await databases.drop(postgres, half_made)
        await migrate.upgrade(service, await databases.create(postgres, half_made))
        await connection.execute(f'alter database "{half_made}" rename to "{name}"')
    finally:
        await connection.close()


def _in_own_loop(work: Coroutine[None, None, None]) -> None:
    """Run it in a thread: the test that asks for a template first may have a loop running here."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(asyncio.run, work).result()


@asynccontextmanager
async def fresh_url(postgres: str, templates: Template, service: str) -> AsyncIterator[str]:
    """The address of a new database with the service's tables, dropped at the end."""
    name = f"test_{uuid4().hex[:12]}"
    url = await databases.create(postgres, name, template=templates(service))
    try:
        yield url
    finally:
        await databases.drop(postgres, name)


@pytest.fixture
async def ledger_url(postgres: str, templates: Template) -> AsyncIterator[str]:
    async with fresh_url(postgres, templates, "ledger") as url:
        yield url


@pytest.fixture
async def segmentation_url(postgres: str, templates: Template) -> AsyncIterator[str]:
    async with fresh_url(postgres, templates, "segmentation") as url:
        yield url


@pytest.fixture
async def outreach_url(postgres: str, templates: Template) -> AsyncIterator[str]:
    async with fresh_url(postgres, templates, "outreach") as url:
        yield url


@pytest.fixture
async def metrics_url(postgres: str, templates: Template) -> AsyncIterator[str]:
    async with fresh_url(postgres, templates, "metrics") as url:
        yield url


@asynccontextmanager
async def _open(url: str, *, entering: str = "") -> AsyncIterator[Database]:
    db = Database(url, entering=entering)
    try:
        yield db
    finally:
        await db.close()


@pytest.fixture
async def ledger_db(ledger_url: str) -> AsyncIterator[Database]:
    async with _open(ledger_url) as db:
        yield db


@pytest.fixture
async def segmentation_db(segmentation_url: str) -> AsyncIterator[Database]:
    async with _open(segmentation_url) as db:
        yield db


@pytest.fixture
async def outreach_db(outreach_url: str) -> AsyncIterator[Database]:
    async with _open(outreach_url) as db:
        yield db


@pytest.fixture
async def metrics_db(metrics_url: str) -> AsyncIterator[Database]:
    async with _open(metrics_url, entering=ENTERING) as db:
        yield db


@pytest.fixture
async def bare_url(postgres: str) -> AsyncIterator[str]:
    """The address of a new database with nothing in it."""
    name = f"test_{uuid4().hex[:12]}"
    yield await databases.create(postgres, name)
    await databases.drop(postgres, name)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a real Kafka broker."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
        return
    from deploy.kafka.broker import Broker

    broker = Broker(tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
    except CannotStart as error:
        not_run(str(error))
    try:
        yield broker.bootstrap
    finally:
        broker.kill()  # nothing in it is needed again
