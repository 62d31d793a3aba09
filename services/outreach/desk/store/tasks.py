"""SQL of the work list: who takes which task, for how long, and how it ends."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from shared.database import Record, Session

# More than people who ask at once: each passes over what others are just taking.
_CANDIDATES = 64

# The best of each skill and of one's own cases, then the best of all that nobody is just taking.
_TAKE = f"""
with candidates as materialized (
  select t.task_id, t.urgency, t.owner is not distinct from $2 as is_own, t.priority, t.due_at
  from unnest($4::text[]) as s (skill) cross join lateral (
    select task_id, urgency, owner, priority, due_at from tasks
    where tenant_id = $1 and state = 'open' and skill = s.skill and ready_at <= $5
      and ($3::text is null or queue = $3)
    order by urgency desc, priority desc, due_at, task_id limit {_CANDIDATES}) t
  union
  select task_id, urgency, true, priority, due_at from (
    select task_id, urgency, priority, due_at from tasks
    where tenant_id = $1 and state = 'open' and owner = $2 and ready_at <= $5
      and skill = any($4) and ($3::text is null or queue = $3)
    order by urgency desc, priority desc, due_at, task_id limit {_CANDIDATES}) o),
best as materialized (
  select task_id from candidates
  order by urgency desc, is_own desc, priority desc, due_at, task_id),
taken as (  -- one after the other, until one is free
  select t.task_id from best b cross join lateral (
    select task_id from tasks
    where tenant_id = $1 and task_id = b.task_id and state = 'open'
    for update skip locked) t limit 1),
written as (
  update tasks t set state = 'claimed', collector = $2, claimed_at = $6, lease_until = $7,
    completion = null
  from taken where t.tenant_id = $1 and t.task_id = taken.task_id
  returning t.*)
select (select count(*) from candidates) as candidates, w.*, a.timezone from (select 1) one
left join written w on true
left join accounts a on a.tenant_id = $1 and a.account_id = w.account_id
"""


async def take_best(
    session: Session,
    tenant: str,
    person: str,
    *,
    queue: str | None,
    skills: Collection[str],
    now: datetime,
    machine_now: datetime,
    lease_until: datetime,
) -> tuple[Record | None, bool]:
    """Claim the best task there is; without one, whether others are just taking some."""
    row = await session.fetchrow(
        _TAKE, tenant, person, queue, ["", *sorted(skills)], now, machine_now, lease_until
    )
    assert row is not None, "it always has one row"
    return (None if row["task_id"] is None else row), row["candidates"] > 0


async def find_task(session: Session, tenant: str, task_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from tasks where tenant_id = $1 and task_id = $2", tenant, task_id
    )


async def lock_task(session: Session, tenant: str, task_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from tasks where tenant_id = $1 and task_id = $2 for update", tenant, task_id
    )


async def update_task(
    session: Session, tenant: str, task_id: str, changes: Mapping[str, Any]
) -> Record:
    """Write some columns of a locked task."""
    names = list(changes)
    sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, 3))
    row = await session.fetchrow(
        f"update tasks set {sets} where tenant_id = $1 and task_id = $2 returning *",
        tenant,
        task_id,
        *changes.values(),
    )
    assert row is not None, "it is locked"
    return row


async def list_tasks(
    session: Session,
    tenant: str,
    *,
    person: str,
    queue: str | None,
    skills: Collection[str],
    now: datetime,
    after: tuple[int, bool, int, datetime, str] | None,
    limit: int,
) -> list[Record]:
    """What the person may take, in the order in which it is given, and what he has claimed."""
    urgency, own, priority, due_at, task_id = after or (None, None, None, None, None)
    return await session.fetch(
        """
        select *, owner is not distinct from $2 as is_own from tasks
        where tenant_id = $1 and state = 'open' and ready_at <= $5 and skill = any($4)
          and ($3::text is null or queue = $3)
          and ($6::int is null or
            (-urgency, (owner is distinct from $2)::int, -priority, due_at, task_id)
              > (-$6::int, (not $7::bool)::int, -$8::int, $9::timestamptz, $10::text))
        order by urgency desc, is_own desc, priority desc, due_at, task_id limit $11
        """,
        tenant,
        person,
        queue,
        ["", *sorted(skills)],
        now,
        urgency,
        own,
        priority,
        due_at,
        task_id,
        limit,
    )


async def list_claimed(session: Session, tenant: str, person: str) -> list[Record]:
    return await session.fetch(
        "select * from tasks where tenant_id = $1 and state = 'claimed' and collector = $2"
        " order by claimed_at, task_id limit 100",
        tenant,
        person,
    )


async def list_tasks_of(
    session: Session, tenant: str, account_id: str, *, is_open: bool | None, limit: int
) -> list[Record]:
    """An account's tasks, the newest first."""
    return await session.fetch(
        """
        select * from tasks where tenant_id = $1 and account_id = $2
          and ($3::bool is null or $3 = (state in ('open', 'claimed')))
        order by opened_at desc, task_id limit $4
        """,
        tenant,
        account_id,
        is_open,
        limit,
    )


async def release_ended(session: Session, machine_now: datetime, limit: int) -> list[Record]:
    """Tasks whose lease has ended are open again; gives them with whoever had them."""
    return await session.fetch(
        """
        with ended as (
          select tenant_id, task_id, collector, lease_until from tasks
          where state = 'claimed' and lease_until < $1
          order by lease_until limit $2 for update skip locked)
        update tasks t set state = 'open', collector = null, claimed_at = null, lease_until = null,
          completion = null
        from ended e where t.tenant_id = e.tenant_id and t.task_id = e.task_id
        returning t.tenant_id, t.task_id, t.account_id, t.kind, t.queue, t.case_id,
          e.collector as collector, e.lease_until as lease_until
        """,
        machine_now,
        limit,
    )


