"""What people did, from the cells; and what was talked about with them."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from services.metrics.domain.people import MARKED, MEASURES, Worked
from services.metrics.domain.questions import Question
from services.metrics.store.parts import Arguments, cells
from shared.database import Session


class Talk(Struct, frozen=True, kw_only=True):
    """What a person and their supervisor talked about."""

    on: date
    notes: str
    agreed: tuple[str, ...]
    by: str


async def list_worked(session: Session, scope: tuple[str, int], question: Question) -> list[Worked]:
    """What each person did in the window, by segment."""
    args = Arguments()
    measures, marked = args.name(list(MEASURES)), args.name(list(MARKED))
    first, last = args.name(question.window.from_on), args.name(question.window.to_on)
    source = cells(
        scope,
        question,
        None,
        f"measure = any({measures}::text[]) and collector <> '' "
        f"and day between {first}::date and {last}::date",
        args,
    )
    rows = await session.fetch(
        f"""
        select collector, segment, measure,
            case when measure = any({marked}::text[]) then mark else '' end, currency,
            sum(amount), sum(count)
        from {source}
        group by 1, 2, 3, 4, 5
        having sum(amount) <> 0 or sum(count) <> 0
        """,
        *args,
    )
    return [
        Worked(collector, segment, measure, mark, currency, int(amount), int(number))
        for collector, segment, measure, mark, currency, amount, number in (
            row.values() for row in rows
        )
    ]


async def insert_talk(session: Session, tenant: str, collector: str, talk: Talk) -> None:
    await session.execute(
        """
        insert into people_talks (tenant_id, collector, on_day, notes, agreed, noted_by)
        values ($1, $2, $3, $4, $5::text[], $6)
        """,
        tenant,
        collector,
        talk.on,
        talk.notes,
        list(talk.agreed),
        talk.by,
    )


async def list_talks(session: Session, tenant: str, collector: str, limit: int) -> Sequence[Talk]:
    """The newest first."""
    rows = await session.fetch(
        """
        select on_day, notes, agreed, noted_by from people_talks
        where tenant_id = $1 and collector = $2
        order by on_day desc, talk_id desc limit $3
        """,
        tenant,
        collector,
        limit,
    )
    return [
        Talk(
            on=row["on_day"],
            notes=row["notes"],
            agreed=tuple(row["agreed"]),
            by=row["noted_by"],
        )
        for row in rows
    ]
