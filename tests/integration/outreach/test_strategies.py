"""Strategies and assignments over HTTP: kept, activated from a day on, and who is on which."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.outreach.dunning.processes.trial_runs import try_strategy, work_on_trials
from services.outreach.dunning.store.strategies import StrategyBooks
from services.outreach.dunning.store.trials import TrialRequest
from shared.events import LEDGER, SEGMENTATION, ledger, segmentation
from tests.integration.outreach.world import DUE_ON, MORNING, World
from tests.unit.outreach.builders import SHIPPED_ASSIGNMENTS, SHIPPED_PACKS, at

GENTLE = """\
name: gentle
version: "1"
title: Gentle
ladder:
  - {name: one, from: due, days: 3, channels: [email], tone: friendly, template: reminder}
  - {name: two, from: due, days: 20, channels: [person], tone: neutral}
"""
RULES = """\
version: "1"
rules:
  - {strategy: none, when: {tags_any: [vip]}}
  - {strategy: gentle, when: {segment: [at-risk], party: [first]}}
  - {strategy: consumer-retail}
"""
YAML = {"content-type": "application/yaml"}
PATH = "/v1/strategies/gentle"
ASSIGNED = "/v1/strategy-assignments"
NEXT_WEEK = "2026-03-10"


@pytest.fixture
async def world(world: World) -> World:
    """With the strategies that come with the platform."""
    books = StrategyBooks(SHIPPED_PACKS, SHIPPED_ASSIGNMENTS)
    world.context = replace(world.context, strategies=books)
    async with world.db.transaction() as session:
        await session.execute("delete from account_strategies")
        await session.execute("delete from documents")
        await session.execute("delete from outbox where type = 'strategy-assigned'")
    await world.account()
    return world


async def put(client: httpx.AsyncClient, path: str, text: str) -> httpx.Response:
    return await client.put(path, content=text, headers=YAML)


async def activate(
    client: httpx.AsyncClient, path: str, from_: str, version: str | None = "1", **more: Any
) -> httpx.Response:
    body = {"version": version, "from": from_, **more}
    return await client.post(f"{path}/activate", json=body)


async def strategy_of(client: httpx.AsyncClient, account_id: str = "C1") -> dict[str, Any]:
    answer = await client.get(f"/v1/accounts/{account_id}/strategy")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def in_segment(world: World, segment: str, account_id: str = "C1") -> None:
    data = segmentation.SegmentChanged(
        account_id=account_id, from_segment=None, to_segment=segment, arms={"E1": "b"},
        priority=70, because="x", policy_version="1",
    )  # fmt: skip
    await world.take(world.event(SEGMENTATION, account_id, "segment-changed", data, time=MORNING))


async def assigned(world: World, account_id: str = "C1") -> list[tuple[Any, ...]]:
    """What was announced of an account: strategy, version, before, why, by which rule."""
    return [
        (e["data"].get("strategy"), e["data"].get("version"), e["data"].get("from_strategy"),
         e["data"]["because"], e["data"].get("rule"))
        for e in await world.announced("strategy-assigned")
        if e["key"] == account_id
    ]  # fmt: skip


async def made(world: World, account_id: str = "C1") -> None:
    """As if a step of an open invoice of the account had been made."""
    await world.overdue(account_id=account_id)
    async with world.db.transaction() as session:
        await session.execute(
            """insert into steps (tenant_id, account_id, subject, subject_id, anchor_on, reaction,
                                  n, step, strategy, version, made_on, state, contact_id)
               values ($1, $2, 'invoice', 'I1', $3, '', 1, 'reminder', 'consumer-retail',
                       '2026-12-01', $3, 'sent', 'c')""",
            world.tenant,
            account_id,
            DUE_ON,
        )


# --------------------------------------------------------------------------------------- documents


async def test_the_packs_are_there_and_can_be_read(client: httpx.AsyncClient) -> None:
    items = (await client.get("/v1/strategies")).json()["items"]
    assert [item["name"] for item in items] == [
        "agency", "arts-patrons", "business-trade-credit", "consumer-retail", "financial-services",
        "healthcare", "pre-due",
    ]  # fmt: skip
    assert all(item["shipped"] and item["version"] and item["steps"] for item in items)
    one = (await client.get("/v1/strategies/consumer-retail")).json()
    (version,) = (await client.get("/v1/strategies/consumer-retail/versions")).json()["items"]
    assert version["version"] == one["version"]
    text = await client.get(f"/v1/strategies/consumer-retail/versions/{one['version']}")
    assert text.headers["content-type"].startswith("application/yaml")
    assert "name: consumer-retail" in text.text
    assert (await client.get("/v1/strategies/schema")).json()["title"] == "Strategy"
    assert (await client.get("/v1/strategies/nobody")).status_code == 404
    rules = (await client.get(ASSIGNED)).json()
    assert (rules["rules"], rules["shipped"]) == (2, True)
    assert (await client.get(f"{ASSIGNED}/schema")).json()["title"] == "Strategy assignments"


async def test_a_version_is_kept_once_and_never_changed(client: httpx.AsyncClient) -> None:
    first = await put(client, PATH, GENTLE)
    assert (first.status_code, first.json()) == (
        201, {"name": "gentle", "title": "Gentle", "version": "1", "steps": 2, "new": True}
    )  # fmt: skip
    assert (await put(client, PATH, GENTLE)).status_code == 200
    changed = await put(client, PATH, GENTLE.replace("days: 3", "days: 4"))
    assert changed.status_code == 409
    assert (await client.get(PATH)).json()["version"] is None  # it waits to be activated
    other = await put(client, "/v1/strategies/other", GENTLE)
    assert [error["pointer"] for error in other.json()["errors"]] == ["/name"]


async def test_every_fault_of_a_strategy_is_named_at_once(client: httpx.AsyncClient) -> None:
    answer = await put(
        client, PATH, GENTLE.replace("name: one", "name: two").replace("neutral", "mild")
    )
    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["/ladder/1/name", "/ladder/1/tone"]


async def test_a_version_counts_from_a_day_that_has_not_begun(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.run()
    assert (await activate(client, PATH, NEXT_WEEK)).status_code == 404
    await put(client, PATH, GENTLE)
    assert (await activate(client, PATH, "2026-03-03")).status_code == 409
    done = await activate(client, PATH, NEXT_WEEK)
    assert (done.status_code, done.json()) == (
        200,
        {
            "name": "gentle", "version": "1", "from": NEXT_WEEK,
            "from_at": "2026-03-10T00:00:00Z", "in_flight": "keep",
        },
    )  # fmt: skip
    assert (await activate(client, PATH, NEXT_WEEK)).json() == done.json()
    (event,) = await world.announced("strategy-activated")
    assert event["data"] == {
        "name": "gentle", "version": "1", "from_on": NEXT_WEEK, "in_flight": "keep",
    }  # fmt: skip
    again = await activate(client, PATH, NEXT_WEEK, in_flight="move")
    assert again.status_code == 409
    shown = (await client.get(PATH)).json()
    assert (shown["version"], len(shown["activations"])) == (None, 1)
    await world.run(at("2026-03-10 00:00"))
    assert (await client.get(PATH)).json()["version"] == "1"


async def test_a_name_that_is_named_does_not_end(client: httpx.AsyncClient, world: World) -> None:
    await world.run()
    path = "/v1/strategies/business-trade-credit"
    assert (await activate(client, path, NEXT_WEEK, None)).status_code == 409  # as shipped
    await put(client, ASSIGNED, "version: '2'\nrules: [{strategy: consumer-retail}]")
    assert (await activate(client, ASSIGNED, NEXT_WEEK, "2")).status_code == 200
    by_hand = {"strategy": "business-trade-credit", "reason": "asked for it"}
    await client.put("/v1/accounts/C1/strategy", json=by_hand)
    assert (await activate(client, path, NEXT_WEEK, None)).status_code == 409  # by hand
    await client.put("/v1/accounts/C1/strategy", json={"strategy": None, "reason": "again"})
    assert (await activate(client, path, "2026-03-09", None)).status_code == 409  # still named
    assert (await activate(client, path, NEXT_WEEK, None)).status_code == 200
    await world.run(at("2026-03-10 06:00"))
    assert (await client.get(path)).json()["version"] is None
    named = await client.put("/v1/accounts/C1/strategy", json=by_hand)
    assert [error["pointer"] for error in named.json()["errors"]] == ["/strategy"]


async def test_assignments_name_strategies_that_are_there(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.run()
    unknown = await put(client, ASSIGNED, RULES)
    assert [error["pointer"] for error in unknown.json()["errors"]] == ["/rules/1/strategy"]
    await put(client, PATH, GENTLE)
    assert (await put(client, ASSIGNED, RULES)).status_code == 201
    waiting = await activate(client, ASSIGNED, NEXT_WEEK)
    assert (waiting.status_code, "gentle" in waiting.json()["detail"]) == (409, True)
    await activate(client, PATH, NEXT_WEEK)
    assert (await activate(client, ASSIGNED, NEXT_WEEK)).status_code == 200
    assert (await activate(client, ASSIGNED, "2026-03-11", None)).status_code == 409


# ------------------------------------------------------------------------------------- who is on it


async def test_an_account_is_on_a_strategy_as_soon_as_it_is_known(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.account("B1", kind="business")
    assert (await strategy_of(client))["strategy"] == "consumer-retail"
    business = await strategy_of(client, "B1")
    assert business == {
        "account_id": "B1", "strategy": "business-trade-credit", "version": "2026-12-01",
        "because": "rule", "rule": 0, "kept": False, "override": None,
    }  # fmt: skip
    assert await assigned(world, "B1") == [("business-trade-credit", "2026-12-01", None, "rule", 0)]
    await world.account("B1", kind="business")  # nothing new
    assert len(await assigned(world, "B1")) == 1
    await world.account("B1", kind="consumer")
    assert (await assigned(world, "B1"))[1:] == [
        ("consumer-retail", "2026-12-01", "business-trade-credit", "rule", 1)
    ]
    assert (await client.get("/v1/accounts/X9/strategy")).status_code == 404


async def test_rules_take_accounts_by_segment_and_tags(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.account("V1")
    await world.run()
    await put(client, PATH, GENTLE)
    await put(client, ASSIGNED, RULES)
    await activate(client, PATH, NEXT_WEEK)
    await activate(client, ASSIGNED, NEXT_WEEK)
    await in_segment(world, "at-risk")
    assert (await strategy_of(client))["strategy"] == "consumer-retail"  # until that day
    await world.run(at("2026-03-10 00:00"))
    assert (await assigned(world))[-1] == ("gentle", "1", "consumer-retail", "activation", 1)
    await in_segment(world, "good")
    assert (await assigned(world))[-1] == ("consumer-retail", "2026-12-01", "gentle", "rule", 2)
    vip = ledger.AccountUpdated(account_id="V1", kind="consumer", timezone="UTC", tags=("vip",))
    await world.take(world.event(LEDGER, "V1", "account-updated", vip, time=MORNING))
    assert (await assigned(world, "V1"))[-1] == (None, None, "consumer-retail", "rule", 0)
    assert (await strategy_of(client, "V1"))["strategy"] is None


async def test_a_person_stands_above_the_rules(client: httpx.AsyncClient, world: World) -> None:
    path = "/v1/accounts/C1/strategy"
    unknown = await client.put(path, json={"strategy": "gentle", "reason": "x"})
    assert unknown.status_code == 422
    assert (await client.put(path, json={"strategy": "agency"})).status_code == 422  # no reason
    by_hand = await client.put(path, json={"strategy": "agency", "reason": "handed over"})
    shown = by_hand.json()
    assert (shown["strategy"], shown["because"], shown["rule"]) == ("agency", "override", None)
    assert shown["override"]["reason"] == "handed over"
    await in_segment(world, "at-risk")
    await world.account()  # registered again
    assert (await strategy_of(client))["strategy"] == "agency"
    nobody = await client.put(path, json={"strategy": "none", "reason": "leave them alone"})
    assert (nobody.json()["strategy"], nobody.json()["override"]["strategy"]) == (None, "none")
    back = await client.put(path, json={"strategy": None, "reason": "done"})
    assert (back.json()["strategy"], back.json()["override"]) == ("consumer-retail", None)
    assert [event[0] for event in await assigned(world)] == [
        "consumer-retail", "agency", None, "consumer-retail",
    ]  # fmt: skip
    assert (await client.put("/v1/accounts/X9/strategy", json={"strategy": None, "reason": "x"})
            ).status_code == 404  # fmt: skip


async def new_version(client: httpx.AsyncClient, version: str, day: str, mode: str) -> None:
    text = (await client.get("/v1/strategies/consumer-retail/versions/2026-12-01")).text
    text = text.replace('version: "2026-12-01"', f'version: "{version}"')
    path = "/v1/strategies/consumer-retail"
    assert (await put(client, path, text)).status_code == 201
    assert (await activate(client, path, day, version, in_flight=mode)).status_code == 200


async def test_who_is_under_way_stays_until_nothing_is(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.account("C2")
    await made(world)
    await world.run(at("2026-03-03 00:00"))
    await new_version(client, "v2", NEXT_WEEK, "keep")
    await world.run(at("2026-03-10 00:00"))
    kept = await strategy_of(client)
    assert (kept["version"], kept["kept"]) == ("2026-12-01", True)
    assert (await strategy_of(client, "C2"))["version"] == "v2"
    await world.account()  # asked again: it stays
    assert (await strategy_of(client))["version"] == "2026-12-01"
    await world.paid()
    freed = await strategy_of(client)
    assert (freed["version"], freed["kept"]) == ("v2", False)


async def test_who_is_under_way_moves_at_once_where_that_is_asked(
    client: httpx.AsyncClient, world: World
) -> None:
    await made(world)
    await world.run(at("2026-03-03 00:00"))
    await new_version(client, "v2", NEXT_WEEK, "move")
    await world.run(at("2026-03-10 00:00"))
    moved = await strategy_of(client)
    assert (moved["version"], moved["because"]) == ("v2", "activation")


async def test_other_rules_leave_who_is_under_way_where_he_is(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.account("C2")
    await made(world)
    await world.run(at("2026-03-03 00:00"))
    await put(client, ASSIGNED, "version: '2'\nrules: [{strategy: agency}]")
    await activate(client, ASSIGNED, NEXT_WEEK, "2")
    await world.run(at("2026-03-10 00:00"))
    assert (await strategy_of(client))["strategy"] == "consumer-retail"
    assert (await strategy_of(client, "C2"))["strategy"] == "agency"
    await world.paid()
    assert (await strategy_of(client))["strategy"] == "agency"


async def test_a_dry_run_of_assignments_counts_who_would_move(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.account("B1", kind="business")
    await world.account("B2", kind="business")
    text = "version: '2'\nrules: [{strategy: agency, when: {kind: [business]}}, {strategy: none}]"
    answer = await client.post(f"{ASSIGNED}/dry-run", content=text, headers=YAML)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["accounts"], found["moves"]) == (
        3,
        [
            {
                "from_strategy": "business-trade-credit", "from_version": "2026-12-01",
                "strategy": "agency", "version": "2026-12-01", "accounts": 2,
            },
            {
                "from_strategy": "consumer-retail", "from_version": "2026-12-01",
                "strategy": None, "version": None, "accounts": 1,
            },
        ],
    )  # fmt: skip
    assert (await client.get(ASSIGNED)).json()["shipped"]
    assert (await strategy_of(client, "B1"))["strategy"] == "business-trade-credit"


async def test_an_erased_account_keeps_nothing_that_was_said_of_it(
    client: httpx.AsyncClient, world: World
) -> None:
    await in_segment(world, "at-risk")
    await client.put("/v1/accounts/C1/strategy", json={"strategy": "agency", "reason": "she cried"})
    erased = ledger.AccountErased(account_id="C1")
    await world.take(world.event(LEDGER, "C1", "account-erased", erased, time=MORNING))
    (row,) = await world.db.fetch("select tags, segment, priority from accounts")
    assert (row["tags"], row["segment"], row["priority"]) == ([], None, None)
    assert await world.db.fetch("select from strategy_overrides") == []
    again = await client.put("/v1/accounts/C1/strategy", json={"strategy": None, "reason": "x"})
    assert again.status_code == 409


@pytest.mark.parametrize("target", ["pays_within", "late_payment"])
async def test_scores_stand_as_they_were_announced_last(world: World, target: str) -> None:
    for probability in (0.4, 0.7):
        data = segmentation.AccountScored(
            account_id="C1", target=target, probability=probability, horizon_days=30,
            expected_recovery_minor=0, priority=int(probability * 100), reasons=(),
            model_version="1", policy_version="1",
        )  # fmt: skip
        time = MORNING + timedelta(minutes=1)
        await world.take(world.event(SEGMENTATION, "C1", "account-scored", data, time=time))
    (row,) = await world.db.fetch("select pays_within, late_payment, priority from accounts")
    assert (row[target], row["priority"]) == (0.7, 70)
    assert [row["pays_within"], row["late_payment"]].count(None) == 1


async def test_days_begin_in_the_zone_of_the_tenant(
    client: httpx.AsyncClient, world: World
) -> None:
    data = ledger.Tenant(
        tenant_id=world.tenant, timezone="Europe/Berlin", contact_from=date(2026, 1, 1)
    )
    await world.take(world.event("ledger.tenants", "demo", "tenant-settings", data, time=MORNING))
    await world.run()
    await put(client, PATH, GENTLE)
    done = await activate(client, PATH, NEXT_WEEK)
    assert done.json()["from_at"] == "2026-03-09T23:00:00Z"


# ----------------------------------------------------------------------------------------- dry runs


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
