"""Dry runs of strategies over HTTP: ahead and back, at once and by the worker."""

from datetime import date

import httpx
import pytest

from services.outreach.dunning.processes.trial_runs import try_strategy, work_on_trials
from services.outreach.dunning.store.trials import TrialRequest
from shared.events import ledger
from tests.integration.outreach.strategy_texts import YAML, ship_packs
from tests.integration.outreach.world import DUE_ON, World
from tests.unit.outreach.builders import at


@pytest.fixture
async def world(world: World) -> World:
    return await ship_packs(world)


async def test_a_dry_run_tells_what_would_be_done_and_does_nothing(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.account("B1", kind="business")
    await world.overdue()
    await world.run(at("2026-03-02 00:00"))
    before = await world.announced()
    answer = await client.post(
        "/v1/strategies/consumer-retail/dry-run?mode=ahead&days=14&version=2026-12-01"
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["from"], found["to"]) == ("2026-03-02", "2026-03-15")
    assert (found["accounts"], found["debtors"], found["moves"]) == (1, 1, [])
    assert {each["channel"] for each in found["totals"]} == {"email"}
    assert found["examples"][0]["step"] == "reminder"
    assert found["summary"].startswith(f"{found['totals'][0]['count']} messages")
    assert await world.announced() == before
    assert await world.db.fetch("select from strategy_trials") == []


async def test_a_dry_run_back_acts_on_what_was_recorded(
    client: httpx.AsyncClient, world: World
) -> None:
    """What the strategy would have done, beside what was really sent."""
    await world.overdue()
    await world.run(at("2026-03-03 09:00"))  # the reminder, really
    data = ledger.InvoicePaid(
        invoice_id="I1", account_id="C1", currency="EUR", amount_minor=10_000, due_on=DUE_ON,
        days_late=3, amounts=(),
    )  # fmt: skip
    await world.take(world.ledger_event("invoice-paid", "C1", data, date(2026, 3, 5)))
    await world.run(at("2026-03-20 09:00"))
    before = await world.announced()
    path = "/v1/strategies/consumer-retail/dry-run?version=2026-12-01&mode=back"
    answer = await client.post(f"{path}&from=2026-03-01&to=2026-03-20")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["mode"], found["from"], found["to"]) == ("back", "2026-03-01", "2026-03-20")
    assert [(each["day"], each["count"]) for each in found["contacts"]] == [("2026-03-03", 1)]
    assert found["paid_soon"] == 1
    assert found["made"]["contacts"] == 1
    assert await world.announced() == before
    later = (await client.post(f"{path}&from=2026-03-10&to=2026-03-20")).json()
    assert (later["contacts"], later["made"]["contacts"]) == ([], 0)
    for query, pointers in (
        ("", ["/query/from", "/query/to"]),
        ("&from=2026-03-10&to=2026-03-09", ["/query/from"]),
        ("&from=2024-03-10&to=2026-03-21", ["/query/to", "/query/from"]),
    ):
        refused = await client.post(f"{path}{query}")
        assert refused.status_code == 422
        assert [each["pointer"] for each in refused.json()["errors"]] == pointers


async def test_a_dry_run_tries_what_was_not_kept(client: httpx.AsyncClient, world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-02 00:00"))
    text = (await client.get("/v1/strategies/consumer-retail/versions/2026-12-01")).text
    changed = text.replace('version: "2026-12-01"', "version: draft")
    path = "/v1/strategies/consumer-retail/dry-run"
    answer = await client.post(path, content=changed, headers=YAML)
    assert answer.json()["moves"] == [
        {"strategy": "consumer-retail", "version": "2026-12-01", "accounts": 1}
    ]
    assert (await client.get("/v1/strategies/consumer-retail/versions/draft")).status_code == 404
    bad = await client.post(path, content=text.replace("days: 5", "days: 1"), headers=YAML)
    assert bad.status_code == 422
    assert (await client.post(f"{path}?days=91&version=2026-12-01")).status_code == 422


async def test_a_long_dry_run_is_the_worker_s(client: httpx.AsyncClient, world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-02 00:00"))
    source = (await client.get("/v1/strategies/consumer-retail/versions/2026-12-01")).text
    request = TrialRequest(name="consumer-retail", source=source, days=14)
    run_id = await try_strategy(world.context, world.tenant, request, at_once=0)
    assert isinstance(run_id, str)
    path = f"/v1/strategies/dry-runs/{run_id}"
    waiting = (await client.get(path)).json()
    assert (waiting["state"], waiting["progress"], waiting["report"]) == ("running", 0.0, None)
    assert await work_on_trials(world.context)
    done = (await client.get(path)).json()
    assert (done["state"], done["progress"], done["failure"]) == ("done", 1.0, None)
    at_once = await client.post("/v1/strategies/consumer-retail/dry-run?days=14&version=2026-12-01")
    assert done["report"] == at_once.json()
    assert not await work_on_trials(world.context)
    assert (await client.get("/v1/strategies/dry-runs/nothing")).status_code == 404
