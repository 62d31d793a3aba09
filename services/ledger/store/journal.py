"""The journal: double entry, append-only, chained by hash per account."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.ledger.domain import Entry
from services.ledger.domain.chain import chained, entry_hash
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
    rates_revision: int = 0  # of the tenant's rates, by which it was last computed


class RecordedEntry(Struct, frozen=True, gc=False):
    """An entry as it stands in the journal, whatever became of it there."""

    account_id: str
    entry: int
    fact_kind: str
    fact_id: str
    cause: str
    currency: str
    effective_on: date
    recorded_at: datetime
    postings: tuple[tuple[str, int], ...]
    hash: bytes


class EntrySpan(Struct, frozen=True, gc=False):
    """Some entries of an account: those numbered `after` < n <= `until`."""

    account_id: str
    after: int
    until: int


async def list_entries(
    session: Session, tenant_id: str, spans: Sequence[EntrySpan]
) -> list[RecordedEntry]:
    """The entries of some spans: span by span, in the order of recording."""
    rows = await session.fetch(
        "select j.* from unnest($2::text[], $3::int[], $4::int[]) with ordinality"
        " as s (a, after, until, place), lateral (select account_id, entry, fact_kind, fact_id,"
        "  cause, currency, effective_on, recorded_at, postings, hash from journal"
        "  where tenant_id = $1 and account_id = a and entry > after and entry <= until"
        "  offset 0) as j order by place, entry",  # by index, whatever is there
        tenant_id,
        [span.account_id for span in spans],
        [span.after for span in spans],
        [span.until for span in spans],
    )
    return [
        RecordedEntry(
            **{**dict(row), "postings": _postings(row["postings"])},
        )
        for row in rows
    ]


def _postings(kept: bytes) -> tuple[tuple[str, int], ...]:
    """None where somebody made something else of them: the entry's hash differs then."""
    try:
        return _POSTINGS.decode(kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()


def in_slices(spans: Iterable[EntrySpan], entries_max: int) -> Iterator[list[EntrySpan]]:
    """The same spans, so many entries at a time: long ones are cut, short ones go together."""
    together: list[EntrySpan] = []
    room = entries_max
    for span in spans:
        after = span.after
        while after < span.until:
            taken = min(room, span.until - after)
            together.append(EntrySpan(span.account_id, after, after + taken))
            after, room = after + taken, room - taken
            if not room:
                yield together
                together, room = [], entries_max
    if together:
        yield together


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
            head = entry_hash(chained(key, number, entry, recorded_at, head))
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
