"""SQL of business time: how far `run-due` has come, per tenant."""

from datetime import datetime

from shared.database import Session


async def get_business_time(session: Session, tenant: str) -> datetime | None:
    at: datetime | None = await session.fetchval(
        "select at from business_times where tenant_id = $1", tenant
    )
    return at


async def raise_business_time(session: Session, tenant: str, at: datetime) -> datetime:
    """Business time after it was asked to be `at`: it only moves forward."""
    raised: datetime = await session.fetchval(
        """
        insert into business_times (tenant_id, at) values ($1, $2)
        on conflict (tenant_id) do update set at = greatest(business_times.at, excluded.at)
        returning at
        """,
        tenant,
        at,
    )
    return raised
