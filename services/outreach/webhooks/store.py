"""SQL of webhooks: endpoints, and the events that wait for them in lanes of one account each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.outreach.webhooks.domain import Endpoint, State, WaitingEvent, body_of
from shared.database import Record, Session
from shared.events import Received

LEASE = timedelta(seconds=60)  # longer than a try can take
_HAS_EVENTS = """exists (
            select from webhook_events e
            where e.tenant_id = l.tenant_id and e.webhook_id = l.webhook_id
              and e.account_id = l.account_id and e.failed_at is null)"""
EACH_MAX = 8  # lanes of one endpoint claimed at once: a slow one keeps no other waiting


async def insert_endpoint(session: Session, endpoint: Endpoint, by: str) -> None:
    await session.execute(
        """
        insert into webhooks (tenant_id, webhook_id, url, types, state, secret, created_at,
                              created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        endpoint.tenant,
        endpoint.webhook_id,
        endpoint.url,
        list(endpoint.types),
        endpoint.state,
        endpoint.sealed,
        endpoint.created_at,
        by,
    )


async def list_endpoints(session: Session, tenant: str) -> list[Endpoint]:
    rows = await session.fetch(
        "select * from webhooks where tenant_id = $1 order by created_at, webhook_id", tenant
    )
    return [_endpoint(row) for row in rows]


async def find_endpoint(
    session: Session, tenant: str, webhook_id: str, *, locked: bool = False
) -> Endpoint | None:
    row = await session.fetchrow(
        f"select * from webhooks where tenant_id = $1 and webhook_id = $2{' for update' * locked}",
        tenant,
        webhook_id,
    )
    return None if row is None else _endpoint(row)


def _endpoint(row: Record) -> Endpoint:
    return Endpoint(
        webhook_id=row["webhook_id"],
        tenant=row["tenant_id"],
        url=row["url"],
        types=tuple(row["types"]),
        state=row["state"],
        created_at=row["created_at"],
        sealed=bytes(row["secret"]),
        sealed_before=None if row["secret_before"] is None else bytes(row["secret_before"]),
        before_until=row["before_until"],
        off_because=row["off_because"],
        succeeded_at=row["succeeded_at"],
        failing_since=row["failing_since"],
        failing_because=row["failing_because"],
    )


async def update_endpoint(
    session: Session,
    tenant: str,
    webhook_id: str,
    *,
    url: str,
    types: Sequence[str],
    state: State,
    now: datetime,
) -> None:
    """What its owner wants of it; switched on, it begins anew with what waits."""
    await session.execute(
        """
        update webhooks set url = $3, types = $4, state = $5,
          off_because = case when $5 = 'on' then null else 'switched-off' end,
          failing_since = null, failing_because = null
        where tenant_id = $1 and webhook_id = $2
        """,
        tenant,
        webhook_id,
        url,
        list(types),
        state,
    )
    await session.execute(
        f"""
        update webhook_lanes l set tries = 0,
          due_at = case when $3 = 'on' and {_HAS_EVENTS} then $4::timestamptz end
        where tenant_id = $1 and webhook_id = $2
        """,
        tenant,
        webhook_id,
        state,
        now,
    )


async def switch_off(session: Session, tenant: str, webhook_id: str, because: str) -> bool:
    """Whether it was on until now."""
    found = await session.fetchval(
        """
        update webhooks set state = 'off', off_because = $3
        where tenant_id = $1 and webhook_id = $2 and state = 'on' returning true
        """,
        tenant,
        webhook_id,
        because,
    )
    await session.execute(
        "update webhook_lanes set due_at = null where tenant_id = $1 and webhook_id = $2",
        tenant,
        webhook_id,
    )
    return bool(found)


async def rotate_secret(
    session: Session, tenant: str, webhook_id: str, sealed: bytes, before_until: datetime
) -> None:
    await session.execute(
        """
        update webhooks set secret_before = secret, secret = $3, before_until = $4
        where tenant_id = $1 and webhook_id = $2
        """,
        tenant,
        webhook_id,
        sealed,
        before_until,
    )


