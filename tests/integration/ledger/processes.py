"""Processes of the ledger in this one: contexts with a memory each, over one database."""

from collections.abc import Sequence
from typing import Any

import msgspec

from services.ledger.commands.accounts import find_accounts
from services.ledger.commands.intake import ReceivedEvent, take_events
from services.ledger.commands.new_facts import Outcome
from services.ledger.context import Context
from services.ledger.domain import AccountState
from services.ledger.store.memory import AccountMemory
from shared.business_time import Clock
from shared.cloudevents import parse_http
from shared.database import Database
from shared.database.clock_guard import ClockGuard

HEADERS = [(b"content-type", b"application/cloudevents-batch+json")]


def a_process(db: Database, *, facts_max: int = 400_000, clock: Clock = "manual") -> Context:
    """Shares the pool of connections with the others, and nothing else."""
    return Context(
        db=db,
        clock=clock,
        guard=ClockGuard(db, clock, last="the last begun day"),
        makes_tenants=True,
        accounts=AccountMemory(facts_max=facts_max),
    )


def received(events: Sequence[dict[str, Any]], tenant: str = "demo") -> list[ReceivedEvent]:
    posted = parse_http(HEADERS, msgspec.json.encode(events))
    return [ReceivedEvent(tenant, item, "http") for item in posted.items]


class Failed(Exception):
    """The transaction is rolled back, after all its work."""


async def take(
    context: Context, *events: dict[str, Any], tenant: str = "demo", fails: bool = False
) -> list[Outcome]:
    """Take events in one transaction."""
    async with context.db.transaction() as session:
        outcomes = await take_events(session, received(events, tenant), context)
        if fails:
            raise Failed
    return outcomes


async def account_of(context: Context, account_id: str, tenant: str = "demo") -> dict[str, Any]:
    """What one process knows of an account, as values."""
    async with context.db.reading() as session:
        _, found = await find_accounts(session, tenant, [account_id], context)
        return values_of(found[account_id])


def values_of(account: AccountState) -> dict[str, Any]:
    """What an account says, whatever the order of arrival."""
    return {
        "invoices": dict(account.invoices),
        "credits": dict(account.credits),
        "totals": {code: sums.totals for code, sums in account.currencies.items()},
        "registered": account.registered,
        "zone": account.zone,
        "facts": sorted((fact.kind, fact.fact_id) for fact in account.facts),
        "next_days": dict(account.next_days),
        "notices": {
            invoice_id: sorted(notices, key=lambda notice: notice.key)
            for invoice_id, notices in account.notices.items()
        },
    }
