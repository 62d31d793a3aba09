"""Letters from a run to the batch in its folder, and what a process that dies there leaves."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.outreach.channels.clients.factories import FACTORIES
from services.outreach.channels.clients.registry import ChannelRegistry
from services.outreach.channels.domain.letter_batches import read_manifest
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.dunning.store.strategies import StrategyBooks
from shared.documents import BuiltIn
from shared.events.billing import Address
from tests.integration.outreach.world import DUE_ON, SENDER, World
from tests.unit.outreach.builders import ASSIGNMENTS, LINKS, PACKS, at

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
