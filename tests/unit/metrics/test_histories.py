"""What needs histories: rolls, cures, survival. Golden stories; portfolios against the oracle."""

from collections.abc import Mapping
from datetime import date
from random import Random
from typing import Any

import pytest

from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.windows import Window, month_end
from tests.metrics_figures import Memory
from tests.oracles.metrics import matrices
from tests.oracles.metrics.answers import Question, answer
from tests.oracles.metrics.reading import read
from tests.portfolios.generated import EXPERIMENT, Portfolio, interleaved
from tests.portfolios.stories import STORIES
from tests.portfolios.telling import Asked, Judged, Matrix, Story

SEEDS = range(12)
MONTHS = [date(2026, month, 1) for month in range(1, 8)]


def told(name: str) -> tuple[Story, Memory]:
    story, memory = STORIES[name](), Memory()
    memory.take([each for each in story.events if each.type in HANDLERS])
    return story, memory


def day(query: Mapping[str, str], name: str) -> date | None:
    return date.fromisoformat(query[name]) if name in query else None


def check(memory: Memory, asked: Asked | Matrix | Judged) -> None:
    assert not isinstance(asked, Judged)
    query = asked.query
    if isinstance(asked, Matrix):
        month = date.fromisoformat(query["month"] + "-01")
        rows = memory.matrix_of_rolls(
            Window(month, month_end(month)), query["currency"], query["by"]
        )
        assert {row["bucket"]: in_columns(row) for row in rows if row["base"]} == asked.rows
        return
    start, end = day(query, "from"), day(query, "to")
    assert start is not None
    assert end is not None
    more: dict[str, Any] = {"has_curve": True}
    more |= {name: query[name] for name in ("currency", "by") if name in query}
    more |= {name: day(query, name) for name in ("at", "as_of") if name in query}
    if "group_by" in query:
        more["group_by"] = tuple(query["group_by"].split(","))
    found = memory.ask(asked.kpi, start, end, **more)
    if asked.group is not None:
        (found,) = (each for each in found["groups"] if each["key"] == asked.group)
    expected = {
        "numerator": asked.numerator, "denominator": asked.denominator, "value": asked.value,
        **asked.more,
    }  # fmt: skip
    for name, value in expected.items():
        if value is None:
            assert found[name] is None, name
        else:
            assert found[name] == pytest.approx(value, abs=0.0005), (asked, name, found)


def in_columns(row: Mapping[str, Any]) -> dict[str, int]:
    return {cell["to"]: cell["value"] for cell in row["cells"] if cell["value"]}


def test_met_5_balances_roll_from_bucket_to_bucket() -> None:
    """MET-5: the matrix of February by amount and by count, and the rates."""
    story, memory = told("MET-5")
    for asked in story.answers:
        check(memory, asked)


def test_met_6_cures_are_those_that_stay() -> None:
    """MET-6: relapses after 29 and after 30 days, a write-off, what is pending on which day."""
    story, memory = told("MET-6")
    for asked in story.answers:
        check(memory, asked)


def test_met_7_days_until_debts_are_settled() -> None:
    """MET-7: open, credited and bounced debts count for as long as they were open."""
    story, memory = told("MET-7")
    for asked in story.answers:
        check(memory, asked)


# ── Portfolios drawn at random, against the oracle ──────────────────────────────────────────────
def folded(seed: int) -> tuple[Portfolio, Memory]:
    """Topics in any order, one another's events apart, cut into batches of any size."""
    portfolio, memory = Portfolio(seed), Memory()
    for batch in interleaved(Random(seed), portfolio.topics()):
        memory.take([each for each in batch if each.type in HANDLERS])
    return portfolio, memory


def question_of(rng: Random, name: str, splits: tuple[str, ...]) -> dict[str, Any]:
    start = date(2026, rng.randint(1, 6), 1)
    end = month_end(date(2026, rng.randint(start.month, 7), 1))
    found: dict[str, Any] = {"start": start, "end": end, "group_by": (), "filters": {}}
    if rng.random() < 0.5:
        found["group_by"] = (rng.choice(splits),)
    if rng.random() < 0.3:
        found["as_of"] = date(2026, 7, rng.randint(1, 31))
    if name != "roll_rate" and rng.random() < 0.5:
        found["at"] = max(end, date(2026, 8, 15))
    return found


