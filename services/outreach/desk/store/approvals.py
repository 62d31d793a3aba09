"""SQL of approvals at the desk."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.database import Record, Session


async def find_approval(session: Session, tenant: str, approval_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from approvals where tenant_id = $1 and approval_id = $2", tenant, approval_id
    )


async def lock_approval(session: Session, tenant: str, approval_id: str) -> Record | None:
    return await session.fetchrow(
        "select * from approvals where tenant_id = $1 and approval_id = $2 for update",
        tenant,
        approval_id,
    )


async def update_approval(
    session: Session, tenant: str, approval_id: str, changes: Mapping[str, Any]
) -> Record:
    """Write some columns of a locked approval."""
    sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(changes, 3))
    row = await session.fetchrow(
        f"update approvals set {sets} where tenant_id = $1 and approval_id = $2 returning *",
        tenant,
        approval_id,
        *changes.values(),
    )
    assert row is not None, "it is locked"
    return row


async def list_approvals(
    session: Session,
    tenant: str,
    *,
    state: str | None,
    kind: str | None,
    role: str | None,
    account_id: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Record]:
    """In the order in which they were asked for."""
    return await session.fetch(
        """
        select * from approvals where tenant_id = $1
          and ($2::text is null or state = $2) and ($3::text is null or kind = $3)
          and ($4::text is null or role = $4) and ($5::text is null or account_id = $5)
          and ($6::timestamptz is null or (requested_at, approval_id) > ($6, $7::text))
        order by requested_at, approval_id limit $8
        """,
        tenant,
        state,
        kind,
        role,
        account_id,
        *(after or (None, None)),
        limit,
    )


async def close_of_ledger(
    session: Session, tenant: str, ledger_approval: str, state: str, at: datetime
) -> Record | None:
    """One that was decided in the ledger, or ended there; None: it does not wait here."""
    return await session.fetchrow(
        """
        update approvals set state = $3, decided_at = $4, running_since = null,
          effect = case when $3 = 'approved' then 'done' else 'none' end
        where tenant_id = $1 and subject_id = $2 and state = 'pending'
          and kind <> 'contact' and running_since is null
        returning *
        """,
        tenant,
        ledger_approval,
        state,
        at,
    )


async def find_unfinished(session: Session, before: datetime, limit: int) -> list[Record]:
    """Decisions whose command was being run by somebody who is gone."""
    return await session.fetch(
        "select * from approvals where running_since < $1 order by running_since limit $2",
        before,
        limit,
    )


async def lock_expired(session: Session, tenant: str, at: datetime, limit: int) -> list[Record]:
    return await session.fetch(
        """
        select * from approvals
        where tenant_id = $1 and state = 'pending' and running_since is null and expires_at <= $2
        order by expires_at limit $3 for update skip locked
        """,
        tenant,
        at,
        limit,
    )


async def list_waiting_tenants(session: Session) -> list[str]:
    """Those of which an approval with an end waits."""
    rows = await session.fetch(
        "select distinct tenant_id from approvals"
        " where state = 'pending' and expires_at is not null order by tenant_id"
    )
    return [row["tenant_id"] for row in rows]
