"""The journal: double entry, append-only, chained by hash per account."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.ledger.domain import Entry
from shared.database import Session
from shared.database.columns import joined, joined_json, texts

_ENCODER = msgspec.json.Encoder()
_POSTINGS = msgspec.json.Decoder(tuple[tuple[str, int], ...])

AccountKey = tuple[str, str]  # tenant, account


class AccountHead(Struct, frozen=True, gc=False):
    """Where an account stands by its row: the version of what is stored, and the journal's head."""

    version: int
    entries: int
    journal_hash: bytes
    begun_on: date | None = None  # the day up to which its judgements have happened


class RecordedEntry(Struct, frozen=True, kw_only=True):
    """An entry as it stands in the journal."""

    entry: int
    fact_kind: str
    fact_id: str
    cause: str
    currency: str
    effective_on: date
    recorded_at: datetime
    postings: tuple[tuple[str, int], ...]
    hash: str


async def list_entries(
    session: Session, tenant_id: str, account_id: str, *, after: int, limit: int
) -> list[RecordedEntry]:
    """An account's entries in the order of recording."""
    rows = await session.fetch(
        "select entry, fact_kind, fact_id, cause, currency, effective_on, recorded_at, postings,"
        " hash from journal where tenant_id = $1 and account_id = $2 and entry > $3"
        " order by entry limit $4",
        tenant_id,
        account_id,
        after,
        limit,
    )
    return [
        RecordedEntry(
            **{
                **dict(row),
                "postings": _POSTINGS.decode(row["postings"]),
                "hash": row["hash"].hex(),
            }
        )
        for row in rows
    ]


_INSERT_ENTRIES = (
    "insert into journal (tenant_id, account_id, entry, fact_kind, fact_id, cause, currency,"
    " effective_on, recorded_at, postings, hash)"
    " select t, a, n, k, f, c, y, effective_on, recorded_at, convert_to(p, 'UTF8'), h"
    f" from unnest({texts(1)}, {texts(2)}, $3::int[], {texts(4)}, {texts(5)}, {texts(6)},"
    f" {texts(7)}, $8::date[], $9::timestamptz[], {texts(10)}, $11::bytea[])"
    " as e (t, a, n, k, f, c, y, effective_on, recorded_at, p, h)"
)


async def insert_entries(
    session: Session,
    accounts: Sequence[tuple[AccountKey, AccountHead, Sequence[tuple[Entry, datetime]]]],
) -> dict[AccountKey, tuple[int, bytes]]:
    """Append to the journal; gives every account's number of entries and last hash."""
    heads: dict[AccountKey, tuple[int, bytes]] = {}
    rows: list[tuple[Any, ...]] = []
    for key, row, entries in accounts:
        number, head = row.entries, row.journal_hash
        for entry, recorded_at in entries:
            number += 1
            postings = _ENCODER.encode(entry.postings)
            head = entry_hash(head, entry, recorded_at, postings)
            rows.append(
                (
                    *key,
                    number,
                    entry.fact_kind,
                    entry.fact_id,
                    entry.cause,
                    entry.currency,
                    entry.effective_on,
                    recorded_at,
                    postings,
                    head,
                )
            )
        heads[key] = (number, head)
    if rows:
        tenants, accounts, numbers, kinds, ids, causes, currencies, days, times, moved, hashes = (
            zip(*rows, strict=True)
        )
        await session.execute(
            _INSERT_ENTRIES,
            joined(tenants),
            joined(accounts),
            numbers,
            joined(kinds),
            joined(ids),
            joined(causes),
            joined(currencies),
            days,
            times,
            joined_json(moved),
            hashes,
        )
    return heads


def entry_hash(previous: bytes, entry: Entry, recorded_at: datetime, postings: bytes) -> bytes:
    """SHA-256 over the previous entry's hash and all that this entry says."""
    text = "\x1f".join(
        (
            entry.fact_kind,
            entry.fact_id,
            entry.cause,
            entry.currency,
            entry.effective_on.isoformat(),
            recorded_at.astimezone(UTC).isoformat(),
        )
    )
    return hashlib.sha256(previous + text.encode() + b"\x1f" + postings).digest()


async def count_broken_chains(session: Session, tenant_id: str, account_ids: Sequence[str]) -> int:
    """Accounts whose entries don't hash to what stands in their row."""
    heads = await session.fetch(
        "select account_id, journal_hash from accounts"
        " where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        list(account_ids),
    )
    rows = await session.fetch(
        "select account_id, fact_kind, fact_id, cause, currency, effective_on, recorded_at,"
        " postings, hash from journal where tenant_id = $1 and account_id = any($2::text[])"
        " order by account_id, entry",
        tenant_id,
        list(account_ids),
    )
    found: dict[str, bytes] = {}
    broken: set[str] = set()
    for row in rows:
        entry = Entry(row[1], row[2], row[3], row[4], row[5], ())
        expected = entry_hash(found.get(row[0], b""), entry, row[6], row[7])
        if expected != row[8]:
            broken.add(row[0])
        found[row[0]] = row[8]
    broken.update(account for account, head in heads if found.get(account, b"") != head)
    return len(broken)
