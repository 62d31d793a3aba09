"""Items that add nothing any more, compressed, an account's together; a late fact brings them back.

Whoever folds an account has all its items at hand, so these are loaded with the others. Once one
of them has to be stored again, all of the account's become usual rows.
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from msgspec import Struct

from services.metrics.domain.accounts import AccountItems, ItemKey
from services.metrics.domain.kinds.registry import unpack_item
from services.metrics.store.remembered import AccountKey
from shared.database import Session
from shared.database.columns import texts


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


async def load(
    session: Session, accounts: tuple[str, str], touched: Mapping[AccountKey, AccountItems]
) -> None:
    """Add the cold items of these accounts (joined columns) to those at hand."""
    rows = await session.fetch(
        f"""
        select tenant_id, account_id, content
        from unnest({texts(1)}, {texts(2)}) as given (tenant_id, account_id)
        join items_cold using (tenant_id, account_id)
        """,
        *accounts,
    )
    for tenant, account, content in rows:
        items = touched[tenant, account]
        for cold in unpack(content):
            item = unpack_item(cold.kind, cold.content)
            item.ends_on, item.is_cold = cold.ends_on, True
            items.by_key[cold.kind, cold.item_id] = item


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


def thaw(items: AccountItems) -> list[ItemKey]:
    """The account's cold items, which are stored among the others from now on."""
    found = [key for key, item in items.by_key.items() if item.is_cold]
    for key in found:
        items.by_key[key].is_cold = False
    return found
