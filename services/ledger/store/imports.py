"""Imports: how far each has come, the file while it is needed, and what of it was refused.

Whoever works on an import holds a lease of it; who lost that (it was cancelled, or another took it
over) changes nothing any more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from shared.csv_events.rows import Refusal
from shared.database import Database, Session
from shared.texts import storable

ImportState = Literal["reading", "sending", "done", "failed", "cancelled"]


class FileImport(Struct, frozen=True, kw_only=True):
    """An import as it stands."""

    tenant_id: str
    import_id: str
    name: str  # of the file
    mapping: str | None
    state: ImportState
    created_at: datetime  # machine time, as all here
    finished_at: datetime | None
    rows: int
    events: int
    sent: int
    accepted: int
    duplicates: int
    refused_rows: int  # while it was read
    refused_events: int  # by the ledger
    seconds: float  # of sending
    reason: str | None
    report: bytes | None


_COLUMNS = (
    "tenant_id, import_id, name, mapping, state, created_at, finished_at, rows, events, sent,"
    " accepted, duplicates, refused_rows, refused_events, seconds, reason, report"
)
_RUNNING = "state in ('reading', 'sending')"
_MINE = f"tenant_id = $1 and import_id = $2 and worker = $3 and {_RUNNING}"


async def insert_import(
    session: Session,
    tenant_id: str,
    import_id: str,
    *,
    name: str,
    mapping: str | None,
    now: datetime,
) -> bool:
    """Whether it was not there yet. Nobody sees it before the file is there."""
    inserted = await session.fetchval(
        "insert into imports (tenant_id, import_id, name, mapping, state, created_at)"
        " values ($1, $2, $3, $4, 'reading', $5) on conflict do nothing returning true",
        tenant_id,
        import_id,
        name,
        mapping,
        now,
    )
    return inserted is not None


async def insert_part(
    session: Session, tenant_id: str, import_id: str, part: int, content: bytes
) -> None:
    await session.execute(
        "insert into import_parts (tenant_id, import_id, part, content) values ($1, $2, $3, $4)",
        tenant_id,
        import_id,
        part,
        content,
    )


async def find_part(db: Database, tenant_id: str, import_id: str, part: int) -> bytes | None:
    """A piece of the file; None behind the last."""
    rows = await db.fetch(
        "select content from import_parts where tenant_id = $1 and import_id = $2 and part = $3",
        tenant_id,
        import_id,
        part,
    )
    return bytes(rows[0][0]) if rows else None


async def find_import(session: Session, tenant_id: str, import_id: str) -> FileImport | None:
    rows = await session.fetch(
        f"select {_COLUMNS} from imports where tenant_id = $1 and import_id = $2",
        tenant_id,
        import_id,
    )
    return FileImport(**dict(rows[0])) if rows else None


async def list_imports(
    session: Session, tenant_id: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[FileImport]:
    """Newest first."""
    rows = await session.fetch(
        f"select {_COLUMNS} from imports where tenant_id = $1 and ($2::timestamptz is null or"
        " (created_at, import_id) < ($2, $3)) order by created_at desc, import_id desc limit $4",
        tenant_id,
        before[0] if before else None,
        before[1] if before else "",
        limit,
    )
    return [FileImport(**dict(row)) for row in rows]


async def restart_import(
    session: Session, tenant_id: str, import_id: str, *, silent_lease: datetime
) -> None:
    """Let one go on that failed or was cancelled, or whose worker is silent: its lease ends before
    `silent_lease`."""
    await session.execute(
        "update imports set state = 'reading', reason = null, finished_at = null, worker = null,"
        " lease_until = null where tenant_id = $1 and import_id = $2"
        f" and (state in ('failed', 'cancelled') or ({_RUNNING} and lease_until < $3))",
        tenant_id,
        import_id,
        silent_lease,
    )


async def cancel_import(session: Session, tenant_id: str, import_id: str, now: datetime) -> bool:
    """Whether it was still running."""
    status = await session.execute(
        "update imports set state = 'cancelled', finished_at = $3, worker = null"
        f" where tenant_id = $1 and import_id = $2 and {_RUNNING}",
        tenant_id,
        import_id,
        now,
    )
    return status.endswith(" 1")


# ------------------------------------------------- for who works on it


async def claim_import(
    session: Session, worker: str, *, now: datetime, lease_until: datetime
) -> FileImport | None:
    """The oldest that nobody works on, of a tenant of which nobody works on another."""
    rows = await session.fetch(
        "update imports set worker = $1, lease_until = $3, state = 'reading'"
        " where (tenant_id, import_id) = (select tenant_id, import_id from imports i"
        f" where {_RUNNING} and (lease_until is null or lease_until < $2) and not exists"
        " (select 1 from imports o where o.tenant_id = i.tenant_id"
        f" and o.import_id <> i.import_id and o.{_RUNNING} and o.lease_until >= $2)"
        " order by created_at, import_id limit 1 for update skip locked)"
        f" returning {_COLUMNS}",
        worker,
        now,
        lease_until,
    )
    return FileImport(**dict(rows[0])) if rows else None


async def renew_lease(
    session: Session, key: tuple[str, str], worker: str, *, lease_until: datetime, rows: int
) -> bool:
    """Whether it is still the worker's. `rows`: how many have been read."""
    status = await session.execute(
        f"update imports set lease_until = $4, rows = greatest(rows, $5) where {_MINE}",
        *key,
        worker,
        lease_until,
        rows,
    )
    return status.endswith(" 1")


