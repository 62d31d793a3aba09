"""Items as they are stored, in the order of their keys: for taking all of them elsewhere."""

from services.metrics.domain.fact_rows import ACCOUNT, PackedItem
from shared.database import Session

ItemCursor = tuple[str, str, str]  # account, kind, id


async def list_packed_items(
    session: Session, tenant_id: str, kind: str | None, after: ItemCursor | None, limit: int
) -> list[PackedItem]:
    """The next items after a key, of one kind or of all; accounts themselves are a kind, too."""
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
