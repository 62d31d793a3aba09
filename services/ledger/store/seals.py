"""Seals: what a tenant's journal was at the end of each day, and the heads that each is made of."""

from collections.abc import Sequence

from msgspec import Struct

from services.ledger.domain.chain import Seal
from services.ledger.store.journal import EntrySpan
from shared.database import Session
from shared.database.columns import joined, texts

_GATE = 0x5EA1
_PATIENCE = "50s"  # for another worker that seals: a million accounts take it half a minute


class GrownHead(Struct, frozen=True, gc=False):
    """Where an account's journal stands that grew since it was sealed last."""

    account_id: str
    entry: int
    hash: bytes
    sealed_entry: int  # 0: never


class SealedHead(Struct, frozen=True, gc=False):
    """A leaf of a seal: where an account's journal stood."""

    seal: int
    leaf: int
    account_id: str
    entry: int
    hash: bytes


async def lock_sealing(session: Session, tenant_id: str) -> None:
    """One seal of a tenant at a time: wait for whoever makes one."""
    await session.execute(f"set local lock_timeout = '{_PATIENCE}'")
    await session.execute(f"select pg_advisory_xact_lock({_GATE}, hashtext($1))", tenant_id)


_SEALS = "select tenant_id, seal, day, accounts, entries, root, previous, hash from seals"


async def find_last_seal(session: Session, tenant_id: str) -> Seal | None:
    row = await session.fetchrow(
        f"{_SEALS} where tenant_id = $1 order by seal desc limit 1", tenant_id
    )
    return None if row is None else _seal(row)[0]


async def list_seals(
    session: Session, tenant_id: str, *, after: int, limit: int
) -> list[tuple[Seal, bytes]]:
    """The next seals, each with its hash as it is kept."""
    rows = await session.fetch(
        f"{_SEALS} where tenant_id = $1 and seal > $2 order by seal limit $3",
        tenant_id,
        after,
        limit,
    )
    return [_seal(row) for row in rows]


def _seal(row: Sequence[object]) -> tuple[Seal, bytes]:
    *members, kept = row
    names = ("tenant_id", "seal", "day", "accounts", "entries", "root", "previous")
    seal = Seal(**dict(zip(names, members, strict=True)))  # type: ignore[arg-type]
    assert isinstance(kept, bytes)
    return seal, kept


_END_OF_PAGE = (
    'select account_id from accounts where tenant_id = $1 and account_id collate "C" > $2'
    ' order by account_id collate "C" offset $3 limit 1'
)
_GROWN = (
    "select account_id, entries, journal_hash, sealed from (select account_id, entries,"
    " journal_hash, coalesce((select entry from seal_heads h where h.tenant_id = a.tenant_id"
    "  and h.account_id = a.account_id order by seal desc limit 1), 0) as sealed"
    ' from accounts a where tenant_id = $1 and account_id collate "C" > $2'
    ' and ($3::text is null or account_id collate "C" <= $3)) as page'
    ' where entries > sealed order by account_id collate "C"'
)


async def list_grown(
    session: Session, tenant_id: str, *, after: str, accounts_max: int
) -> tuple[list[GrownHead], str | None]:
    """Of the next accounts, in the order of their ids' bytes, those whose journal grew.

    And the last one looked at; None: there are no more.
    """
    last = await session.fetchval(_END_OF_PAGE, tenant_id, after, accounts_max - 1)
    rows = await session.fetch(_GROWN, tenant_id, after, last)
    return [GrownHead(*row) for row in rows], last


async def insert_heads(
    session: Session, tenant_id: str, seal: int, first_leaf: int, heads: Sequence[GrownHead]
) -> None:
    await session.execute(
        "insert into seal_heads (tenant_id, seal, leaf, account_id, entry, hash)"
        " select $1, $2, $3 + place - 1, a, n, h"
        f" from unnest({texts(4)}, $5::int[], $6::bytea[]) with ordinality as h (a, n, h, place)",
        tenant_id,
        seal,
        first_leaf,
        joined([head.account_id for head in heads]),
        [head.entry for head in heads],
        [head.hash for head in heads],
    )


async def insert_blocks(
    session: Session, tenant_id: str, seal: int, first_block: int, roots: Sequence[bytes]
) -> None:
    await session.execute(
        "insert into seal_blocks (tenant_id, seal, block, root)"
        " select $1, $2, $3 + place - 1, r"
        " from unnest($4::bytea[]) with ordinality as b (r, place)",
        tenant_id,
        seal,
        first_block,
        roots,
    )


