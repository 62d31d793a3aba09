"""Strategies and assignments over HTTP: kept, activated from a day on, and who is on which."""

from datetime import date, timedelta

import httpx
import pytest

from shared.events import LEDGER, SEGMENTATION, ledger, segmentation
from tests.integration.outreach.strategy_texts import (
    ASSIGNED,
    GENTLE,
    NEXT_WEEK,
    PATH,
    RULES,
    YAML,
    activate,
    assigned,
    in_segment,
    made,
    put,
    ship_packs,
    strategy_of,
)
from tests.integration.outreach.world import MORNING, World
from tests.unit.outreach.builders import at


@pytest.fixture
async def world(world: World) -> World:
    return await ship_packs(world)


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
