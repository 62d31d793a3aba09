"""Tenants, and the live stream of what changed."""

from collections.abc import Mapping

from shared.database import Session
from shared.log import positions


async def upsert_timezones(session: Session, timezones: Mapping[str, str]) -> None:
    """The zones of tenants: where their days end."""
    rows = sorted(timezones.items())
    if rows:
        await session.execute(
            """
            insert into tenants (tenant_id, timezone)
            select * from unnest($1::text[], $2::text[])
            on conflict (tenant_id) do update set timezone = excluded.timezone
            """,
            [row[0] for row in rows],
            [row[1] for row in rows],
        )


KEPT_CHANGES = 1000


async def insert_changes(session: Session, changes: Mapping[str, tuple[int, str]]) -> None:
    """Tell the stream: per tenant the newest moment of knowledge and what happened, as JSON.

    The tenant's row is taken last of all, so that nobody waits for it longer than a commit.
    """
    rows = sorted((tenant, *change) for tenant, change in changes.items())
    if rows:
        await session.execute(
            """
            with given as (
                select * from unnest($1::text[], $2::int[], $3::text[])
                    as given (tenant_id, known, content)
            ),
            moved as (
                insert into tenants as t (tenant_id, latest_known, revision)
                select tenant_id, known, 1 from given order by tenant_id collate "C"
                on conflict (tenant_id) do update set
                    latest_known = greatest(t.latest_known, excluded.latest_known),
                    revision = t.revision + 1
                returning t.tenant_id, t.revision
            ),
            dropped as (
                delete from changes c using moved m
                where c.tenant_id = m.tenant_id and c.revision <= m.revision - $4::bigint
            )
            insert into changes (tenant_id, revision, content)
            select tenant_id, revision, content from moved join given using (tenant_id)
            """,
            *(list(column) for column in zip(*rows, strict=True)),
            KEPT_CHANGES,
        )


async def delete_figures(session: Session, consumer: str) -> None:
    """Forget every figure and fact, and how far the log was read.

    Positions first: a worker that is at a slice ends it before, and is fenced at its next one.
    Skip decisions stay; so do revisions, that a client's `Last-Event-ID` never lies ahead.
    """
    await positions.forget(session, consumer)
    await session.execute("truncate accounts, items, cells_new, delinquencies, currencies, changes")
    await session.execute("update tenants set latest_known = 0, revision = revision + 1")
