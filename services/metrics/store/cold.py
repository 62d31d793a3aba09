"""Items that add nothing any more, compressed, an account's together; a late fact brings them back.

Whoever folds an account has all its items at hand, so these are loaded with the others. Once one
of them has to be stored again, all of the account's become usual rows.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec
from msgspec import Struct

from services.metrics.domain.accounts import TENANT_ACCOUNT, AccountItems, ItemKey
from services.metrics.domain.kinds.registry import unpack_item
from services.metrics.store.remembered import AccountKey
from shared.database import Session
from shared.database.columns import joined, some_texts, texts


class ColdItem(Struct, frozen=True, array_like=True):
    """An item as it is stored among the others."""

    kind: str
    item_id: str
    content: bytes
    ends_on: date
    known: int


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[ColdItem])


def pack(items: Sequence[ColdItem]) -> bytes:
    """Some items of an account, compressed."""
    return zlib.compress(_ENCODER.encode(items))


def unpack(content: bytes) -> list[ColdItem]:
    return _DECODER.decode(zlib.decompress(content))


async def list_cold(
    session: Session, accounts: Iterable[AccountKey]
) -> dict[AccountKey, list[ColdItem]]:
    """The cold items of these accounts."""
    asked = sorted(set(accounts))
    rows = await session.fetch(
        f"""
        select tenant_id, account_id, content
        from unnest({texts(1)}, {some_texts(2)}) as given (tenant_id, account_id)
        join items_cold using (tenant_id, account_id)
        """,
        joined([tenant for tenant, _ in asked]),
        joined([account for _, account in asked]),
    )
    return {(tenant, account): unpack(content) for tenant, account, content in rows}


async def load(session: Session, touched: Mapping[AccountKey, AccountItems]) -> None:
    """Add the cold items of these accounts to those at hand."""
    for key, found in (await list_cold(session, touched)).items():
        for cold in found:
            item = unpack_item(cold.kind, cold.content)
            item.ends_on, item.is_cold = cold.ends_on, True
            touched[key].by_key[cold.kind, cold.item_id] = item


def thaw(items: AccountItems) -> list[ItemKey]:
    """The account's cold items, which are stored among the others from now on."""
    found = [key for key, item in items.by_key.items() if item.is_cold]
    for key in found:
        items.by_key[key].is_cold = False
    return found


async def bring_back(session: Session, accounts: Sequence[AccountKey]) -> None:
    """Forget the cold items of these accounts: they are stored among the others again."""
    if accounts:
        await session.execute(
            """
            delete from items_cold c using unnest($1::text[], $2::text[])
                as given (tenant_id, account_id)
            where c.tenant_id = given.tenant_id and c.account_id = given.account_id
            """,
            [tenant for tenant, _ in accounts],
            [account for _, account in accounts],
        )


# ── Going cold ───────────────────────────────────────────────────────────────────────────────────

_PAGE = """
select a.account_id, exists (
    select from items i where i.tenant_id = a.tenant_id and i.account_id = a.account_id
        and i.ends_on < $4 and i.known < $5
) as has_cold
from accounts a where a.tenant_id = $1 and a.account_id > $2 order by a.account_id limit $3
"""
_LOCK = """
select account_id from accounts where tenant_id = $1 and account_id = any($2::text[])
order by tenant_id, account_id for update
"""
_TAKE = """
delete from items where tenant_id = $1 and account_id = any($2::text[])
    and ends_on < $3 and known < $4
returning account_id, kind, item_id, content, ends_on, known
"""


async def move_to_cold(
    session: Session, tenant_id: str, after: str, limit: int, *, ended_before: date, known: int
) -> tuple[str | None, int]:
    """Look at the next accounts after one, and move what adds nothing from a day on, and has had no
    fact since a moment; the last account (None: that was all), and how many items were moved.

    What accounts are remembered by workers is void: their versions are counted up.
    """
    page = await session.fetch(_PAGE, tenant_id, after, limit, ended_before, known)
    with_cold = [row[0] for row in page if row[1] and row[0] != TENANT_ACCOUNT]
    last = page[-1][0] if len(page) == limit else None
    if not with_cold:
        return last, 0
    await session.fetch(_LOCK, tenant_id, with_cold)
    moved: dict[str, list[ColdItem]] = defaultdict(list)
    for account_id, *item in await session.fetch(_TAKE, tenant_id, with_cold, ended_before, known):
        moved[account_id].append(ColdItem(*item))
    keys = [(tenant_id, account_id) for account_id in moved]
    for (_, account_id), found in (await list_cold(session, keys)).items():
        moved[account_id] += found
    await session.execute(
        """
        insert into items_cold (tenant_id, account_id, content)
        select $1, * from unnest($2::text[], $3::bytea[])
        on conflict (tenant_id, account_id) do update set content = excluded.content
        """,
        tenant_id,
        list(moved),
        [pack(items) for items in moved.values()],
    )
    await session.execute(
        "update accounts set version = version + 1"
        " where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        list(moved),
    )
    return last, sum(len(items) for items in moved.values())
