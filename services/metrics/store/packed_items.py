"""Items as they are stored, in the order of their keys: for taking all of them elsewhere."""

from services.metrics.domain.fact_rows import ACCOUNT, PackedItem
from services.metrics.store import cold
from shared.database import Session

ItemCursor = tuple[str, str, str]  # account, kind, id
_LAST = "\U0010ffff"  # behind every kind


async def list_packed_items(
    session: Session, tenant_id: str, kind: str | None, after: ItemCursor | None, limit: int
) -> list[PackedItem]:
    """The next items after a key, of one kind or of all; accounts themselves are a kind, too."""
    while True:
        found = await _list_warm(session, tenant_id, kind, after, limit)
        cold_items, horizon = await _list_cold(session, tenant_id, kind, after, limit)
        found = sorted([*found, *cold_items], key=_cursor)
        if horizon is not None:  # what is behind it may stand among the cold ones
            found = [item for item in found if item.account_id <= horizon]
        if found or horizon is None:
            return found[:limit]
        after = (horizon, _LAST, "")


def _cursor(item: PackedItem) -> ItemCursor:
    return item.account_id, item.kind, item.item_id


async def _list_cold(
    session: Session, tenant_id: str, kind: str | None, after: ItemCursor | None, limit: int
) -> tuple[list[PackedItem], str | None]:
    """Those of the next accounts that have cold items, and the last of these (None: that was all).
    Each account's lie together."""
    rows = await session.fetch(
        """
        select account_id, content from items_cold
        where tenant_id = $1 and account_id >= $2 order by account_id limit $3
        """,
        tenant_id,
        after[0] if after else "",
        limit,
    )
    found = [
        PackedItem(account_id, item.kind, item.item_id, item.content)
        for account_id, content in rows
        for item in cold.unpack(content)
        if kind in (None, item.kind)
    ]
    last = rows[-1][0] if len(rows) == limit else None
    return [item for item in found if after is None or _cursor(item) > after], last


async def _list_warm(
    session: Session, tenant_id: str, kind: str | None, after: ItemCursor | None, limit: int
) -> list[PackedItem]:
    account_id, after_kind, item_id = after or ("", "", "")
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
                select account_id, $7, account_id, content from accounts
                where tenant_id = $1 and ($2::text is null or $2 = $7) and content is not null
                    and (account_id, $7, account_id) > ($3, $4, $5)
                order by account_id limit $6
            )
        ) found
        order by account_id, kind, item_id limit $6
        """,
        tenant_id,
        kind,
        account_id,
        after_kind,
        item_id,
        limit,
        ACCOUNT,
    )
    return [PackedItem(*row.values()) for row in rows]
