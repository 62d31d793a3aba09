"""SQL of external figures by day: the market's indices, and exchange rates."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from services.segmentation.domain.recovery import Rate
from shared.database import Session

Values = list[tuple[date, float]]

_SERIES = msgspec.json.Decoder(Values)


async def replace_index(session: Session, tenant: str, name: str, values: Values) -> None:
    """Put these values in place of all that were there."""
    await session.execute(
        """insert into indices (tenant_id, name, revision, series) values ($1, $2, 1, $3)
           on conflict (tenant_id, name) do update set
             revision = indices.revision + 1, series = excluded.series""",
        tenant,
        name,
        msgspec.json.encode(sorted(values)),
    )


async def index_revisions(session: Session, tenants: Collection[str]) -> dict[str, dict[str, int]]:
    """Which revision of each index stands."""
    found: dict[str, dict[str, int]] = {tenant: {} for tenant in tenants}
    rows = await session.fetch(
        "select tenant_id, name, revision from indices where tenant_id = any($1::text[])",
        sorted(tenants),
    )
    for row in rows:
        found[row["tenant_id"]][row["name"]] = row["revision"]
    return found


async def indices_of(session: Session, tenant: str) -> dict[str, Values]:
    """All values of all indices, by day."""
    rows = await session.fetch(
        "select name, series from indices where tenant_id = $1 order by name", tenant
    )
    return {row["name"]: _SERIES.decode(row["series"]) for row in rows}


async def lock_rates(session: Session, tenant: str, to: str) -> None:
    """Nobody else changes the rates into a currency before the commit."""
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended('segmentation rates ' || $1, 0))",
        f"{tenant} {to}",
    )


async def replace_rates(
    session: Session, tenant: str, to: str, rates: Sequence[tuple[str, date, Decimal]]
) -> None:
    """Put these rates into a currency in place of all that were there."""
    await session.execute("delete from rates where tenant_id = $1 and to_currency = $2", tenant, to)
    await session.execute(
        """insert into rates (tenant_id, to_currency, currency, on_day, rate)
           select $1, $2, * from unnest($3::text[], $4::date[], $5::numeric[])""",
        tenant,
        to,
        [currency for currency, _, _ in rates],
        [on for _, on, _ in rates],
        [rate for _, _, rate in rates],
    )


async def rates_of(session: Session, tenant: str) -> dict[tuple[str, str], list[Rate]]:
    """All rates, by pair of currencies and day."""
    rows = await session.fetch(
        """select currency, to_currency, on_day, rate from rates where tenant_id = $1
           order by currency, to_currency, on_day""",
        tenant,
    )
    found: dict[tuple[str, str], list[Rate]] = {}
    for row in rows:
        pair = (row["currency"], row["to_currency"])
        found.setdefault(pair, []).append(Rate(row["on_day"], row["rate"]))
    return found
