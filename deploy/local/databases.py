"""The four databases on a server, a role for each service, and who may read whose outbox.

A service's role owns its database and can do nothing else on the server: no superuser, no making of
databases or roles, no way into a neighbour's database. Without Kafka a reader reads its producers'
outboxes: its role may `select` there from the outbox and the database's id, and nothing more.

Everything here may be repeated, by several at once, and on a server from before there were roles:
what is there is handed over to its owner.
"""

import base64
import contextlib
import hashlib
import hmac
import os
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from deploy.local.errors import CannotStart
from deploy.local.saslprep import prepared
from shared.addresses import BadUrl, DatabaseAddress, read_url, with_plain_text
from shared.database import connecting, outages
from shared.database.connection import Connection, connect
from shared.errors import Unavailable
from shared.process.settings import BadSetting, Env

SERVICES = ("ledger", "segmentation", "outreach", "metrics")
# Without Kafka: who reads the outboxes of whom (`PRODUCERS` of the services' settings).
PRODUCERS = {
    "ledger": ("segmentation", "outreach"),
    "segmentation": ("ledger", "outreach"),
    "outreach": ("ledger", "segmentation", "metrics"),
    "metrics": ("ledger", "segmentation", "outreach"),
}
_READ_BY_ALL = ("outbox", "database_ids")
_LOCK = 727_002  # preparations of one server come one after the other
_SCRAM_ROUNDS = 4096
# What a service's role must not have.
_POWERS = {
    "rolsuper": "nosuperuser",
    "rolcreaterole": "nocreaterole",
    "rolcreatedb": "nocreatedb",
    "rolreplication": "noreplication",
    "rolbypassrls": "nobypassrls",
}
_TO_HAND_OVER = """
select case c.relkind when 'S' then 'sequence' when 'v' then 'view'
                      when 'm' then 'materialized view' else 'table' end as kind,
       format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_roles o on o.oid = c.relowner
 where (n.nspname = 'public' or n.nspname ~ '^figures_[0-9]+$')
   and c.relkind in ('r', 'p', 'v', 'm', 'S') and o.rolname <> $1
   and not (c.relkind = 'S' and exists (
        select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass
                                  and d.deptype in ('a', 'i')))
union all
select 'schema', n.nspname from pg_namespace n join pg_roles o on o.oid = n.nspowner
 where n.nspname ~ '^figures_[0-9]+$' and o.rolname <> $1
"""


@dataclass(frozen=True)
class Access:
    """Who reaches which database, by URL."""

    owners: Mapping[str, str] = field(repr=False)  # by service
    readers: Mapping[tuple[str, str], str] = field(repr=False)  # by reader and producer

    def variables(self) -> dict[str, str]:
        """The same as the services' settings name it."""
        return {
            **{f"{name.upper()}_DATABASE_URL": url for name, url in self.owners.items()},
            **{
                f"{reader.upper()}_{producer.upper()}_DATABASE_URL": url
                for (reader, producer), url in self.readers.items()
            },
        }


def database_name(service: str) -> str:
    """`recoup_ledger` and so on: the database's name, and in the local mode its owner's."""
    return f"recoup_{service}"


def url_of(server_url: str, database: str) -> str:
    """The server's address with another database in it."""
    parts = urlsplit(server_url)
    return urlunsplit(parts._replace(scheme="postgresql", path=f"/{database}"))


def user_of(url: str) -> str:
    """Whom an address names."""
    return unquote(urlsplit(url).username or "")


def _password_of(url: str) -> str:
    return unquote(urlsplit(url).password or "")


def database_of(url: str) -> str:
    """Which database an address names."""
    return unquote(urlsplit(url).path.strip("/"))


def as_user(url: str, user: str, password: str) -> str:
    """The address with another user in it."""
    parts = urlsplit(url)
    where = parts.netloc.rpartition("@")[2]
    return urlunsplit(
        parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{where}")
    )


