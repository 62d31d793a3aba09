"""SQL of items: kept once, read by one at a time, ended once."""

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from services.outreach.inbound.domain.items import (
    Command,
    Ending,
    NewItem,
    OpenItem,
    decoded,
    encoded,
)
from shared.database import Record, Session

_COMMAND = msgspec.json.Decoder(Command)


async def insert_item(
    session: Session, tenant: str, item: NewItem, *, received_at: datetime, stored_at: datetime
) -> bool:
    """Keep it. False: it is here already."""
    added = await session.fetchval(
        """
        insert into inbound (tenant_id, inbound_id, provider, key, kind, channel, content, envelope,
                             received_at, stored_at, state, try_at, address)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $10, $11)
        on conflict (tenant_id, inbound_id) do nothing returning true
        """,
        tenant,
        item.id_in(tenant),
        item.provider,
        item.key,
        item.kind,
        item.channel,
        item.content,
        encoded(item.envelope),
        received_at,
        stored_at,
        item.sender,
    )
    return bool(added)


async def claim_next(session: Session, now: datetime, lease: timedelta) -> OpenItem | None:
    """The item that has waited longest, for as long as the lease; nobody else reads it then."""
    row = await session.fetchrow(
        """
        update inbound set tries = tries + 1, try_at = $2
        where (tenant_id, inbound_id) = (
          select tenant_id, inbound_id from inbound where state = 'open' and try_at <= $1
          order by try_at limit 1 for update skip locked)
        returning *
        """,
        now,
        now + lease,
    )
    return _open(row) if row is not None else None


async def claim_item(
    session: Session, tenant: str, inbound_id: str, now: datetime, lease: timedelta
) -> OpenItem | None:
    """This one, unless somebody reads it already."""
    row = await session.fetchrow(
        """
        update inbound set tries = tries + 1, try_at = $4
        where tenant_id = $1 and inbound_id = $2 and state = 'open' and try_at <= $3
        returning *
        """,
        tenant,
        inbound_id,
        now,
        now + lease,
    )
    return _open(row) if row is not None else None


def _open(row: Record) -> OpenItem:
    return OpenItem(
        tenant=row["tenant_id"],
        inbound_id=row["inbound_id"],
        provider=row["provider"],
        kind=row["kind"],
        channel=row["channel"],
        content=row["content"],
        envelope=decoded(row["envelope"]),
        received_at=row["received_at"],
        tries=row["tries"],
        sender=row["address"],
        command=None if row["command"] is None else _COMMAND.decode(row["command"]),
    )


async def save_command(session: Session, item: OpenItem, command: Command) -> None:
    """What the ledger is asked to do, before it is: asked again, it is the same."""
    await session.execute(
        "update inbound set command = $3 where tenant_id = $1 and inbound_id = $2",
        item.tenant,
        item.inbound_id,
        msgspec.json.encode(command),
    )


async def save_account(session: Session, tenant: str, inbound_id: str, account_id: str) -> bool:
    """A person tells whose it is: it is read again. False: it does not wait for one."""
    row = await session.fetchrow(
        """
        select envelope from inbound
        where tenant_id = $1 and inbound_id = $2 and state = 'for-person' and account_id is null
        for update
        """,
        tenant,
        inbound_id,
    )
    if row is None:
        return False
    envelope = msgspec.structs.replace(decoded(row["envelope"]), account_id=account_id)
    await session.execute(
        """
        update inbound set envelope = $3, state = 'open', tries = 0, ended_at = null,
          try_at = statement_timestamp() where tenant_id = $1 and inbound_id = $2
        """,
        tenant,
        inbound_id,
        encoded(envelope),
    )
    return True


async def lock_open(session: Session, item: OpenItem) -> bool:
    """Whether it is still to be ended; held until the transaction ends."""
    state = await session.fetchval(
        "select state from inbound where tenant_id = $1 and inbound_id = $2 for update",
        item.tenant,
        item.inbound_id,
    )
    return bool(state == "open")


async def end_item(session: Session, item: OpenItem, ending: Ending, now: datetime) -> None:
    await session.execute(
        """
        update inbound set state = $3, effect = $4, reply_class = $5, debtor_key = $6,
          account_id = $7, contact_id = $8, address = $9, text = $10, ended_at = $11, failure = $12
        where tenant_id = $1 and inbound_id = $2
        """,
        item.tenant,
        item.inbound_id,
        ending.state,
        ending.effect,
        ending.reply_class,
        ending.debtor_key,
        ending.account_id,
        ending.contact_id,
        ending.address,
        ending.text,
        now,
        ending.failure,
    )


async def put_back(session: Session, item: OpenItem, try_at: datetime, failure: str) -> None:
    """It could not be read, or the ledger gave no answer: later, again."""
    await session.execute(
        """
        update inbound set try_at = $3, failure = $4
        where tenant_id = $1 and inbound_id = $2 and state = 'open'
        """,
        item.tenant,
        item.inbound_id,
        try_at,
        failure,
    )


async def list_items(
    session: Session,
    tenant: str,
    *,
    state: str | None,
    account_id: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Record]:
    """Newest first."""
    received_at, inbound_id = before or (None, None)
    return await session.fetch(
        """
        select inbound_id, provider, kind, channel, state, received_at, ended_at, account_id,
               contact_id, reply_class, effect, tries, failure
        from inbound
        where tenant_id = $1 and ($2::text is null or state = $2)
          and ($3::text is null or account_id = $3)
          and ($4::timestamptz is null or (received_at, inbound_id) < ($4, $5::text))
        order by received_at desc, inbound_id desc limit $6
        """,
        tenant,
        state,
        account_id,
        received_at,
        inbound_id,
        limit,
    )


async def find_item(session: Session, tenant: str, inbound_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from inbound where tenant_id = $1 and inbound_id = $2", tenant, inbound_id
    )


async def handle_item(session: Session, tenant: str, inbound_id: str, by: str) -> bool:
    """A person has seen to it. False: it does not wait for one."""
    done: bool | None = await session.fetchval(
        """
        update inbound set state = 'applied', effect = 'handled by ' || $3
        where tenant_id = $1 and inbound_id = $2 and state = 'for-person' returning true
        """,
        tenant,
        inbound_id,
        by,
    )
    return bool(done)


async def erase_items(
    session: Session, tenant: str, account_ids: Collection[str], now: datetime
) -> None:
    """What they wrote goes with the details of these accounts; that something came stays. So does
    what came from an address that no other account has, though nobody knew whose it was; what
    nobody has read yet is read no more."""
    await session.execute(
        """
        update inbound set content = ''::bytea, envelope = '{}'::bytea, text = null, address = null,
          failure = case when state = 'open' then 'erased' else failure end,
          effect = case when state = 'open' then 'none' else effect end,
          ended_at = coalesce(ended_at, $3),
          state = case when state = 'open' then 'applied' else state end
        where tenant_id = $1 and (account_id = any($2)
          or state = 'open' and convert_from(envelope, 'UTF8')::jsonb ->> 'account_id' = any($2)
          or address in (
            select lower(a.address) from account_addresses a
            where a.tenant_id = $1 and a.account_id = any($2) and not exists (
              select from account_addresses o where o.tenant_id = a.tenant_id
                and o.channel = a.channel and o.mark = a.mark and o.account_id <> all($2))))
        """,
        tenant,
        sorted(account_ids),
        now,
    )
