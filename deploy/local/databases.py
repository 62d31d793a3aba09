"""The four databases on a server: made where missing, and their addresses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local.errors import CannotStart
from shared.database import connecting, outages
from shared.errors import Unavailable

SERVICES = ("ledger", "segmentation", "outreach", "metrics")


def database_name(service: str) -> str:
    """`recoup_ledger` and so on."""
    return f"recoup_{service}"


def url_of(server_url: str, database: str) -> str:
    """The server's address with another database in it."""
    parts = urlsplit(server_url)
    return urlunsplit(parts._replace(scheme="postgresql", path=f"/{database}"))


@asynccontextmanager
async def _connected(server_url: str) -> AsyncIterator[Any]:
    """Raises `Unavailable` while the server is away, or lets us not in."""
    with connecting():
        connection = await asyncpg.connect(url_of(server_url, _entry(server_url)))
    try:
        with outages(connection):
            yield connection
            await connection.close()
    finally:
        connection.terminate()  # nothing, if it is closed


async def create(server_url: str, database: str, *, template: str = "template0") -> str:
    """Make the database if it is missing; return its address."""
    async with _connected(server_url) as connection:
        known = await connection.fetchval("select 1 from pg_database where datname = $1", database)
        if not known:
            # Copying files is faster where a run of tests copies hundreds of databases.
            options = " encoding 'UTF8'" if template == "template0" else " strategy file_copy"
            # Another start was faster, by a little or by less.
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(
                    f'create database "{database}" template "{template}"{options}'
                )
    return url_of(server_url, database)


async def drop(server_url: str, database: str) -> None:
    """Drop the database, its connections too."""
    async with _connected(server_url) as connection:
        await connection.execute(f'drop database if exists "{database}" with (force)')


async def create_all(server_url: str) -> dict[str, str]:
    """The addresses of the four services' databases, which exist from now on."""
    try:
        return {service: await create(server_url, database_name(service)) for service in SERVICES}
    except Unavailable as error:
        parts = urlsplit(server_url)
        where = f"{parts.hostname}:{parts.port or 5432}"  # never the password
        raise CannotStart(f"the PostgreSQL server at {where} cannot be used: {error}") from error


def _entry(server_url: str) -> str:
    """The database to connect to for making others."""
    return urlsplit(server_url).path.lstrip("/") or "postgres"
