"""SQL of what people may do and what was made of their work: certificates, reviews, notes, and
who looked at personal data."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from shared.database import Record, Session


async def lock_certificate(session: Session, tenant: str, person: str, name: str) -> Record | None:
    return await session.fetchrow(
        "select * from certificates where tenant_id = $1 and person = $2 and name = $3 for update",
        tenant,
        person,
        name,
    )


async def upsert_certificate(
    session: Session,
    tenant: str,
    person: str,
    name: str,
    valid_from: date,
    valid_until: date | None,
    recorded: tuple[datetime, str],
) -> Record:
    """Given anew, it is not suspended any more."""
    row = await session.fetchrow(
        """
        insert into certificates (tenant_id, person, name, valid_from, valid_until, recorded_at,
                                  recorded_by)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (tenant_id, person, name) do update set valid_from = excluded.valid_from,
          valid_until = excluded.valid_until, recorded_at = excluded.recorded_at,
          recorded_by = excluded.recorded_by, suspended_at = null, suspended_because = null
        returning *
        """,
        tenant,
        person,
        name,
        valid_from,
        valid_until,
        *recorded,
    )
    assert row is not None, "it was written"
    return row


async def list_certificates(session: Session, tenant: str, person: str) -> list[Record]:
    return await session.fetch(
        "select * from certificates where tenant_id = $1 and person = $2 order by name limit 1000",
        tenant,
        person,
    )


async def suspend_certificates(
    session: Session, tenant: str, person: str, names: Sequence[str], at: datetime, because: str
) -> list[Record]:
    """Those that stood."""
    return await session.fetch(
        "update certificates set suspended_at = $4, suspended_because = $5"
        " where tenant_id = $1 and person = $2 and name = any($3) and suspended_at is null"
        " returning *",
        tenant,
        person,
        list(names),
        at,
        because,
    )


async def insert_review(
    session: Session, tenant: str, task_id: str, review: Mapping[str, Any]
) -> bool:
    """False: the call has been reviewed."""
    written = await session.fetchval(
        """
        insert into reviews (tenant_id, task_id, reviewer, collector, scores, failed, recognition,
                             note, score, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing returning true
        """,
        tenant,
        task_id,
        review["reviewer"],
        review["collector"],
        msgspec.json.encode(review["scores"]),
        list(review["failed"]),
        review["recognition"],
        review["note"],
        review["score"],
        review["at"],
    )
    return bool(written)


async def find_review(session: Session, tenant: str, task_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from reviews where tenant_id = $1 and task_id = $2", tenant, task_id
    )


async def insert_note(
    session: Session,
    tenant: str,
    account_id: str,
    at: datetime,
    author: str,
    note: str,
    *,
    case_id: str | None = None,
    task_id: str | None = None,
) -> None:
    await session.execute(
        "insert into notes (tenant_id, account_id, at, case_id, task_id, author, note)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        account_id,
        at,
        case_id,
        task_id,
        author,
        note,
    )


async def list_notes(
    session: Session,
    tenant: str,
    account_id: str,
    *,
    before: tuple[datetime, int] | None,
    limit: int,
) -> list[Record]:
    """The newest first."""
    return await session.fetch(
        """
        select * from notes where tenant_id = $1 and account_id = $2
          and ($3::timestamptz is null or (at, ord) < ($3, $4::bigint))
        order by at desc, ord desc limit $5
        """,
        tenant,
        account_id,
        *(before or (None, None)),
        limit,
    )


async def list_reads(
    session: Session,
    tenant: str,
    account_id: str,
    *,
    before: tuple[datetime, int] | None,
    limit: int,
) -> list[Record]:
    """The newest first."""
    return await session.fetch(
        """
        select * from personal_reads where tenant_id = $1 and account_id = $2
          and ($3::timestamptz is null or (at, ord) < ($3, $4::bigint))
        order by at desc, ord desc limit $5
        """,
        tenant,
        account_id,
        *(before or (None, None)),
        limit,
    )


async def insert_call(
    session: Session,
    tenant: str,
    call_id: str,
    call: Mapping[str, Any],
) -> None:
    await session.execute(
        """
        insert into calls (tenant_id, call_id, task_id, account_id, collector, address, at,
                           decision)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
        """,
        tenant,
        call_id,
        call["task_id"],
        call["account_id"],
        call["collector"],
        call["address"],
        call["at"],
        call["decision"],
    )


async def find_call(session: Session, tenant: str, call_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from calls where tenant_id = $1 and call_id = $2", tenant, call_id
    )
