"""Refused events, listed so that a billing platform can mend them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from shared.database import Session
from shared.errors import FieldError

_ENCODER = msgspec.json.Encoder()
_ERRORS = msgspec.json.Decoder(tuple[FieldError, ...])


class Rejection(Struct, frozen=True, kw_only=True):
    """One refused event, by what can be read of it. Its data is not kept: it may be personal."""

    rejection_id: int | None = None
    tenant_id: str
    account_id: str | None
    rejected_at: datetime  # machine time
    origin: str
    source: str | None
    event_id: str | None
    type: str | None
    errors: tuple[FieldError, ...]


_COLUMNS = "tenant_id, account_id, rejected_at, origin, source, event_id, type, errors"


async def insert_rejections(session: Session, rejections: Sequence[Rejection]) -> None:
    if not rejections:
        return
    await session.execute(
        f"insert into rejections ({_COLUMNS}) select * from unnest($1::text[], $2::text[],"
        " $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[])",
        [r.tenant_id for r in rejections],
        [r.account_id for r in rejections],
        [r.rejected_at for r in rejections],
        [r.origin for r in rejections],
        [r.source for r in rejections],
        [r.event_id for r in rejections],
        [r.type for r in rejections],
        [_ENCODER.encode(r.errors) for r in rejections],
    )


async def list_rejections(
    session: Session, tenant_id: str, *, account_id: str | None, before: int | None, limit: int
) -> list[Rejection]:
    """Newest first; `before` is the last id of the page before."""
    rows = await session.fetch(
        f"select rejection_id, {_COLUMNS} from rejections where tenant_id = $1"
        " and ($2::text is null or account_id = $2)"
        " and ($3::bigint is null or rejection_id < $3) order by rejection_id desc limit $4",
        tenant_id,
        account_id,
        before,
        limit,
    )
    return [_rejection(row) for row in rows]


def _rejection(row: Any) -> Rejection:
    return Rejection(**{**dict(row), "errors": _ERRORS.decode(row["errors"])})
