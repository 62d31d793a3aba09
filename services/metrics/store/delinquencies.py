"""Delinquencies: one row per span and knowledge, written by differences, read at some day."""

import json
from collections.abc import Iterable, Sequence
from datetime import date

from services.metrics.domain.cures import Ended, Fate, rows_of
from services.metrics.domain.delinquencies import RETAINED_DAYS, Delinquency
from services.metrics.domain.figures import Row
from services.metrics.domain.overdue import STAYS_DAYS
from services.metrics.domain.questions import Question
from services.metrics.domain.rolls import STARTS
from services.metrics.domain.slots import FAR, UNTIL_NOW
from services.metrics.domain.timelines import Rewritten
from services.metrics.domain.windows import ONE_DAY, Window
from services.metrics.store.parts import (
    KEY_COLUMNS,
    Arguments,
    conditions,
    key_columns,
    key_of,
    uses_arms,
)
from services.metrics.store.remembered import AccountKey
from shared.database import Session

_GROUPED = ", ".join(str(place) for place in range(1, KEY_COLUMNS + 1))


async def rewrite_delinquencies(
    session: Session, rewritten: Sequence[tuple[AccountKey, Rewritten[date, Delinquency]]]
) -> None:
    """Store what the news of accounts change."""
    rewinds = [(*key, each.rewinds_to) for key, each in rewritten if each.rewinds_to is not None]
    if rewinds:
        await _rewind(session, rewinds)
    closed = [(*key, start, slot) for key, each in rewritten for start, slot in each.closed]
    if closed:
        await session.execute(
            """
            update delinquencies d set known_until = given.slot
            from unnest($1::text[], $2::text[], $3::date[], $4::int[])
                as given (tenant_id, account_id, start_on, slot)
            where (d.tenant_id, d.account_id, d.start_on)
                    = (given.tenant_id, given.account_id, given.start_on)
                and d.known_until = $5
            """,
            *_columns(closed),
            UNTIL_NOW,
        )
    opened = [
        (*key, known.row, known.known_from, known.known_until)
        for key, each in rewritten
        for known in each.opened
    ]
    if opened:
        await _insert(session, opened)


async def _rewind(session: Session, rewinds: Sequence[tuple[object, ...]]) -> None:
    """All is as it was known just before these moments."""
    await session.execute(
        """
        delete from delinquencies d
        using unnest($1::text[], $2::text[], $3::int[]) as given (tenant_id, account_id, slot)
        where (d.tenant_id, d.account_id) = (given.tenant_id, given.account_id)
            and d.known_from >= given.slot
        """,
        *_columns(rewinds),
    )
    await session.execute(
        """
        update delinquencies d set known_until = $4
        from unnest($1::text[], $2::text[], $3::int[]) as given (tenant_id, account_id, slot)
        where (d.tenant_id, d.account_id) = (given.tenant_id, given.account_id)
            and d.known_until >= given.slot and d.known_until < $4
        """,
        *_columns(rewinds),
        UNTIL_NOW,
    )


async def _insert(
    session: Session, opened: Sequence[tuple[str, str, Delinquency, int, int]]
) -> None:
    rows = [
        (
            tenant, account, known_from, known_until, row.chain_on, row.start_on, row.end_on,
            row.next_on, row.ended_by, row.is_untouched, row.next_issued_on,
            _dates(due.from_on for due in row.dues), _dates(due.oldest_due_on for due in row.dues),
            row.segment, row.country, row.kind, json.dumps(dict(row.arms)),
        )
        for tenant, account, row, known_from, known_until in opened
    ]  # fmt: skip
    await session.execute(
        """
        insert into delinquencies (
            tenant_id, account_id, known_from, known_until, chain_on, start_on, end_on, next_on,
            ended_by, is_untouched, next_issued_on, dues_from, dues_on, segment, country, kind, arms
        )
        select tenant_id, account_id, known_from, known_until, chain_on, start_on, end_on, next_on,
            ended_by, is_untouched, next_issued_on, dues_from::date[], dues_on::date[], segment,
            country, kind, arms::jsonb
        from unnest(
            $1::text[], $2::text[], $3::int[], $4::int[], $5::date[], $6::date[], $7::date[],
            $8::date[], $9::text[], $10::bool[], $11::date[], $12::text[], $13::text[],
            $14::text[], $15::text[], $16::text[], $17::text[]
        ) as given (
            tenant_id, account_id, known_from, known_until, chain_on, start_on, end_on, next_on,
            ended_by, is_untouched, next_issued_on, dues_from, dues_on, segment, country, kind, arms
        )
        """,
        *_columns(rows),
    )


