"""The whole of metrics over HTTP, on a real database, equals the oracle: golden stories, every KPI
on portfolios drawn at random, matrices and cohorts."""

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random
from typing import Any

import httpx
import pytest

from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from shared.events import Received
from tests.integration.metrics.conftest import Deliver
from tests.oracles.metrics import cohorts, matrices
from tests.oracles.metrics.answers import FIGURES, Question, answer
from tests.oracles.metrics.book import Book
from tests.oracles.metrics.reading import read
from tests.portfolios.generated import Portfolio, interleaved
from tests.portfolios.questions import a_question, differences
from tests.portfolios.stories import STORIES
from tests.portfolios.telling import Asked
from tests.unit.metrics.test_oracle_stories import is_near

AT_ONCE = 50
IN_UTC = [seed for seed in range(40) if Portfolio(seed, 1).tenant_zone == "UTC"][:1]
COHORTS = (
    ("issue", "paid"),
    ("issue", "overdue"),
    ("issue", "written_off"),
    ("entry", "recovered"),
)


def handled(events: Sequence[Received]) -> list[Received]:
    return [event for event in events if event.type in HANDLERS]


def as_asked(question: Question) -> dict[str, Any]:
    """A question in a body."""
    given = {
        "kpi": question.name,
        "from": question.start,
        "to": question.end,
        "currency": question.currency,
        "by": question.by or None,
        "per": question.per,
        "group_by": ",".join(question.group_by) or None,
        "interval": question.interval,
        "at": question.at,
        "as_of": question.as_of,
        "experiment": question.experiment,
        "in": question.into,
    }
    told = {name: _plain(value) for name, value in given.items() if value is not None}
    return told | {name: list(values) for name, values in (question.filters or {}).items()}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date) else value


async def answers_of(
    client: httpx.AsyncClient, questions: Sequence[Question]
) -> Iterator[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start in range(0, len(questions), AT_ONCE):
        some = [as_asked(question) for question in questions[start : start + AT_ONCE]]
        answer = await client.post("/v1/query", json={"questions": some})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
    return iter(found)


@pytest.mark.parametrize("name", STORIES)
async def test_the_golden_stories_over_http(
    name: str, client: httpx.AsyncClient, deliver: Deliver
) -> None:
    story = STORIES[name]()
    await deliver(handled(story.events))
    for asked in story.answers:
        if not isinstance(asked, Asked):
            continue
        answer = await client.get(f"/v1/kpis/{asked.kpi}", params=dict(asked.query))
        assert answer.status_code == 200, (asked, answer.text)
        found = answer.json()
        if asked.group is not None:
            (found,) = (each for each in found["groups"] if each["key"] == dict(asked.group))
        told = (found["value"], found["numerator"], found["denominator"])
        expected = (asked.value, asked.numerator, asked.denominator)
        assert all(map(is_near, told, expected)), (asked, told)


@pytest.mark.parametrize("seed", IN_UTC)
async def test_every_kpi_matrix_and_cohort_equals_the_oracle(
    seed: int, client: httpx.AsyncClient, deliver: Deliver
) -> None:
    portfolio, rng = Portfolio(seed), Random(seed)
    for batch in interleaved(rng, portfolio.topics()):
        if events := handled(batch):
            await deliver(events)
    events = handled(portfolio.events)
    book = read(events)
    questions = [
        question
        for name in sorted(set(KPIS) & set(FIGURES))
        for question in (a_question(rng, name, FIGURES[name].splits) for _ in range(3))
        if can_be_asked(question, book)
    ]
    for question, found in zip(questions, await answers_of(client, questions), strict=True):
        known = book if question.as_of is None else read(events, as_of=question.as_of)
        assert "value" in found, (as_asked(question), found.get("errors"))
        wrong = list(differences(question, found, answer(known, question)))
        assert not wrong, wrong[0]
    await check_matrices(client, book)
    await check_cohorts(client, book)


def can_be_asked(question: Question, book: Book) -> bool:
    """What is of days that are known."""
    today = date.fromordinal(book.business_day)
    if question.as_of is not None and question.as_of > today:
        return False
    known = min(today, question.as_of or today)
    return question.name != "roll_rate" or question.end <= known


async def check_matrices(client: httpx.AsyncClient, book: Book) -> None:
    for month in (date(2026, 2, 1), date(2026, 4, 1)):
        query = {"month": f"{month:%Y-%m}", "currency": "EUR", "by": "amount"}
        answer = await client.get("/v1/matrices/roll-rate", params=query)
        assert answer.status_code == 200, answer.text
        expected = matrices.roll_matrix(book, month, "EUR", "amount")
        for row in answer.json()["rows"]:
            base, columns = expected[row["bucket"]]
            assert row["base"] == base == sum(cell["value"] for cell in row["cells"])
            assert {cell["to"]: cell["value"] for cell in row["cells"]} == columns
        answer = await client.get("/v1/matrices/cure", params={"month": query["month"]})
        assert answer.status_code == 200, answer.text
        cures = matrices.cure_matrix(book, month)
        for row in answer.json()["rows"]:
            told = cures[row.pop("bucket")]
            assert all(is_near(row[name], value) for name, value in told.items()), (row, told)


async def check_cohorts(client: httpx.AsyncClient, book: Book) -> None:
    first, last = date(2026, 1, 1), date(2026, 4, 1)
    for of, measure in COHORTS:
        query = {"of": of, "measure": measure, "from": "2026-01", "to": "2026-04"}
        answer = await client.get("/v1/cohorts", params={**query, "currency": "EUR"})
        assert answer.status_code == 200, answer.text
        expected = cohorts.vintages(book, of, measure, first, last, "EUR", book.business_day)
        for found, told in zip(answer.json()["items"], expected, strict=True):
            assert found["cohort"] == f"{told['cohort']:%Y-%m}"
            assert found["base_minor"] == told["base_minor"], (of, measure, found, told)
            points = [(each["age"], each["on"], each["value"]) for each in found["points"]]
            assert points == [
                (each["age"], str(date.fromordinal(each["on"])), each["value"])
                for each in told["points"]
            ], (of, measure, found["cohort"])
