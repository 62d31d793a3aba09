"""Many debtors of outreach, fast: one is made of events, and its rows are copied."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from uuid import uuid4

from deploy.local import databases
from services.outreach.channels.clients.registry import MAIL_SERVER, ChannelRegistry, ProviderSetup
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    Sent,
    Withdrawn,
)
from services.outreach.context import Context
from shared.database import Database, Session
from shared.database.migrate import upgrade
from shared.events import billing
from tests.integration.outreach.peers import LedgerPeer, MailSink
from tests.integration.outreach.world import SENDER, World, a_context
from tests.unit.outreach.builders import LINKS

SAMPLE = "C0000000"
SKIPPED = frozenset({"story", "outbox", "tasks", "cases"})
DUE_ON = date(2026, 3, 2)  # a Monday


class NullChannel:
    """Takes every message, once it has been written."""

    at_once = 100

    async def send(self, intent: Intent) -> Sent:
        parts = await intent.parts()
        return Withdrawn() if parts is None else Accepted(intent.contact_id)

    async def find(self, intent: Intent) -> Found:
        return CannotSay()

    async def close(self) -> None:
        """Nothing is open."""


def null_channels() -> ChannelRegistry:
    def factory(_setup: ProviderSetup) -> NullChannel:
        return NullChannel()

    return ChannelRegistry({"smtp": factory}, {MAIL_SERVER: "null"}, SENDER, LINKS)


@asynccontextmanager
async def database(server: str) -> AsyncIterator[str]:
    """The address of a new one with outreach's tables."""
    name = f"bench_{uuid4().hex[:8]}"
    url = await databases.create(server, name)
    await upgrade("outreach", url)
    try:
        yield url
    finally:
        await databases.drop(server, name)


def world_over(db: Database, tenant: str, ledger_url: str = "http://127.0.0.1:9") -> World:
    context: Context = a_context(db, ledger_url, smtp_url="smtp://null")
    return World(db, LedgerPeer(port=9), MailSink(port=9), context, tenant=tenant)


async def populate(world: World, number: int) -> None:
    """So many debtors with an invoice that is overdue since the third of March."""
    await world.tenant_settings()
    await world.settings(ramp={"start": 10**9})
    phones = (billing.Phone(number="+3545551234", type="mobile"),)
    await world.account(SAMPLE, phones=phones)
    await world.overdue(f"{SAMPLE}-I1", SAMPLE, due_on=DUE_ON, checked=False)
    async with world.db.transaction() as session:
        for table in await _tables(session):
            await _copy(session, table, world.tenant, number)
    await world.db.fetch("analyze")


async def _tables(session: Session) -> list[str]:
    rows = await session.fetch(
        "select distinct table_name from information_schema.columns where table_schema = 'public'"
        " and column_name in ('account_id', 'debtor_key') order by 1"
    )
    return [row["table_name"] for row in rows if row["table_name"] not in SKIPPED]


async def _copy(session: Session, table: str, tenant: str, number: int) -> None:
    columns = await session.fetch(
        "select column_name, data_type from information_schema.columns where table_schema ="
        " 'public' and table_name = $1 and is_identity = 'NO' order by ordinal_position",
        table,
    )
    names = [row["column_name"] for row in columns]
    values = ", ".join(_value(row["column_name"], row["data_type"]) for row in columns)
    key = "account_id" if "account_id" in names else "debtor_key"
    wanted = SAMPLE if key == "account_id" else f"account/{SAMPLE}"
    await session.execute(
        f"insert into {table} ({', '.join(names)}) select {values} from {table} t,"
        f" lateral (select 'C' || lpad(n::text, 7, '0') as id from generate_series(1, {number - 1})"
        f" as n) k where t.tenant_id = $1 and t.{key} = $2",
        tenant,
        wanted,
    )


def _value(name: str, kind: str) -> str:
    if name == "mark":
        return "decode(md5(k.id), 'hex')"
    if kind == "bytea":
        text = _named(f"convert_from(t.{name}, 'UTF8')")
        return f"convert_to({text}, 'UTF8')"
    if kind == "text" and name != "tenant_id":
        return _named(f"t.{name}")
    if kind == "ARRAY":
        text = _named(f"t.{name}::text")
        return f"{text}::text[]" if name == "invoice_ids" else f"t.{name}"
    return f"t.{name}"


def _named(value: str) -> str:
    return f"replace(replace({value}, '{SAMPLE}', k.id), '{SAMPLE.lower()}', lower(k.id))"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")