def _dates(days: Iterable[date]) -> str:
    return "{" + ",".join(day.isoformat() for day in days) + "}"


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def seen_sql(scope: tuple[str, int], question: Question, at: date, args: Arguments) -> str:
    """The delinquencies that are seen at the end of a day, of the part of the book asked for."""
    tenant, known = args.name(scope[0]), args.name(scope[1])
    at_day = args.name(at)
    arm = "''"
    if uses_arms(question):
        arm = f"coalesce(arms ->> {args.name(question.experiment)}::text, '')"
    far, stays, retained = args.name(FAR), args.name(STAYS_DAYS - 1), args.name(RETAINED_DAYS)
    return f"""
        select *, '' as currency, '' as channel, '' as strategy, '' as collector, {arm} as arm,
            case when end_on > {at_day}::date then 'open'
                when ended_by = 'written_off' then 'written_off'
                when end_on + {stays}::int <= {at_day}::date then 'cured' else 'pending' end
                as state,
            case when end_on > {at_day}::date then {far}::date else end_on end as seen_end,
            end_on + {retained}::int <= {at_day}::date as is_ripe,
            next_issued_on < {far}::date as is_retained
        from delinquencies
        where tenant_id = {tenant} and known_from < {known} and known_until >= {known}
            and start_on <= {at_day}::date and next_on > {at_day}::date
    """


async def list_rows(session: Session, scope: tuple[str, int], question: Question) -> list[Row]:
    """How the delinquencies that touch the window ended."""
    args = Arguments()
    seen = seen_sql(scope, question, question.looked_at, args)
    bounds = f"{args.name(question.slices.bounds)}::date[]"
    first, last = args.name(question.slices.bounds[0]), args.name(question.slices.to_on)
    kept = conditions(question, args)
    if not any(need.measure == "delinquent" for need in question.kpi.needs):
        kept += f" and end_on <= {last}::date"  # only those that have ended count
    rows = await session.fetch(
        f"""
        select {", ".join(key_columns(question, None))}, width_bucket(chain_on, {bounds}),
            width_bucket(seen_end, {bounds}), state, is_untouched, is_ripe, is_retained, count(*)
        from ({seen}) seen
        where chain_on <= {last}::date and seen_end >= {first}::date
            and end_on >= {first}::date {kept}
        group by {_GROUPED}, {KEY_COLUMNS + 1}, {KEY_COLUMNS + 2}, state, is_untouched, is_ripe,
            is_retained
        """,
        *args,
    )
    ended = (
        Ended(key_of(columns), start, end, state, untouched, ripe, retained, count)
        for *columns, start, end, state, untouched, ripe, retained, count in (
            row.values() for row in rows
        )
    )
    return list(rows_of(ended, question))


async def list_fates(
    session: Session, scope: tuple[str, int], question: Question, month: Window
) -> list[Fate]:
    """What became of the accounts that had anything overdue at the end of the month before."""
    args = Arguments()
    source, columns = fates_sql(scope, question, month, args)
    rows = await session.fetch(
        f"select {columns}, seen.is_untouched, count(*) from {source} group by 1, 2, 3, 4", *args
    )
    return [Fate(*row.values()) for row in rows]


def fates_sql(
    scope: tuple[str, int], question: Question, month: Window, args: Arguments
) -> tuple[str, str]:
    """SQL: the delinquencies (`seen`) of accounts that had anything overdue at the end of the month
    before, as a table with its condition; and by which bucket, with which end they are."""
    seen = seen_sql(scope, question, question.looked_at, args)
    before = f"{args.name(month.from_on - ONE_DAY)}::date"
    end = f"{args.name(month.to_on)}::date"
    starts = f"{args.name(list(STARTS))}::int[]"
    tenant, known = args.name(scope[0]), args.name(scope[1])
    kept = conditions(question, args, table="seen.")
    source = f"""
        ({seen}) seen
        join delinquencies span using (tenant_id, account_id, chain_on)
        where span.tenant_id = {tenant} and span.known_from < {known}
            and span.known_until >= {known} and span.start_on <= {before}
            and span.end_on > {before} and seen.seen_end > {before}
            and seen.end_on > {before} {kept}
    """
    columns = f"""
        width_bucket(
            {before} - span.dues_on[width_bucket({before}, span.dues_from)], {starts}
        ) as bucket,
        seen.seen_end <= {end} as is_in_month, seen.state
    """
    return source, columns
