"""Sums of the daily measures by slice of time and key: for answering questions.

Slices are made in the database (`width_bucket` over the first days of the parts), so that what
travels is as long as the answer and not as the history.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.metrics.domain.cells import Added
from services.metrics.domain.figures import Row
from services.metrics.domain.kpis.kpi import Kpi
from services.metrics.domain.measures import Mode
from services.metrics.domain.questions import Question
from services.metrics.domain.reading import NeedGroup, readings, settled
from services.metrics.domain.rolls import months_of, rows_of
from services.metrics.domain.slots import SLOT_SECONDS, UNTIL_NOW
from services.metrics.domain.version import FIGURES_VERSION
from services.metrics.store import delinquencies, histories, parts, sources
from shared.database import Session


class Tenant(NamedTuple):
    timezone: str
    latest_slot: int  # the quarter of an hour of the newest event; 0: none yet
    revision: int
    is_stale: bool = False  # its figures were made by other rules than this release's


async def find_tenant(session: Session, tenant_id: str) -> Tenant | None:
    row = await session.fetchrow(
        """
        select timezone, latest_known, revision,
            (select version <> $2 from generations where state = 'current')
        from tenants where tenant_id = $1
        """,
        tenant_id,
        FIGURES_VERSION,
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
    invoiced = sources.cells(
        tenant="$1",
        known="$2",
        where="measure = 'invoiced' and cut = ''",
        is_as_of=recorded_before != UNTIL_NOW,
        is_fine=False,
    )
    rows = await session.fetch(
        f"""
        select currency, min(day) as first_on from (
            select currency, day from ({invoiced}) cells
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
    scope = (tenant_id, recorded_before)
    for reading in readings(question):
        if reading.mode == "rolled":
            months = months_of(question)
            rolled = await histories.list_rolled(session, scope, question, currency, months)
            rows += rows_of(rolled, question)
        elif reading.mode == "lived":
            rows += await histories.list_lived(session, scope, question, currency)
        elif reading.mode == "delinquent":
            rows += await delinquencies.list_rows(session, scope, question)
        else:
            rows += await _list_read(session, scope, question, currency, reading)
    return settled(rows)


# By mode: the day that is cut into slices, and which cells count: {0} to {1} are the question's
# days, {2} is the day at which the things of a cohort are looked at.
_READ: dict[Mode, tuple[str, str]] = {
    "flow": ("day", "day between {0} and {1}"),
    "stock": ("day", "day <= {1}"),
    "standing": ("day", "day between {0} and {1}"),
    "cohort": ("day", "day between {0} and {1} and until_on <= {2}"),
    "of_cohort": ("until_on", "until_on between {0} and {1} and day <= {2}"),
}


async def _list_read(
    session: Session,
    scope: tuple[str, int],
    question: Question,
    currency: str | None,
    reading: NeedGroup,
) -> list[Row]:
    args = parts.Arguments()
    days = question.slices.bounds[0], question.slices.to_on, question.looked_at
    bounds = f"{args.name(question.slices.bounds)}::date[]"
    day, counts = _READ[reading.mode]
    is_stock = reading.mode == "stock"
    named = [
        f"{args.name(each)}::date" if f"{{{place}}}" in counts or (is_stock and not place) else ""
        for place, each in enumerate(days)
    ]
    until = f"width_bucket(until_on, {bounds})" if reading.mode == "standing" else "0"
    mark = "currency"
    if not reading.is_in_all_currencies:
        mark = f"case when measure = any({args.name(reading.marked)}::text[]) then mark else '' end"
    is_marked = question.splits_by_mark and question.kpi.mark not in reading.without
    columns = [
        *parts.key_columns(question, currency, reading.without),
        "mark" if is_marked else "''",
        "measure",
        mark,
        f"width_bucket({day}, {bounds})",
        until,
    ]
    where = f"measure = any({args.name(reading.measures)}::text[]) and {counts.format(*named)}"
    only = None if reading.is_in_all_currencies else currency
    since_month = named[0] if is_stock else ""
    source = parts.cells(scope, question, only, where, args, since_month=since_month)
    marks = {question.kpi.mark or "", "bucket", *reading.without}
    filters = parts.conditions(question, args, marks)
    if question.filters_by_mark and question.kpi.mark not in reading.without:
        filters += f" and {_of_marks(question, args)}"
    found = await session.fetch(
        f"""
        select {", ".join(columns)}, sum(amount), sum(count), sum(weight)
        from {source}
        where {f"{since_month} is not null" if is_stock else "true"} {filters}
        group by {", ".join(str(place) for place in range(1, len(columns) + 1))}
        having sum(amount) <> 0 or sum(count) <> 0 or sum(weight) <> 0
        """,
        *args,
    )
    rows: list[Row] = []
    for row in found:
        *key, key_mark, measure, row_mark, slice_, until_slice, amount, count, weight = row.values()
        added = Added(int(amount), int(count), int(weight))
        of = parts.key_of(key)._replace(mark=key_mark)
        rows += reading.rows(of, measure, row_mark, slice_, until_slice, added)
    return rows


def _of_marks(question: Question, args: parts.Arguments) -> str:
    values = question.filters[question.kpi.mark or ""]
    return f"mark = any({args.name(list(values))}::text[])"


def is_made_of_cells(kpi: Kpi) -> bool:
    """Whether all that it needs are sums of cells."""
    return all(need.mode in _READ for need in kpi.needs)


async def list_days_of_news(
    session: Session,
    tenant_id: str,
    question: Question,
    zone: str,
    span: tuple[int, int],
    limit: int,
) -> list[date]:
    """The tenant's days, at moments of knowledge from the first to before the second, on which a
    cell came to be known that the question's figure may be made of."""
    rows = await session.fetch(
        """
        select distinct (to_timestamp(known::float8 * $7) at time zone $6)::date as day
        from (
            select tenant_id, measure, cut, known, day, until_on from cells_new
            union all select tenant_id, measure, cut, known, day, until_on from cells_log
        ) cells
        where tenant_id = $1 and measure = any($2::text[]) and known >= $3 and known < $4
            and cut = '' and (day <= $5 or until_on <= $5)
        order by 1 limit $8
        """,
        tenant_id,
        [need.measure for need in question.kpi.needs],
        *span,
        question.window.to_on,
        zone,
        SLOT_SECONDS,
        limit,
    )
    return [row["day"] for row in rows]


async def list_revisions(session: Session, tenants: Sequence[str]) -> dict[str, int]:
    """How far the live stream of each tenant has come."""
    rows = await session.fetch(
        "select tenant_id, revision from tenants where tenant_id = any($1::text[])", list(tenants)
    )
    return {row["tenant_id"]: row["revision"] for row in rows}
