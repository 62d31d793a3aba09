"""Segments of accounts, as last heard of from segmentation."""

from collections.abc import Mapping
from datetime import datetime

from services.ledger.store.journal import AccountKey
from shared.database import Session


async def upsert_segments(
    session: Session, segments: Mapping[AccountKey, tuple[str, datetime]]
) -> None:
    """By account: the segment and since when."""
    rows = sorted((*key, *found) for key, found in segments.items())
    await session.execute(
        "insert into segments (tenant_id, account_id, segment, since)"
        " select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])"
        " on conflict (tenant_id, account_id) do update"
        " set segment = excluded.segment, since = excluded.since",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def find_segment(session: Session, tenant_id: str, account_id: str) -> str | None:
    """None: nothing was heard of it."""
    found: str | None = await session.fetchval(
        "select segment from segments where tenant_id = $1 and account_id = $2",
        tenant_id,
        account_id,
    )
    return found