async def create(server_url: str, database: str, *, template: str = "template0") -> str:
    """Make the database if it is missing; return its address."""
    async with _connected(url_of(server_url, _entry(server_url))) as connection:
        await _create(connection, database, template)
    return url_of(server_url, database)


async def exists(url: str) -> bool:
    """Whether the database of this address is there."""
    address = DatabaseAddress.from_url(url)
    try:
        connection = await connect(address, application="recoup", settings={})
    except asyncpg.InvalidCatalogNameError:
        return False
    await connection.close()
    return True


async def drop(server_url: str, database: str) -> None:
    """Drop the database, its connections too."""
    async with _connected(url_of(server_url, _entry(server_url))) as connection:
        await connection.execute(f"drop database if exists {_quoted(database)} with (force)")


async def create_owned(server_url: str, urls: Mapping[str, str]) -> None:
    """The roles and databases that the services' addresses name, made by whom `server_url` names.

    Tables that somebody else made there belong to the role from now on.
    """
    entry = url_of(server_url, _entry(server_url))
    async with _connected(entry) as connection:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        for url in urls.values():
            owner, database = user_of(url), database_of(url)
            await _make_role(connection, owner, _password_of(url))
            await _create(connection, database, "template0")
            await _make_owner(connection, database, owner)
            async with _connected(url_of(server_url, database)) as inside:
                await _hand_over(inside, owner)


async def make_readers(server_url: str, urls: Collection[str]) -> None:
    """The roles that addresses of readers name."""
    async with _connected(url_of(server_url, _entry(server_url))) as connection:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        for url in urls:
            await _make_role(connection, user_of(url), _password_of(url))


async def close_to_others(url: str, readers: Collection[str], roles: Collection[str]) -> None:
    """As its owner: nobody else gets into a migrated database, but these roles, who read the log.

    Of `roles`, the services', who is no reader (any more) has no way in at all.
    """
    async with _connected(url) as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        database, tables = _quoted(database_of(url)), ", ".join(_READ_BY_ALL)
        # The log's readers ask for this id and cannot make it.
        await connection.execute("insert into database_ids default values on conflict do nothing")
        await connection.execute(f"revoke connect, temporary on database {database} from public")
        for role in sorted(set(roles) - {user_of(url)}):
            is_reader, name = role in readers, _quoted(role)
            change, word = ("grant", "to") if is_reader else ("revoke", "from")
            await connection.execute(f"{change} connect on database {database} {word} {name}")
            await connection.execute(f"{change} select on {tables} {word} {name}")


async def create_all(server_url: str) -> Access:
    """The four databases of the local mode, which exist from now on, and their roles.

    Passwords follow from that of the server's own user, so that every start knows them. Where that
    user has none, or may make no roles, all services are that user.
    """
    try:
        async with _connected(url_of(server_url, _entry(server_url))) as connection:
            may = await connection.fetchval(
                "select rolsuper or rolcreaterole from pg_roles where rolname = current_user"
            )
        if not may or not _password_of(server_url):
            plain = {name: await create(server_url, database_name(name)) for name in SERVICES}
            return Access(plain, {})
        owners = {
            name: as_user(
                url_of(server_url, database_name(name)),
                database_name(name),
                _derived(server_url, database_name(name)),
            )
            for name in SERVICES
        }
        await create_owned(server_url, owners)
    except (OSError, BadUrl, Unavailable) as error:
        parts = urlsplit(server_url)
        where = f"{parts.hostname}:{parts.port or 5432}"  # never the password
        raise CannotStart(f"the PostgreSQL server at {where} cannot be used: {error}") from error
    readers = {
        (reader, producer): url_of(owners[reader], database_name(producer))
        for reader, producers in PRODUCERS.items()
        for producer in producers
    }
    return Access(owners, readers)


async def close_all(access: Access, *, reads_outboxes: bool) -> None:
    """The migrated databases are open to their owners and, without Kafka, to readers alone."""
    if not access.readers:
        return  # one user for all of them
    roles = {user_of(url) for url in access.owners.values()}
    for service, url in access.owners.items():
        by = {user_of(u) for (_, producer), u in access.readers.items() if producer == service}
        await close_to_others(url, by if reads_outboxes else (), roles)


