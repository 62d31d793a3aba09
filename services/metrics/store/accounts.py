"""What is remembered of accounts and their items: loaded as a whole, stored by what changed.

The columns of the busiest statements travel as joined texts (`shared.database.columns`): ids, days
as ISO writes them, numbers. What a person may have named freely (a segment, a country, a strategy)
travels as an array.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from services.metrics.domain.accounts import Account, AccountItems, Item, ItemKey
from services.metrics.domain.kinds.registry import (
    pack_account,
    pack_item,
    unpack_account,
    unpack_item,
)
from shared.database import Session
from shared.database.columns import joined, texts

AccountKey = tuple[str, str]  # tenant, account


async def lock_accounts(
    session: Session, keys: Iterable[AccountKey]
) -> dict[AccountKey, AccountItems]:
    """The accounts with all their items, each locked until the end: several workers may read an
    account's topics. An account that is new here is made."""
    ordered = sorted(set(keys))
    columns = joined([key[0] for key in ordered]), joined([key[1] for key in ordered])
    made = await session.fetch(
        f"""
        insert into accounts (tenant_id, account_id)
        select tenant_id, account_id
        from unnest({texts(1)}, {texts(2)}) with ordinality as given (tenant_id, account_id, place)
        order by place
        on conflict do nothing
        returning tenant_id, account_id
        """,
        *columns,
    )
    accounts = {(tenant, account): AccountItems(account) for tenant, account in made}
    if len(accounts) == len(ordered):
        return accounts
    rows = await session.fetch(
        f"""
        select a.tenant_id, a.account_id, a.content
        from unnest({texts(1)}, {texts(2)}) as given (tenant_id, account_id)
        join accounts a using (tenant_id, account_id)
        order by a.tenant_id collate "C", a.account_id collate "C"
        for update of a
        """,
        *columns,
    )
    for tenant, account, content in rows:
        if (tenant, account) not in accounts:
            known = unpack_account(content) if content else Account()
            accounts[tenant, account] = AccountItems(account, known)
    for (tenant, account), key, item in await _list_items(session, columns):
        accounts[tenant, account].by_key[key] = item
    return accounts


async def _list_items(
    session: Session, accounts: tuple[str, str]
) -> list[tuple[AccountKey, ItemKey, Item]]:
    rows = await session.fetch(
        f"""
        select tenant_id, account_id, kind, item_id, content, ends_on
        from unnest({texts(1)}, {texts(2)}) as given (tenant_id, account_id)
        join items using (tenant_id, account_id)
        """,
        *accounts,
    )
    items: list[tuple[AccountKey, ItemKey, Item]] = []
    for tenant, account, kind, item_id, content, ends_on in rows:
        item = unpack_item(kind, content)
        item.ends_on = ends_on
        items.append(((tenant, account), (kind, item_id), item))
    return items


async def update_accounts(session: Session, accounts: Sequence[tuple[AccountKey, Account]]) -> None:
    """Store what is known of the accounts themselves."""
    if accounts:
        await session.execute(
            """
            update accounts a set content = given.content
            from unnest($1::text[], $2::text[], $3::bytea[])
                as given (tenant_id, account_id, content)
            where (a.tenant_id, a.account_id) = (given.tenant_id, given.account_id)
            """,
            [key[0] for key, _ in accounts],
            [key[1] for key, _ in accounts],
            [pack_account(account) for _, account in accounts],
        )


async def upsert_items(
    session: Session, changed: Sequence[tuple[AccountKey, ItemKey, Item]]
) -> None:
    """Store items, each with the last day on which it adds anything."""
    if changed:
        await session.execute(
            f"""
            insert into items (tenant_id, account_id, kind, item_id, content, ends_on)
            select * from unnest(
                {texts(1)}, {texts(2)}, {texts(3)}, {texts(4)}, $5::bytea[], {texts(6)}::date[]
            )
            on conflict (tenant_id, account_id, kind, item_id) do update
            set content = excluded.content, ends_on = excluded.ends_on
            """,
            joined([account[0] for account, _, _ in changed]),
            joined([account[1] for account, _, _ in changed]),
            joined([key[0] for _, key, _ in changed]),
            joined([key[1] for _, key, _ in changed]),
            [pack_item(item) for _, _, item in changed],
            joined([_iso(item.ends_on) for _, _, item in changed]),
        )


def _iso(day: date) -> str:
    return day.isoformat()
