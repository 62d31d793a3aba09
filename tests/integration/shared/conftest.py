"""Databases with the log's tables only, and a place where a consumer's effects can be seen."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from sqlalchemy import BigInteger, Column, Identity, Table, Text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local import databases
from shared.database import Database
from shared.log.tables import add_log_tables, new_metadata
from tests.integration.shared.rig import Rig


async def _make_template(postgres: str, name: str) -> None:
    url = await databases.create(postgres, name)
    metadata = new_metadata()
    add_log_tables(metadata)
    Table(
        "effects",  # what a consumer under test did, in its order
        metadata,
        Column("n", BigInteger, Identity(), primary_key=True),
        Column("topic", Text),
        Column("key", Text),
        Column("sequence", BigInteger),
        Column("type", Text),
        Column("data", Text),
    )
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


@pytest.fixture(scope="session")
def log_template(postgres: str) -> Iterator[str]:
    name = f"test_log_{uuid4().hex[:8]}"

    def in_own_loop(work: object) -> None:
        with ThreadPoolExecutor(max_workers=1) as pool:
            pool.submit(asyncio.run, work).result()  # type: ignore[arg-type]

    in_own_loop(_make_template(postgres, name))
    yield name
    in_own_loop(databases.drop(postgres, name))


@asynccontextmanager
async def _fresh(postgres: str, template: str) -> AsyncIterator[Database]:
    name = f"test_{uuid4().hex[:12]}"
    db = Database(await databases.create(postgres, name, template=template))
    try:
        yield db
    finally:
        await db.close()
        await databases.drop(postgres, name)


@pytest.fixture
async def producer(postgres: str, log_template: str) -> AsyncIterator[Database]:
    async with _fresh(postgres, log_template) as db:
        yield db


@pytest.fixture
async def consumer(postgres: str, log_template: str) -> AsyncIterator[Database]:
    async with _fresh(postgres, log_template) as db:
        yield db


@pytest.fixture(params=["outbox", pytest.param("kafka", marks=pytest.mark.kafka)])
async def rig(
    request: pytest.FixtureRequest, producer: Database, consumer: Database
) -> AsyncIterator[Rig]:
    bootstrap = None if request.param == "outbox" else request.getfixturevalue("kafka")
    made = Rig(producer, consumer, bootstrap)
    await made.open()
    yield made
    await made.close()
