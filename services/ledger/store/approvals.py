"""What waits for somebody's decision, in all accounts of a tenant: for those who decide."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from services.ledger.domain.approvals import ApprovalRequest
from services.ledger.store.journal import AccountKey
from shared.database import Session

After = tuple[datetime, str]  # of the last approval of a page: when it was asked for, its id


class AccountApproval(Struct, frozen=True):
    account_id: str
    request: ApprovalRequest


async def save_approvals(
    session: Session, approvals: Iterable[tuple[AccountKey, ApprovalRequest]]
) -> None:
    """Keep them as their accounts have them now."""
    rows = list(approvals)
    if not rows:
        return
    await session.execute(
        "insert into approvals (tenant_id, approval_id, account_id, state, requested_at, body)"
        " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],"
        " $6::bytea[]) on conflict (tenant_id, approval_id) do update set state = excluded.state,"
        " requested_at = excluded.requested_at, body = excluded.body",
        [key[0] for key, _ in rows],
        [request.approval_id for _, request in rows],
        [key[1] for key, _ in rows],
        [request.state for _, request in rows],
        [request.requested_at for _, request in rows],
        [msgspec.json.encode(request) for _, request in rows],
    )


async def list_approvals(
    session: Session,
    tenant_id: str,
    *,
    state: str | None,
    account_id: str | None,
    after: After | None,
    limit: int,
) -> list[AccountApproval]:
    """In the order in which they were asked for."""
    rows = await session.fetch(
        "select account_id, body from approvals where tenant_id = $1"
        " and ($2::text is null or state = $2) and ($3::text is null or account_id = $3)"
        " and ($4::timestamptz is null or (requested_at, approval_id) > ($4, $5))"
        " order by requested_at, approval_id limit $6",
        tenant_id,
        state,
        account_id,
        *(after or (None, None)),
        limit,
    )
    return [
        AccountApproval(row["account_id"], msgspec.json.decode(row["body"], type=ApprovalRequest))
        for row in rows
    ]


async def find_account_of(session: Session, tenant_id: str, approval_id: str) -> str | None:
    """The account that an approval is about."""
    account_id: str | None = await session.fetchval(
        "select account_id from approvals where tenant_id = $1 and approval_id = $2",
        tenant_id,
        approval_id,
    )
    return account_id
