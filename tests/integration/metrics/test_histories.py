"""What needs histories, on a real database: SQL agrees with memory; matrices, cohorts by HTTP."""

import json
from datetime import date
from random import Random
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from services.metrics.domain.delinquencies import Delinquency, Due
from services.metrics.domain.experiments.enrolments import ArmKey
from services.metrics.domain.experiments.sums import ArmSums
from services.metrics.domain.slots import UNTIL_NOW
from services.metrics.domain.vintages import VINTAGES
from services.metrics.domain.windows import Window, month_end
from services.metrics.store.experiments import list_arm_days
from shared.database import Database
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.test_explained import handled
from tests.integration.metrics.test_figures import ask
from tests.metrics_figures import TENANT, Memory
from tests.oracles.metrics.cohorts import vintages
from tests.oracles.metrics.reading import read
from tests.portfolios.generated import EXPERIMENT, Portfolio, interleaved
from tests.portfolios.stories import STORIES

FIGURES = ("roll_rate", "cure_rate", "retention_rate", "time_to_recover")
SPLITS = ("", "segment", "country", "kind", "arm", "bucket")


async def stored(db: Database) -> set[tuple[Any, ...]]:
    async with db.reading() as session:
        rows = await session.fetch("select * from delinquencies where tenant_id = $1", TENANT)
    found = set()
    for row in rows:
        dues = zip(row["dues_from"], row["dues_on"], strict=True)
        span = Delinquency(
            chain_on=row["chain_on"], start_on=row["start_on"], end_on=row["end_on"],
            next_on=row["next_on"], ended_by=row["ended_by"], is_untouched=row["is_untouched"],
            next_issued_on=row["next_issued_on"], dues=tuple(Due(*due) for due in dues),
            segment=row["segment"], country=row["country"], kind=row["kind"],
            arms=_plain(row["arms"]),
        )  # fmt: skip
        found.add((row["account_id"], row["known_from"], row["known_until"], repr(span)))
    return found


async def arms(db: Database) -> dict[tuple[Any, ...], ArmSums]:
    async with db.reading() as session:
        days = await list_arm_days(session, TENANT, EXPERIMENT, 1, UNTIL_NOW)
    return {(each.arm, each.metric, each.currency, each.day): each.sums for each in days}


def of_days(memory: Memory) -> dict[ArmKey, ArmSums]:
    """Whenever they were known."""
    found: dict[ArmKey, ArmSums] = {}
    for key, sums in memory.arm_sums.items():
        of = replace(key, known=0)
        found[of] = found.get(of, ArmSums()).plus(sums)
    return {key: sums for key, sums in found.items() if sums.accounts}


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


@pytest.mark.parametrize("seed", range(2))
async def test_sql_agrees_with_memory(
    seed: int, client: httpx.AsyncClient, deliver: Deliver, metrics_db: Database
) -> None:
    portfolio, memory, rng = Portfolio(seed), Memory(), Random(seed)
    for batch in interleaved(rng, portfolio.topics()):
        if events := handled(batch):
            await deliver(events)
            memory.take(events)
    assert await stored(metrics_db) == {
        (account, known.known_from, known.known_until, repr(known.row))
        for account, rows in memory.delinquencies.items()
        for known in rows
    }
    assert await arms(metrics_db) == {
        (key.arm, key.metric, key.currency or None, key.day): sums
        for key, sums in of_days(memory).items()
    }
    today = memory.today()
    for name in FIGURES:
        for split in SPLITS:
            if split == "bucket" and name != "roll_rate":
                continue
            start = date(2026, rng.randint(1, 4), 1)
            end = month_end(date(2026, start.month + 2, 1))
            query = {"from": str(start), "to": str(end), "group_by": split}
            more: dict[str, Any] = {"group_by": (split,) if split else ()}
            if split == "arm":
                query["experiment"] = more["experiment"] = EXPERIMENT
            if name in ("roll_rate", "time_to_recover"):
                query["currency"] = more["currency"] = "EUR"
            if rng.random() < 0.5:
                query["interval"] = more["interval"] = "month"
            found = await ask(client, f"/v1/kpis/{name}", **query)
            expected = memory.ask(name, start, end, today=today, **more)
            assert found["groups"] == plain(expected["groups"], found), (name, query)
            for member in ("value", "numerator", "denominator", "series"):
                assert found[member] == plain(expected[member], found), (name, query)
    await check_cohorts(client, portfolio)
    month = Window(date(2026, 5, 1), date(2026, 5, 31))
    rolls = await ask(client, "/v1/matrices/roll-rate", month="2026-05", currency="EUR")
    assert rolls["rows"] == memory.matrix_of_rolls(month, "EUR")
    cures = await ask(client, "/v1/matrices/cure", month="2026-05")
    assert cures["rows"] == memory.matrix_of_cures(month, today)


async def check_cohorts(client: httpx.AsyncClient, portfolio: Portfolio) -> None:
    """By the oracle."""
    book = read(portfolio.events)
    at = date(2026, 6, 30)
    for of, measure in VINTAGES:
        found = await ask(
            client, "/v1/cohorts", of=of, measure=measure, to="2026-04", at=str(at),
            currency="EUR", **{"from": "2026-01"},
        )  # fmt: skip
        expected = vintages(
            book, of, measure, date(2026, 1, 1), date(2026, 4, 30), "EUR", at.toordinal()
        )
        assert [each["base_minor"] for each in found["items"]] == [
            each["base_minor"] for each in expected
        ], (of, measure)
        for cohort, oracles in zip(found["items"], expected, strict=True):
            assert [(point["age"], point["on"], point["value"]) for point in cohort["points"]] == [
                (point["age"], str(date.fromordinal(point["on"])), point["value"])
                for point in oracles["points"]
            ], (of, measure, cohort["cohort"])


