"""SQL of cases: at most one is open for an account."""

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.database import Record, Session


async def find_open_cases(
    session: Session, tenant: str, accounts: Collection[str]
) -> dict[str, str]:
    """Account → its open case."""
    rows = await session.fetch(
        "select account_id, case_id from cases"
        " where tenant_id = $1 and account_id = any($2) and state = 'open'",
        tenant,
        sorted(accounts),
    )
    return {row["account_id"]: row["case_id"] for row in rows}


async def find_last_numbers(
    session: Session, tenant: str, accounts: Collection[str]
) -> dict[str, int]:
    rows = await session.fetch(
        "select account_id, max(number) as number from cases"
        " where tenant_id = $1 and account_id = any($2) group by account_id",
        tenant,
        sorted(accounts),
    )
    return {row["account_id"]: row["number"] for row in rows}


async def insert_cases(
    session: Session,
    tenant: str,
    cases: Sequence[tuple[str, str, int, datetime]],
    because: str,
) -> set[str]:
    """Gives the ids that are new: another one may have opened a case of an account just now."""
    rows = await session.fetch(
        """
        insert into cases (tenant_id, case_id, account_id, number, state, because, opened_at)
        select $1, case_id, account_id, number, 'open', $2, opened_at
        from unnest($3::text[], $4::text[], $5::int[], $6::timestamptz[])
          as k (case_id, account_id, number, opened_at)
        on conflict do nothing
        returning case_id
        """,
        tenant,
        because,
        *[list(column) for column in zip(*cases, strict=True)],
    )
    return {row["case_id"] for row in rows}


async def update_finished_cases(
    session: Session,
    tenant: str,
    accounts: Collection[str],
    because: str,
    at: datetime,
    *,
    is_erased: bool,
) -> list[Record]:
    """Close the open cases of these accounts of which nothing is overdue, and no task, promise,
    plan, settlement or dispute is open; of an erased account in any case."""
    return await session.fetch(
        """
        update cases c set state = 'closed', closed_at = $4,
          closed_because = case when $3 = 'done' then coalesce(c.ending, $3) else $3 end
        where c.tenant_id = $1 and c.account_id = any($2) and c.state = 'open'
          and ($5 or (
            not exists (
              select from invoices i where i.tenant_id = c.tenant_id
                and i.account_id = c.account_id and i.state = 'open'
                and (i.stage is not null or i.disputes <> '{}'))
            and not exists (
              select from tasks t where t.tenant_id = c.tenant_id
                and t.account_id = c.account_id and t.state in ('open', 'claimed'))
            and not exists (
              select from stops s where s.tenant_id = c.tenant_id
                and s.account_id = c.account_id and s.ended_on is null
                and s.kind in ('promise', 'plan', 'settlement'))))
        returning c.case_id, c.account_id, c.number, c.closed_because
        """,
        tenant,
        sorted(accounts),
        because,
        at,
        is_erased,
    )
