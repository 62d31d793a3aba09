"""SQL of our own pauses."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from services.outreach.debtors.domain.own_pauses import OwnPause, OwnPauseKind
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


@dataclass(frozen=True)
class WaitingPause:
    """One that nobody has ended, and that ends by the days of its account's strategy."""

    pause_id: str
    kind: OwnPauseKind
    account_id: str
    debtor_id: str | None
    from_on: date
    zone: str
    is_erased: bool
    strategy: tuple[str, str] | None  # name, version


async def list_waiting(
    session: Session, tenant: str, until: date, after: tuple[date, str], limit: int
) -> list[WaitingPause]:
    """Those begun up to a day of which nobody was told yet that they ran out, in their order."""
    rows = await session.fetch(
        """
        select p.pause_id, p.kind, p.account_id, p.from_on, a.debtor_id, a.timezone, a.is_erased,
               s.strategy, s.version
        from pauses p
        join accounts a using (tenant_id, account_id)
        left join account_strategies s using (tenant_id, account_id)
        where p.tenant_id = $1 and p.ran_out_at is null and p.ended_on is null
          and p.until_on is null and not p.is_endless and p.from_on < $2
          and (p.from_on, p.pause_id) > ($3, $4)
        order by p.from_on, p.pause_id limit $5
        """,
        tenant,
        until,
        *after,
        limit,
    )
    return [
        WaitingPause(
            pause_id=row["pause_id"],
            kind=row["kind"],
            account_id=row["account_id"],
            debtor_id=row["debtor_id"],
            from_on=row["from_on"],
            zone=row["timezone"],
            is_erased=row["is_erased"],
            strategy=None if row["strategy"] is None else (row["strategy"], row["version"]),
        )
        for row in rows
    ]


async def mark_ran_out(session: Session, tenant: str, pause_id: str, at: datetime) -> bool:
    """False: somebody has ended it meanwhile, or it is told already."""
    marked = await session.fetchval(
        """
        update pauses set ran_out_at = $3
        where tenant_id = $1 and pause_id = $2 and ran_out_at is null and ended_on is null
        returning true
        """,
        tenant,
        pause_id,
        at,
    )
    return bool(marked)


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
