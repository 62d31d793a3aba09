"""Requests of the policies: kept for the dry runs of later ones, 180 days of them."""

from collections.abc import AsyncIterator
from datetime import date, datetime

import msgspec

from services.ledger.domain.requests import Noun, PolicyRequest
from shared.database import Session

_PAGE = 1000


async def keep_request(
    session: Session, tenant_id: str, request: PolicyRequest, *, now: datetime
) -> None:
    """`now` is machine time: by it the request is forgotten again."""
    await session.execute(
        "insert into requests (tenant_id, account_id, noun, requested_at, requested_on, answer,"
        " body, kept_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant_id,
        request.account_id,
        request.noun,
        request.requested_at,
        request.requested_on,
        request.answer,
        msgspec.json.encode(request),
        now,
    )


async def list_requests(
    session: Session, tenant_id: str, noun: Noun, *, since: date, limit: int
) -> AsyncIterator[PolicyRequest]:
    """From a day on, the newest first."""
    before: int | None = None
    left = limit
    while left > 0:
        rows = await session.fetch(
            "select request_id, body from requests where tenant_id = $1 and noun = $2"
            " and requested_on >= $3 and ($4::bigint is null or request_id < $4)"
            " order by request_id desc limit $5",
            tenant_id,
            noun,
            since,
            before,
            min(left, _PAGE),
        )
        for row in rows:
            yield msgspec.json.decode(row["body"], type=PolicyRequest)
        if len(rows) < min(left, _PAGE):
            return
        before, left = rows[-1]["request_id"], left - len(rows)


async def delete_requests(session: Session, tenant_id: str, account_id: str) -> int:
    """Forget those of an account; how many."""
    status = await session.execute(
        "delete from requests where tenant_id = $1 and account_id = $2", tenant_id, account_id
    )
    return int(status.rpartition(" ")[2])
