"""Sums of the daily measures by slice of time and key: for answering questions.

Slices are made in the database (`width_bucket` over the first days of the parts), so that what
travels is as long as the answer and not as the history.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.metrics.domain.cells import Added
from services.metrics.domain.figures import Key, Row
from services.metrics.domain.measures import Mode
from services.metrics.domain.questions import Question
from services.metrics.domain.reading import DIMENSIONS, Reading, readings, settled
from shared.database import Session


class Tenant(NamedTuple):
    timezone: str
    latest_slot: int  # the quarter of an hour of the newest event; 0: none yet
    revision: int


async def find_tenant(session: Session, tenant_id: str) -> Tenant | None:
    row = await session.fetchrow(
        "select timezone, latest_known, revision from tenants where tenant_id = $1", tenant_id
    )
    return None if row is None else Tenant(*row.values())


async def list_currencies(session: Session, tenant_id: str, recorded_before: int) -> list[str]:
    """The currencies that a tenant has figures in, by what was known."""
    rows = await session.fetch(
        "select currency from currencies where tenant_id = $1 and known < $2 "
        'order by currency collate "C"',
        tenant_id,
        recorded_before,
    )
    return [row["currency"] for row in rows]


async def list_first_days(
    session: Session, tenant_id: str, recorded_before: int
) -> dict[str, date]:
    """By currency the day of its first invoice, by what was known."""
    rows = await session.fetch(
        """
        select currency, min(day) as first_on from (
            select currency, day from cells_new
            where tenant_id = $1 and measure = 'invoiced' and cut = '' and known < $2
            group by 1, 2 having sum(count) > 0
        ) invoiced
        group by 1
        """,
        tenant_id,
        recorded_before,
    )
    return {row["currency"]: row["first_on"] for row in rows}


async def list_rows(
    session: Session, tenant_id: str, question: Question, currency: str | None, recorded_before: int
) -> list[Row]:
    """All that a question's answer is made of."""
    rows: list[Row] = []
    for reading in readings(question):
        scope = (tenant_id, recorded_before)
        rows += await _list_in_mode(session, scope, question, currency, reading)
    return settled(question, rows)


# By mode: the day that is cut into slices, and which cells count.
_READ: dict[Mode, tuple[str, str]] = {
    "flow": ("day", "day between $4::date and $5::date"),
    "stock": ("day", "day <= $5::date"),
    "standing": ("day", "day between $4::date and $5::date"),
    "cohort": ("day", "day between $4 and $5 and until_on <= $6"),
    "of_cohort": ("until_on", "until_on between $4 and $5 and day <= $6"),
}


async def _list_in_mode(
    session: Session,
    scope: tuple[str, int],
    question: Question,
    currency: str | None,
    reading: Reading,
) -> list[Row]:
    day, counts = _READ[reading.mode]
    until = "width_bucket(until_on, $3::date[])" if reading.mode == "standing" else "0"
    filters = _filters(question, reading)
    filtered = [f"and {name} = any(${n}::text[])" for n, (name, _) in enumerate(filters, 11)]
    found = await session.fetch(
        f"""
        select {", ".join(_columns(question, reading, currency))}, measure,
            {"currency" if reading.is_in_all_currencies else _MARK},
            width_bucket({day}, $3::date[]),
            {until}, sum(amount), sum(count), sum(weight)
        from cells_new
        where tenant_id = $1 and known < $2 and {counts}
            and (cut = '' or starts_with(cut, nullif($9::text, '')))
            and $4::date is not null and $5::date is not null and $6::date is not null
            and ($7::text is null or currency = $7)
            and measure = any($10::text[])
            {" ".join(filtered)}
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
        having sum(amount) <> 0 or sum(count) <> 0 or sum(weight) <> 0
        """,
        *scope,
        question.slices.bounds,
        question.slices.bounds[0],
        question.slices.to_on,
        question.looked_at,
        currency if question.kpi.is_money and not reading.is_in_all_currencies else None,
        reading.marked,
        f"{question.experiment}/" if question.asks("arm") else "",
        reading.measures,
        *(list(values) for _, values in filters),
    )
    return [row for each in found for row in _rows(reading, *each.values())]


_MARK = "case when measure = any($8::text[]) then mark else '' end"


def _columns(question: Question, reading: Reading, currency: str | None) -> list[str]:
    """The key's members, in their order."""

    def column(name: str) -> str:
        return name if question.splits_by(name) and name not in reading.without else "''"

    is_apart = question.splits_by("currency") or currency is None
    is_apart = is_apart and question.kpi.is_money and not reading.is_in_all_currencies
    is_marked = question.splits_by_mark and question.kpi.mark not in reading.without
    return [
        "currency" if is_apart else "''",
        *(column(name) for name in DIMENSIONS),
        "substr(cut, length($9) + 1)",  # the arm
        "mark" if is_marked else "''",
    ]


def _filters(question: Question, reading: Reading) -> list[tuple[str, tuple[str, ...]]]:
    """Columns and the values that count. Arms and ages are no columns."""
    names = {name: name for name in DIMENSIONS}
    if question.kpi.mark is not None:
        names[question.kpi.mark] = "mark"
    return [
        (names[name], values)
        for name, values in question.filters.items()
        if name in names and name not in reading.without
    ]


def _rows(
    reading: Reading,
    currency: str,
    segment: str,
    country: str,
    kind: str,
    channel: str,
    strategy: str,
    collector: str,
    arm: str,
    key_mark: str,
    measure: str,
    mark: str,
    slice_: int,
    until: int,
    amount: Decimal,
    count: int,
    weight: Decimal,
) -> Iterator[Row]:
    key = Key(currency, segment, country, kind, channel, strategy, collector, arm, key_mark)
    added = Added(int(amount), int(count), int(weight))
    return reading.rows(key, measure, mark, slice_, until, added)


async def list_revisions(session: Session, tenants: Sequence[str]) -> dict[str, int]:
    """How far the live stream of each tenant has come."""
    rows = await session.fetch(
        "select tenant_id, revision from tenants where tenant_id = any($1::text[])", list(tenants)
    )
    return {row["tenant_id"]: row["revision"] for row in rows}


async def list_changes(
    session: Session, tenant_id: str, after: int, limit: int
) -> list[tuple[int, str]]:
    """What changed after a revision, for the live stream."""
    rows = await session.fetch(
        "select revision, content from changes where tenant_id = $1 and revision > $2 "
        "order by revision limit $3",
        tenant_id,
        after,
        limit,
    )
    return [(row["revision"], row["content"]) for row in rows]
