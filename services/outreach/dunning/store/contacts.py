"""SQL of contacts: their life from plan to result, and the steps that they make."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec

from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.activity.store.contacts import to_contact
from services.outreach.dunning.domain.contacts import lane_of
from shared.database import Session

UNDER_WAY = "('planned', 'held', 'claimed', 'intent')"
# In these, with an instant of an attempt, a contact counts as one: of what failed only what failed
# late has it still.
COUNTED = ["sent", "delivered", "uncertain", "failed"]


async def insert_contacts(
    session: Session, tenant: str, contacts: Iterable[DebtorContact], planned_at: datetime
) -> None:
    rows = [
        (
            c.contact_id,
            c.debtor_key,
            c.debtor_id,
            lane_of(c),
            c.state,
            c.due_at,
            msgspec.json.encode(c),
            msgspec.json.encode(c.rules).decode(),
        )
        for c in contacts
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into contacts (tenant_id, contact_id, debtor_key, debtor_id, lane, state, due_at,
                              body, rules, planned_at)
        select $1, contact_id, debtor_key, debtor_id, lane, state, due_at, body,
               array(select jsonb_array_elements_text(rules::jsonb)), $10
        from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                    $7::timestamptz[], $8::bytea[], $9::text[])
          as k (contact_id, debtor_key, debtor_id, lane, state, due_at, body, rules)
        """,
        tenant,
        *[list(column) for column in zip(*rows, strict=True)],
        planned_at,
    )


async def update_contacts(
    session: Session,
    tenant: str,
    contacts: Iterable[DebtorContact],
    *,
    expected: Collection[State],
    claim: str | None = None,
    lease_until: datetime | None = None,
    held_by: str | None = None,
) -> set[str]:
    """Write contacts as they are now; gives the ids of those that were in an expected state and, if
    `held_by` is given, still held by that claim. The others belong to somebody else by now."""
    rows = [
        (
            c.contact_id,
            c.state,
            c.due_at,
            msgspec.json.encode(c),
            c.attempted_at,
            c.until,
            c.because,
            c.message_id,
            msgspec.json.encode(c.rules).decode(),
            c.find_at,
        )
        for c in contacts
    ]
    if not rows:
        return set()
    written = await session.fetch(
        """
        update contacts c set
          state = k.state, due_at = k.due_at, body = k.body, attempted_at = k.attempted_at,
          until_at = k.until_at, because = k.because, message_id = k.message_id,
          rules = array(select jsonb_array_elements_text(k.rules::jsonb)),
          find_at = k.find_at, claim = $2, lease_until = $3
        from unnest($6::text[], $7::text[], $8::timestamptz[], $9::bytea[], $10::timestamptz[],
                    $11::timestamptz[], $12::text[], $13::text[], $14::text[], $15::timestamptz[])
          as k (contact_id, state, due_at, body, attempted_at, until_at, because, message_id, rules,
                find_at)
        where c.tenant_id = $1 and c.contact_id = k.contact_id
          and c.state = any($4) and ($5::text is null or c.claim = $5)
        returning c.contact_id
        """,
        tenant,
        claim,
        lease_until,
        sorted(expected),
        held_by,
        *[list(column) for column in zip(*rows, strict=True)],
    )
    return {row["contact_id"] for row in written}


async def upsert_contact_accounts(
    session: Session, tenant: str, contacts: Iterable[DebtorContact]
) -> None:
    rows = sorted({(a, c.contact_id) for c in contacts for a in c.account_ids})
    if not rows:
        return
    await session.execute(
        """
        insert into contact_accounts (tenant_id, account_id, contact_id)
        select $1, account_id, contact_id
        from unnest($2::text[], $3::text[]) as k (account_id, contact_id)
        on conflict do nothing
        """,
        tenant,
        *[list(column) for column in zip(*rows, strict=True)],
    )


async def mark_reached(
    session: Session, tenant: str, contacts: Sequence[DebtorContact], at: datetime
) -> None:
    """A message has reached, or may have reached, these accounts and debtors."""
    if not contacts:
        return
    await session.execute(
        """
        update accounts set contacted_at = greatest(contacted_at, $3)
        where (tenant_id, account_id) in (
          select tenant_id, account_id from accounts where tenant_id = $1 and account_id = any($2)
          order by account_id for update)
        """,
        tenant,
        sorted({a for c in contacts for a in c.account_ids}),
        at,
    )
    await session.execute(
        """
        update debtors set last_contact_at = greatest(last_contact_at, $3)
        where tenant_id = $1 and debtor_key = any($2)
        """,
        tenant,
        sorted({c.debtor_key for c in contacts}),
        at,
    )


