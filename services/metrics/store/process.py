"""What the process is answered from: cells by mark, each measure by the days that count for it."""

from collections.abc import Sequence

from services.metrics.domain.process_answers import Marked, Waiting
from services.metrics.domain.questions import Question
from services.metrics.store.parts import Arguments, cells, conditions
from shared.database import Session

_ON_THEIR_DAY = (
    "skip", "skip_withheld", "latency", "suppressed", "received", "matched", "moved_later",
    "unscheduled",
)  # fmt: skip
_IN_A_DELINQUENCY = ("loop", "withheld_in")  # that touches the window


async def list_marked(session: Session, scope: tuple[str, int], question: Question) -> list[Marked]:
    """How often each mark of a measure counts in the window."""
    args = Arguments()
    first, last = args.name(question.window.from_on), args.name(question.window.to_on)
    at = args.name(question.looked_at)
    window = f"day between {first}::date and {last}::date"
    on_their_day, in_one = args.name(list(_ON_THEIR_DAY)), args.name(list(_IN_A_DELINQUENCY))
    all_of_them = args.name(["edge", *_ON_THEIR_DAY, *_IN_A_DELINQUENCY])
    source = cells(
        scope,
        question,
        None,
        f"""measure = any({all_of_them}::text[]) and (
            measure = 'edge' and {window} and until_on <= {at}::date
            or measure = any({on_their_day}::text[]) and {window}
            or measure = any({in_one}::text[]) and day <= {last}::date
                and until_on >= {first}::date
        )""",
        args,
    )
    rows = await session.fetch(
        f"""
        select measure, mark, sum(count) as count from {source}
        where true {conditions(question, args)}
        group by measure, mark having sum(count) <> 0
        """,
        *args,
    )
    return [Marked(row["measure"], row["mark"], int(row["count"])) for row in rows]


async def list_waiting(
    session: Session, scope: tuple[str, int], question: Question, over: Sequence[int]
) -> list[Waiting]:
    """Accounts that are delinquent at the end of the window, by their last step."""
    args = Arguments()
    last = f"{args.name(question.window.to_on)}::date"
    limits = f"{args.name([days + 1 for days in over])}::int[]"
    source = cells(
        scope, question, None, f"measure = 'wait' and day <= {last} and until_on > {last}", args
    )
    rows = await session.fetch(
        f"""
        select mark, width_bucket({last} - day, {limits}) as over, sum(count) as accounts
        from {source} where true {conditions(question, args)}
        group by 1, 2 having sum(count) <> 0
        """,
        *args,
    )
    return [Waiting(row["mark"], row["over"], int(row["accounts"])) for row in rows]


async def list_scores(
    session: Session, scope: tuple[str, int], question: Question
) -> dict[str, int]:
    """Scores by the last step before them."""
    args = Arguments()
    first, last = args.name(question.window.from_on), args.name(question.window.to_on)
    source = cells(
        scope,
        question,
        None,
        f"measure = 'score_after' and day between {first}::date and {last}::date",
        args,
    )
    rows = await session.fetch(
        f"""
        select mark, sum(count) as count from {source} where true {conditions(question, args)}
        group by mark having sum(count) <> 0
        """,
        *args,
    )
    return {row["mark"]: int(row["count"]) for row in rows}
