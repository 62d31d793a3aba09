"""What was announced of invoices, so that nothing is announced twice and can be corrected."""

from collections.abc import Mapping, Sequence

import msgspec

from services.ledger.domain import StageNotice
from services.ledger.store.journal import AccountKey
from shared.database import Session

_ENCODER = msgspec.json.Encoder()
_NOTICE = msgspec.json.Decoder(StageNotice)


async def list_notices(
    session: Session, versions: Mapping[AccountKey, int], *, is_after: bool = False
) -> dict[AccountKey, list[StageNotice]]:
    """By account, those stored up to its version, or after it."""
    rows = await session.fetch(
        "select tenant_id, account_id, body from announcements"
        " join unnest($1::text[], $2::text[], $3::bigint[]) as k(tenant_id, account_id, seen)"
        f" using (tenant_id, account_id) where version {'>' if is_after else '<='} seen",
        [tenant_id for tenant_id, _ in versions],
        [account_id for _, account_id in versions],
        list(versions.values()),
    )
    found: dict[AccountKey, list[StageNotice]] = {}
    for tenant_id, account_id, body in rows:
        found.setdefault((tenant_id, account_id), []).append(_NOTICE.decode(body))
        await session.give_way()
    return found


async def upsert_notices(
    session: Session, notices: Sequence[tuple[AccountKey, int, StageNotice]]
) -> None:
    """Store notices with the version of their account at which they were made."""
    if not notices:
        return
    await session.execute(
        "insert into announcements (tenant_id, account_id, version, invoice_id, key, body)"
        " select * from"
        " unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])"
        " on conflict (tenant_id, account_id, invoice_id, key) do update"
        " set body = excluded.body, version = excluded.version",
        [key[0] for key, _, _ in notices],
        [key[1] for key, _, _ in notices],
        [version for _, version, _ in notices],
        [notice.invoice_id for _, _, notice in notices],
        [notice.key for _, _, notice in notices],
        [_ENCODER.encode(notice) for _, _, notice in notices],
    )