async def update_priorities(session: Session, priorities: Mapping[tuple[str, str], int]) -> None:
    """As segmentation announced them last, also for the tasks that are there."""
    keys = sorted(priorities)
    columns = [[k[0] for k in keys], [k[1] for k in keys], [priorities[k] for k in keys]]
    await session.execute(
        """
        insert into priorities (tenant_id, account_id, priority)
        select * from unnest($1::text[], $2::text[], $3::int[])
        on conflict (tenant_id, account_id) do update set priority = excluded.priority
        """,
        *columns,
    )
    await session.execute(
        """
        with known as (
          select t.tenant_id, t.task_id, k.priority from tasks t
          join unnest($1::text[], $2::text[], $3::int[]) as k (tenant_id, account_id, priority)
            using (tenant_id, account_id)
          where t.state in ('open', 'claimed') and t.priority <> k.priority
          order by t.tenant_id, t.task_id for update of t)
        update tasks t set priority = k.priority from known k
        where t.tenant_id = k.tenant_id and t.task_id = k.task_id
        """,
        *columns,
    )


async def cancel_answered_calls(
    session: Session, tenant: str, accounts: Collection[str], at: datetime
) -> list[Record]:
    """Calls about invoices of which none is to be asked for any more: paid, disputed, stopped."""
    return await session.fetch(
        """
        with moot as (
          select t.task_id,
            coalesce(
              (select min(s.kind) from stops s
               where s.tenant_id = t.tenant_id and s.account_id = t.account_id
                 and (s.ended_on is null or s.ended_on > ($3 at time zone 'UTC')::date)
                 and (s.invoice_ids is null or s.invoice_ids && t.invoice_ids)),
              (select case when bool_or(i.state = 'open' and i.stage is not null) then 'disputed'
                           when bool_or(i.state = 'written_off') then 'written-off'
                           when bool_or(i.state = 'paid') then 'paid' else 'corrected' end
               from invoices i where i.tenant_id = t.tenant_id and i.account_id = t.account_id
                 and i.invoice_id = any(t.invoice_ids))) as because
          from tasks t
          where t.tenant_id = $1 and t.account_id = any($2) and t.kind = 'call'
            and (t.state = 'open' or (t.state = 'claimed' and t.completion is null))
            and t.invoice_ids <> '{}'
            and not exists (
              select from invoices i
              where i.tenant_id = t.tenant_id and i.account_id = t.account_id
                and i.invoice_id = any(t.invoice_ids) and i.state = 'open'
                and i.stage is not null and i.balance_minor > i.disputed_minor
                and not exists (
                  select from stops s
                  where s.tenant_id = i.tenant_id and s.account_id = i.account_id
                    and s.from_on <= ($3 at time zone 'UTC')::date + 1
                    and (s.ended_on is null or s.ended_on > ($3 at time zone 'UTC')::date + 1)
                    and (s.currency is null or s.currency = i.currency)
                    and (s.invoice_ids is null or i.invoice_id = any(s.invoice_ids))))
          order by t.task_id for update of t)
        update tasks t set state = 'cancelled', because = coalesce(m.because, 'paid'),
          closed_at = $3, lease_until = null
        from moot m where t.tenant_id = $1 and t.task_id = m.task_id
        returning t.task_id, t.account_id, t.kind, t.queue, t.case_id, t.because
        """,
        tenant,
        sorted(accounts),
        at,
    )


async def upsert_queue(session: Session, tenant: str, queue: str, skill: str | None) -> None:
    """The certificate that a queue needs, also for the tasks that wait in it."""
    if skill is None:
        await session.execute(
            "delete from queues where tenant_id = $1 and queue = $2", tenant, queue
        )
    else:
        await session.execute(
            "insert into queues (tenant_id, queue, skill) values ($1, $2, $3)"
            " on conflict (tenant_id, queue) do update set skill = excluded.skill",
            tenant,
            queue,
            skill,
        )
    await session.execute(
        "update tasks set skill = $3 where tenant_id = $1 and queue = $2 and state = 'open'",
        tenant,
        queue,
        skill or "",
    )


async def list_queues(session: Session, tenant: str, now: datetime) -> list[Record]:
    """Every queue with work in it, or with a certificate of its own."""
    return await session.fetch(
        """
        select coalesce(t.queue, q.queue) as queue, q.skill, coalesce(t.open, 0) as open,
          coalesce(t.ready, 0) as ready, coalesce(t.claimed, 0) as claimed, t.oldest_due_at
        from (select queue, count(*) filter (where state = 'open') as open,
                count(*) filter (where state = 'open' and ready_at <= $2) as ready,
                count(*) filter (where state = 'claimed') as claimed,
                min(due_at) filter (where state = 'open' and ready_at <= $2) as oldest_due_at
              from tasks where tenant_id = $1 and state in ('open', 'claimed') group by queue) t
        full join (select * from queues where tenant_id = $1) q using (queue)
        order by 1
        """,
        tenant,
        now,
    )


async def find_skills(session: Session, tenant: str, person: str, now: datetime) -> list[str]:
    """The certificates that a person holds on the tenant's day."""
    rows = await session.fetch(
        """
        with today as (
          select ($3::timestamptz at time zone coalesce(
            (select timezone from tenants where tenant_id = $1), 'UTC'))::date as day)
        select c.name from certificates c cross join today
        where c.tenant_id = $1 and c.person = $2 and c.suspended_at is null
          and c.valid_from <= today.day
          and (c.valid_until is null or c.valid_until >= today.day)
        """,
        tenant,
        person,
        now,
    )
    return [row["name"] for row in rows]
