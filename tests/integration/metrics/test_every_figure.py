"""Every KPI in SQL equals the domain in memory, on portfolios and for questions drawn at random.

Filters, splits, arms, cohorts looked at later, `per`, `as_of`: all that a question may have.
"""

from dataclasses import replace
from random import Random
from typing import Any

import httpx
import msgspec
import pytest

from services.metrics.commands import Folding, fold_events
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from services.metrics.processes.merging import merge_all
from shared.database import Database
from shared.events import TENANTS, ledger
from tests.integration.metrics.conftest import begun_anew
from tests.metrics_figures import Memory, an_event
from tests.oracles.metrics.answers import FIGURES, Question
from tests.oracles.metrics.book import Book
from tests.portfolios.generated import Portfolio, interleaved
from tests.portfolios.questions import a_question, asked

THERE = sorted(set(KPIS) & set(FIGURES))
NO_RATES = Book("UTC", 0)


@pytest.mark.parametrize("seed", range(2))
async def test_sql_and_memory_agree_on_every_kpi(
    seed: int, client: httpx.AsyncClient, metrics_db: Database
) -> None:
    portfolio, rng, memory = Portfolio(seed), Random(seed), Memory()
    folding = Folding(await begun_anew(metrics_db))
    zone = an_event(
        "tenant-settings",
        ledger.Tenant(tenant_id=portfolio.tenant, timezone=portfolio.tenant_zone),
        topic=TENANTS,
        key="",
        time=portfolio.events[0].time,
    )
    for batch in ([zone], *interleaved(rng, portfolio.topics())):
        known = [event for event in batch if event.type in HANDLERS]
        memory.take(known)
        async with metrics_db.transaction() as session:
            await fold_events(session, known or batch, folding)
    if seed:  # else nothing is merged yet
        await merge_all(metrics_db, folding.generation)
    for name in THERE:
        for _ in range(2):
            question = a_question(rng, name, FIGURES[name].splits)
            question = replace(question, into=None, currency=question.currency or _any(question))
            if KPIS[name].taken_per(question.per or "").kind != "cohort":
                question = replace(question, at=None)
            expected = asked(memory, question, portfolio.tenant_zone, NO_RATES)
            answer = await client.get(f"/v1/kpis/{name}", params=_parameters(question))
            assert answer.status_code == 200, (question, answer.text)
            found = answer.json()
            as_sent = msgspec.json.decode(msgspec.json.encode(expected))
            assert {each: found[each] for each in as_sent} == as_sent, question


def _any(question: Question) -> str | None:
    return "EUR" if question.is_per_currency else None


def _parameters(question: Question) -> dict[str, Any]:
    """As they are written in a query string."""
    given: dict[str, Any] = {
        "from": question.start,
        "to": question.end,
        "currency": question.currency,
        "interval": question.interval,
        "group_by": ",".join(question.group_by),
        "by": question.by,
        "per": question.per,
        "at": question.at,
        "as_of": question.as_of,
        "experiment": question.experiment,
        **{name: list(values) for name, values in (question.filters or {}).items()},
    }
    written = {name: value for name, value in given.items() if value}
    return {name: v if isinstance(v, list) else str(v) for name, v in written.items()}
