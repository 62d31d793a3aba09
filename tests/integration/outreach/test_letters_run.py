"""Letters from a run to the batch in its folder, and what a process that dies there leaves."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from services.outreach.channels.clients.factories import FACTORIES
from services.outreach.channels.clients.registry import ChannelRegistry
from services.outreach.channels.domain.letter_batches import read_manifest
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.dunning.store.strategies import StrategyBooks
from shared.documents import BuiltIn
from shared.events import TENANTS, ledger
from shared.events.billing import Address
from tests.integration.outreach.story_books import Books
from tests.integration.outreach.world import DUE_ON, SENDER, World
from tests.unit.outreach.builders import (
    ASSIGNMENTS,
    LINKS,
    PACKS,
    SHIPPED_ASSIGNMENTS,
    SHIPPED_PACKS,
    at,
)

LADDER = """
name: consumer
version: "letters"
title: Letters alone
send: {from: "00:00", to: "23:59", days: [mon, tue, wed, thu, fri, sat, sun], holidays: true}
ladder:
  - {name: reminder, from: due, days: 1, channels: [letter], tone: friendly, template: reminder}
"""
PACK = parse_strategy(LADDER)
LETTERS = BuiltIn(PACK.name, PACK.version, LADDER, PACK)
BUSINESS = tuple(pack for pack in PACKS if pack.name == "business")
POST = {"channel": "letter", "kind": "folder", "target": "acme", "cut_off": "16:00"}
HOME = Address(line1="Musterstr. 1", postal_code="10115", city="Berlin", country="DE")


@pytest.fixture
async def posting(world: World, tmp_path: Path) -> World:
    """Its tenant has letters alone."""
    channels = ChannelRegistry(FACTORIES, {}, SENDER, LINKS, letters_dir=tmp_path)
    world.context = replace(
        world.context,
        channels=channels,
        strategies=StrategyBooks((*BUSINESS, LETTERS), ASSIGNMENTS),
    )
    await world.settings(
        creditor={"name": "Creditor Ltd", "postal_address": "Way 1, London"},
        providers={"post": POST},
    )
    return world


async def test_letters_leave_at_the_cut_off_as_one_batch(posting: World, tmp_path: Path) -> None:
    for number in range(5):
        await posting.account(f"A{number}", email=None, addresses=(HOME,))
        await posting.overdue(f"I{number}", f"A{number}", due_on=DUE_ON)
    assert (await posting.run(at("2026-03-03 09:00"))).counts["sent"] == 0
    assert (await posting.run(at("2026-03-03 16:00"))).counts["sent"] == 5
    (batch,) = (tmp_path / "acme").iterdir()
    manifest = read_manifest(batch.read_bytes())
    assert manifest is not None
    assert len(manifest.letters) == 5
    events = await posting.announced("contact-sent")
    assert {e["data"]["channel"] for e in events} == {"letter"}
    assert {e["data"]["contact_id"] for e in events} == {x.contact_id for x in manifest.letters}


@pytest.mark.parametrize(
    ("zone", "cut_off"),
    [("Europe/Berlin", "2027-03-22 15:00"), ("America/New_York", "2027-03-22 20:00")],
)
async def test_the_shipped_ladder_by_letters_alone(
    posting: World, tmp_path: Path, zone: str, cut_off: str
) -> None:
    """What has no letter is passed by, step after step, and the firm one leaves at the tenant's
    own cut-off, wherever the account is."""
    posting.context = replace(
        posting.context, strategies=StrategyBooks(SHIPPED_PACKS, SHIPPED_ASSIGNMENTS)
    )
    tenant = ledger.Tenant(
        tenant_id=posting.tenant, contact_from=date(2027, 1, 1), timezone=zone
    )  # fmt: skip
    await posting.take(
        posting.event(
            TENANTS, posting.tenant, "tenant-settings", tenant, time=at("2027-02-01 00:00")
        )
    )
    books = Books(posting, "B1")
    await books.open(date(2027, 2, 1), email=None, phones=(), language="fr")
    await books.bill("I1", date(2027, 3, 2), 10_000)
    for day in (date(2027, 2, 23), date(2027, 3, 3), date(2027, 3, 8), date(2027, 3, 15)):
        await books.begin(day)
        await posting.run(datetime.combine(day, time(16, 30), UTC))
    suppressed = await posting.announced("contact-suppressed")
    assert [(e["data"]["step"], e["data"]["rule"]) for e in suppressed] == [
        (step, "channel-not-configured") for step in ("upcoming", "reminder", "text", "second")
    ]
    planned = await posting.run(at("2027-03-22 00:00"))
    assert planned.next_due_at == at(cut_off)
    assert (await posting.run(at(cut_off))).counts["sent"] == 1
    assert len(list((tmp_path / "acme").iterdir())) == 1
    events = await posting.announced("contact-planned", "contact-sent")
    assert [(e["type"], e["data"]["step"], e["data"]["language"]) for e in events[-2:]] == [
        ("contact-planned", "firm", "fr"), ("contact-sent", "firm", "fr"),
    ]  # fmt: skip
