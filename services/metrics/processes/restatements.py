"""A figure by what was known at the end of each day: where it came to be another."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from services.metrics.context import Context
from services.metrics.domain.questions import Question
from services.metrics.processes.figures import Asker, ask, business_day, slot_before
from services.metrics.store.figures import (
    Tenant,
    find_tenant,
    is_made_of_cells,
    list_days_of_news,
)
from shared.errors import FieldError, Invalid

DAYS_MAX = 200  # at whose ends the figure may be another
_AT_ONCE = 10  # days that are read from one snapshot


class Restatement(NamedTuple):
    known_on: date
    value: Any


async def restatements(
    context: Context, tenant_id: str, asker: Asker, since: date | None
) -> list[Restatement]:
    """The value at the end of `since`, and each other one with the day on which it was known."""
    async with context.db.reading() as session:
        tenant = await find_tenant(session, tenant_id)
        question = asker(tenant)
        until = question.as_of or business_day(tenant)
        first = min(since or question.window.to_on, until)
        if _moves_with_news_alone(question):
            zone = tenant.timezone if tenant else "UTC"
            span = slot_before(first, tenant), slot_before(until, tenant)
            news = await list_days_of_news(session, tenant_id, question, zone, span, DAYS_MAX + 1)
        else:
            count = min((until - first).days, DAYS_MAX + 1)
            news = [first + timedelta(days=number) for number in range(1, count + 1)]
    if len(news) > DAYS_MAX:
        detail = f"leaves more than {DAYS_MAX} days to look at: ask for a later one"
        raise Invalid("There is too much to look at.", [FieldError("/query/since", detail)])
    found: list[Restatement] = []
    days = [first, *news]
    for start in range(0, len(days), _AT_ONCE):
        for known_on, value in await _values(
            context, tenant_id, question, days[start : start + _AT_ONCE]
        ):
            if not found or found[-1].value != value:
                found.append(Restatement(known_on, value))
    return found


def _moves_with_news_alone(question: Question) -> bool:
    """Whether only days on which a cell of its measures came to be known can change it. A cohort
    ripens from day to day; rates, and what is read from histories, have news of their own."""
    ripens = question.kpi.kind == "cohort" and question.at is None
    return not ripens and question.into is None and is_made_of_cells(question.kpi)


async def _values(
    context: Context, tenant_id: str, question: Question, days: Sequence[date]
) -> list[tuple[date, Any]]:
    def known_on(day: date) -> Asker:
        def asker(_tenant: Tenant | None) -> Question:
            return replace(question, as_of=day)

        return asker

    snapshot = await ask(context.db, tenant_id, [known_on(day) for day in days])
    answers = [figured.answer()["value"] for figured in snapshot.figured]
    return list(zip(days, answers, strict=True))
