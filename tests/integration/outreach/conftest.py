"""A world with a real database, a real mail server and a real HTTP peer."""

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest

from services.outreach.activity.store.business_times import raise_business_time
from services.outreach.dunning.processes import contact_runs, delivery
from services.outreach.portal_app import create_app as create_portal
from shared.database import Database
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.peers import LedgerPeer, MailSink, ledger_peer, mail_sink
from tests.integration.outreach.portal_visits import browser
from tests.integration.outreach.replies import MONDAY, PUBLIC, TWILIO
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


@pytest.fixture(name="http")
async def inbound_http(world: World, outreach_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """C1 owes EUR 120.00 since March 2027; it is Monday 2027-03-08, ten o'clock."""
    await world.overdue(due_on=date(2027, 3, 2), minor=12_000)
    async with world.db.transaction() as session:
        await raise_business_time(session, world.tenant, MONDAY)
    key = world.context.links.keys.signing
    settings = settings_for(
        world,
        outreach_url,
        TWILIO_TEST=TWILIO,
        OUTREACH_PUBLIC_URL=PUBLIC,
        OUTREACH_LINK_KEYS=f"{key.id}:{b64encode(key.secret).decode()}",
    )
    async for client in client_of(settings):
        yield client


@pytest.fixture
async def portal(world: World, outreach_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Its own application, as a visitor's browser asks it."""
    app = create_portal(settings_for(world, outreach_url))
    async with app.router.lifespan_context(app), browser(app) as visitor:
        yield visitor
