"""A role per service: it owns its database, reads what it reads, and can do no more."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest

from deploy.local import databases
from deploy.prepare import prepare
from deploy.recovery import store
from services.ledger import settings as ledger
from services.metrics import settings as metrics
from services.outreach import settings as outreach
from services.segmentation import settings as segmentation
from shared.database import Database
from shared.database.connection import connect
from tests.conftest import Template


@dataclass(frozen=True)
class Server:
    """Names of this test alone on a server that others use too."""

    admin: str
    prefix: str

    def name(self, service: str) -> str:
        return f"{self.prefix}_{service}"

    def url(self, role: str, database: str) -> str:
        where = databases.url_of(self.admin, self.name(database))
        return databases.as_user(where, self.name(role), f"password-of-{role}")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "RECOUP_POSTGRES_URL": self.admin,
            **{f"{s.upper()}_DATABASE_URL": self.url(s, s) for s in databases.SERVICES},
            **{
                f"{reader.upper()}_{producer.upper()}_DATABASE_URL": self.url(reader, producer)
                for reader, producers in databases.PRODUCERS.items()
                for producer in producers
            },
        }

    async def asks(self, role: str, database: str, sql: str) -> object:
        connection = await connect(self.url(role, database))
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()


@pytest.fixture
async def server(postgres: str) -> AsyncIterator[Server]:
    made = Server(postgres, f"roles_{uuid4().hex[:8]}")
    yield made
    connection = await connect(postgres)
    for service in databases.SERVICES:
        await databases.drop(postgres, made.name(service))
    for service in databases.SERVICES:
        await connection.execute(f'drop role if exists "{made.name(service)}"')
    await connection.close()


async def refuses(server: Server, role: str, database: str, sql: str) -> str:
    with pytest.raises(asyncpg.InsufficientPrivilegeError) as caught:
        await server.asks(role, database, sql)
    return str(caught.value)


@pytest.fixture
async def old(server: Server, templates: Template) -> Server:
    """The same with databases from before there were roles: a superuser's."""
    for service in databases.SERVICES:
        await databases.create(server.admin, server.name(service), template=templates(service))
    return server


async def test_each_owns_its_database_reads_what_it_reads_and_can_do_no_more(old: Server) -> None:
    server = old
    await prepare(server.environment)
    for service in databases.SERVICES:
        powers = await server.asks(
            service, service,
            "select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls"
            " from pg_roles where rolname = current_user",
        )  # fmt: skip
        assert powers is False, service
        owners = await server.asks(
            service, service,
            "select string_agg(distinct tableowner, ',') from pg_tables where schemaname='public'",
        )  # fmt: skip
        assert owners == server.name(service)
        foreign = await server.asks(
            service, service,
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where nspname = 'public' and pg_get_userbyid(relowner) <> current_user",
        )  # fmt: skip
        assert foreign == 0
        await server.asks(service, service, "create table after_that ()")  # as a migration would
        await refuses(server, service, service, "copy outbox from program 'id'")
        await refuses(server, service, service, "select pg_read_file('/etc/hostname')")
        await refuses(server, service, service, "create role another")
    for reader, producers in databases.PRODUCERS.items():
        for producer in databases.SERVICES:
            if producer in producers:
                assert await server.asks(reader, producer, "select count(*) from outbox") == 0
                assert await server.asks(reader, producer, "select id from database_ids")
                await refuses(server, reader, producer, "delete from outbox")
                await refuses(server, reader, producer, "select count(*) from dead_letters")
                await refuses(server, reader, producer, "create table mine ()")
                await refuses(server, reader, producer, "copy outbox from program 'id'")
            elif producer != reader:
                await refuses(server, reader, producer, "select 1")
    assert "accounts" in await refuses(
        server, "segmentation", "ledger", "select count(*) from accounts"
    )
    await refuses(
        server, "segmentation", "ledger",
        "insert into outbox (id, aggregatetype, aggregateid, type, sequence, headers)"
        " values (gen_random_uuid(), 't', 'k', 'x', 1, '')",
    )  # fmt: skip


@pytest.mark.kafka
async def test_over_kafka_nobody_reads_a_neighbours_outbox(old: Server, kafka: str) -> None:
    server = old
    await prepare(server.environment)
    await prepare({**server.environment, "KAFKA_BOOTSTRAP_SERVERS": kafka})
    await refuses(server, "metrics", "ledger", "select 1")


async def test_three_preparations_at_once_on_a_new_server(server: Server) -> None:
    """In processes of their own, as three starts are; here the databases alone (no Alembic)."""
    urls = {s: server.url(s, s) for s in databases.SERVICES}
    await asyncio.gather(*(databases.create_owned(server.admin, urls) for _ in range(3)))
    own = databases.url_of(server.admin, server.name("another"))
    made = await asyncio.gather(
        *(databases.create(server.admin, server.name("another")) for _ in range(5))
    )
    await databases.drop(server.admin, server.name("another"))
    assert set(made) == {own}


async def test_an_address_with_another_password_gives_the_role_that_password(
    server: Server,
) -> None:
    urls = {"ledger": server.url("ledger", "ledger")}
    await databases.create_owned(server.admin, urls)
    changed = databases.as_user(urls["ledger"], server.name("ledger"), "another")
    await databases.create_owned(server.admin, {"ledger": changed})
    with pytest.raises(asyncpg.InvalidPasswordError):
        await server.asks("ledger", "ledger", "select 1")
    connection = await connect(changed)
    await connection.close()


@pytest.mark.parametrize(
    "password",
    ["cafe\u0301", "\ufb01ve\u00a0\u2168", "so\u00adft", "\u05d0a", "\u05d0\u05d1", "@/?#% \u00e9"],
)
async def test_a_password_signs_in_however_its_letters_are_written(
    server: Server, password: str
) -> None:
    where = databases.url_of(server.admin, server.name("ledger"))
    url = databases.as_user(where, server.name("ledger"), password)
    await databases.create_owned(server.admin, {"ledger": url})
    connection = await connect(url)
    await connection.close()


async def test_an_owner_sees_who_else_is_in_its_database(server: Server) -> None:
    url = server.url("ledger", "ledger")
    await databases.create_owned(server.admin, {"ledger": url})
    db = Database(url, pool_size=1)
    assert (await store.find_sessions(db))[0] == 0
    other = await connect(databases.url_of(server.admin, server.name("ledger")))
    assert (await store.find_sessions(db))[0] == 1
    await other.close()
    await db.close()


def test_readers_are_those_that_the_services_settings_name() -> None:
    assert databases.PRODUCERS == {
        "ledger": ledger.PRODUCERS,
        "segmentation": segmentation.PRODUCERS,
        "outreach": outreach.PRODUCERS,
        "metrics": metrics.PRODUCERS,
    }
