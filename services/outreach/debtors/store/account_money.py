"""SQL of what accounts owe and when they have paid."""

from collections.abc import Collection, Mapping

import msgspec

from services.outreach.debtors.domain.account_money import (
    AccountMoney,
    CurrencyAmounts,
    PaymentKnown,
)
from services.outreach.debtors.store.rows import AccountKey, columns
from shared.database import Session

PaymentKey = tuple[str, str, str]  # tenant, account, payment
AMOUNTS = msgspec.json.Decoder(dict[str, CurrencyAmounts])
_REVERSED = msgspec.json.Decoder(dict[str, int])


async def find_account_money(
    session: Session, keys: Collection[AccountKey]
) -> dict[AccountKey, AccountMoney]:
    if not keys:
        return {}
    rows = await session.fetch(
        """
        select a.tenant_id, a.account_id, a.amounts, a.overdue_since_on from accounts a
        join unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
          using (tenant_id, account_id)
        """,
        *columns(sorted(keys), 2),
    )
    return {
        (row["tenant_id"], row["account_id"]): AccountMoney(
            AMOUNTS.decode(row["amounts"]), row["overdue_since_on"]
        )
        for row in rows
    }


async def update_account_money(session: Session, found: Mapping[AccountKey, AccountMoney]) -> None:
    """Of accounts that are known already."""
    rows = [
        (*key, msgspec.json.encode(money.amounts).decode(), money.overdue_since_on)
        for key, money in sorted(found.items())
    ]
    if not rows:
        return
    await session.execute(
        """
        update accounts a set amounts = k.amounts, overdue_since_on = k.overdue_since_on
        from unnest($1::text[], $2::text[], $3::text[], $4::date[])
          as k (tenant_id, account_id, amounts, overdue_since_on)
        where a.tenant_id = k.tenant_id and a.account_id = k.account_id
        """,
        *columns(rows, 4),
    )


async def find_payments(
    session: Session, keys: Collection[PaymentKey]
) -> dict[PaymentKey, PaymentKnown]:
    if not keys:
        return {}
    rows = await session.fetch(
        """
        select p.* from payments p
        join unnest($1::text[], $2::text[], $3::text[]) as k (tenant_id, account_id, payment_id)
          using (tenant_id, account_id, payment_id)
        """,
        *columns(sorted(keys), 3),
    )
    return {
        (row["tenant_id"], row["account_id"], row["payment_id"]): PaymentKnown(
            row["day"], row["amount_minor"], _REVERSED.decode(row["reversed"])
        )
        for row in rows
    }


async def upsert_payments(session: Session, found: Mapping[PaymentKey, PaymentKnown]) -> None:
    rows = [
        (*key, p.day, p.amount_minor, msgspec.json.encode(p.reversed_minor).decode())
        for key, p in sorted(found.items())
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into payments (tenant_id, account_id, payment_id, day, amount_minor, reversed)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::bigint[],
                             $6::text[])
        on conflict (tenant_id, account_id, payment_id) do update set
          day = excluded.day, amount_minor = excluded.amount_minor, reversed = excluded.reversed
        """,
        *columns(rows, 6),
    )
