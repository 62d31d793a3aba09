"""SQL of cases at the desk."""

from collections.abc import Collection
from datetime import datetime

from shared.database import Record, Session


async def find_case(session: Session, tenant: str, case_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from cases where tenant_id = $1 and case_id = $2", tenant, case_id
    )


async def lock_case(session: Session, tenant: str, case_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from cases where tenant_id = $1 and case_id = $2 for update", tenant, case_id
    )


async def list_cases(
    session: Session,
    tenant: str,
    *,
    account_id: str | None,
    state: str | None,
    owner: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Record]:
    """The newest first."""
    return await session.fetch(
        """
        select * from cases where tenant_id = $1
          and ($2::text is null or account_id = $2) and ($3::text is null or state = $3)
          and ($4::text is null or owner = $4)
          and ($5::timestamptz is null or (opened_at, case_id) < ($5, $6::text))
        order by opened_at desc, case_id desc limit $7
        """,
        tenant,
        account_id,
        state,
        owner,
        *(before or (None, None)),
        limit,
    )


async def update_case(
    session: Session, tenant: str, case_id: str, *, owner: str | None, is_escalated: bool
) -> None:
    """Whose it is and how urgent, also for its tasks."""
    await session.execute(
        "update cases set owner = $3, is_escalated = $4 where tenant_id = $1 and case_id = $2",
        tenant,
        case_id,
        owner,
        is_escalated,
    )
    await session.execute(
        """
        update tasks set owner = $3, is_escalated = $4,
          urgency = (case when kind = 'callback' then 2 else 0 end) + $4::bool::int
        where tenant_id = $1 and task_id in (
          select task_id from tasks
          where tenant_id = $1 and case_id = $2 and state in ('open', 'claimed')
          order by task_id for update)
        """,
        tenant,
        case_id,
        owner,
        is_escalated,
    )


async def update_endings(
    session: Session, tenant: str, accounts: Collection[str], ending: str | None
) -> None:
    """What the debts of open cases have ended by so far; None: something is overdue again."""
    await session.execute(
        "update cases set ending = $3"
        " where tenant_id = $1 and account_id = any($2) and state = 'open'",
        tenant,
        sorted(accounts),
        ending,
    )


async def find_overdue(session: Session, tenant: str, accounts: Collection[str]) -> set[str]:
    """Those of the accounts that have something overdue as it stands now."""
    rows = await session.fetch(
        """
        select distinct account_id from invoices
        where tenant_id = $1 and account_id = any($2) and state = 'open' and stage is not null
        """,
        tenant,
        sorted(accounts),
    )
    return {row["account_id"] for row in rows}
