"""Runs that restate the accounts of a tenant, and how far they are."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from shared.database import Record, Session


class Run(Struct, frozen=True, kw_only=True):
    """One run. Accounts that come later are computed by the new rules anyway."""

    tenant_id: str
    run_id: str
    because: str
    from_on: date
    cursor: str
    accounts: int
    done: int
    changed: int
    set_aside: int
    begun_at: datetime
    ended_at: datetime | None
    failure: str | None
    revision: int = 0  # of the rates that it brings to the accounts

    @property
    def state(self) -> Literal["running", "done", "failed"]:
        if self.failure is not None:
            return "failed"
        return "running" if self.ended_at is None else "done"


async def insert_run(
    session: Session,
    tenant_id: str,
    run_id: str,
    *,
    because: str,
    from_on: date,
    revision: int,
    now: datetime,
) -> None:
    """Begin a run over all accounts of a tenant."""
    await session.execute(
        "insert into runs (tenant_id, run_id, because, from_on, cursor, accounts, done, changed,"
        " set_aside, begun_at, revision) select $1, $2, $3, $4, '', count(*), 0, 0, 0, $5, $6"
        " from accounts where tenant_id = $1",
        tenant_id,
        run_id,
        because,
        from_on,
        now,
        revision,
    )


async def list_open_revisions(session: Session, tenant_id: str) -> list[int]:
    """The revisions that runs still bring to accounts of a tenant, the first one first."""
    rows = await session.fetch(
        "select revision from runs where tenant_id = $1 and ended_at is null order by revision",
        tenant_id,
    )
    return [row[0] for row in rows]


async def find_run(session: Session, tenant_id: str, run_id: str) -> Run | None:
    row = await session.fetchrow(
        "select * from runs where tenant_id = $1 and run_id = $2", tenant_id, run_id
    )
    return None if row is None else _run(row)


async def list_open_runs(session: Session) -> list[Run]:
    """Those that are under way, the oldest first."""
    rows = await session.fetch(
        "select * from runs where ended_at is null order by begun_at, tenant_id, run_id limit 100"
    )
    return [_run(row) for row in rows]


async def claim_run(session: Session, tenant_id: str, run_id: str) -> Run | None:
    """The run as it stands, held until the transaction ends; None: it has ended, or somebody else
    is at it."""
    row = await session.fetchrow(
        "select * from runs where tenant_id = $1 and run_id = $2 and ended_at is null"
        " for update skip locked",
        tenant_id,
        run_id,
    )
    return None if row is None else _run(row)


async def list_accounts_after(
    session: Session, tenant_id: str, after: str, limit: int
) -> list[str]:
    """The next range of accounts, in order of their ids."""
    rows = await session.fetch(
        "select account_id from accounts where tenant_id = $1 and account_id > $2"
        " order by account_id limit $3",
        tenant_id,
        after,
        limit,
    )
    return [row[0] for row in rows]


async def advance_run(
    session: Session, run: Run, *, cursor: str, done: int, changed: int, set_aside: int = 0
) -> None:
    """Note a range that was done."""
    await session.execute(
        "update runs set cursor = $3, done = done + $4, changed = changed + $5,"
        " set_aside = set_aside + $6 where tenant_id = $1 and run_id = $2",
        run.tenant_id,
        run.run_id,
        cursor,
        done,
        changed,
        set_aside,
    )


async def end_run(session: Session, run: Run, *, now: datetime, failure: str | None = None) -> None:
    await session.execute(
        "update runs set ended_at = $3, failure = $4 where tenant_id = $1 and run_id = $2",
        run.tenant_id,
        run.run_id,
        now,
        failure,
    )


def _run(row: Record) -> Run:
    return Run(**dict(row))