def plain(value: Any, _found: Any) -> Any:
    """As JSON has it; targets are none of memory's."""
    if isinstance(value, dict):
        more = {} if "key" not in value else {"target": None}
        return {name: plain(each, _found) for name, each in value.items()} | more
    if isinstance(value, list):
        return [plain(each, _found) for each in value]
    return str(value) if isinstance(value, date) else value


async def test_met_5_and_6_over_http(client: httpx.AsyncClient, deliver: Deliver) -> None:
    """MET-5, MET-6: matrices with every bucket and column, zeros too."""
    await deliver(handled(STORIES["MET-5"]().events))
    rolls = await ask(client, "/v1/matrices/roll-rate", month="2026-02")
    assert (rolls["complete"], rolls["to"], rolls["currency"]) == (True, "2026-02-28", "EUR")
    assert [row["bucket"] for row in rolls["rows"]] == [
        "current", "1-30", "31-60", "61-90", "91-120", "121+",
    ]  # fmt: skip
    (rolled,) = (row for row in rolls["rows"] if row["bucket"] == "1-30")
    assert rolled["base"] == 14000
    assert sum(cell["share"] for cell in rolled["cells"]) == pytest.approx(1)
    empty = rolls["rows"][3]
    assert (empty["base"], {cell["share"] for cell in empty["cells"]}) == (0, {None})
    cures = await ask(client, "/v1/matrices/cure", month="2026-02", at="2026-03-31")
    assert cures["rows"][0]["bucket"] == "1-30"
    assert sum(row["accounts"] for row in cures["rows"]) == 1


REFUSED = (
    ("/v1/kpis/roll_rate?from=2026-02-02&to=2026-02-28", "/query/from"),
    ("/v1/kpis/roll_rate?from=2026-02-01&to=2026-02-27", "/query/to"),
    ("/v1/kpis/roll_rate?from=2026-02-01&to=2026-02-28&interval=week", "/query/interval"),
    ("/v1/kpis/cure_rate?group_by=currency", "/query/group_by"),
    ("/v1/kpis/cure_rate?from=2026-02-01&to=2026-02-28&at=2026-02-27", "/query/at"),
    ("/v1/matrices/roll-rate?month=2026-13", "/query/month"),
    ("/v1/matrices/roll-rate?month=2027-01", "/query/month"),
    ("/v1/matrices/roll-rate?bucket=current", "/query/bucket"),
    ("/v1/matrices/cure?at=2026-01-31&month=2026-02", "/query/at"),
    ("/v1/matrices/cure?arm=std", "/query/experiment"),
    ("/v1/cohorts?of=entry&measure=paid", "/query/measure"),
    ("/v1/cohorts?from=2026-03&to=2026-02", "/query/from"),
    ("/v1/cohorts?from=2000-01&to=2026-02", "/query/from"),
)


async def test_what_cannot_be_answered_is_named(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver(handled(STORIES["MET-5"]().events))
    for path, pointer in REFUSED:
        answer = await client.get(path)
        assert answer.status_code == 422, (path, answer.text)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_what_was_known_is_answered_as_of_then(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    """A running month ends where knowledge does; several currencies are never mixed."""
    await deliver(handled(STORIES["MET-5"]().events))
    running = await ask(client, "/v1/matrices/roll-rate", month="2026-02", as_of="2026-02-08")
    assert (running["complete"], running["to"]) == (False, "2026-02-08")
    (row,) = (each for each in running["rows"] if each["bucket"] == "31-60")
    values = {cell["to"]: cell["value"] for cell in row["cells"] if cell["value"]}
    assert values == {"31-60": 8000, "credited": 3000, "paid": 12000}
    tag = (await client.get("/v1/matrices/roll-rate?month=2026-02")).headers["etag"]
    known = await client.get("/v1/matrices/roll-rate?month=2026-02", headers={"If-None-Match": tag})
    assert known.status_code == 304


async def test_met_10_over_http(client: httpx.AsyncClient, deliver: Deliver) -> None:
    """MET-10: the run is judged by who was exposed in it, whatever was known first."""
    path = "/v1/experiments/calls"
    analysis = {
        "primary": {"metric": "recovered_share", "currency": "EUR", "worthwhile": 0.05},
        "at_least": 2,
    }
    events = handled(STORIES["MET-10"]().events)
    started = [event for event in events if event.type == "experiment-started"]
    put = await client.put(f"{path}/analysis", params={"run": "1"}, json=analysis)
    assert put.status_code == 200, put.text
    await deliver([event for event in events if event not in started])
    await deliver(started)
    found = await ask(client, path, at="2026-03-31")
    arms = {arm["arm"]: arm for arm in found["arms"]}
    assert {
        arm: (each["enrolled"], each["exposed"], each["crossed"]) for arm, each in arms.items()
    } == {"std": (2, 2, 1), "call": (2, 1, 0)}
    shares = {
        arm: (metric["numerator"], metric["denominator"])
        for arm, each in arms.items()
        for metric in each["metrics"]
        if metric["metric"] == "recovered_share"
    }
    assert shares == {"std": (8000, 12000), "call": (7000, 7000)}
    early = await ask(client, path, at="2026-03-15")
    assert {arm["arm"]: arm["ripe"] for arm in early["arms"]} == {"std": 2, "call": 0}