async def delete_endpoint(session: Session, tenant: str, webhook_id: str) -> bool:
    found = await session.fetchval(
        "delete from webhooks where tenant_id = $1 and webhook_id = $2 returning true",
        tenant,
        webhook_id,
    )
    for table in ("webhook_lanes", "webhook_events"):
        await session.execute(
            f"delete from {table} where tenant_id = $1 and webhook_id = $2", tenant, webhook_id
        )
    return bool(found)


async def insert_events(session: Session, events: Sequence[Received], now: datetime) -> None:
    """Let events wait for every endpoint that wants them, in the order of the log."""
    rows = [(e.tenant, e.key, e.id, e.type, body_of(e.type, e.time, e.data)) for e in events]
    if not rows:
        return
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    # The lanes first: their rows are the locks under which events are added and taken.
    await session.execute(
        """
        insert into webhook_lanes (tenant_id, webhook_id, account_id, due_at)
        select distinct w.tenant_id, w.webhook_id, k.account_id, $4::timestamptz
        from unnest($1::text[], $2::text[], $3::text[]) as k (tenant_id, account_id, type)
        join webhooks w on w.tenant_id = k.tenant_id and k.type = any(w.types)
        where w.state = 'on'
        order by 1, 2, 3
        on conflict (tenant_id, webhook_id, account_id) do update
          set due_at = coalesce(webhook_lanes.due_at, excluded.due_at)
        """,
        columns[0],
        columns[1],
        columns[3],
        now,
    )
    await session.execute(
        """
        insert into webhook_events (tenant_id, webhook_id, account_id, event_id, type, body)
        select w.tenant_id, w.webhook_id, k.account_id, k.event_id, k.type, k.body
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])
          with ordinality as k (tenant_id, account_id, event_id, type, body, place)
        join webhooks w on w.tenant_id = k.tenant_id and k.type = any(w.types)
        where w.state = 'on' order by k.place
        """,
        *columns,
    )


async def claim_due(session: Session, now: datetime, limit: int) -> list[WaitingEvent]:
    """The first event of each lane that is due, some of every endpoint: others leave them alone
    until the lease ends."""
    rows = await session.fetch(
        """
        with due as (
          select l.tenant_id, l.webhook_id, l.account_id, l.due_at, row_number() over (
                   partition by l.tenant_id, l.webhook_id order by l.due_at) as place
          from webhook_lanes l join webhooks w using (tenant_id, webhook_id)
          where l.due_at <= $1 and (l.lease_until is null or l.lease_until < $1)
            and w.state = 'on'),
        chosen as (
          select l.tenant_id, l.webhook_id, l.account_id from webhook_lanes l
          join due using (tenant_id, webhook_id, account_id)
          where due.place <= $3 and l.due_at <= $1
            and (l.lease_until is null or l.lease_until < $1)
          order by due.place, due.due_at limit $2 for update of l skip locked),
        claimed as (
          update webhook_lanes l set lease_until = $4 from chosen c
          where (l.tenant_id, l.webhook_id, l.account_id)
            = (c.tenant_id, c.webhook_id, c.account_id)
          returning l.tenant_id, l.webhook_id, l.account_id, l.tries)
        select c.tenant_id, c.webhook_id, c.account_id, e.ord, e.event_id, e.type, e.body, c.tries
        from claimed c join lateral (
          select ord, event_id, type, body from webhook_events e
          where (e.tenant_id, e.webhook_id, e.account_id)
              = (c.tenant_id, c.webhook_id, c.account_id) and e.failed_at is null
          order by ord limit 1) e on true
        """,
        now,
        limit,
        EACH_MAX,
        now + LEASE,
    )
    return [WaitingEvent(*row) for row in rows]  # its columns are the fields, in their order


async def note_taken(session: Session, waiting: WaitingEvent, now: datetime) -> None:
    """The endpoint has it; the account's next one is due."""
    await _lock_lane(session, waiting)
    await session.execute(
        """
        delete from webhook_events
        where tenant_id = $1 and webhook_id = $2 and account_id = $3 and ord = $4
        """,
        waiting.tenant,
        waiting.webhook_id,
        waiting.key,
        waiting.ord,
    )
    await _next_due(session, waiting, now)
    await session.execute(
        """
        update webhooks set succeeded_at = $3, failing_since = null, failing_because = null
        where tenant_id = $1 and webhook_id = $2
          and (failing_since is not null or succeeded_at is null
               or succeeded_at < $3::timestamptz - interval '1 minute')
        """,
        waiting.tenant,
        waiting.webhook_id,
        now,
    )


