"""SQL of overrides: a person's word on the strategy of an account."""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from shared.database import Session


class StrategyOverride(Struct, frozen=True, kw_only=True):
    strategy: str | None  # None: no strategy
    reason: str
    recorded_at: datetime
    recorded_by: str


async def find_override(session: Session, tenant: str, account_id: str) -> StrategyOverride | None:
    row = await session.fetchrow(
        "select * from strategy_overrides where tenant_id = $1 and account_id = $2",
        tenant,
        account_id,
    )
    if row is None:
        return None
    return StrategyOverride(
        strategy=row["strategy"],
        reason=row["reason"],
        recorded_at=row["recorded_at"],
        recorded_by=row["recorded_by"],
    )


async def upsert_override(
    session: Session, tenant: str, account_id: str, override: StrategyOverride
) -> None:
    await session.execute(
        """
        insert into strategy_overrides (tenant_id, account_id, strategy, reason, recorded_at,
                                        recorded_by)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (tenant_id, account_id) do update set
          strategy = excluded.strategy, reason = excluded.reason,
          recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by
        """,
        tenant,
        account_id,
        override.strategy,
        override.reason,
        override.recorded_at,
        override.recorded_by,
    )


async def delete_overrides(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    await session.execute(
        "delete from strategy_overrides where tenant_id = $1 and account_id = any($2)",
        tenant,
        sorted(account_ids),
    )


async def is_overriding(session: Session, tenant: str, strategy: str) -> bool:
    """Whether an override names the strategy."""
    found: bool = await session.fetchval(
        "select exists (select from strategy_overrides where tenant_id = $1 and strategy = $2)",
        tenant,
        strategy,
    )
    return found
