"""SQL of the tenant-wide facts that others announce: what is in force, experiments, certificates.

Each is kept as it came, so that what was known at any moment can be read, in any order of coming.
"""

from collections.abc import Sequence
from typing import Any

from services.metrics.domain.announced import Announced
from shared.database import Session


class AnnouncedFact(Announced, frozen=True, kw_only=True):
    """One of them, with what tells it from others and puts it in order."""

    tenant: str
    event_id: str
    known: int  # the quarter of an hour of its recording
    sequence: int


async def insert_announcements(session: Session, facts: Sequence[AnnouncedFact]) -> None:
    """Those that came already are passed over."""
    for each in facts:
        await session.execute(
            """
            insert into announcements (tenant_id, event_id, type, known, time, sequence, content)
            values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
            """,
            each.tenant,
            each.event_id,
            each.type,
            each.known,
            each.time,
            each.sequence,
            each.content,
        )


async def list_announcements(
    session: Session, tenant: str, types: Sequence[str], recorded_before: int
) -> list[AnnouncedFact]:
    """In the order in which they were announced, by what was known."""
    rows = await session.fetch(
        """
        select * from announcements
        where tenant_id = $1 and type = any($2::text[]) and known < $3
        order by time, sequence, event_id
        """,
        tenant,
        list(types),
        recorded_before,
    )
    return [_fact(row) for row in rows]


def _fact(row: Any) -> AnnouncedFact:
    return AnnouncedFact(
        tenant=row["tenant_id"],
        event_id=row["event_id"],
        type=row["type"],
        known=row["known"],
        time=row["time"],
        sequence=row["sequence"],
        content=row["content"],
    )