async def note_failed(
    session: Session, waiting: WaitingEvent, now: datetime, again_at: datetime | None, reason: str
) -> None:
    """It is tried again then; at no time: it is set aside, and the account's next one is due."""
    await _lock_lane(session, waiting)
    if again_at is None:
        await session.execute(
            """
            update webhook_events set failed_at = $5, failure = $6
            where tenant_id = $1 and webhook_id = $2 and account_id = $3 and ord = $4
            """,
            waiting.tenant,
            waiting.webhook_id,
            waiting.key,
            waiting.ord,
            now,
            reason,
        )
        await _next_due(session, waiting, now)
    else:
        await session.execute(
            """
            update webhook_lanes set due_at = $4, tries = tries + 1, lease_until = null
            where tenant_id = $1 and webhook_id = $2 and account_id = $3
            """,
            waiting.tenant,
            waiting.webhook_id,
            waiting.key,
            again_at,
        )
    await session.execute(
        """
        update webhooks set failing_since = coalesce(failing_since, $3), failing_because = $4
        where tenant_id = $1 and webhook_id = $2
        """,
        waiting.tenant,
        waiting.webhook_id,
        now,
        reason,
    )


async def _lock_lane(session: Session, waiting: WaitingEvent) -> None:
    await session.execute(
        """
        select 1 from webhook_lanes
        where tenant_id = $1 and webhook_id = $2 and account_id = $3 for update
        """,
        waiting.tenant,
        waiting.webhook_id,
        waiting.key,
    )


async def _next_due(session: Session, waiting: WaitingEvent, now: datetime) -> None:
    """The lane's next event; a lane without one is not kept."""
    lane = (waiting.tenant, waiting.webhook_id, waiting.key)
    await session.execute(
        f"""
        update webhook_lanes l set tries = 0, lease_until = null,
          due_at = case when {_HAS_EVENTS} then $4::timestamptz end
        where tenant_id = $1 and webhook_id = $2 and account_id = $3
        """,
        *lane,
        now,
    )
    await session.execute(
        """
        delete from webhook_lanes
        where tenant_id = $1 and webhook_id = $2 and account_id = $3 and due_at is null
        """,
        *lane,
    )


async def list_failed(
    session: Session, tenant: str, webhook_id: str, *, after: int | None, limit: int
) -> list[Record]:
    """What was set aside, in order."""
    return await session.fetch(
        """
        select ord, event_id, account_id, type, failed_at, failure, body from webhook_events
        where tenant_id = $1 and webhook_id = $2 and failed_at is not null
          and ($3::bigint is null or ord > $3)
        order by ord limit $4
        """,
        tenant,
        webhook_id,
        after,
        limit,
    )


async def replay_failed(
    session: Session, tenant: str, webhook_id: str, event_ids: Sequence[str] | None, now: datetime
) -> int:
    """Let what was set aside wait again, all of it or those events; gives how many."""
    chosen = """tenant_id = $1 and webhook_id = $2 and failed_at is not null
          and ($3::text[] is null or event_id = any($3))"""
    wanted = None if event_ids is None else list(event_ids)
    await session.execute(
        f"""
        insert into webhook_lanes (tenant_id, webhook_id, account_id, due_at)
        select distinct tenant_id, webhook_id, account_id, $4::timestamptz from webhook_events
        where {chosen} order by account_id
        on conflict (tenant_id, webhook_id, account_id) do update set due_at = excluded.due_at,
          tries = 0
        """,
        tenant,
        webhook_id,
        wanted,
        now,
    )
    rows = await session.fetch(
        f"update webhook_events set failed_at = null, failure = null where {chosen} returning 1",
        tenant,
        webhook_id,
        wanted,
    )
    return len(rows)


async def count_waiting(session: Session, tenant: str) -> dict[str, tuple[int, int]]:
    """By endpoint: how many events wait, and how many are set aside."""
    rows = await session.fetch(
        """
        select webhook_id, count(*) filter (where failed_at is null) as waiting,
          count(failed_at) as failed
        from webhook_events where tenant_id = $1 group by webhook_id
        """,
        tenant,
    )
    return {row["webhook_id"]: (row["waiting"], row["failed"]) for row in rows}
