"""SQL of experiments: analyses, and the sums of arms by day.

`experiment_days` and `experiment_exposures` are figures: a fold adds rows to them, each with the
quarter of an hour in which it was known; rows of one key add up.
"""

from typing import Any

import msgspec

from services.metrics.domain.experiments.analysis import Analysis
from services.metrics.domain.experiments.sums import ArmDay, ArmExposures, ArmSums
from shared.database import Session

_ENCODER = msgspec.json.Encoder()
_ANALYSIS = msgspec.json.Decoder(Analysis)


async def find_analysis(session: Session, tenant: str, name: str, run: int) -> Analysis | None:
    content = await session.fetchval(
        "select content from analyses where tenant_id = $1 and name = $2 and run = $3",
        tenant,
        name,
        run,
    )
    return None if content is None else _ANALYSIS.decode(content)


async def upsert_analysis(
    session: Session, tenant: str, name: str, run: int, analysis: Analysis, *, by: str
) -> None:
    await session.execute(
        """
        insert into analyses (tenant_id, name, run, content, written_by)
        values ($1, $2, $3, $4, $5)
        on conflict (tenant_id, name, run) do update set content = excluded.content,
            written_by = excluded.written_by
        """,
        tenant,
        name,
        run,
        _ENCODER.encode(analysis).decode(),
        by,
    )


async def list_arm_days(
    session: Session, tenant: str, name: str, run: int, recorded_before: int
) -> list[ArmDay]:
    """The sums of each arm, metric and ripe day, by what was known."""
    rows = await session.fetch(
        """
        select arm, metric, currency, day, sum(accounts) as accounts, sum(y) as y, sum(x) as x,
            sum(yy) as yy, sum(xy) as xy, sum(xx) as xx
        from experiment_days
        where tenant_id = $1 and name = $2 and run = $3 and known < $4
        group by arm, metric, currency, day
        having sum(accounts) <> 0 order by day, arm, metric, currency
        """,
        tenant,
        name,
        run,
        recorded_before,
    )
    return [
        ArmDay(
            arm=row["arm"],
            metric=row["metric"],
            currency=row["currency"] or None,
            day=row["day"],
            sums=_sums(row),
        )
        for row in rows
    ]


async def list_exposures(
    session: Session, tenant: str, name: str, run: int, recorded_before: int
) -> list[ArmExposures]:
    """What became of each arm's accounts on each day, by what was known."""
    rows = await session.fetch(
        """
        select arm, day, sum(enrolled) as enrolled, sum(exposed) as exposed,
            sum(crossed) as crossed
        from experiment_exposures
        where tenant_id = $1 and name = $2 and run = $3 and known < $4
        group by arm, day order by day, arm
        """,
        tenant,
        name,
        run,
        recorded_before,
    )
    return [
        ArmExposures(
            arm=row["arm"],
            day=row["day"],
            enrolled=int(row["enrolled"]),
            exposed=int(row["exposed"]),
            crossed=int(row["crossed"]),
        )
        for row in rows
    ]


def _sums(row: Any) -> ArmSums:
    return ArmSums(
        accounts=int(row["accounts"]),
        y=int(row["y"]),
        x=int(row["x"]),
        yy=int(row["yy"]),
        xy=int(row["xy"]),
        xx=int(row["xx"]),
    )
