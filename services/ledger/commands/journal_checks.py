"""Whether the journal is what its hashes say, and the seals what the journal says."""

from collections.abc import Mapping

from msgspec import Struct

from services.ledger.domain.account_checks import Booked
from services.ledger.domain.chain import NO_SEAL, Seal, SealTree, chained, entry_hash, leaf_hash
from services.ledger.store import journal as journal_store
from services.ledger.store import seals as seal_store
from services.ledger.store.journal import AccountHead, EntrySpan, RecordedEntry
from shared.database import Session

PAGE_ENTRIES = 2_000
PAGE_SEALS = 500
PAGE_LEAVES = 5_000


class CheckedEntries(Struct):
    """What was found in the journals of some accounts."""

    unbalanced: int = 0  # entries
    broken: int = 0  # accounts
    booked: dict[str, Booked] = {}


async def check_entries(
    session: Session, tenant_id: str, heads: Mapping[str, AccountHead]
) -> CheckedEntries:
    """Hash the entries of some accounts anew, a slice at a time, and sum them up."""
    found = CheckedEntries(booked={account_id: Booked() for account_id in heads})
    broken: set[str] = set()
    reached: dict[str, tuple[int, bytes]] = {}
    # One more than there should be: nothing may follow.
    spans = [EntrySpan(name, 0, head.entries + 1) for name, head in heads.items()]
    for together in journal_store.in_slices(spans, PAGE_ENTRIES):
        for entry in await journal_store.list_entries(session, tenant_id, together):
            name = entry.account_id
            n, previous = reached.get(name, (0, b""))
            if not _follows(tenant_id, entry, n, previous):
                broken.add(name)
            reached[name] = (entry.entry, entry.hash)
            found.unbalanced += sum(minor for _, minor in entry.postings) != 0
            for ledger_account, minor in entry.postings:
                found.booked[name][entry.currency, ledger_account] += minor
            await session.give_way()
    for name, head in heads.items():
        if reached.get(name, (0, b"")) != (head.entries, head.journal_hash):
            broken.add(name)
    found.broken = len(broken)
    return found


def _follows(tenant_id: str, entry: RecordedEntry, n: int, previous: bytes) -> bool:
    placed = chained((tenant_id, entry.account_id), entry.entry, entry, entry.recorded_at, previous)
    return entry.entry == n + 1 and entry_hash(placed) == entry.hash


async def count_broken_seals(session: Session, tenant_id: str) -> int:
    """Seals that are not what their heads make, nor follow the one before."""
    broken = set(await seal_store.list_miscounted(session, tenant_id))
    after, previous = 0, NO_SEAL
    while page := await seal_store.list_seals(session, tenant_id, after=after, limit=PAGE_SEALS):
        for seal, kept in page:
            is_next = (seal.seal, seal.previous) == (after + 1, previous)
            if not is_next or seal.hash != kept or not await _is_of_its_heads(session, seal):
                broken.add(seal.seal)
            after, previous = seal.seal, kept
    return len(broken)


async def _is_of_its_heads(session: Session, seal: Seal) -> bool:
    tree, after, last, is_sorted = SealTree(), -1, b"", True
    while leaves := await seal_store.list_leaves(
        session, seal.tenant_id, seal.seal, after=after, limit=PAGE_LEAVES
    ):
        for head in leaves:
            name = head.account_id.encode()
            is_sorted = is_sorted and (head.leaf == tree.leaves) and (name > last)
            last, after = name, head.leaf
            tree.add(leaf_hash((seal.tenant_id, head.account_id), head.entry, head.hash))
            await session.give_way()
    root = tree.close()
    blocks = await seal_store.list_blocks(session, seal.tenant_id, seal.seal)
    return is_sorted and root == seal.root and tree.take_blocks() == blocks
