"""Whose the contacts are that other accounts have answered."""

from collections.abc import Iterable

from services.metrics.domain.kinds.registry import unpack_item
from services.metrics.store import cold
from services.metrics.store.remembered import AccountKey
from shared.database import Session
from shared.database.columns import joined, some_texts, texts


async def list_owners(
    session: Session, answered: Iterable[tuple[str, str, str]]
) -> set[AccountKey]:
    """The accounts under which contacts stand, as those that they cover know it: by tenant, account
    that answers, and contact."""
    asked = sorted(answered)
    if not asked:
        return set()
    rows = await session.fetch(
        f"""
        select i.tenant_id, i.content
        from unnest({texts(1)}, {some_texts(2)}, {texts(3)})
            as given (tenant_id, account_id, item_id)
        join items i using (tenant_id, account_id, item_id)
        where i.kind = 'cover'
        """,
        *(joined(column) for column in zip(*asked, strict=True)),
    )
    found = [(tenant, content) for tenant, content in rows]
    if len(found) < len(asked):  # a contact of long ago
        accounts = [(tenant, account) for tenant, account, _ in asked]
        for (tenant, account), items in (await cold.list_cold(session, accounts)).items():
            wanted = {each[2] for each in asked if each[:2] == (tenant, account)}
            found += (
                (tenant, item.content)
                for item in items
                if item.kind == "cover" and item.item_id in wanted
            )
    return {(tenant, unpack_item("cover", content).facts[0].owner) for tenant, content in found}
