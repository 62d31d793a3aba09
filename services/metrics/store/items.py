"""What is remembered of accounts and items, the daily measures, and the stream: for folding.

The columns of the busiest statements travel as joined texts (`shared.database.columns`): ids, days
as ISO writes them, numbers. What a person may have named freely (a segment, a country, a strategy)
travels as an array.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from services.metrics.domain.cells import NOTHING, ContactCells, MoneyCells
from services.metrics.domain.fold import ItemKey
from services.metrics.domain.items import (
    Account,
    Item,
    ItemKind,
    pack_account,
    pack_item,
    unpack_account,
    unpack_item,
)
from shared.database import Session
from shared.database.columns import joined, texts
from shared.log import positions

AccountKey = tuple[str, str]  # tenant, account
FullKey = tuple[str, str, str, str]  # tenant, account, kind, item


StoredItem = tuple[AccountKey, ItemKey, Item]


async def lock_accounts(session: Session, keys: Iterable[AccountKey]) -> dict[AccountKey, Account]:
    """The accounts, each locked until the end: several workers may read an account's topics.

    An account that is new here is made; `Account.is_new` says so.
    """
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
    accounts = {(row["tenant_id"], row["account_id"]): Account([], [], is_new=True) for row in made}
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
    for tenant_id, account_id, content in rows:
        key = (tenant_id, account_id)
        if key not in accounts:
            accounts[key] = unpack_account(content) if content else Account([], [])
    return accounts


async def list_items(session: Session, keys: Iterable[FullKey]) -> list[StoredItem]:
    """Those of these items that are stored."""
    columns = list(zip(*keys, strict=True))
    if not columns:
        return []
    rows = await session.fetch(
        f"""
        select tenant_id, account_id, kind, item_id, content
        from unnest({texts(1)}, {texts(2)}, {texts(3)}, {texts(4)})
            as given (tenant_id, account_id, kind, item_id)
        join items using (tenant_id, account_id, kind, item_id)
        """,
        *(joined(column) for column in columns),
    )
    return [_stored(*row) for row in rows]


async def list_items_reached(
    session: Session, reaches: Sequence[tuple[str, str, date, int]]
) -> list[StoredItem]:
    """The items of accounts (tenant, account) that add anything on or after a day, or of which
    anything was recorded after a moment."""
    columns = list(zip(*reaches, strict=True))
    if not columns:
        return []
    rows = await session.fetch(
        """
        select tenant_id, account_id, kind, item_id, content
        from unnest($1::text[], $2::text[], $3::date[], $4::int[])
            as given (tenant_id, account_id, since_on, since_known)
        join items using (tenant_id, account_id)
        where ends_on >= since_on or known > since_known
        """,
        *columns,
    )
    return [_stored(*row) for row in rows]


def _stored(
    tenant_id: str, account_id: str, kind: ItemKind, item_id: str, content: bytes
) -> StoredItem:
    return (tenant_id, account_id), (kind, item_id), unpack_item(content)


async def update_accounts(session: Session, accounts: Mapping[AccountKey, Account]) -> None:
    """Store what is known of the accounts themselves."""
    if accounts:
        await session.execute(
            """
            update accounts a set content = given.content
            from unnest($1::text[], $2::text[], $3::bytea[])
                as given (tenant_id, account_id, content)
            where (a.tenant_id, a.account_id) = (given.tenant_id, given.account_id)
            """,
            [key[0] for key in accounts],
            [key[1] for key in accounts],
            [pack_account(account) for account in accounts.values()],
        )


async def upsert_items(session: Session, changed: Sequence[tuple[StoredItem, date]]) -> None:
    """Store items, each with the last day on which it adds anything."""
    if changed:
        items = [item for (_, _, item), _ in changed]
        await session.execute(
            f"""
            insert into items (tenant_id, account_id, kind, item_id, content, ends_on, known)
            select * from unnest(
                {texts(1)}, {texts(2)}, {texts(3)}, {texts(4)},
                $5::bytea[], {texts(6)}::date[], {texts(7)}::int[]
            )
            on conflict (tenant_id, account_id, kind, item_id) do update
            set content = excluded.content, ends_on = excluded.ends_on, known = excluded.known
            """,
            joined([account[0] for (account, _, _), _ in changed]),
            joined([account[1] for (account, _, _), _ in changed]),
            joined([key[0] for (_, key, _), _ in changed]),
            joined([key[1] for (_, key, _), _ in changed]),
            [pack_item(item) for item in items],
            joined([ends_on.isoformat() for _, ends_on in changed]),
            joined([str(item.facts[-1].recorded_slot if item.facts else 0) for item in items]),
        )


async def add_money(session: Session, measured: Mapping[tuple[str, int], MoneyCells]) -> None:
    """Add to the daily measures of money, by tenant and moment of knowledge.

    In one order, so that two workers never wait for each other.
    """
    rows = sorted(
        (
            tenant, cell.measure, cell.currency, cell.day.isoformat(), cell.until.isoformat(),
            str(slot), cell.kind, cell.country, cell.segment, *map(str, sums),
        )
        for (tenant, slot), cells in measured.items()
        for cell, sums in cells.items()
        if sums != NOTHING
    )  # fmt: skip
    if rows:
        columns = list(zip(*rows, strict=True))
        named = {7, 8}  # country and segment
        await session.execute(
            f"""
            insert into money_days as known (
                tenant_id, measure, currency, day, until_on, known, kind, country, segment,
                amount, count, weight
            )
            select tenant_id, measure, currency, day, until_on, known, coalesce(kind, ''),
                country, segment, amount, count, weight
            from unnest(
                {texts(1)}, {texts(2)}, {texts(3)}, {texts(4)}::date[], {texts(5)}::date[],
                {texts(6)}::int[], {texts(7)}, $8::text[], $9::text[], {texts(10)}::numeric[],
                {texts(11)}::bigint[], {texts(12)}::numeric[]
            ) as given (
                tenant_id, measure, currency, day, until_on, known, kind, country, segment,
                amount, count, weight
            )
            on conflict (
                tenant_id, measure, currency, day, until_on, known, kind, country, segment
            ) do update set
                amount = known.amount + excluded.amount,
                count = known.count + excluded.count,
                weight = known.weight + excluded.weight
            """,
            *(
                column if number in named else joined(column)
                for number, column in enumerate(columns)
            ),
        )


async def add_contacts(session: Session, measured: Mapping[tuple[str, int], ContactCells]) -> None:
    """Add to the daily counts of contacts."""
    rows = sorted(
        (
            tenant, cell.result, cell.day, slot, cell.kind, cell.country, cell.segment,
            cell.channel, cell.strategy, cell.rule, sums[1],
        )
        for (tenant, slot), cells in measured.items()
        for cell, sums in cells.items()
        if sums[1]
    )  # fmt: skip
    if rows:
        await session.execute(
            """
            insert into contact_days as known (
                tenant_id, result, day, known, kind, country, segment, channel, strategy, rule,
                count
            )
            select * from unnest(
                $1::text[], $2::text[], $3::date[], $4::int[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::bigint[]
            )
            on conflict (
                tenant_id, result, day, known, kind, country, segment, channel, strategy, rule
            ) do update set count = known.count + excluded.count
            """,
            *(list(column) for column in zip(*rows, strict=True)),
        )


async def upsert_currencies(session: Session, since: Mapping[tuple[str, str], int]) -> None:
    """Note which currencies a tenant has figures in, since the earliest moment it was known."""
    rows = sorted((*key, slot) for key, slot in since.items())
    if rows:
        await session.execute(
            """
            insert into currencies as c (tenant_id, currency, known)
            select * from unnest($1::text[], $2::text[], $3::int[])
            on conflict (tenant_id, currency) do update set known = excluded.known
            where excluded.known < c.known
            """,
            *(list(column) for column in zip(*rows, strict=True)),
        )


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


async def delete_figures(session: Session, consumer: str) -> None:
    """Forget every figure and fact, and how far the log was read.

    Positions first: a worker that is at a slice ends it before, and is fenced at its next one.
    Skip decisions stay; so do revisions, that a client's `Last-Event-ID` never lies ahead.
    """
    await positions.forget(session, consumer)
    await session.execute("truncate accounts, items, money_days, contact_days, currencies, changes")
    await session.execute("update tenants set latest_known = 0, revision = revision + 1")
