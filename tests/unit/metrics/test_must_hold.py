"""What must hold of every figure, whatever happened: on portfolios drawn at random."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from shared.clock import day_start, local_day
from shared.events import Received
from tests.metrics_figures import Memory
from tests.oracles.metrics.answers import FIGURES, Question
from tests.oracles.metrics.book import Book
from tests.portfolios.generated import BASE, EXPERIMENT, Portfolio, interleaved
from tests.portfolios.questions import NUMBERS, a_question, asked

THERE = sorted(set(KPIS) & set(FIGURES))
SUMS = [name for name in THERE if KPIS[name].kind == "flow" and KPIS[name].unit != "ratio"]
SUMS = [name for name in SUMS if KPIS[name].unit in ("minor", "count")]
PARTS_OF_ONE = (
    "recovery_rate", "collection_effectiveness_index", "promise_rate", "promise_kept_rate",
    "contact_rate", "right_party_contact_rate", "dispute_rate", "cure_rate", "at_risk_rate",
    "retention_rate", "satisfaction", "roll_rate",
)  # fmt: skip
NO_RATES = Book("UTC", 0)
SETTINGS = settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
SEEDS = st.integers(0, 2**32 - 1)


def memory_of(batches: list[list[Received]]) -> Memory:
    memory = Memory()
    for batch in batches:
        memory.take([event for event in batch if event.type in HANDLERS])
    return memory


def of_portfolio(seed: int) -> tuple[Portfolio, Memory]:
    portfolio = Portfolio(seed)
    return portfolio, memory_of(interleaved(Random(seed), portfolio.topics()))


@SETTINGS
@given(SEEDS)
def test_the_parts_of_a_flow_sum_to_the_whole(seed: int) -> None:
    portfolio, memory = of_portfolio(seed)
    rng = Random(seed)
    for name in SUMS:
        plain = replace(
            a_question(rng, name, ()), interval="week", currency="EUR", by=FIGURES[name].by[0]
        )
        for split in FIGURES[name].splits:
            if split in ("currency", "rule", "result"):
                continue
            question = replace(plain, group_by=(split,), experiment=EXPERIMENT)
            found = asked(memory, question, portfolio.tenant_zone, NO_RATES)
            groups = [group["value"] for group in found["groups"]]
            assert abs(sum(groups) - found["value"]) < 1e-6, (name, split, found)
            series = [part["value"] for part in found["series"]]
            assert abs(sum(series) - found["value"]) < 1e-6, (name, split, found)


@SETTINGS
@given(SEEDS, st.integers(0, 200))
def test_an_answer_as_of_a_day_that_is_over_stays_as_it_was(seed: int, days: int) -> None:
    portfolio = Portfolio(seed)
    on = BASE + timedelta(days=days)
    newest = max(
        event.recordedtime for event in portfolio.events if event.recordedtime.date() <= on
    )
    as_of = local_day(newest, portfolio.tenant_zone)
    end = day_start(as_of + timedelta(days=1), portfolio.tenant_zone)
    known = [event for event in portfolio.events if event.recordedtime < end]
    later = [event for event in portfolio.events if event.recordedtime >= end]
    memory = memory_of([known])
    rng = Random(seed)
    questions = [
        replace(question, at=question.at or max(question.end, as_of), as_of=as_of)
        for question in (a_question(rng, name, FIGURES[name].splits) for name in THERE)
        if question.end <= as_of or FIGURES[question.name].kind == "cohort"
    ]
    questions = [
        question if FIGURES[question.name].kind == "cohort" else replace(question, at=None)
        for question in questions
    ]
    before = [answered(memory, question, portfolio.tenant_zone) for question in questions]
    memory.take([event for event in later if event.type in HANDLERS])
    for question, was in zip(questions, before, strict=True):
        now = answered(memory, question, portfolio.tenant_zone)
        assert now == was, (question, was, now)


def answered(memory: Memory, question: Question, zone: str) -> Any:
    found = asked(memory, question, zone, NO_RATES)
    return list(_numbers(found))


def _numbers(found: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """All that is said, without what depends on the day on which it is asked."""
    yield tuple(found[name] for name in NUMBERS)
    for part in found["series"]:
        yield part["from"], *(part[name] for name in NUMBERS)
    for group in found.get("groups", ()):
        if any(group[name] for name in NUMBERS):
            yield tuple(group["key"].values())
            yield from _numbers(group)


@SETTINGS
@given(SEEDS)
def test_no_share_passes_one(seed: int) -> None:
    portfolio, memory = of_portfolio(seed)
    rng = Random(seed)
    # What is written off is owed no more, and yet may be recovered in a later window.
    has_recoveries = any(event.type == "recovery-received" for event in portfolio.events)
    for name in PARTS_OF_ONE:
        if name not in KPIS or (name == "recovery_rate" and has_recoveries):
            continue
        question = a_question(rng, name, FIGURES[name].splits)
        found = asked(memory, question, portfolio.tenant_zone, NO_RATES)
        for each in (found, *found["series"], *found["groups"]):
            assert each["value"] is None or each["value"] <= 1, (question, each)
