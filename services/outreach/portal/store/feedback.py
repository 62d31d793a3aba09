"""SQL of what visitors think, and of how often they bid."""

from datetime import datetime

from shared.database import Session


async def insert_feedback(
    session: Session,
    tenant: str,
    feedback_id: str,
    account_id: str,
    contact_id: str,
    score: int,
    comment: str | None,
    received_at: datetime,
) -> bool:
    """False: it is here already."""
    added = await session.fetchval(
        """
        insert into portal_feedback (tenant_id, feedback_id, account_id, contact_id, score, comment,
                                     received_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning true
        """,
        tenant,
        feedback_id,
        account_id,
        contact_id,
        score,
        comment,
        received_at,
    )
    return bool(added)


async def list_bids(
    session: Session, tenant: str, debtor_key: str, since: datetime
) -> dict[str, datetime]:
    """By id; the debtor's, one after the other."""
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        f"portal bids {tenant}/{debtor_key}",
    )
    rows = await session.fetch(
        "select bid_id, bid_at from portal_bids"
        " where tenant_id = $1 and debtor_key = $2 and bid_at > $3",
        tenant,
        debtor_key,
        since,
    )
    return {row["bid_id"]: row["bid_at"] for row in rows}


async def insert_bid(
    session: Session, tenant: str, bid_id: str, debtor_key: str, at: datetime
) -> None:
    await session.execute(
        "insert into portal_bids (tenant_id, bid_id, debtor_key, bid_at) values ($1, $2, $3, $4)"
        " on conflict do nothing",
        tenant,
        bid_id,
        debtor_key,
        at,
    )


async def delete_bid(session: Session, tenant: str, bid_id: str) -> None:
    """It was refused, and is none."""
    await session.execute(
        "delete from portal_bids where tenant_id = $1 and bid_id = $2", tenant, bid_id
    )
