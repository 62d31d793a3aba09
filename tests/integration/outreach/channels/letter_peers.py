"""Places where batches of letters go, as peers of the channels' suite."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from services.outreach.channels.clients.channel import Channel
from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.letter_batches import read_manifest
from services.outreach.channels.domain.parts import LetterParts, Parts
from tests.integration.outreach.channels.suite import Fault
from tests.integration.outreach.test_letter_channel import (
    ADDRESS,
    PrintShop,
    channel,
    print_shop,
)

WORDS = LetterParts("Dear Ada,\n\nplease pay.\n")
_MODES: dict[Fault, str] = {
    "accept": "good",
    "busy": "away",
    "away": "closed",
    "lost": "lose-answer",
    "dropped": "forget",
}


def letters_in(batches: Iterable[bytes], contact_id: str) -> int:
    manifests = [read_manifest(content) for content in batches]
    return sum(
        letter.contact_id == contact_id
        for manifest in manifests
        if manifest is not None
        for letter in manifest.letters
    )


@dataclass
class FolderPeer:
    """The disk of the printer's; it says of each file whether it is there, so nothing is unclear,
    and refuses nobody but who has no whole address."""

    folder: Path
    channel: Channel
    to: str = ADDRESS
    parts: Parts = WORDS
    faults: frozenset[Fault] = frozenset({"accept", "dead", "away"})
    can_find: bool = True
    is_idempotent: bool = True  # the same letters are the same file

    async def behave(self, fault: Fault) -> None:
        self.to = "Berlin" if fault == "dead" else ADDRESS
        if fault == "away":
            self.folder.rmdir()
        else:
            self.folder.mkdir(exist_ok=True)

    def held(self, contact_id: str) -> int:
        return letters_in((p.read_bytes() for p in self.folder.glob("*.zip")), contact_id)

    def receipts(self, contact_id: str, provider_id: str) -> list[Receipt]:
        return []  # posted and returned are told over a door of ours


@asynccontextmanager
async def folder_peer() -> AsyncIterator[FolderPeer]:
    root = Path(tempfile.mkdtemp())
    peer = FolderPeer(root / "acme", channel("folder", "acme", root))
    try:
        yield peer
    finally:
        await peer.channel.close()
        shutil.rmtree(root)


@dataclass
class PrintShopPeer:
    """A server that takes files. It has its word for each file: what a lost answer leaves open is
    asked for at once, so that `lost` ends accepted and is not shown."""

    shop: PrintShop
    channel: Channel
    to: str = ADDRESS
    parts: Parts = WORDS
    faults: frozenset[Fault] = frozenset({"accept", "dead", "busy", "dropped"})
    can_find: bool = True
    is_idempotent: bool = True

    async def behave(self, fault: Fault) -> None:
        self.to = "Berlin" if fault == "dead" else ADDRESS
        self.shop.mode = _MODES.get(fault, "good")

    def held(self, contact_id: str) -> int:
        return letters_in(self.shop.files.values(), contact_id)

    def receipts(self, contact_id: str, provider_id: str) -> list[Receipt]:
        return []


@asynccontextmanager
async def print_shop_peer() -> AsyncIterator[PrintShopPeer]:
    async with print_shop() as shop:
        peer = PrintShopPeer(shop, channel("http-put", shop.url))
        try:
            yield peer
        finally:
            await peer.channel.close()
