"""A world with a real database, a real mail server and a real HTTP peer."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.outreach.dunning.processes import contact_runs, delivery
from shared.database import Database
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.peers import LedgerPeer, MailSink, ledger_peer, mail_sink
from tests.integration.outreach.world import World, a_context


@pytest.fixture
async def mail() -> AsyncIterator[MailSink]:
    async with mail_sink() as sink:
        yield sink


@pytest.fixture
async def ledger_door() -> AsyncIterator[LedgerPeer]:
    async with ledger_peer() as peer:
        yield peer


@pytest.fixture
async def world(
    outreach_db: Database, ledger_door: LedgerPeer, mail: MailSink
) -> AsyncIterator[World]:
    """One consumer, C1, whose tenant has its debtors contacted since January."""
    place = a_context(outreach_db, ledger_door.url, smtp_url=mail.url)
    world = World(outreach_db, ledger_door, mail, place)
    await world.tenant_settings()
    await world.account()
    yield world
    await place.close()


@pytest.fixture
async def client(world: World, outreach_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async for client in client_of(settings_for(world, outreach_url)):
        yield client


@pytest.fixture
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No check grows old, however slow the machine is."""
    monkeypatch.setattr(contact_runs, "CHECK_SECONDS_MAX", 600.0)
    monkeypatch.setattr(delivery, "HANDOVER_SECONDS_MAX", 600.0)
