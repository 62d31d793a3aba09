"""Writing the journal out: page by page, each read by itself.

Nothing of it is ever changed or deleted, so the pages fit together although each sees a later
journal: an account's chain is whole as far as it goes. The seals are those of the beginning. While
whoever reads is slow, no connection and no transaction waits for him.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from msgspec import Struct

from services.ledger.context import Context
from services.ledger.domain.chain import BLOCK_LEAVES, chained, leaf_hash, tree_path
from services.ledger.domain.journal_lines import entry_line, head_line, header_line, seal_line
from services.ledger.store import journal as journal_store
from services.ledger.store import seals as seal_store
from services.ledger.store.accounts import find_heads, list_journals
from services.ledger.store.journal import EntrySpan
from services.ledger.store.seals import SealedHead
from shared.database import Session
from shared.errors import FieldError, Invalid, NotFound

PAGE_ACCOUNTS = 500
PAGE_ENTRIES = 1_000
PAGE_SEALS = 1_000


class JournalExport(Struct, frozen=True, kw_only=True):
    """What is to be written."""

    tenant_id: str
    account_id: str | None  # None: all of them
    exported_at: datetime
    from_seal: int
    last_seal: int
    accounts: int
    entries: int


async def open_export(
    context: Context, tenant_id: str, *, account_id: str | None, from_seal: int, now: datetime
) -> JournalExport:
    """Raises `NotFound` for an account, `Invalid` for a seal that is not there."""
    async with context.db.reading() as session:
        if account_id is not None and not await find_heads(session, [(tenant_id, account_id)]):
            raise NotFound(f"there is no account {account_id!r}")
        seal = await seal_store.find_last_seal(session, tenant_id)
        last_seal = 0 if seal is None else seal.seal
        if from_seal > last_seal + 1:
            detail = f"the next seal is {last_seal + 1}"
            raise Invalid("There is no such seal yet.", [FieldError("/query/from_seal", detail)])
        accounts, entries = await seal_store.count_unsealed(
            session, tenant_id, account_id, since=from_seal
        )
    return JournalExport(
        tenant_id=tenant_id,
        account_id=account_id,
        exported_at=now,
        from_seal=from_seal,
        last_seal=last_seal,
        accounts=accounts,
        entries=entries,
    )


async def export_lines(context: Context, export: JournalExport) -> AsyncIterator[bytes]:
    """The lines, some at a time: accounts in the order of their ids' bytes, each entry after the
    one before and each head after the entry that it names; then the seals."""
    yield header_line(
        export.tenant_id,
        export.exported_at,
        accounts=export.accounts,
        entries=export.entries,
        seals=export.last_seal - export.from_seal + 1,
        account_id=export.account_id,
        from_seal=export.from_seal,
    )
    after: str | None = ""
    while after is not None:
        spans, heads, after = await _next_accounts(context, export, after)
        for together in journal_store.in_slices(spans, PAGE_ENTRIES):
            async with context.db.reading() as session:
                lines = await _entry_lines(session, export, together, heads)
            yield lines
    number = export.from_seal - 1
    while number < export.last_seal:
        limit = min(PAGE_SEALS, export.last_seal - number)
        async with context.db.reading() as session:
            seals = await seal_store.list_seals(
                session, export.tenant_id, after=number, limit=limit
            )
        yield b"".join([seal_line(seal, kept) for seal, kept in seals])
        number += limit


async def _next_accounts(
    context: Context, export: JournalExport, after: str
) -> tuple[list[EntrySpan], dict[str, bytes], str | None]:
    """What is to be written of the next accounts, the hash before that, and the last account."""
    async with context.db.reading() as session:
        journals = await list_journals(
            session, export.tenant_id, export.account_id, after=after, limit=PAGE_ACCOUNTS
        )
        sealed = await seal_store.find_sealed(
            session,
            export.tenant_id,
            [name for name, _ in journals],
            until=export.from_seal - 1,
        )
    spans = [
        EntrySpan(name, sealed[name].entry if name in sealed else 0, entries)
        for name, entries in journals
    ]
    is_last = export.account_id is not None or len(journals) < PAGE_ACCOUNTS
    heads = {name: head.hash for name, head in sealed.items()}
    return spans, heads, None if is_last else journals[-1][0]


async def _entry_lines(
    session: Session,
    export: JournalExport,
    spans: Sequence[EntrySpan],
    heads: dict[str, bytes],
) -> bytes:
    """Entries, and the heads of seals after them. Moves `heads` to each account's last one."""
    tenant_id = export.tenant_id
    named: dict[tuple[str, int], SealedHead] = {}
    for head in await seal_store.list_heads(
        session, tenant_id, spans, after=export.from_seal - 1, until=export.last_seal
    ):
        named[head.account_id, head.entry] = head
    lines: list[bytes] = []
    for entry in await journal_store.list_entries(session, tenant_id, spans):
        key = (tenant_id, entry.account_id)
        previous = heads.get(entry.account_id, b"")
        placed = chained(key, entry.entry, entry, entry.recorded_at, previous)
        lines.append(entry_line(placed, entry.hash))
        heads[entry.account_id] = entry.hash
        leaf = named.get((entry.account_id, entry.entry))
        if leaf is not None:
            path = None
            if export.account_id is not None:
                path = await _path_of(session, tenant_id, leaf)
            lines.append(head_line(leaf.seal, leaf.account_id, leaf.entry, leaf.hash, path))
        await session.give_way()
    return b"".join(lines)


async def _path_of(session: Session, tenant_id: str, head: SealedHead) -> list[tuple[str, bytes]]:
    """A leaf's way up: in its block, and from that to the root."""
    block, place = divmod(head.leaf, BLOCK_LEAVES)
    leaves = await seal_store.list_leaves(
        session, tenant_id, head.seal, after=block * BLOCK_LEAVES - 1, limit=BLOCK_LEAVES
    )
    hashes = [leaf_hash((tenant_id, leaf.account_id), leaf.entry, leaf.hash) for leaf in leaves]
    blocks = await seal_store.list_blocks(session, tenant_id, head.seal)
    return [*tree_path(hashes, place), *tree_path(blocks, block)]
