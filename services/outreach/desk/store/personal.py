"""SQL of what is known of one account's person, and of its last news."""

from collections.abc import Collection
from typing import Any

import msgspec

from shared.database import Record, Session


async def find_account(session: Session, tenant: str, account_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from accounts where tenant_id = $1 and account_id = $2", tenant, account_id
    )


async def find_details(session: Session, tenant: str, account_id: str) -> dict[str, Any] | None:
    details = await session.fetchval(
        "select details from people where tenant_id = $1 and account_id = $2", tenant, account_id
    )
    return None if details is None else msgspec.json.decode(details)


async def find_last_news(
    session: Session, tenant: str, account_id: str, types: Collection[str]
) -> list[tuple[str, dict[str, Any], Any]]:
    """The newest announcements of these types, the newest first."""
    rows = await session.fetch(
        """
        select n.* from unnest($3::text[]) as k (type) cross join lateral (
          select type, data, at, ord from story
          where tenant_id = $1 and account_id = $2 and story.type = k.type
          order by at desc, ord desc limit 5) n
        order by n.at desc, n.ord desc
        """,
        tenant,
        account_id,
        sorted(types),
    )
    return [(row["type"], msgspec.json.decode(row["data"]), row["at"]) for row in rows]


async def find_past_contacts(
    session: Session, tenant: str, account_id: str, limit: int
) -> list[dict[str, Any]]:
    """Contacts that others made, and calls of collectors, the newest first."""
    rows = await session.fetch(
        "select id, at, entry from past_contacts where tenant_id = $1 and account_id = $2"
        " order by at desc, id limit $3",
        tenant,
        account_id,
        limit,
    )
    return [{"id": row["id"], "at": row["at"], **msgspec.json.decode(row["entry"])} for row in rows]


async def find_address_states(
    session: Session, tenant: str, account_id: str
) -> list[dict[str, Any]]:
    rows = await session.fetch(
        "select channel, address, state, because, changed_at, paused_until from address_states"
        " where tenant_id = $1 and account_id = $2 order by channel, address",
        tenant,
        account_id,
    )
    return [dict(row) for row in rows]


async def find_calls(session: Session, tenant: str, account_id: str) -> list[dict[str, Any]]:
    rows = await session.fetch(
        "select call_id, task_id, collector, address, at from calls"
        " where tenant_id = $1 and account_id = $2 order by at desc limit 1000",
        tenant,
        account_id,
    )
    return [dict(row) for row in rows]


async def find_inbound(session: Session, tenant: str, account_id: str) -> list[dict[str, Any]]:
    """What the person wrote to us."""
    rows = await session.fetch(
        "select inbound_id, channel, received_at, address, text, reply_class, effect from inbound"
        " where tenant_id = $1 and account_id = $2 order by received_at desc limit 1000",
        tenant,
        account_id,
    )
    return [dict(row) for row in rows]
