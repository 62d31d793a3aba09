"""SQL of contact history: our own contacts and those that others made."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import msgspec

from services.outreach.history.domain import PastContact
from shared.database import Session

HISTORY_MAX = 1000  # entries that a question may have; the newest ones are read


async def insert_past_contacts(
    session: Session, tenant: str, account_id: str, entries: Iterable[tuple[str, datetime, bytes]]
) -> set[str]:
    """Gives the ids that are new; the others had come before."""
    rows = list(entries)
    if not rows:
        return set()
    written = await session.fetch(
        """
        insert into past_contacts (tenant_id, account_id, id, at, entry)
        select $1, $2, id, at, entry
        from unnest($3::text[], $4::timestamptz[], $5::bytea[]) as k (id, at, entry)
        on conflict do nothing
        returning id
        """,
        tenant,
        account_id,
        *[list(column) for column in zip(*rows, strict=True)],
    )
    return {row["id"] for row in written}


async def find_past_entries(
    session: Session, tenant: str, account_id: str, ids: Collection[str]
) -> dict[str, bytes]:
    rows = await session.fetch(
        """
        select id, entry from past_contacts
        where tenant_id = $1 and account_id = $2 and id = any($3)
        """,
        tenant,
        account_id,
        sorted(ids),
    )
    return {row["id"]: row["entry"] for row in rows}


async def find_history(
    session: Session, tenant: str, account_ids: Collection[str]
) -> dict[str, list[PastContact]]:
    """The newest contacts that covered each of these accounts. A message that may have left counts
    like one that has."""
    accounts = sorted(account_ids)
    own = await session.fetch(
        """
        select k.account_id, c.contact_id, c.attempted_at, c.body
        from unnest($2::text[]) as k (account_id)
        cross join lateral (
          select c.contact_id, c.attempted_at, c.body
          from contact_accounts a join contacts c using (tenant_id, contact_id)
          where a.tenant_id = $1 and a.account_id = k.account_id
            and c.state in ('sent', 'delivered', 'uncertain') and c.attempted_at is not null
          order by c.attempted_at desc limit $3) c
        """,
        tenant,
        accounts,
        HISTORY_MAX,
    )
    others = await session.fetch(
        """
        select k.account_id, p.at, p.entry
        from unnest($2::text[]) as k (account_id)
        cross join lateral (
          select p.at, p.entry from past_contacts p
          where p.tenant_id = $1 and p.account_id = k.account_id
          order by p.at desc limit $3) p
        """,
        tenant,
        accounts,
        HISTORY_MAX,
    )
    covered: dict[str, list[str]] = {}
    for row in own:
        covered.setdefault(row["contact_id"], []).append(row["account_id"])
    made = {}
    for row in own:
        body = _BODY.decode(row["body"])
        made[row["contact_id"]] = PastContact(
            tuple(covered[row["contact_id"]]),
            row["attempted_at"],
            body.channel,
            body.outcome or "sent",
            is_own=True,
            is_answer=body.service is not None,
        )
    found: dict[str, list[PastContact]] = {}
    for row in own:
        found.setdefault(row["account_id"], []).append(made[row["contact_id"]])
    for row in others:
        entry = _ENTRY.decode(row["entry"])
        channel, outcome = entry.pop("channel"), entry.pop("outcome")
        past = PastContact((row["account_id"],), row["at"], channel, outcome, entry)
        found.setdefault(row["account_id"], []).append(past)
    return found


class _Body(msgspec.Struct):
    channel: str
    outcome: str | None = None  # of a call
    service: dict[str, Any] | None = None


_BODY = msgspec.json.Decoder(_Body)
_ENTRY = msgspec.json.Decoder(dict[str, Any])


async def erase_history(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    """Whom a contact went to is personal; that it was made is not."""
    await session.execute(
        """
        update past_contacts
        set entry = convert_to((convert_from(entry, 'UTF8')::jsonb - 'to')::text, 'UTF8')
        where tenant_id = $1 and account_id = any($2)
        """,
        tenant,
        sorted(account_ids),
    )
