"""What is remembered of accounts and their items: loaded as a whole, stored by what changed.

The columns of the busiest statements travel as joined texts (`shared.database.columns`): ids, days
as ISO writes them, numbers.
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
from services.metrics.store import cold
from services.metrics.store.remembered import AccountKey, Remembered
from shared.database import Session
from shared.database.columns import joined, some_texts, texts

Touched = dict[AccountKey, AccountItems]

# In the order of their keys, so that two workers never wait for each other; an account's version is
# counted up with its lock. Its content travels only if it is not remembered.
_LOCK = f"""
with given as (
    select * from unnest({texts(1)}, {some_texts(2)}, {texts(3)}::bigint[])
        as given (tenant_id, account_id, remembered)
),
locked as (
    select a.tenant_id, a.account_id, g.remembered
    from given g join accounts a using (tenant_id, account_id)
    order by a.tenant_id, a.account_id
    for update of a
)
update accounts a set version = a.version + 1
from locked l
where a.tenant_id = l.tenant_id and a.account_id = l.account_id
returning a.tenant_id, a.account_id, a.version,
    case when a.version <> l.remembered + 1 then a.content end
"""

_INSERT = f"""
insert into accounts (tenant_id, account_id)
select tenant_id, account_id
from unnest({texts(1)}, {some_texts(2)}) with ordinality as given (tenant_id, account_id, place)
order by place
on conflict do nothing
returning tenant_id, account_id, version
"""


async def lock_accounts(
    session: Session, keys: Iterable[AccountKey], remembered: Remembered
) -> Touched:
    """The accounts with all their items, each locked until the end: several workers may read an
    account's topics. An account that is new here is made. What was remembered of them is taken out,
    and put back after the commit."""
    touched: Touched = {}
    versions: dict[AccountKey, int] = {}
    session.at_end(lambda is_committed: _remember(remembered, touched, versions, is_committed))
    missing = sorted(set(keys))
    unknown: list[AccountKey] = []
    while missing:
        unknown += await _lock(session, missing, remembered, touched, versions)
        missing = [key for key in missing if key not in versions]
        if missing:
            for tenant, account, version in await session.fetch(_INSERT, *_columns(missing)):
                touched[tenant, account] = AccountItems(account)
                versions[tenant, account] = version
            missing = [key for key in missing if key not in versions]
    if unknown:
        await _load_items(session, unknown, touched)
    return touched


async def _lock(
    session: Session,
    keys: Sequence[AccountKey],
    remembered: Remembered,
    touched: Touched,
    versions: dict[AccountKey, int],
) -> list[AccountKey]:
    """Lock those that there are; whose items are to be loaded."""
    known = [remembered.version(key) for key in keys]
    unknown = []
    for tenant, account, version, content in await session.fetch(
        _LOCK, *_columns(keys), joined([str(version) for version in known])
    ):
        key = (tenant, account)
        is_newest = remembered.version(key) == version - 1
        items = remembered.take(key)
        if items is None or not is_newest:
            items = AccountItems(account, unpack_account(content) if content else Account())
            unknown.append(key)
        touched[key], versions[key] = items, version
    return unknown


def _remember(
    remembered: Remembered,
    touched: Touched,
    versions: dict[AccountKey, int],
    is_committed: bool,
) -> None:
    for key, items in touched.items() if is_committed else ():
        items.settle()
        remembered.put(key, versions[key], items)


def _columns(keys: Sequence[AccountKey]) -> tuple[str, str]:
    return joined([key[0] for key in keys]), joined([key[1] for key in keys])


async def _load_items(session: Session, keys: Sequence[AccountKey], touched: Touched) -> None:
    columns = _columns(keys)
    rows = await session.fetch(
        f"""
        select tenant_id, account_id, kind, item_id, content, ends_on
        from unnest({texts(1)}, {some_texts(2)}) as given (tenant_id, account_id)
        join items using (tenant_id, account_id)
        """,
        *columns,
    )
    for tenant, account, kind, item_id, content, ends_on in rows:
        item = unpack_item(kind, content)
        item.ends_on = ends_on
        touched[tenant, account].by_key[kind, item_id] = item
    await cold.load(session, {key: touched[key] for key in keys})


async def update_accounts(session: Session, accounts: Sequence[tuple[AccountKey, Account]]) -> None:
    """Store what is known of the accounts themselves."""
    if accounts:
        await session.execute(
            """
            update accounts a set content = given.content
            from unnest($1::text[], $2::text[], $3::bytea[])
                as given (tenant_id, account_id, content)
            where a.tenant_id = given.tenant_id and a.account_id = given.account_id
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
            insert into items (tenant_id, account_id, kind, item_id, content, ends_on, known)
            select * from unnest(
                {texts(1)}, {some_texts(2)}, {texts(3)}, {some_texts(4)}, $5::bytea[],
                {texts(6)}::date[], {texts(7)}::int[]
            )
            on conflict (tenant_id, account_id, kind, item_id) do update
            set content = excluded.content, ends_on = excluded.ends_on, known = excluded.known
            """,
            joined([account[0] for account, _, _ in changed]),
            joined([account[1] for account, _, _ in changed]),
            joined([key[0] for _, key, _ in changed]),
            joined([key[1] for _, key, _ in changed]),
            [pack_item(item) for _, _, item in changed],
            joined([_iso(item.ends_on) for _, _, item in changed]),
            joined([str(item.latest_slot) for _, _, item in changed]),
        )


def _iso(day: date) -> str:
    return day.isoformat()
