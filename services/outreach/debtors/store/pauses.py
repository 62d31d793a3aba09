"""SQL of our own pauses."""

from collections.abc import Collection
from datetime import date

from services.outreach.debtors.domain.own_pauses import OwnPause
from services.outreach.debtors.domain.stops import Stop
from shared.database import Record, Session


async def insert_pause(session: Session, tenant: str, pause: OwnPause) -> bool:
    """Whether it is new."""
    written = await session.fetchval(
        """
        insert into pauses (tenant_id, pause_id, account_id, is_of_debtor, kind, from_on, until_on,
                            is_endless, reason, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict do nothing returning true
        """,
        tenant,
        pause.pause_id,
        pause.account_id,
        pause.kind == "reply",
        pause.kind,
        pause.from_on,
        pause.until_on,
        pause.is_endless,
        pause.reason,
        pause.created_by,
        pause.created_at,
    )
    return bool(written)


async def end_pauses(
    session: Session,
    tenant: str,
    day: date,
    *,
    pause_ids: Collection[str] | None = None,
    account_id: str | None = None,
    kind: str | None = None,
) -> list[str]:
    """End those that stand, and that are named in all ways given; gives their accounts."""
    rows = await session.fetch(
        """
        update pauses set ended_on = greatest($2, from_on)
        where tenant_id = $1 and ended_on is null and (until_on is null or until_on > $2)
          and ($3::text[] is null or pause_id = any($3))
          and ($4::text is null or account_id = $4) and ($5::text is null or kind = $5)
        returning account_id
        """,
        tenant,
        day,
        None if pause_ids is None else sorted(pause_ids),
        account_id,
        kind,
    )
    return [row["account_id"] for row in rows]


async def find_own_stops(
    session: Session, tenant: str, debtor_keys: Collection[str]
) -> dict[str, list[Stop]]:
    """By debtor, each pause as a stop of every account that it covers; those that have ended
    too."""
    rows = await session.fetch(
        """
        select a.debtor_key, p.*, b.account_id as covered
        from accounts a
        join pauses p using (tenant_id, account_id)
        join accounts b on b.tenant_id = a.tenant_id and b.debtor_key = a.debtor_key
          and (p.is_of_debtor or b.account_id = p.account_id)
        where a.tenant_id = $1 and a.debtor_key = any($2)
        order by p.pause_id, b.account_id
        """,
        tenant,
        sorted(debtor_keys),
    )
    found: dict[str, list[Stop]] = {}
    for row in rows:
        found.setdefault(row["debtor_key"], []).append(_stop(row))
    return found


def _stop(row: Record) -> Stop:
    return Stop(
        account_id=row["covered"],
        name=f"pause {row['pause_id']}",
        kind=row["kind"],
        currency=None,
        invoice_ids=None,
        from_on=row["from_on"],
        ended_on=row["ended_on"] or row["until_on"],
        is_endless=row["is_endless"],
    )


async def list_pauses(session: Session, tenant: str, account_id: str) -> list[OwnPause]:
    """Those of an account that have not been ended, the first ones first."""
    rows = await session.fetch(
        """
        select * from pauses where tenant_id = $1 and account_id = $2 and ended_on is null
        order by created_at, pause_id
        """,
        tenant,
        account_id,
    )
    return [
        OwnPause(
            pause_id=row["pause_id"],
            account_id=row["account_id"],
            kind=row["kind"],
            from_on=row["from_on"],
            until_on=row["until_on"],
            is_endless=row["is_endless"],
            reason=row["reason"],
            created_by=row["created_by"],
            created_at=row["created_at"],
        )
        for row in rows
    ]


async def erase_pauses(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    """Why somebody was left alone is personal; that they were is not."""
    await session.execute(
        "update pauses set reason = null where tenant_id = $1 and account_id = any($2)",
        tenant,
        sorted(account_ids),
    )
