"""Alembic: what every service's `migrations/env.py` runs, and how to run it from code.

The caller hands over an open connection in `config.attributes["connection"]`; there is no other
way in, so the address and the password of a database never stand in an ini file.
"""

from pathlib import Path

from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.addresses import DatabaseAddress
from shared.database import connection as driver
from shared.database.outages import outages

REPOSITORY = Path(__file__).resolve().parents[2]

# Two starts at once migrate one after the other: any number will do, it only has to be the same.
_MIGRATION_LOCK = 727_001


def migrations_folder(service: str) -> Path:
    """Where the service keeps its Alembic environment."""
    return REPOSITORY / "services" / service / "migrations"


def config_for(service: str) -> Config:
    """Alembic's configuration, without any file."""
    config = Config()
    folder = str(migrations_folder(service)).replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "newline")
    return config


def revisions(service: str) -> frozenset[str]:
    """Every revision of the service that this version knows."""
    scripts = ScriptDirectory.from_config(config_for(service))
    return frozenset(script.revision for script in scripts.walk_revisions())


def run_environment(metadata: MetaData) -> None:
    """The whole of a service's `env.py`."""
    connection = context.config.attributes.get("connection")
    if not isinstance(connection, Connection):
        raise RuntimeError("migrations run through deploy.migrate, which brings the connection")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def engine_for(url: str) -> AsyncEngine:
    """An engine for one task on `postgresql://…`: no pool to leave behind."""
    address = DatabaseAddress.from_url(url)

    async def opened() -> driver.Connection:
        return await driver.connect(address, application="recoup-migrate")

    # The driver is handed the address by us: SQLAlchemy would read its query in other ways.
    return create_async_engine("postgresql+asyncpg://", async_creator=opened, poolclass=NullPool)


def _upgrade(connection: Connection, service: str, revision: str) -> None:
    # A migration that waits for a lock must not make every reader queue up behind it.
    connection.execute(text("set lock_timeout = '5s'"))
    connection.commit()
    config = config_for(service)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def upgrade(service: str, url: str, revision: str = "head") -> None:
    """Bring the service's database to `revision`. Raises `Unavailable` for what may pass."""
    engine = engine_for(url)
    try:
        with outages():
            async with engine.connect() as guard, engine.connect() as connection:
                # Not in a transaction: `create index concurrently` would wait for it.
                await guard.execution_options(isolation_level="AUTOCOMMIT")
                await guard.execute(text(f"select pg_advisory_lock({_MIGRATION_LOCK})"))
                await connection.run_sync(_upgrade, service, revision)
    finally:
        await engine.dispose()


def _differences(connection: Connection, metadata: MetaData) -> list[object]:
    migration = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(migration, metadata))


async def differences(url: str, metadata: MetaData) -> list[object]:
    """What the tables declare and the migrated database has not, or the other way round."""
    engine = engine_for(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_differences, metadata)
    finally:
        await engine.dispose()