async def give_back(session: Session, key: tuple[str, str], worker: str) -> None:
    """Let the next worker go on at once."""
    await session.execute(f"update imports set lease_until = null where {_MINE}", *key, worker)


async def forget_read_refusals(session: Session, key: tuple[str, str]) -> None:
    """The file is read once more, and they are found again."""
    await session.execute(
        "delete from import_refusals where tenant_id = $1 and import_id = $2 and is_read", *key
    )


async def begin_sending(
    session: Session,
    key: tuple[str, str],
    worker: str,
    *,
    rows: int,
    events: int,
    refused_rows: int,
    report: bytes,
) -> bool:
    status = await session.execute(
        "update imports set state = 'sending', rows = $4, events = $5, refused_rows = $6,"
        f" report = $7 where {_MINE}",
        *key,
        worker,
        rows,
        events,
        refused_rows,
        report,
    )
    return status.endswith(" 1")


class Sent(Struct, frozen=True):
    """What became of some events that followed one another."""

    events: int
    accepted: int
    duplicates: int
    refused: int
    seconds: float


async def note_sent(session: Session, key: tuple[str, str], worker: str, sent: Sent) -> bool:
    status = await session.execute(
        "update imports set sent = sent + $4, accepted = accepted + $5,"
        " duplicates = duplicates + $6, refused_events = refused_events + $7,"
        f" seconds = seconds + $8 where {_MINE} and state = 'sending'",
        *key,
        worker,
        sent.events,
        sent.accepted,
        sent.duplicates,
        sent.refused,
        sent.seconds,
    )
    return status.endswith(" 1")


async def finish_import(
    session: Session,
    key: tuple[str, str],
    worker: str,
    *,
    state: ImportState,
    reason: str | None = None,
    now: datetime,
) -> bool:
    """Done, or failed; of one that is done nobody needs the file any more."""
    status = await session.execute(
        f"update imports set state = $4, reason = $5, finished_at = $6 where {_MINE}",
        *key,
        worker,
        state,
        reason,
        now,
    )
    if status.endswith(" 1") and state == "done":
        await session.execute(
            "delete from import_parts where tenant_id = $1 and import_id = $2", *key
        )
    return status.endswith(" 1")


# ------------------------------------------------- what was refused


async def insert_import_refusals(
    session: Session, key: tuple[str, str], refusals: Sequence[Refusal], *, is_read: bool
) -> None:
    if not refusals:
        return
    await session.execute(
        "insert into import_refusals"
        " (tenant_id, import_id, is_read, line, last_line, field, reason, cells)"
        " select $1, $2, $3, * from"
        " unnest($4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[])",
        *key,
        is_read,
        [refusal.line for refusal in refusals],
        [refusal.last for refusal in refusals],
        [storable(refusal.column) for refusal in refusals],
        [storable(refusal.reason) for refusal in refusals],
        [storable(refusal.cells) for refusal in refusals],
    )


async def list_import_refusals(
    db: Database, key: tuple[str, str], *, after: tuple[int, int], limit: int
) -> list[tuple[tuple[int, int], Refusal]]:
    """By line, each with its place; `after` is the last place of the page before."""
    rows = await db.fetch(
        "select line, refusal_id, field, reason, last_line, cells from import_refusals"
        " where tenant_id = $1 and import_id = $2 and (line, refusal_id) > ($3, $4)"
        " order by line, refusal_id limit $5",
        *key,
        *after,
        limit,
    )
    return [((row[0], row[1]), Refusal(row[0], row[2], row[3], row[4], row[5])) for row in rows]


# ------------------------------------------------- what the ledger knows


async def find_known_accounts(
    session: Session, tenant_id: str, account_ids: Sequence[str]
) -> list[tuple[str, int, bool, bool]]:
    """(account, version, whether it is registered, whether it has invoices)."""
    rows = await session.fetch(
        "select account_id, version, is_registered, exists (select 1 from invoices i"
        " where i.tenant_id = a.tenant_id and i.account_id = a.account_id)"
        " from accounts a where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        list(account_ids),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
