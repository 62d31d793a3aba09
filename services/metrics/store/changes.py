"""Tenants, and what the live stream says of them. Each change has the next revision of its tenant.

Revisions never go back, also over rebuilds; whoever asks knows by them whether an answer is still
the newest. The newest thousand changes are kept.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from shared.database import Session

ChangeType = Literal["figures", "alert", "plan", "experiment"]
KEPT_CHANGES = 1000


class LiveChange(NamedTuple):
    """What is said, and the newest moment of knowledge (a quarter of an hour) that it brought."""

    tenant_id: str
    type: ChangeType
    content: Mapping[str, Any]
    known: int = 0


class StoredChange(NamedTuple):
    revision: int
    type: str
    content: str  # JSON


async def announce_change(
    session: Session, tenant_id: str, change_type: ChangeType, content: Mapping[str, Any]
) -> int:
    """Say on the stream what this transaction changes, and return the revision of it. Answers that
    were given before are no longer the newest (`ETag`). Call it last of all: it locks the tenant's
    row until the commit."""
    changed = await insert_changes(session, [LiveChange(tenant_id, change_type, content)])
    return changed[tenant_id]


async def insert_changes(session: Session, changes: Sequence[LiveChange]) -> dict[str, int]:
    """Several changes, those of one tenant in their order; returns the tenants' revisions.

    The tenants' rows are taken last of all, so that nobody waits for them longer than a commit.
    """
    by_tenant: dict[str, list[LiveChange]] = defaultdict(list)
    for change in changes:
        by_tenant[change.tenant_id].append(change)
    if not by_tenant:
        return {}
    tenants = sorted(by_tenant)
    rows = await session.fetch(
        """
        insert into tenants as t (tenant_id, latest_known, revision)
        select * from unnest($1::text[], $2::int[], $3::bigint[])
        on conflict (tenant_id) do update set
            latest_known = greatest(t.latest_known, excluded.latest_known),
            revision = t.revision + excluded.revision
        returning tenant_id, revision
        """,
        tenants,
        [max(change.known for change in by_tenant[tenant]) for tenant in tenants],
        [len(by_tenant[tenant]) for tenant in tenants],
    )
    revisions = {row["tenant_id"]: row["revision"] for row in rows}
    numbered = [
        (tenant, revisions[tenant] - len(mine) + place, change)
        for tenant, mine in by_tenant.items()
        for place, change in enumerate(mine, 1)
        if len(mine) - place < KEPT_CHANGES
    ]
    await session.execute(
        """
        with dropped as (
            delete from changes c using unnest($1::text[], $2::bigint[]) as given (tenant_id, until)
            where c.tenant_id = given.tenant_id and c.revision <= given.until
        )
        insert into changes (tenant_id, revision, type, content)
        select * from unnest($3::text[], $4::bigint[], $5::text[], $6::text[])
        """,
        tenants,
        [revisions[tenant] - KEPT_CHANGES for tenant in tenants],
        [tenant for tenant, _, _ in numbered],
        [revision for _, revision, _ in numbered],
        [change.type for _, _, change in numbered],
        [msgspec.json.encode(change.content).decode() for _, _, change in numbered],
    )
    return revisions


async def list_changes(
    session: Session, tenant_id: str, after: int, limit: int
) -> list[StoredChange]:
    """What changed after a revision."""
    rows = await session.fetch(
        "select revision, type, content from changes where tenant_id = $1 and revision > $2 "
        "order by revision limit $3",
        tenant_id,
        after,
        limit,
    )
    return [StoredChange(*row.values()) for row in rows]


async def upsert_timezones(
    session: Session, timezones: Mapping[str, str], *, is_live: bool
) -> None:
    """The zones of tenants: where their days end. Those of figures that are being made stay with
    these until they are in use."""
    rows = sorted(timezones.items())
    if rows:
        await session.execute(
            f"""
            insert into {"tenants" if is_live else "tenant_times"} (tenant_id, timezone)
            select * from unnest($1::text[], $2::text[])
            on conflict (tenant_id) do update set timezone = excluded.timezone
            """,
            [row[0] for row in rows],
            [row[1] for row in rows],
        )


async def note_latest(session: Session, latest: Mapping[str, int]) -> None:
    """The newest moment of knowledge of each tenant, in figures that are being made."""
    rows = sorted(latest.items())
    if rows:
        await session.execute(
            """
            insert into tenant_times as t (tenant_id, latest_known)
            select * from unnest($1::text[], $2::int[])
            on conflict (tenant_id) do update set latest_known = excluded.latest_known
            where t.latest_known < excluded.latest_known
            """,
            [row[0] for row in rows],
            [row[1] for row in rows],
        )


async def adopt_times(session: Session) -> None:
    """Figures that were being made come in use: tenants' times are theirs, and all revisions one
    higher."""
    await session.execute(
        """
        insert into tenants as t (tenant_id, timezone, latest_known)
        select tenant_id, coalesce(timezone, 'UTC'), latest_known from tenant_times
        order by tenant_id
        on conflict (tenant_id) do update set
            timezone = excluded.timezone,
            latest_known = greatest(t.latest_known, excluded.latest_known)
        """
    )
    await session.execute("update tenants set revision = revision + 1")
