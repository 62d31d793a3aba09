"""Experiments on a real database: announced by segmentation, judged here, stopped by a verdict; and
what waits for an approval of outreach."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from services.metrics.store.plan_actions import list_actions
from shared.database import Database
from shared.events import OUTREACH, SEGMENTATION, Received, outreach, segmentation
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.plan_world import PlanWorld
from tests.integration.metrics.test_figures import an_invoice
from tests.integration.metrics.test_plans import PLAN
from tests.metrics_figures import an_event, at


def started(day: str, run: int = 1, sequence: int = 1) -> Received:
    data = segmentation.ExperimentStarted(
        name="calls",
        run=run,
        champion="standard",
        arms=(segmentation.ArmShare("standard", 0.5), segmentation.ArmShare("call", 0.5)),
    )
    return an_event(
        "experiment-started", data, key="", topic=SEGMENTATION, sequence=sequence, time=at(day, 9)
    )


def stopped(day: str, sequence: int) -> Received:
    data = segmentation.ExperimentStopped(name="calls", run=1, because="enough")
    return an_event(
        "experiment-stopped", data, key="", topic=SEGMENTATION, sequence=sequence, time=at(day, 9)
    )


async def add_sums(
    db: Database, metric: str, rows: Sequence[tuple[str, str, int, int]], known: int = 1
) -> None:
    """By arm and day: how many of how many accounts."""
    async with db.transaction() as session:
        for arm, day, ones, accounts in rows:
            await session.execute(
                "insert into experiment_days (tenant_id, name, run, arm, metric, currency, day,"
                " known, accounts, y, x, yy, xy, xx) values"
                " ('demo', 'calls', 1, $1, $2, '', $3, $4, $5::bigint, $6::bigint, $5, $6, $6, $5)",
                arm,
                metric,
                date.fromisoformat(day),
                known,
                accounts,
                ones,
            )


async def test_an_analysis_is_written_until_the_run_starts(
    world: PlanWorld, deliver: Deliver
) -> None:
    path = "/v1/experiments/calls/analysis"
    kept = await world.call("PUT", path, {"horizon_days": 14})
    assert (kept["run"], kept["analysis"]["primary"]["metric"]) == (1, "settled")
    await world.call("PUT", path, {"horizon_days": 0, "x": 1}, status=422)
    await world.call("GET", "/v1/experiments/calls", status=404)
    await deliver([started("2026-02-01")])
    await world.call("PUT", path, {}, status=409)
    answer = await world.call("GET", "/v1/experiments/calls")
    assert (answer["run"], answer["status"], answer["verdict"]) == (1, "running", "too_early")
    assert answer["analysis"]["horizon_days"] == 14
    await deliver([stopped("2026-02-09", 2)])
    assert (await world.call("PUT", path, {}))["run"] == 2
    listed = await world.call("GET", "/v1/experiments")
    assert [(each["run"], each["status"]) for each in listed["items"]] == [(1, "stopped")]


async def test_an_experiment_is_judged_by_what_was_known_and_looked_at_when(
    world: PlanWorld, deliver: Deliver, metrics_db: Database
) -> None:
    analysis = {"primary": {"metric": "settled", "worthwhile": 0.05}}
    await world.call("PUT", "/v1/experiments/calls/analysis", analysis)
    await deliver([started("2026-02-01")])
    rows = [("standard", "2026-03-10", 300, 1000), ("call", "2026-03-10", 360, 1000)]
    await add_sums(metrics_db, "settled", rows)
    later = [("standard", "2026-03-14", 300, 1000), ("call", "2026-03-14", 360, 1000)]
    await add_sums(metrics_db, "settled", later)
    answer = await world.call("GET", "/v1/experiments/calls?at=2026-03-13")
    assert (answer["verdict"], answer["comparisons"][0]["p"]) == (
        "undecided",
        pytest.approx(0.080287, abs=1e-6),
    )
    answer = await world.call("GET", "/v1/experiments/calls?at=2026-03-14")
    assert (answer["verdict"], answer["comparisons"][0]["decided_on"]) == ("better", "2026-03-14")
    assert answer["words"].startswith("call settles 36.0 % of its accounts, standard 30.0 %")
    assert [each["day"] for each in answer["series"]] == ["2026-03-10", "2026-03-14"]
    await world.call("GET", "/v1/experiments/calls?as_of=1999-01-01", status=404)
    refused = await world.call("GET", f"/v1/experiments/calls?run={2**31}", status=422)
    assert [error["pointer"] for error in refused["errors"]] == ["/query/run"]


async def test_a_verdict_that_stops_is_asked_for_when_the_day_begins(
    world: PlanWorld, deliver: Deliver, metrics_db: Database
) -> None:
    """The default stops what harms: by its words, once."""
    await deliver([started("2026-02-01"), an_invoice("I1", 1, "2026-02-01", "2026-03-01")])
    rows = [("standard", "2026-03-10", 20, 2000), ("call", "2026-03-10", 220, 2000)]
    await add_sums(metrics_db, "opted_out", rows)
    settled = [("standard", "2026-03-10", 20, 2000), ("call", "2026-03-10", 22, 2000)]
    await add_sums(metrics_db, "settled", settled)
    await world.start_day("2026-03-10")
    await world.start_day("2026-03-12", acted=1)
    await world.start_day("2026-03-13")
    ((path, body, headers),) = world.peers.asked
    assert path == "/v1/experiments/calls/stop"
    assert body["reason"].startswith("Harm is done. call loses the consent of 11.0 %")
    assert headers["x-actor"] == "experiment:calls"


async def waiting(world: PlanWorld, deliver: Deliver) -> None:
    """A contingency that outreach wants somebody to agree to first."""
    await deliver([an_invoice("I1", 100000, "2025-11-09", "2025-12-09")])
    await world.call("POST", "/v1/plans", PLAN, status=201)
    await world.start_day("2026-01-30")
    await world.call("POST", "/v1/plans/spring/approve", {"version": 1}, by="bea")
    await world.start_day("2026-02-01")
    world.peers.answers = [(202, {"approval_id": "A1"})]
    await world.start_day("2026-03-08", raised=2)
    async with world.db.reading() as session:
        (action,) = await list_actions(session, "demo", "spring")
    assert (action.state, action.approval_id) == ("waiting", "A1")


def decided(decision: Any) -> Received:
    data = outreach.ApprovalDecided(
        approval_id="A1",
        kind="activation",
        subject_id="x",
        decision=decision,
        decided_at=at("2026-03-08", 12),
    )
    return an_event(
        "approval-decided", data, key="", topic=OUTREACH, sequence=9, time=at("2026-03-08", 12)
    )


@pytest.mark.parametrize(
    ("decision", "said"), [("approved", "contingency-acted"), ("refused", "contingency-failed")]
)
async def test_a_contingency_waits_for_the_approval_that_outreach_asks_for(
    world: PlanWorld, deliver: Deliver, decision: str, said: str
) -> None:
    await waiting(world, deliver)
    assert (await world.types())[-1] == "contingency-triggered"
    await deliver([decided(decision), decided(decision)])
    assert (await world.types())[-1] == said
    assert (await world.types()).count(said) == 1


async def test_what_is_in_force_stands_next_to_what_was_planned(
    world: PlanWorld, deliver: Deliver
) -> None:
    await waiting(world, deliver)
    data = outreach.StrategyActivated(
        name="retail", version="firm", from_on=date(2026, 3, 9), in_flight="keep"
    )
    event = an_event(
        "strategy-activated", data, key="", topic=OUTREACH, sequence=3, time=at("2026-03-08", 14)
    )
    await deliver([event])
    assert (await world.types())[-1] == "contingency-acted"
    for day, match in (("2026-03-08", "none"), ("2026-03-09", "same")):
        progress = await world.call("GET", f"/v1/plans/spring/progress?as_of={day}")
        assert progress["in_force"][0]["match"] == match