async def recount_reached(session: Session, tenant: str, contacts: Sequence[DebtorContact]) -> None:
    """When these accounts and debtors were reached, by all contacts as they stand now."""
    if not contacts:
        return
    await session.execute(
        """
        update accounts a set contacted_at = (
          select max(c.attempted_at) from contact_accounts k join contacts c
            using (tenant_id, contact_id)
          where k.tenant_id = a.tenant_id and k.account_id = a.account_id
            and c.attempted_at is not null and c.state = any($3)
            and c.lane not like 'service/%')
        where (tenant_id, account_id) in (
          select tenant_id, account_id from accounts where tenant_id = $1 and account_id = any($2)
          order by account_id for update)
        """,
        tenant,
        sorted({a for c in contacts for a in c.account_ids}),
        COUNTED,
    )
    await session.execute(
        """
        update debtors d set last_contact_at = (
          select max(c.attempted_at) from contacts c
          where c.tenant_id = d.tenant_id and c.debtor_key = d.debtor_key
            and c.attempted_at is not null and c.state = any($3)
            and c.lane not like 'service/%')
        where tenant_id = $1 and debtor_key = any($2)
        """,
        tenant,
        sorted({c.debtor_key for c in contacts}),
        COUNTED,
    )


async def is_any_sent(session: Session, tenant: str, since: datetime) -> bool:
    """Whether the mail server took any message since an instant of business time."""
    found = await session.fetchval(
        "select exists(select from contacts"
        " where tenant_id = $1 and state in ('sent', 'delivered') and attempted_at >= $2)",
        tenant,
        since,
    )
    return bool(found)


async def lock_contacts(
    session: Session, tenant: str, contact_ids: Collection[str]
) -> dict[str, DebtorContact]:
    """As they stand, until this transaction ends. Their debtors are locked first, in order."""
    ids = sorted(contact_ids)
    await session.execute(
        """
        select from debtors where tenant_id = $1 and debtor_key in (
          select debtor_key from contacts where tenant_id = $1 and contact_id = any($2))
        order by debtor_key for update
        """,
        tenant,
        ids,
    )
    rows = await session.fetch(
        """
        select * from contacts where tenant_id = $1 and contact_id = any($2)
        order by contact_id for update
        """,
        tenant,
        ids,
    )
    return {row["contact_id"]: to_contact(row) for row in rows}


async def find_by_message_id(
    session: Session, tenant: str, message_ids: Collection[str]
) -> dict[str, str]:
    """Contacts by what their provider calls them."""
    if not message_ids:
        return {}
    rows = await session.fetch(
        "select message_id, contact_id from contacts"
        " where tenant_id = $1 and message_id = any($2) order by contact_id",
        tenant,
        sorted(message_ids),
    )
    return {row["message_id"]: row["contact_id"] for row in rows}


async def claim_uncertain(
    session: Session, machine_now: datetime, next_at: datetime, limit: int
) -> list[tuple[str, DebtorContact]]:
    """Uncertain contacts whose time has come, with their tenants, each taken by moving its next
    time on: several workers take different ones, and one that fails is asked about again."""
    rows = await session.fetch(
        """
        update contacts set find_at = $2
        where (tenant_id, contact_id) in (
          select tenant_id, contact_id from contacts
          where state = 'uncertain' and find_at <= $1
          order by find_at limit $3 for update skip locked)
        returning *
        """,
        machine_now,
        next_at,
        limit,
    )
    return [(row["tenant_id"], to_contact(row)) for row in rows]


async def stop_asking(session: Session, tenant: str, contact_id: str) -> None:
    await session.execute(
        "update contacts set find_at = null"
        " where tenant_id = $1 and contact_id = $2 and state = 'uncertain'",
        tenant,
        contact_id,
    )


async def find_ended_leases(
    session: Session, machine_now: datetime, limit: int
) -> list[tuple[str, str, DebtorContact]]:
    """Intents whose lease has ended, with tenant and claim: nobody will tell how they ended.

    So many of each tenant, as those that can't be ended are found again and again.
    """
    rows = await session.fetch(
        """
        select * from (
          select *, row_number() over (partition by tenant_id order by lease_until) as place
          from contacts where state = 'intent' and lease_until < $1
        ) as ended where place <= $2 order by place, tenant_id
        """,
        machine_now,
        limit,
    )
    return [(row["tenant_id"], row["claim"], to_contact(row)) for row in rows]
