"""Sums of the daily measures by slice of time and key: for answering questions.

Slices are made in the database (`width_bucket` over the first days of the parts), so that what
travels is as long as the answer and not as the history.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from services.metrics.domain.cells import Added
from services.metrics.domain.figures import Key, Row
from services.metrics.domain.kpis.kpi import Kpi
from services.metrics.domain.measures import Mode, Need
from services.metrics.domain.questions import Question
from services.metrics.domain.rolls import months_of, rows_of
from services.metrics.domain.slots import SLOT_SECONDS
from services.metrics.store import delinquencies, histories
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
    scope = (tenant_id, recorded_before)
    for mode, needs in groupby(sorted(question.kpi.needs, key=_mode), key=_mode):
        if mode == "rolled":
            months = months_of(question)
            rolled = await histories.list_rolled(session, scope, question, currency, months)
            rows += rows_of(rolled, question)
        elif mode == "lived":
            rows += await histories.list_lived(session, scope, question, currency)
        elif mode == "delinquent":
            rows += await delinquencies.list_rows(session, scope, question)
        else:
            rows += await _list_in_mode(session, scope, question, currency, mode, list(needs))
    return rows


def _mode(need: Need) -> Mode:
    return need.mode


# By mode: the day that is cut into slices, and which cells count.
_READ: dict[Mode, tuple[str, str]] = {
    "flow": ("day", "day between $4::date and $5::date"),
    "stock": ("day", "day <= $5::date"),
    "standing": ("day", "day between $4::date and $5::date"),
    "cohort": ("day", "day between $4 and $5 and until_on <= $6"),
    "of_cohort": ("until_on", "until_on between $4 and $5 and day <= $6"),
}
_DIMENSIONS = ("segment", "country", "kind", "channel", "strategy", "collector")


async def _list_in_mode(
    session: Session,
    scope: tuple[str, int],
    question: Question,
    currency: str | None,
    mode: Mode,
    needs: Sequence[Need],
) -> list[Row]:
    day, counts = _READ[mode]
    is_apart = question.kpi.is_money and (
        currency is None or question.is_converted or question.splits_by("currency")
    )
    marked = [need.measure for need in needs if need.by_mark]
    until = "width_bucket(until_on, $3::date[])" if mode == "standing" else "0"
    columns = [
        "currency" if is_apart else "''",
        *(name if question.splits_by(name) else "''" for name in _DIMENSIONS),
        "arm" if question.splits_by("arm") else "''",
        "mark" if question.splits_by_mark else "''",
    ]
    filters = _filters(question)
    found = await session.fetch(
        f"""
        select {", ".join(columns)}, measure,
            case when measure = any($8::text[]) then mark else '' end,
            width_bucket({day}, $3::date[]),
            {until}, sum(sign * amount), sum(sign * count), sum(sign * weight)
        from cells_new{_arms(question)}
        where tenant_id = $1 and known < $2 and {counts}
            and (cut = '' or starts_with(cut, $9))
            and $4::date is not null and $5::date is not null and $6::date is not null
            and ($7::text is null or currency = $7)
            and measure = any($10::text[])
            {" ".join(f"and {test.format(11 + n)}" for n, (test, _) in enumerate(filters))}
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
        having sum(sign * amount) <> 0 or sum(sign * count) <> 0 or sum(sign * weight) <> 0
        """,
        *scope,
        question.slices.bounds,
        question.slices.bounds[0],
        question.slices.to_on,
        question.looked_at,
        currency if question.kpi.is_money else None,
        marked,
        f"{question.experiment}/" if question.experiment else NO_CUT,
        [need.measure for need in needs],
        *(values for _, values in filters),
    )
    return [_row(*row.values()) for row in found]


NO_CUT = "\n"  # no cut begins so


def _arms(question: Question) -> str:
    """How a cell counts for which arm. Those of an experiment's accounts stand a second time under
    their arm; what is left of the whole belongs to the accounts outside it."""
    if not question.experiment:
        return " cross join (values (1, '')) as counted (sign, arm)"
    return """ cross join lateral (
            select 1, substr(cut, length($9) + 1) union all select -1, '' where cut <> ''
        ) as counted (sign, arm)"""


def _filters(question: Question) -> list[tuple[str, list[str]]]:
    """Conditions with a place for their values."""
    found: list[tuple[str, list[str]]] = []
    kpi = question.kpi
    for name, values in question.filters.items():
        test = f"{name} = any(${{}}::text[])"
        if name == kpi.mark:
            test = "mark = any(${}::text[])"
            if kpi.mark_formula is not None:  # the whole is the denominator of every mark
                test = f"(mark = '' or {test})"
        elif name == "bucket":
            continue  # balances by age: the answer takes them
        found.append((test, list(values)))
    if question.experiment and "arm" not in question.filters and not question.splits_by("arm"):
        found.append(("cut = any(${}::text[])", [""]))
    return found


def _row(
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
) -> Row:
    key = Key(currency, segment, country, kind, channel, strategy, collector, arm, key_mark)
    return Row(key, measure, mark, slice_, until, Added(int(amount), int(count), int(weight)))


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
        from cells_new
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