def named_in(
    environment: Mapping[str, str], services: Collection[str] = SERVICES
) -> dict[str, str] | None:
    """The addresses that the environment gives these services; None: it gives none of them.

    Raises `BadSetting` for some without the others: the rest would be looked for elsewhere.
    """
    env = Env(environment, collects=True)
    if not any(env.text(f"{service.upper()}_DATABASE_URL") for service in services):
        return env.checked(None)
    return env.checked({service: env.database(service) for service in services})


def server_of(environment: Mapping[str, str]) -> str | None:
    """`RECOUP_POSTGRES_URL`: a server, and a user who may make databases and roles on it."""
    env = Env(environment)
    name = "RECOUP_POSTGRES_URL"
    given = env.text(name)
    if given is None:
        return None
    try:
        read_url(given, ("postgresql", "postgres"), query=None, needs_host=False)
        url = url_of(given, _entry(given))
        if env.is_private:
            url = with_plain_text(url)
        DatabaseAddress.from_url(url)
    except BadUrl as error:
        raise BadSetting(name, str(error)) from error
    return url


def _derived(server_url: str, role: str) -> str:
    key = _password_of(server_url).encode()
    return hmac.new(key, f"recoup role {role}".encode(), hashlib.sha256).hexdigest()


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    """Raises `Unavailable` while the server is away, or lets us not in."""
    with connecting():
        connection = await connect(url, application="recoup-prepare")
    try:
        with outages(connection):
            yield connection
            await connection.close()
    finally:
        connection.terminate()  # nothing, if it is closed


async def _create(connection: Connection, database: str, template: str) -> None:
    known = await connection.fetchval("select 1 from pg_database where datname = $1", database)
    if known:
        return
    # Copying files is faster where a run of tests copies hundreds of databases.
    options = " encoding 'UTF8'" if template == "template0" else " strategy file_copy"
    # Another start may be faster; PostgreSQL says so in one of two ways.
    with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        await connection.execute(
            f"create database {_quoted(database)} template {_quoted(template)}{options}"
        )


async def _make_role(connection: Connection, role: str, password: str) -> None:
    """A role that can sign in and has no power over the server. The caller's own stays as it is."""
    if role == await connection.fetchval("select current_user"):
        return
    name = _quoted(role)
    words = "login"
    if password:
        # As a verifier: the server writes failing statements into its log.
        words += f" password '{_verifier(password)}'"
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
        await connection.execute(f"create role {name} {words}")
    else:
        held = await connection.fetchrow(
            f"select {', '.join(_POWERS)} from pg_roles where rolname = $1", role
        )
        powers = [taken for power, taken in _POWERS.items() if held[power]]
        await connection.execute(f"alter role {name} {' '.join([*powers, words])}")


async def _make_owner(connection: Connection, database: str, owner: str) -> None:
    holder = await connection.fetchval(
        "select pg_get_userbyid(datdba) from pg_database where datname = $1", database
    )
    if holder == owner:
        return
    if not await connection.fetchval(
        "select rolsuper from pg_roles where rolname = current_user"
    ):  # who is no superuser gives only to roles that it is a member of
        await connection.execute(f"grant {_quoted(owner)} to current_user")
    await connection.execute(f"alter database {_quoted(database)} owner to {_quoted(owner)}")


async def _hand_over(connection: Connection, owner: str) -> None:
    for kind, name in await connection.fetch(_TO_HAND_OVER, owner):
        await connection.execute(f"alter {kind} {name} owner to {_quoted(owner)}")


def _verifier(password: str) -> str:
    """What PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 5803)."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password).encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    shown = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{shown[0]}${shown[1]}:{shown[2]}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _entry(server_url: str) -> str:
    """The database to connect to for making others."""
    return urlsplit(server_url).path.lstrip("/") or "postgres"
