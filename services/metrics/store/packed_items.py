"""Items as they are stored, in the order of their keys: for taking all of them elsewhere."""

from services.metrics.domain.fact_rows import ACCOUNT, PackedItem
from services.metrics.store import cold
from shared.database import Session

ItemCursor = tuple[str, str, str]  # account, kind, id
_START: ItemCursor = ("", "", "")
_COLD_AT_ONCE = 500  # accounts


async def list_packed_items(
    session: Session, tenant_id: str, kind: str | None, after: ItemCursor | None, limit: int
) -> list[PackedItem]:
    """The next items after a key, of one kind or of all; accounts themselves are a kind, too."""
    start = after or _START
    usual = await _list_usual(session, tenant_id, kind, start, limit)
    put_away = await _list_cold(session, tenant_id, kind, start, limit)
    if not put_away:
        return usual
    return sorted([*usual, *put_away], key=lambda item: item[:3])[:limit]


async def _list_usual(
    session: Session, tenant_id: str, kind: str | None, after: ItemCursor, limit: int
) -> list[PackedItem]:
    rows = await session.fetch(
        """
        select * from (
            (
                select account_id, kind, item_id, content from items
                where tenant_id = $1 and ($2::text is null or kind = $2)
                    and (account_id, kind, item_id) > ($3, $4, $5)
                order by account_id, kind, item_id limit $6
            )
            union all
            (
                select account_id, $7::text collate "C", account_id, content from accounts
                where tenant_id = $1 and ($2::text is null or $2 = $7) and content is not null
                    and (account_id, $7::text collate "C", account_id) > ($3, $4, $5)
                order by account_id limit $6
            )
        ) found
        order by account_id collate "C", kind collate "C", item_id collate "C" limit $6
        """,
        tenant_id,
        kind,
        *after,
        limit,
        ACCOUNT,
    )
    return [PackedItem(*row.values()) for row in rows]


async def _list_cold(
    session: Session, tenant_id: str, kind: str | None, after: ItemCursor, limit: int
) -> list[PackedItem]:
    """Of accounts whose items lie compressed together: as many as are asked for, or all."""
    found: list[PackedItem] = []
    account_id = after[0]
    is_first = True
    while len(found) < limit:
        rows = await session.fetch(
            f"""
            select account_id, content from items_cold
            where tenant_id = $1 and account_id {">=" if is_first else ">"} $2
            order by account_id limit $3
            """,
            tenant_id,
            account_id,
            _COLD_AT_ONCE,
        )
        for account, content in rows:
            items = (
                PackedItem(account, each.kind, each.item_id, each.content)
                for each in cold.unpack(content)
                if kind in (None, each.kind)
            )
            found += sorted(item for item in items if item[:3] > after)
        if len(rows) < _COLD_AT_ONCE:
            break
        account_id, is_first = rows[-1]["account_id"], False
    return found
