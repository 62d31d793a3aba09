"""What balances and debts went through: where they rolled, and how long they were open."""

from collections.abc import Sequence
from decimal import Decimal

from services.metrics.domain.cells import Added
from services.metrics.domain.figures import Row
from services.metrics.domain.questions import Question
from services.metrics.domain.rolls import STARTS, Rolled
from services.metrics.domain.vintages import Grown, Months, Vintage
from services.metrics.domain.windows import Window
from services.metrics.store.parts import (
    KEY_COLUMNS,
    Arguments,
    cells,
    conditions,
    key_columns,
    key_of,
)
from shared.database import Session

_GROUPED = ", ".join(str(place) for place in range(1, KEY_COLUMNS + 1))


async def list_rolled(
    session: Session,
    scope: tuple[str, int],
    question: Question,
    currency: str | None,
    months: Sequence[Window],
) -> list[Rolled]:
    """Where the balances of each of the months went, by tenant and what was known."""
    if not months:
        return []
    args = Arguments()
    firsts, lasts = (
        f"{args.name(days)}::date[]"
        for days in ([m.from_on for m in months], [m.to_on for m in months])
    )
    starts = f"{args.name(list(STARTS))}::int[]"
    first, last = (f"{args.name(day)}::date" for day in (months[0].from_on, months[-1].to_on))
    stay = cells(scope, question, currency, f"measure = 'stay' and day < {last}", args)
    roll = cells(
        scope, question, currency, f"measure = 'roll' and day between {first} and {last}", args
    )
    kept = conditions(question, args, ("bucket",))
    columns = [f"{name} as k{n}" for n, name in enumerate(key_columns(question, currency))]
    keys = ", ".join(f"k{n}" for n in range(KEY_COLUMNS))
    rows = await session.fetch(
        f"""
        with stay as (
            select {", ".join(columns)}, day, until_on, sum(amount) as amount, sum(count) as count
            from {stay} where true {kept} group by {_GROUPED}, day, until_on
        ),
        roll as (
            select {", ".join(columns)}, width_bucket(day, {firsts}) as place, until_on, mark,
                sum(amount) as amount, sum(count) as count
            from {roll} where true {kept} group by {_GROUPED}, place, until_on, mark
        ),
        moved as (
            select {keys}, place, first_on, last_on, until_on, '' as mark, amount, count
            from unnest({firsts}, {lasts}) with ordinality as months (first_on, last_on, place)
            join stay on day < first_on
            union all
            select {keys}, place, ({firsts})[place], ({lasts})[place], until_on, mark, amount, count
            from roll
        )
        select {keys}, place, width_bucket(first_on - 1 - until_on, {starts}) as bucket,
            width_bucket(last_on - until_on, {starts}) as column_, mark, sum(amount), sum(count)
        from moved group by {keys}, place, bucket, column_, mark
        having sum(amount) <> 0 or sum(count) <> 0
        """,
        *args,
    )
    return [
        Rolled(key_of(columns), months[place - 1], bucket, to, column, _added(amount, count))
        for *columns, place, bucket, to, column, amount, count in (row.values() for row in rows)
    ]


async def list_lived(
    session: Session, scope: tuple[str, int], question: Question, currency: str | None
) -> list[Row]:
    """How long the debts that entered in the window were open, and how that ended."""
    args = Arguments()
    at = f"{args.name(question.looked_at)}::date"
    bounds = f"{args.name(question.slices.bounds)}::date[]"
    first, last = args.name(question.slices.bounds[0]), args.name(question.slices.to_on)
    source = cells(
        scope,
        question,
        currency,
        "measure in ('entered', 'settled', 'left') "
        f"and day between {first}::date and {last}::date "
        f"and (mark = '' or day + nullif(mark, '')::int <= {at} and until_on > {at})",
        args,
    )
    kept = conditions(question, args)
    columns = ", ".join(key_columns(question, currency))
    rows = await session.fetch(
        f"""
        with found as (select * from {source} where true {kept})
        select {columns}, measure, mark, width_bucket(day, {bounds}), sum(amount), sum(count)
        from found where mark <> ''
        group by {_GROUPED}, measure, mark, {KEY_COLUMNS + 3}
        union all
        select {columns}, 'open', ({at} - day)::text, width_bucket(day, {bounds}),
            sum(case when mark = '' then amount else -amount end),
            sum(case when mark = '' then count else -count end)
        from found
        group by {_GROUPED}, {KEY_COLUMNS + 1}, {KEY_COLUMNS + 2}, {KEY_COLUMNS + 3}
        having sum(case when mark = '' then count else -count end) <> 0
        """,
        *args,
    )
    return [
        Row(key_of(columns), measure, mark, slice_, 0, _added(amount, count))
        for *columns, measure, mark, slice_, amount, count in (row.values() for row in rows)
    ]


def _added(amount: Decimal, count: Decimal) -> Added:
    return Added(int(amount), int(count))


async def list_became(
    session: Session,
    scope: tuple[str, int],
    question: Question,
    currency: str | None,
    vintage: Vintage,
    months: Months,
) -> list[Grown]:
    """What became of the things of each month's cohort, by month."""
    args = Arguments()
    base, measure = args.name(vintage.base), args.name(vintage.measure)
    starts = f"{args.name(months.starts)}::date[]"
    first = f"{args.name(months.starts[0])}::date"
    last = f"{args.name(months.cohorts[-1].to_on)}::date"
    at = f"{args.name(question.looked_at)}::date"
    source = cells(
        scope,
        question,
        currency,
        f"measure in ({base}, {measure}) "
        f"and (measure = {base} and day between {first} and {last} or measure = {measure} "
        f"and until_on between {first} and {last} and day <= {at})",
        args,
    )
    rows = await session.fetch(
        f"""
        select width_bucket(case when measure = {base} then day else until_on end, {starts}),
            case when measure = {base} then null else width_bucket(day, {starts}) end, sum(amount)
        from {source} where true {conditions(question, args)}
        group by 1, 2
        """,
        *args,
    )
    return [
        Grown(cohort, month, int(amount))
        for cohort, month, amount in (row.values() for row in rows)
    ]