SPLITS = {
    "roll_rate": ("bucket", "segment", "country", "kind", "arm"),
    "cure_rate": ("segment", "country", "kind", "arm"),
    "retention_rate": ("segment", "country", "kind", "arm"),
    "time_to_recover": ("segment", "country", "kind", "arm"),
}
PER_CURRENCY = ("roll_rate", "time_to_recover")
MEMBERS = ("self_cured", "pending", "mean", "p90", "restricted_to")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_figure_is_the_oracles(seed: int) -> None:
    portfolio, memory = folded(seed)
    rng = Random(seed + 1000)
    for name, splits in SPLITS.items():
        for _ in range(3):
            asked = question_of(rng, name, splits)
            by = rng.choice(("amount", "count")) if name in PER_CURRENCY else "count"
            currency = "EUR" if name in PER_CURRENCY else None
            start, end, as_of = asked["start"], asked["end"], asked.get("as_of")
            zone, at = portfolio.tenant_zone, asked.get("at")
            question = Question(
                name, start, end, currency=currency, by=by, group_by=asked["group_by"],
                experiment=EXPERIMENT, at=at, as_of=as_of,
            )  # fmt: skip
            book = read(portfolio.events, zone, as_of)
            expected = answer(book, question)
            found = memory.ask(
                name, start, end, currency=currency, by=by, group_by=asked["group_by"],
                experiment=EXPERIMENT, at=at, as_of=as_of, zone=zone,
                today=date.fromordinal(book.business_day),
            )  # fmt: skip
            agree(found, expected, (seed, question))
            groups = {
                tuple(v or "" for v in each["key"].values()): each for each in found["groups"]
            }
            for key, group in expected["groups"].items():
                if group["denominator"]:
                    agree(groups[key], group, (seed, question, key))


def agree(found: Mapping[str, Any], expected: Mapping[str, Any], where: object) -> None:
    for name in ("numerator", "denominator", "value", *MEMBERS):
        if name not in expected or name not in found:
            continue
        value = expected[name]
        if value is None:
            assert found[name] is None, (where, name, found)
        else:
            assert found[name] == pytest.approx(float(value)), (where, name, found, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_matrices_are_the_oracles_and_their_rows_sum_to_their_base(seed: int) -> None:
    portfolio, memory = folded(seed)
    book = read(portfolio.events, portfolio.tenant_zone)
    for month in MONTHS:
        last = min(month_end(month), date.fromordinal(book.business_day))
        if last < month:
            continue
        for by in ("amount", "count"):
            rows = memory.matrix_of_rolls(Window(month, last), "EUR", by)
            expected = matrices.roll_matrix(book, month, "EUR", by)
            for row in rows:
                base, columns = expected[row["bucket"]]
                assert (row["base"], in_columns(row)) == (
                    base, {to: value for to, value in columns.items() if value},
                ), (seed, month)  # fmt: skip
                assert sum(cell["value"] for cell in row["cells"]) == base
        at = max(month_end(month), date.fromordinal(book.business_day))
        cures = memory.matrix_of_cures(Window(month, month_end(month)), at)
        oracle = matrices.cure_matrix(book, month)
        for cured in cures:
            wanted = oracle[cured.pop("bucket")]
            assert {**cured, "cured_share": None} == {**wanted, "cured_share": None}


@pytest.mark.parametrize("seed", range(15))
def test_delinquencies_are_the_same_in_any_order_and_batching(seed: int) -> None:
    portfolio, memory = folded(seed)
    other = Memory()
    for event in portfolio.events:
        if event.type in HANDLERS:
            other.take([event])

    def rows(of: Memory) -> dict[str, set[Any]]:
        return {
            account: {(each.known_from, each.known_until, repr(each.row)) for each in known}
            for account, known in of.delinquencies.items()
            if known
        }

    assert rows(memory) == rows(other)
