"""Views: a page with its filters, by a name; one's own, or shared with the whole tenant."""

from datetime import datetime
from typing import NamedTuple

from shared.database import Session


class SavedView(NamedTuple):
    owner: str  # a token's `sub`
    name: str
    title: str
    page: str
    query: str
    shared: bool
    changed_at: datetime


_COLUMNS = "owner, name, title, page, query, shared, changed_at"


async def list_views(
    session: Session, tenant_id: str, owner: str, after: tuple[str, str] | None, limit: int
) -> list[SavedView]:
    """One's own and those shared by others, by name."""
    rows = await session.fetch(
        f"""
        select {_COLUMNS} from views
        where tenant_id = $1 and (owner = $2 or shared)
            and ($3::text is null
                or (name collate "C", owner collate "C") > ($3 collate "C", $4 collate "C"))
        order by name collate "C", owner collate "C" limit $5
        """,
        tenant_id,
        owner,
        *(after or (None, None)),
        limit,
    )
    return [SavedView(*row.values()) for row in rows]


async def find_view(session: Session, tenant_id: str, owner: str, name: str) -> SavedView | None:
    """One's own of that name, else the shared one."""
    row = await session.fetchrow(
        f"""
        select {_COLUMNS} from views
        where tenant_id = $1 and name = $3 and (owner = $2 or shared)
        order by owner = $2 desc limit 1
        """,
        tenant_id,
        owner,
        name,
    )
    return None if row is None else SavedView(*row.values())


async def find_sharer(session: Session, tenant_id: str, name: str) -> str | None:
    """Who shares a view of that name."""
    owner: str | None = await session.fetchval(
        "select owner from views where tenant_id = $1 and name = $2 and shared", tenant_id, name
    )
    return owner


async def count_views(session: Session, tenant_id: str, owner: str) -> int:
    count: int = await session.fetchval(
        "select count(*) from views where tenant_id = $1 and owner = $2", tenant_id, owner
    )
    return count


async def lock_views(session: Session, tenant_id: str) -> None:
    """Until the end of the transaction nobody else changes a tenant's views."""
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended('metrics views ' || $1, 0))", tenant_id
    )


async def upsert_view(session: Session, tenant_id: str, view: SavedView) -> bool:
    """Whether it is a new one."""
    is_new: bool = await session.fetchval(
        f"""
        insert into views (tenant_id, {_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (tenant_id, owner, name) do update set
            title = excluded.title, page = excluded.page, query = excluded.query,
            shared = excluded.shared, changed_at = excluded.changed_at
        returning xmax = 0
        """,
        tenant_id,
        *view,
    )
    return is_new


async def delete_view(session: Session, tenant_id: str, owner: str, name: str) -> bool:
    """Whether there was one."""
    found = await session.fetchval(
        "delete from views where tenant_id = $1 and owner = $2 and name = $3 returning true",
        tenant_id,
        owner,
        name,
    )
    return found is not None