async def insert_seal(session: Session, seal: Seal) -> None:
    await session.execute(
        "insert into seals (tenant_id, seal, day, accounts, entries, root, previous, hash)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)",
        seal.tenant_id,
        seal.seal,
        seal.day,
        seal.accounts,
        seal.entries,
        seal.root,
        seal.previous,
        seal.hash,
    )


async def list_leaves(
    session: Session, tenant_id: str, seal: int, *, after: int, limit: int
) -> list[SealedHead]:
    """The next leaves of a seal, in their order."""
    rows = await session.fetch(
        "select seal, leaf, account_id, entry, hash from seal_heads"
        " where tenant_id = $1 and seal = $2 and leaf > $3 order by leaf limit $4",
        tenant_id,
        seal,
        after,
        limit,
    )
    return [SealedHead(*row) for row in rows]


async def list_blocks(session: Session, tenant_id: str, seal: int) -> list[bytes]:
    rows = await session.fetch(
        "select root from seal_blocks where tenant_id = $1 and seal = $2 order by block",
        tenant_id,
        seal,
    )
    return [row[0] for row in rows]


async def list_heads(
    session: Session, tenant_id: str, spans: Sequence[EntrySpan], *, after: int, until: int
) -> list[SealedHead]:
    """The heads, in the seals `after` < n <= `until`, that name entries of some spans."""
    rows = await session.fetch(
        "select h.* from unnest($2::text[], $3::int[], $4::int[]) as s (a, first, last),"
        " lateral (select seal, leaf, account_id, entry, hash from seal_heads"
        "  where tenant_id = $1 and account_id = a and seal > $5 and seal <= $6"
        "  and entry > first and entry <= last offset 0) as h",  # by index, whatever is there
        tenant_id,
        [span.account_id for span in spans],
        [span.after for span in spans],
        [span.until for span in spans],
        after,
        until,
    )
    return [SealedHead(*row) for row in rows]


async def find_sealed(
    session: Session, tenant_id: str, account_ids: Sequence[str], *, until: int
) -> dict[str, SealedHead]:
    """Where the journals of some accounts stood at a seal; those not sealed by then: left out."""
    rows = await session.fetch(
        "select distinct on (account_id) seal, leaf, account_id, entry, hash from seal_heads"
        " where tenant_id = $1 and account_id = any($2::text[]) and seal <= $3"
        " order by account_id, seal desc",
        tenant_id,
        account_ids,
        until,
    )
    return {row[2]: SealedHead(*row) for row in rows}


async def count_unsealed(
    session: Session, tenant_id: str, account_id: str | None, *, since: int
) -> tuple[int, int]:
    """Accounts with entries that the seals before `since` have not sealed, and those entries."""
    row = await session.fetchrow(
        "with sealed as (select account_id, max(entry) as entry from seal_heads"
        "  where tenant_id = $1 and seal < $3 and ($2::text is null or account_id = $2) group by 1)"
        " select count(*), coalesce(sum(entries - coalesce(entry, 0)), 0)::bigint"
        " from accounts left join sealed using (account_id) where tenant_id = $1"
        " and ($2::text is null or account_id = $2) and entries > coalesce(entry, 0)",
        tenant_id,
        account_id,
        since,
    )
    assert row is not None
    return row[0], row[1]


async def list_miscounted(session: Session, tenant_id: str) -> list[int]:
    """Seals that count their heads or entries wrongly, or have a head that the journal has not."""
    rows = await session.fetch(
        "with heads as (select seal, entry, h.hash = j.hash as is_there, coalesce(lag(entry) over"
        "  (partition by account_id order by seal), 0) as before from seal_heads h"
        "  left join journal j using (tenant_id, account_id, entry) where tenant_id = $1),"
        " counted as (select seal, count(*) as n, sum(entry - before) as e,"
        "  bool_and(entry > before and is_there is true) as is_good from heads group by 1)"
        " select seal from counted full join (select * from seals where tenant_id = $1) s"
        " using (seal) where accounts is distinct from coalesce(n, 0)"
        " or entries is distinct from coalesce(e, 0) or not coalesce(is_good, true) order by 1",
        tenant_id,
    )
    return [row[0] for row in rows]
