"""SQL of addresses: which accounts are reached at one, and which want nothing more, for ever."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.database import Session


@dataclass(frozen=True, order=True)
class AccountAddress:
    """An address that an account's details name."""

    tenant: str
    account_id: str
    channel: str
    address: str
    mark: bytes


@dataclass(frozen=True)
class RefusedAddress:
    """An address that an account has and that wants nothing more."""

    account: AccountAddress
    at: datetime
    evidence: str


async def replace_addresses(
    session: Session,
    accounts: Mapping[tuple[str, str], datetime],
    addresses: Iterable[AccountAddress],
) -> list[AccountAddress]:
    """What the details of these accounts name now, and from which instant of business time on;
    gives those that they did not name before."""
    if not accounts:
        return []
    given = sorted(set(addresses))
    columns = [
        [each.tenant for each in given],
        [each.account_id for each in given],
        [each.channel for each in given],
        [each.address for each in given],
        [each.mark for each in given],
    ]
    keys = sorted(accounts)
    await session.execute(
        """
        delete from account_addresses a
        using unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
        where a.tenant_id = k.tenant_id and a.account_id = k.account_id
          and (a.tenant_id, a.account_id, a.channel, a.address) not in (
            select * from unnest($3::text[], $4::text[], $5::text[], $6::text[]))
        """,
        [tenant for tenant, _ in keys],
        [account_id for _, account_id in keys],
        *columns[:4],
    )
    rows = await session.fetch(
        """
        insert into account_addresses (tenant_id, account_id, channel, address, mark, known_since)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[],
                             $6::timestamptz[])
        on conflict do nothing returning *
        """,
        *columns,
        [accounts[each.tenant, each.account_id] for each in given],
    )
    return sorted(
        AccountAddress(r["tenant_id"], r["account_id"], r["channel"], r["address"], r["mark"])
        for r in rows
    )


async def find_addresses_of(
    session: Session, tenant: str, channel: str, account_ids: Collection[str]
) -> list[str]:
    """At which addresses these accounts are reached now."""
    rows = await session.fetch(
        "select distinct address from account_addresses"
        " where tenant_id = $1 and channel = $2 and account_id = any($3) order by address",
        tenant,
        channel,
        sorted(account_ids),
    )
    return [row["address"] for row in rows]


async def find_reached(
    session: Session, tenant: str, channel: str, mark: bytes, also: Collection[str]
) -> list[tuple[str, tuple[str, ...]]]:
    """The accounts that are reached at an address, each with its own spellings of it, and these
    others; in the order in which their debtors are locked."""
    rows = await session.fetch(
        """
        select c.account_id, array_agg(a.address order by a.address)
                               filter (where a.address is not null) as spellings
        from accounts c
        left join account_addresses a
          on a.tenant_id = c.tenant_id and a.account_id = c.account_id
         and a.channel = $2 and a.mark = $3
        where c.tenant_id = $1 and c.is_registered and not c.is_erased
          and c.account_id = any($4::text[] || array(
            select account_id from account_addresses
            where tenant_id = $1 and channel = $2 and mark = $3))
        group by c.debtor_key, c.account_id order by c.debtor_key, c.account_id
        """,
        tenant,
        channel,
        mark,
        sorted(also),
    )
    return [(row["account_id"], tuple(row["spellings"] or ())) for row in rows]


async def find_debtors_at(
    session: Session, tenant: str, places: Collection[tuple[str, bytes]]
) -> list[str]:
    """The debtors that are reached at any of these channels and marks."""
    rows = await session.fetch(
        """
        select distinct c.debtor_key
        from unnest($2::text[], $3::bytea[]) as k (channel, mark)
        join account_addresses a
          on a.tenant_id = $1 and a.channel = k.channel and a.mark = k.mark
        join accounts c on c.tenant_id = a.tenant_id and c.account_id = a.account_id
        where c.is_registered and not c.is_erased
        """,
        tenant,
        [channel for channel, _ in places],
        [mark for _, mark in places],
    )
    return [row["debtor_key"] for row in rows]


async def find_refused(
    session: Session, addresses: Collection[AccountAddress], accounts: Collection[tuple[str, str]]
) -> list[RefusedAddress]:
    """Which of these addresses, and of all that these accounts have, want nothing more."""
    named = sorted({(a.tenant, a.account_id, a.address) for a in addresses})
    keys = sorted(accounts)
    if not named and not keys:
        return []
    rows = await session.fetch(
        """
        select a.*, o.at, o.evidence
        from account_addresses a
        join opt_outs o on o.tenant_id = a.tenant_id and o.channel = a.channel and o.mark = a.mark
        join accounts c on c.tenant_id = a.tenant_id and c.account_id = a.account_id
        where c.is_registered and not c.is_erased
          and ((a.tenant_id, a.account_id, a.address) in (
                 select * from unnest($1::text[], $2::text[], $3::text[]))
            or (a.tenant_id, a.account_id) in (select * from unnest($4::text[], $5::text[])))
        order by a.tenant_id, a.account_id, a.channel, a.address
        """,
        [tenant for tenant, _, _ in named],
        [account_id for _, account_id, _ in named],
        [address for _, _, address in named],
        [tenant for tenant, _ in keys],
        [account_id for _, account_id in keys],
    )
    return [
        RefusedAddress(
            AccountAddress(r["tenant_id"], r["account_id"], r["channel"], r["address"], r["mark"]),
            r["at"],
            r["evidence"],
        )
        for r in rows
    ]


async def insert_opt_out(
    session: Session, tenant: str, channel: str, mark: bytes, at: datetime, evidence: str
) -> None:
    """The first word counts."""
    await session.execute(
        "insert into opt_outs (tenant_id, channel, mark, at, evidence) values ($1, $2, $3, $4, $5)"
        " on conflict do nothing",
        tenant,
        channel,
        mark,
        at,
        evidence,
    )


async def delete_opt_out(session: Session, tenant: str, channel: str, mark: bytes) -> None:
    """Who said no says yes."""
    await session.execute(
        "delete from opt_outs where tenant_id = $1 and channel = $2 and mark = $3",
        tenant,
        channel,
        mark,
    )


async def find_spellings(
    session: Session, tenant: str, channel: str, mark: bytes
) -> list[tuple[str, str]]:
    """Every account that has the address, with how it spells it."""
    rows = await session.fetch(
        """
        select account_id, address from account_addresses
        where tenant_id = $1 and channel = $2 and mark = $3 order by account_id, address
        """,
        tenant,
        channel,
        mark,
    )
    return [(row["account_id"], row["address"]) for row in rows]
