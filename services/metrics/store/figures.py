"""Sums of the daily measures by slice of time and key: for answering questions.

Slices are made in the database (`width_bucket` over the first days of the parts), so that what
travels is as long as the answer and not as the history.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from services.metrics.domain.answers import Question, Rows
from services.metrics.domain.figures import AGES, Aged, Key, Late, Sums
from shared.database import Session

UNTIL_NOW = 2**31 - 1


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
            select currency, day from money_days
            where tenant_id = $1 and measure = 'invoiced' and known < $2
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
) -> Rows:
    """All that a question's answer is made of."""
    scope = (tenant_id, question.slices.bounds, question.window.to_on, recorded_before)
    if not question.kpi.is_money:
        return Rows(await _list_contacts(session, scope, question))
    split = (
        currency,
        currency is None or question.splits_by("currency"),
        question.splits_by("segment"),
        question.splits_by("country"),
        question.splits_by("kind"),
    )
    kpi = question.kpi
    ages = AGES if question.splits_by("bucket") else kpi.ages
    sums: list[Sums] = []
    aged: list[Aged] = []
    late: list[Late] = []
    if kpi.flows or kpi.stocks:
        sums = await _list_sums(session, scope, split, kpi.flows, kpi.stocks)
    if ages:
        aged = await _list_aged(session, scope, split, question.aged_measure, ages)
    if kpi.needs_late:
        late = await _list_late(session, scope, split)
    return Rows(sums, aged, late)


Scope = tuple[str, list[date], date, int]
Split = tuple[str | None, bool, bool, bool, bool]


async def _list_sums(
    session: Session, scope: Scope, split: Split, flows: Sequence[str], stocks: Sequence[str]
) -> list[Sums]:
    rows = await session.fetch(
        """
        select
            case when $6::bool then currency else '' end as currency,
            case when $7::bool then segment else '' end as segment,
            case when $8::bool then country else '' end as country,
            case when $9::bool then kind else '' end as kind,
            measure, width_bucket(day, $2::date[]) as slice,
            sum(amount) as amount, sum(count) as count
        from money_days
        where tenant_id = $1 and day <= $3 and known < $4 and ($5::text is null or currency = $5)
            and (measure = any($11::text[]) or (measure = any($10::text[]) and day >= ($2)[1]))
        group by 1, 2, 3, 4, 5, 6
        having sum(amount) <> 0 or sum(count) <> 0
        """,
        *scope,
        *split,
        list(flows),
        list(stocks),
    )
    return [
        Sums(_money_key(row), row["measure"], row["slice"], int(row["amount"]), int(row["count"]))
        for row in rows
    ]


async def _list_aged(
    session: Session, scope: Scope, split: Split, measure: str, ages: Sequence[int]
) -> list[Aged]:
    rows = await session.fetch(
        """
        select
            case when $6::bool then currency else '' end as currency,
            case when $7::bool then segment else '' end as segment,
            case when $8::bool then country else '' end as country,
            case when $9::bool then kind else '' end as kind,
            age, width_bucket(greatest(day, until_on + age), $2::date[]) as slice,
            sum(amount) as amount, sum(count) as count,
            sum(amount * (until_on - date '1970-01-01')) as due
        from money_days cross join unnest($10::int[]) as age
        where tenant_id = $1 and measure = $11 and day <= $3 and until_on + age <= $3
            and known < $4 and ($5::text is null or currency = $5)
        group by 1, 2, 3, 4, 5, 6
        having sum(amount) <> 0 or sum(count) <> 0
            or sum(amount * (until_on - date '1970-01-01')) <> 0
        """,
        *scope,
        *split,
        list(ages),
        measure,
    )
    return [
        Aged(
            _money_key(row),
            row["age"],
            row["slice"],
            int(row["amount"]),
            int(row["count"]),
            int(row["due"]),
        )
        for row in rows
    ]


async def _list_late(session: Session, scope: Scope, split: Split) -> list[Late]:
    rows = await session.fetch(
        """
        select
            case when $6::bool then currency else '' end as currency,
            case when $7::bool then segment else '' end as segment,
            case when $8::bool then country else '' end as country,
            case when $9::bool then kind else '' end as kind,
            width_bucket(day, $2::date[]) as slice, width_bucket(until_on, $2::date[]) as until,
            sum(amount) as amount, sum(weight) as weight
        from money_days
        where tenant_id = $1 and measure = 'late' and day >= ($2)[1] and day <= $3 and known < $4
            and ($5::text is null or currency = $5)
        group by 1, 2, 3, 4, 5, 6
        having sum(amount) <> 0 or sum(weight) <> 0
        """,
        *scope,
        *split,
    )
    return [
        Late(_money_key(row), row["slice"], row["until"], int(row["amount"]), int(row["weight"]))
        for row in rows
    ]


def _money_key(row: Any) -> Key:
    return Key(
        currency=row["currency"],
        segment=row["segment"],
        country=row["country"],
        kind=row["kind"],
    )


async def _list_contacts(session: Session, scope: Scope, question: Question) -> list[Sums]:
    rows = await session.fetch(
        """
        select
            case when $6::bool then segment else '' end as segment,
            case when $7::bool then country else '' end as country,
            case when $8::bool then kind else '' end as kind,
            case when $9::bool then channel else '' end as channel,
            case when $10::bool then strategy else '' end as strategy,
            case when $11::bool then rule else '' end as rule,
            case when $12::bool then result else '' end as shown_result,
            result, width_bucket(day, $2::date[]) as slice, sum(count) as count
        from contact_days
        where tenant_id = $1 and day >= ($2)[1] and day <= $3 and known < $4
            and result = any($5::text[])
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9
        having sum(count) <> 0
        """,
        *scope,
        list(question.kpi.contacts),
        *(
            question.splits_by(name)
            for name in ("segment", "country", "kind", "channel", "strategy", "rule", "result")
        ),
    )
    return [
        Sums(
            Key(
                segment=row["segment"],
                country=row["country"],
                kind=row["kind"],
                channel=row["channel"],
                strategy=row["strategy"],
                rule=row["rule"],
                result=row["shown_result"],
            ),
            row["result"],
            row["slice"],
            0,
            int(row["count"]),
        )
        for row in rows
    ]


async def list_revisions(session: Session, tenants: Sequence[str]) -> dict[str, int]:
    """How far the live stream of each tenant has come."""
    rows = await session.fetch(
        "select tenant_id, revision from tenants where tenant_id = any($1::text[])", list(tenants)
    )
    return {row["tenant_id"]: row["revision"] for row in rows}
