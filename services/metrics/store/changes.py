"""Tenants' times, and the live stream of what changed."""

from collections.abc import Mapping

from shared.database import Session

KEPT_CHANGES = 1000


async def upsert_timezones(session: Session, timezones: Mapping[str, str]) -> None:
    """The zones of tenants: where their days end."""
    rows = sorted(timezones.items())
    if rows:
        await session.execute(
            """
            insert into tenant_times (tenant_id, timezone)
            select * from unnest($1::text[], $2::text[])
            on conflict (tenant_id) do update set timezone = excluded.timezone
            """,
            [row[0] for row in rows],
            [row[1] for row in rows],
        )


async def update_latest(session: Session, latest: Mapping[str, int]) -> None:
    """The newest moment of knowledge of each tenant."""
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


async def insert_changes(session: Session, changes: Mapping[str, str]) -> None:
    """Tell the stream: per tenant what happened, as JSON.

    The tenant's row is taken last of all, so that nobody waits for it longer than a commit.
    """
    rows = sorted(changes.items())
    if rows:
        await session.execute(
            """
            with given as (
                select * from unnest($1::text[], $2::text[]) as given (tenant_id, content)
            ),
            moved as (
                insert into tenants as t (tenant_id, revision)
                select tenant_id, 1 from given order by tenant_id collate "C"
                on conflict (tenant_id) do update set revision = t.revision + 1
                returning t.tenant_id, t.revision
            ),
            dropped as (
                delete from changes c using moved m
                where c.tenant_id = m.tenant_id and c.revision <= m.revision - $3::bigint
            )
            insert into changes (tenant_id, revision, content)
            select tenant_id, revision, content from moved join given using (tenant_id)
            """,
            [row[0] for row in rows],
            [row[1] for row in rows],
            KEPT_CHANGES,
        )
