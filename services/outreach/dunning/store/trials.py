"""SQL of dry runs that take long: asked for by a request, worked on by the worker."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec
from msgspec import Struct

from shared.database import Record, Session

KEPT_FOR = timedelta(days=7)  # after they ended


class TrialRequest(Struct, frozen=True, kw_only=True):
    name: str
    source: str  # the text that is tried
    days: int = 0  # ahead
    from_on: date | None = None  # back, from the first day to the last
    to_on: date | None = None


class TrialRun(Struct, frozen=True, kw_only=True):
    tenant: str
    run_id: str
    request: TrialRequest
    done: int
    total: int
    report: bytes | None
    failure: str | None


_REQUEST = msgspec.json.Decoder(TrialRequest)


def _run(row: Record) -> TrialRun:
    return TrialRun(
        tenant=row["tenant_id"],
        run_id=row["run_id"],
        request=_REQUEST.decode(row["request"]),
        done=row["done"],
        total=row["total"],
        report=row["report"],
        failure=row["failure"],
    )


async def insert_trial(
    session: Session, tenant: str, run_id: str, request: TrialRequest, total: int, now: datetime
) -> None:
    """Those that ended long ago are forgotten with it."""
    await session.execute(
        "delete from strategy_trials where tenant_id = $1 and ended_at < $2", tenant, now - KEPT_FOR
    )
    await session.execute(
        """
        insert into strategy_trials (tenant_id, run_id, request, total, asked_at)
        values ($1, $2, $3, $4, $5)
        """,
        tenant,
        run_id,
        msgspec.json.encode(request),
        total,
        now,
    )


async def count_open_trials(session: Session, tenant: str) -> int:
    count: int = await session.fetchval(
        "select count(*) from strategy_trials where tenant_id = $1 and ended_at is null", tenant
    )
    return count


async def find_trial(session: Session, tenant: str, run_id: str) -> TrialRun | None:
    row = await session.fetchrow(
        "select * from strategy_trials where tenant_id = $1 and run_id = $2", tenant, run_id
    )
    return None if row is None else _run(row)


async def lease_trial(session: Session, now: datetime, until: datetime) -> TrialRun | None:
    """One that nobody works on, the one asked for first; it is ours until then."""
    row = await session.fetchrow(
        """
        update strategy_trials set lease_until = $2, done = 0
        where (tenant_id, run_id) in (
          select tenant_id, run_id from strategy_trials
          where ended_at is null and (lease_until is null or lease_until < $1)
          order by asked_at limit 1 for update skip locked)
        returning *
        """,
        now,
        until,
    )
    return None if row is None else _run(row)


async def set_progress(session: Session, run: TrialRun, done: int, until: datetime) -> None:
    await session.execute(
        """
        update strategy_trials set done = $3, lease_until = $4
        where tenant_id = $1 and run_id = $2 and ended_at is null
        """,
        run.tenant,
        run.run_id,
        done,
        until,
    )


async def end_trial(
    session: Session, run: TrialRun, now: datetime, *, report: bytes | None, failure: str | None
) -> None:
    await session.execute(
        """
        update strategy_trials set report = $3, failure = $4, ended_at = $5,
          done = case when $4::text is null then total else done end
        where tenant_id = $1 and run_id = $2 and ended_at is null
        """,
        run.tenant,
        run.run_id,
        report,
        failure,
        now,
    )


async def count_made(
    session: Session, tenant: str, accounts: Sequence[str], since: datetime, until: datetime
) -> tuple[int, int]:
    """The messages about these accounts that were really sent in that time, and their cost."""
    row = await session.fetchrow(
        """
        select count(*) as contacts,
          coalesce(sum((convert_from(body, 'UTF8')::jsonb ->> 'cost_micros')::bigint), 0) as micros
        from contacts c
        where tenant_id = $1 and attempted_at >= $3 and attempted_at < $4
          and state in ('sent', 'delivered', 'uncertain') and lane not like 'service/%'
          and exists (select from contact_accounts a where a.tenant_id = c.tenant_id
            and a.contact_id = c.contact_id and a.account_id = any($2))
        """,
        tenant,
        list(accounts),
        since,
        until,
    )
    return (0, 0) if row is None else (row["contacts"], int(row["micros"]))
