"""Targets of KPIs, as people set them."""

from collections.abc import Sequence

import msgspec

from services.metrics.domain.targets import Split, Target
from shared.database import Session

_decode_split = msgspec.json.Decoder(dict[str, str]).decode


async def list_targets(session: Session, tenant_id: str) -> dict[str, list[Target]]:
    """By KPI, each one's in the order of their days."""
    rows = await session.fetch(
        """
        select kpi, from_on, split, value from targets where tenant_id = $1
        order by kpi collate "C", from_on, split collate "C"
        """,
        tenant_id,
    )
    found: dict[str, list[Target]] = {}
    for row in rows:
        target = Target(row["from_on"], _decode_split(row["split"]), row["value"])
        found.setdefault(row["kpi"], []).append(target)
    return found


async def replace_targets(
    session: Session, tenant_id: str, kpi: str, targets: Sequence[Target]
) -> None:
    """The KPI has these from now on, and no others."""
    await session.execute("delete from targets where tenant_id = $1 and kpi = $2", tenant_id, kpi)
    await session.execute(
        """
        insert into targets (tenant_id, kpi, from_on, split, value)
        select $1, $2, * from unnest($3::date[], $4::text[], $5::float8[])
        """,
        tenant_id,
        kpi,
        [target.from_on for target in targets],
        [_encoded(target.split) for target in targets],
        [target.value for target in targets],
    )


def _encoded(split: Split) -> str:
    return msgspec.json.encode(dict(sorted(split.items()))).decode()
