"""A world for outreach: its database, what the ledger says to it, and how to run what is due."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from services.outreach.channels.clients.factories import FACTORIES, factories
from services.outreach.channels.clients.registry import MAIL_SERVER, ChannelRegistry
from services.outreach.channels.domain.messages import Sender
from services.outreach.channels.domain.settings_document import read_settings
from services.outreach.channels.store import insert_settings
from services.outreach.channels.store.templates import TenantTemplates
from services.outreach.consumer import take_events
from services.outreach.context import Context
from services.outreach.dunning.clients import LedgerClient
from services.outreach.dunning.domain.runs import ContentVersions
from services.outreach.dunning.processes.run_due import RunDue, run_due
from services.outreach.dunning.store.strategies import StrategyBooks
from services.outreach.inbound.processes.channel_log import open_channel_log
from services.outreach.portal.clients import PortalDoor
from services.outreach.rulebooks.store import RuleBooks
from services.outreach.webhooks.clients import open_webhook_clients
from shared.business_time import Clock
from shared.database import Database
from shared.database.clock_guard import ClockGuard
from shared.events import CONTACTS, LEDGER, SEGMENTATION, TENANTS, Received, ledger
from shared.process.compute import ComputePool
from tests.integration.outreach.peers import LedgerPeer, MailSink
from tests.unit.outreach.builders import (
    ASSIGNMENTS,
    LINKS,
    PACKS,
    PORTAL_WORDS,
    RULEBOOKS,
    WORDS,
    at,
)
from tests.unit.outreach.inbound.lists import LISTS

DUE_ON = date(2026, 3, 2)  # a Monday
MORNING = at("2026-03-03 09:00")
SENDER = Sender("accounts@creditor.example", "Creditor Ltd")


def channels_over(smtp_url: str | None) -> ChannelRegistry:
    """The channels of tenants whose mail goes over that server (none: no channel)."""
    environment = {} if smtp_url is None else {MAIL_SERVER: smtp_url}
    return ChannelRegistry(FACTORIES, environment, SENDER, LINKS)


def a_context(
    db: Database,
    ledger_url: str,
    *,
    smtp_url: str | None,
    clock: Clock = "manual",
    residence: str | None = "IS",  # whose clocks show UTC, as those of this world
) -> Context:
    templates = WORDS
    log = open_channel_log(db, clock, LINKS)
    environment = {} if smtp_url is None else {MAIL_SERVER: smtp_url}
    return Context(
        db=db,
        clock=clock,
        guard=ClockGuard(db, clock, last="the last run of contacts"),
        ledger=LedgerClient(ledger_url, "token"),
        channels=ChannelRegistry(factories(log), environment, SENDER, LINKS, is_local=True),
        channel_log=log,
        webhooks=open_webhook_clients([b"k" * 32], is_local=True),
        content=ContentVersions(templates.in_force, residence, templates.text_ids(SENDER.creditor)),
        templates=templates,
        tenant_templates=TenantTemplates(templates),
        sender=SENDER,
        links=LINKS,
        words=LISTS,
        rulebooks=RuleBooks(RULEBOOKS),
        strategies=StrategyBooks(PACKS, ASSIGNMENTS),
        portal=PortalDoor(LedgerClient(ledger_url, "token"), PORTAL_WORDS, False, "127.0.0.1"),
        compute=ComputePool(),
    )


@dataclass
class World:
    db: Database
    ledger: LedgerPeer
    mail: MailSink
    context: Context
    tenant: str = "demo"
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)

    # ------------------------------------------------------------------ what the log tells

    def event(
        self, topic: str, key: str, type_: str, data: Struct | None, *, time: datetime
    ) -> Received:
        number = self.sequences[topic, key] = self.sequences.get((topic, key), 0) + 1
        return Received(
            topic=topic,
            tenant=self.tenant,
            key=key,
            type=type_,
            id=f"{topic}-{key}-{number}",
            source=f"/recoup/{self.tenant}/ledger",
            sequence=number,
            time=time,
            day=time.date(),
            recordedtime=time,
            data=None if data is None else msgspec.json.encode(data),
        )

    async def take(self, *events: Received) -> None:
        async with self.db.transaction() as session:
            await take_events(
                session, events, books=self.context.strategies, clock_mode=self.context.clock
            )

    def ledger_event(self, type_: str, key: str, data: Struct, on: date = DUE_ON) -> Received:
        return self.event(LEDGER, key, type_, data, time=datetime.combine(on, time(), UTC))

    async def tenant_settings(self, contact_from: date | None = date(2026, 1, 1)) -> None:
        data = ledger.Tenant(tenant_id=self.tenant, contact_from=contact_from)
        await self.take(self.event(TENANTS, self.tenant, "tenant-settings", data, time=MORNING))

    async def settings(self, **document: Any) -> None:
        """The tenant's settings, as `PUT /v1/settings` keeps them."""
        settings = read_settings(document, self.context.channels.environment)
        async with self.db.transaction() as session:
            await insert_settings(
                session, self.tenant, settings, recorded_at=MORNING, recorded_by="test"
            )

    async def account(
        self,
        account_id: str = "C1",
        *,
        debtor_id: str | None = None,
        kind: Any = "consumer",
        timezone: str = "UTC",
        email: str | None = "",
        **details: Any,
    ) -> None:
        registered = ledger.AccountRegistered(
            account_id=account_id, kind=kind, timezone=timezone, debtor_id=debtor_id
        )
        contact = ledger.Contact(
            account_id=account_id,
            name=f"Name of {account_id}",
            kind=kind,
            email=f"{account_id.lower()}@example.com" if email == "" else email,
            timezone=timezone,
            **details,
        )
        await self.take(
            self.ledger_event("account-registered", account_id, registered),
            self.event(CONTACTS, account_id, "contact-details", contact, time=MORNING),
        )

    async def overdue(
        self,
        invoice_id: str = "I1",
        account_id: str = "C1",
        *,
        due_on: date = DUE_ON,
        minor: int = 10_000,
        stage: Any = 1,
        checked: bool = True,
    ) -> None:
        """An invoice past due, as the ledger says it and as its door answers."""
        await self.take(
            self.issued(invoice_id, account_id, due_on, minor),
            self.ledger_event(
                "invoice-overdue",
                account_id,
                ledger.InvoiceOverdue(
                    invoice_id=invoice_id, account_id=account_id, currency="EUR", due_on=due_on,
                    stage=stage, days_past_due=stage, since_on=due_on + timedelta(days=stage),
                    balance_minor=minor, disputed_minor=0, amounts=(),
                ),
                due_on + timedelta(days=stage),
            ),
        )  # fmt: skip
        if checked:
            self.answers(account_id, (invoice_id, due_on, minor))

    async def due_soon(self, invoice_id: str = "I1", *, due_on: date, minor: int = 10_000) -> None:
        await self.take(
            self.issued(invoice_id, "C1", due_on, minor),
            self.ledger_event(
                "invoice-due-soon",
                "C1",
                ledger.InvoiceDueSoon(
                    invoice_id=invoice_id, account_id="C1", currency="EUR", due_on=due_on,
                    balance_minor=minor, disputed_minor=0, amounts=(),
                ),
                due_on - timedelta(days=7),
            ),
        )  # fmt: skip
        self.answers("C1", (invoice_id, due_on, minor), stage=None)

    def issued(self, invoice_id: str, account_id: str, due_on: date, minor: int) -> Received:
        data = ledger.InvoiceIssued(
            invoice_id=invoice_id, account_id=account_id, currency="EUR", amount_minor=minor,
            issued_on=due_on - timedelta(days=14), due_on=due_on, balance_minor=minor, amounts=(),
        )  # fmt: skip
        return self.ledger_event("invoice-issued", account_id, data, due_on - timedelta(days=14))

    async def paid(self, invoice_id: str = "I1", account_id: str = "C1") -> None:
        data = ledger.InvoicePaid(
            invoice_id=invoice_id, account_id=account_id, currency="EUR", amount_minor=10_000,
            due_on=DUE_ON, days_late=1, amounts=(),
        )  # fmt: skip
        await self.take(self.ledger_event("invoice-paid", account_id, data))

    def answers(self, account_id: str, *invoices: tuple[str, date, int], **fields: Any) -> None:
        """What the ledger's door says of an account: up to date with what was said on the log."""
        before = self.ledger.accounts.get(account_id, {}).get("invoices", ())
        known = [
            (i["invoice_id"], date.fromisoformat(i["due_on"]), i["balance_minor"]) for i in before
        ]
        fields.setdefault("sequence", self.sequences.get((LEDGER, account_id), 0))
        kept = [] if fields.pop("only", False) else known
        names = {name for name, _, _ in invoices}
        self.ledger.owes(account_id, *[k for k in kept if k[0] not in names], *invoices, **fields)

    # ------------------------------------------------------------------ what outreach does

    async def run(self, instant: datetime = MORNING) -> RunDue:
        return await run_due(self.context, self.tenant, instant)

    async def announced(self, *types: str) -> list[dict[str, Any]]:
        """What stands in the outbox, in order: type, key, time and data of each event. On which
        strategies accounts are is told where it is asked for."""
        rows = await self.db.fetch(
            "select aggregateid, type, payload from outbox order by seq"  # the log itself
        )
        found = [
            {
                "type": row["type"],
                "key": row["aggregateid"].partition("/")[2],
                "data": msgspec.json.decode(row["payload"]),
            }
            for row in rows
        ]
        if not types:
            return [event for event in found if event["type"] != "strategy-assigned"]
        return [event for event in found if event["type"] in types]

    async def types_announced(self) -> list[str]:
        """Of contacts; which strategies accounts are on is told besides."""
        types = [event["type"] for event in await self.announced()]
        return [type_ for type_ in types if not type_.startswith(("strategy-", "case-"))]

    async def value(self, query: str, *values: Any) -> Any:
        """One value of the database."""
        async with self.db.reading() as session:
            return await session.fetchval(query, *values)

    async def states(self) -> list[str]:
        rows = await self.db.fetch("select state from contacts order by planned_at, contact_id")
        return [row["state"] for row in rows]

    async def end_lease(self) -> None:
        """As if a minute of machine time had passed."""
        async with self.db.transaction() as session:
            await session.execute(
                "update contacts set lease_until = lease_until - interval '61 seconds'"
            )


def counts(**given: int) -> dict[str, int]:
    names = (
        "planned", "sent", "suppressed", "deferred", "cancelled", "uncertain", "failed", "held",
        "handed_over",
    )  # fmt: skip
    return {**dict.fromkeys(names, 0), **given}


async def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for a condition, not for a time: looked at whenever the loop has turned."""
    loop, met = asyncio.get_running_loop(), asyncio.Event()

    def look() -> None:
        if condition():
            met.set()
        else:
            loop.call_later(0.001, look)

    look()
    async with asyncio.timeout(seconds):
        await met.wait()


__all__ = [
    "DUE_ON", "MORNING", "SEGMENTATION", "World", "a_context", "channels_over", "counts", "until",
]  # fmt: skip
