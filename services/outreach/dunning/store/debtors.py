"""SQL of planning: which debtors to work on, and when."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal

from services.outreach.debtors.domain.accounts import AccountFacts
from services.outreach.debtors.store.accounts import find_accounts
from shared.database import Session

Phase = Literal["all", "plan", "claim"]
ATTEMPT_DAYS = 32  # so far back attempts are counted
OCCASION_DAYS = 150  # longer ago nothing is answered any more


async def lock_debtors(
    session: Session,
    tenant: str,
    *,
    at: datetime,
    machine_now: datetime,
    tried: Collection[str],
    skipped: Collection[str],
    limit: int,
    only: Collection[str] | None = None,
    phase: Phase = "all",
) -> list[str]:
    """Debtors that have something to be done: facts that changed, or a contact that is due. Those
    that another run holds are left to it. The debtor's row is the lock for all that is planned.

    `plan`: only those whose facts changed; `claim`: only those with a contact that is due, in the
    order in which slots are given.

    One that is set aside waits until its facts change, or until it is time to try it again.
    """
    rows = await session.fetch(
        """
        with due as (
          select debtor_key from contacts
          where tenant_id = $1 and due_at <= $2 and contact_id <> all($4)
            and debtor_key <> all($6) and ($7::text[] is null or debtor_key = any($7))
            and (state = 'planned' or (state = 'claimed' and lease_until < $3))
            and lane not like 'service/%'
            and not exists (
              select from debtors d where d.tenant_id = contacts.tenant_id
                and d.debtor_key = contacts.debtor_key and d.retry_at > $2)
            and $8 <> 'plan'
          order by due_at,
            case when $8 = 'claim' then (
              select -coalesce(max(a.priority), 0) from accounts a
              where a.tenant_id = contacts.tenant_id and a.debtor_key = contacts.debtor_key) end,
            debtor_key
          limit $5 for update skip locked),
        dirty as (
          select debtor_key from debtors
          where tenant_id = $1 and is_dirty and $8 <> 'claim' and debtor_key <> all($6)
            and ($7::text[] is null or debtor_key = any($7))
          order by debtor_key limit $5 for update skip locked),
        again as (
          select debtor_key from debtors
          where tenant_id = $1 and retry_at <= $2 and $8 <> 'claim' and debtor_key <> all($6)
            and ($7::text[] is null or debtor_key = any($7))
          order by debtor_key limit $5 for update skip locked)
        select debtor_key from debtors
        where tenant_id = $1
          and debtor_key in (select debtor_key from due union select debtor_key from dirty
                             union select debtor_key from again)
        order by debtor_key for update skip locked
        """,
        tenant,
        at,
        machine_now,
        list(tried),
        limit,
        list(skipped),
        None if only is None else list(only),
        phase,
    )
    return [row["debtor_key"] for row in rows]


async def count_waiting(session: Session, tenant: str, at: datetime, limit: int) -> int:
    """How many debtors wait to be planned for or have a contact that is due: so many at most."""
    found: int = await session.fetchval(
        """
        select (select count(*) from (
                  select from debtors where tenant_id = $1 and is_dirty limit $3) as dirty)
             + (select count(*) from (
                  select from contacts where tenant_id = $1 and state in ('planned', 'claimed')
                    and lane not like 'service/%' and due_at <= $2 limit $3) as due)
        """,
        tenant,
        at,
        limit,
    )
    return min(found, limit)


async def settle_debtors(session: Session, tenant: str, made: Mapping[str, int]) -> None:
    """The debtors are planned for; `made`: how many contacts each has had so far."""
    await session.execute(
        """
        update debtors d set is_dirty = false, contacts_made = k.contacts_made,
          failed_at = null, failure = null, retry_at = null
        from unnest($2::text[], $3::int[]) as k (debtor_key, contacts_made)
        where d.tenant_id = $1 and d.debtor_key = k.debtor_key
        """,
        tenant,
        list(made),
        list(made.values()),
    )


async def put_aside(
    session: Session, tenant: str, key: str, *, at: datetime, retry_at: datetime, reason: str
) -> bool:
    """Whether it was not set aside already. What came in meanwhile is looked at with the rest."""
    before = await session.fetchval(
        "select failed_at from debtors where tenant_id = $1 and debtor_key = $2 for update",
        tenant,
        key,
    )
    await session.execute(
        """
        update debtors set is_dirty = false, failure = $3, failed_at = coalesce(failed_at, $4),
          retry_at = $5
        where tenant_id = $1 and debtor_key = $2
        """,
        tenant,
        key,
        reason,
        at,
        retry_at,
    )
    return before is None


async def find_first_account(session: Session, tenant: str, key: str) -> AccountFacts | None:
    """One that stands for the debtor."""
    account_id = await session.fetchval(
        """
        select min(account_id) from accounts
        where tenant_id = $1 and debtor_key = $2 and is_registered and not is_erased
        """,
        tenant,
        key,
    )
    if account_id is None:
        return None
    return (await find_accounts(session, {(tenant, account_id)}))[tenant, account_id]


async def find_next_due(session: Session, tenant: str) -> tuple[datetime | None, bool]:
    """The earliest instant at which a contact is due, and whether plans wait to be made."""
    row = await session.fetchrow(
        """
        select least(
                 (select min(due_at) from contacts c
                  where tenant_id = $1 and state in ('planned', 'claimed')
                    and lane not like 'service/%' and not exists (
                      select from debtors d where d.tenant_id = c.tenant_id
                        and d.debtor_key = c.debtor_key and d.retry_at is not null)),
                 (select min(retry_at) from debtors where tenant_id = $1)) as due_at,
               exists (select from debtors where tenant_id = $1 and is_dirty) as is_dirty
        """,
        tenant,
    )
    assert row is not None
    return row["due_at"], row["is_dirty"]


async def count_held(session: Session, tenant: str, at: datetime, machine_now: datetime) -> int:
    """Contacts that are due, and that a claim which has not ended keeps from being made. A call
    that waits for its dialler, or that it makes, is on its way."""
    held: int = await session.fetchval(
        """
        select count(*) from contacts
        where tenant_id = $1 and due_at <= $2 and state in ('claimed', 'intent')
          and lease_until >= $3 and claim not like 'dialler%' and lane not like 'service/%'
        """,
        tenant,
        at,
        machine_now,
    )
    return held
