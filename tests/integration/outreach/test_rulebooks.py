"""Rule books over HTTP: checked, kept, tried on what was sent, activated from a day on."""

from typing import Any

import httpx
import pytest
import yaml

from tests.integration.outreach.world import World
from tests.unit.outreach.builders import at

QUIET = """\
name: quiet-mornings
class: policy
title: Nobody is written to before noon
version: "2026-03-01"
rules:
  - id: HOUSE-QUIET
    kind: window
    jurisdiction: any
    binds: both
    debts: both
    channels: [email]
    effective: {from: 2020-01-01, to: null}
    confidence: D
    citation: house rule 1
    params: {hours: {all: ["12:00", "20:00"]}}
"""
YAML = {"content-type": "application/yaml"}
PATH = "/v1/rulebooks/quiet-mornings"


async def put(client: httpx.AsyncClient, text: str = QUIET) -> httpx.Response:
    return await client.put(PATH, content=text, headers=YAML)


async def activate(
    client: httpx.AsyncClient, from_: str, version: str | None = "2026-03-01", path: str = PATH
) -> httpx.Response:
    return await client.post(f"{path}/activate", json={"version": version, "from": from_})


async def book(client: httpx.AsyncClient, name: str = "quiet-mornings") -> dict[str, Any]:
    answer = await client.get(f"/v1/rulebooks/{name}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_the_books_of_the_platform_are_on_every_shelf(client: httpx.AsyncClient) -> None:
    items = (await client.get("/v1/rulebooks")).json()["items"]
    books = {item["name"]: item for item in items}
    assert books["us-federal"]["class"] == "law"
    assert books["house-policy"]["class"] == "policy"
    assert all(item["shipped"] and item["rules"] >= 0 for item in items)
    version = books["us-federal"]["version"]
    (only,) = (await client.get("/v1/rulebooks/us-federal/versions")).json()["items"]
    assert only == {
        "version": version, "shipped": True, "recorded_at": None, "recorded_by": "recoup",
    }  # fmt: skip
    text = await client.get(f"/v1/rulebooks/us-federal/versions/{version}")
    assert "US-REGF-7IN7" in text.text


async def test_a_version_is_taken_in_once_and_kept(client: httpx.AsyncClient) -> None:
    first = await put(client)
    assert (first.status_code, first.json()) == (
        201,
        {
            "name": "quiet-mornings", "class": "policy", "version": "2026-03-01", "rules": 1,
            "new": True,
        },
    )  # fmt: skip
    again = await put(client)
    assert (again.status_code, again.json()["new"]) == (200, False)
    changed = await put(client, QUIET.replace("12:00", "13:00"))
    assert changed.status_code == 409
    assert "another version" in changed.json()["detail"]
    text = await client.get(f"{PATH}/versions/2026-03-01")
    assert text.text == QUIET
    assert (await book(client))["version"] is None  # it waits to be activated


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("kind: window", "kind: widow", "line 7"),
        ('"12:00"', '"25:00"', "line 15"),
        ("id: HOUSE-QUIET", "id: house quiet", "line 6"),
        ("params: {", "param: {", "HOUSE-QUIET"),
        ("class: policy", "class: rumour", "line 2"),
        ("name: quiet-mornings", "name: loud-mornings", "loud-mornings"),
        ("jurisdiction: any", "jurisdiction: [", "line"),
    ],
)
async def test_a_bad_book_is_refused_with_line_and_reason(
    client: httpx.AsyncClient, before: str, after: str, says: str
) -> None:
    answer = await put(client, QUIET.replace(before, after))
    assert answer.status_code == 422
    assert says in answer.text
    assert (await client.get(PATH)).status_code == 404


async def test_a_book_may_be_json(client: httpx.AsyncClient) -> None:
    document = yaml.load(QUIET, Loader=yaml.BaseLoader)  # noqa: S506 - texts alone
    document["rules"][0]["effective"]["to"] = None
    answer = await client.put(PATH, json=document)
    assert (answer.status_code, answer.json()["rules"]) == (201, 1)


async def test_a_rule_cannot_stand_in_two_books(client: httpx.AsyncClient) -> None:
    answer = await put(client, QUIET.replace("HOUSE-QUIET", "US-REGF-7IN7"))
    assert answer.status_code == 422
    assert "us-federal" in answer.text
    one, two = QUIET, QUIET.replace("quiet-mornings", "loud-evenings")
    assert (await put(client, one)).status_code == 201
    other = "/v1/rulebooks/loud-evenings"
    assert (await client.put(other, content=two, headers=YAML)).status_code == 201
    assert (await activate(client, "2026-03-04")).status_code == 200
    clash = await activate(client, "2026-03-02", path=other)
    assert clash.status_code == 422
    assert "HOUSE-QUIET" in clash.text


async def test_the_schema_is_for_editors(client: httpx.AsyncClient) -> None:
    schema = (await client.get("/v1/rulebooks/schema")).json()
    assert schema["title"] == "Rule book"
    assert set(schema["required"]) >= {"name", "class", "version"}
    assert "rules" in schema["properties"]


async def test_an_activated_book_counts_from_its_day_on(
    world: World, client: httpx.AsyncClient
) -> None:
    await put(client)
    done = await activate(client, "2026-03-04")
    assert done.json() == {
        "name": "quiet-mornings", "version": "2026-03-01", "from": "2026-03-04",
        "from_at": "2026-03-04T00:00:00Z",
    }  # fmt: skip
    assert (await activate(client, "2026-03-04")).json() == done.json()
    (told,) = await world.announced("rulebook-activated")
    assert told["key"] == ""
    assert told["data"]["from_on"] == "2026-03-04"
    await world.overdue()
    assert (await world.run(at("2026-03-03 09:00"))).counts["sent"] == 1  # not yet in force
    ran = await world.run(at("2026-03-10 09:00"))  # the second step's day
    assert (ran.counts["sent"], ran.next_due_at) == (0, at("2026-03-10 12:01"))
    assert (await world.run(at("2026-03-10 12:01"))).counts["sent"] == 1


async def test_no_book_counts_for_contacts_that_were_judged_without_it(
    world: World, client: httpx.AsyncClient
) -> None:
    await put(client)
    await world.overdue()
    await world.run()
    refused = await activate(client, "2026-03-03")
    assert refused.status_code == 409
    assert "2026-03-03T09:00:00Z" in refused.json()["detail"]
    assert (await activate(client, "2026-03-04")).status_code == 200


async def test_house_policy_can_be_switched_off_and_law_cannot(
    world: World, client: httpx.AsyncClient
) -> None:
    house = "/v1/rulebooks/house-policy"
    assert (await activate(client, "2026-03-01", None, house)).status_code == 200
    assert (await book(client, "house-policy"))["activations"][0]["version"] is None
    law = await activate(client, "2026-03-01", None, "/v1/rulebooks/us-federal")
    assert law.status_code == 409
    await world.overdue(due_on=at("2026-03-06 00:00").date())
    ran = await world.run(at("2026-03-07 09:00"))  # a Saturday, which only house policy keeps
    assert ran.counts["sent"] == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (PATH, {"version": "2026-03-01", "from": "2026-03-04"}, 404),
        ("/v1/rulebooks/us-federal", {"version": "1999-01-01", "from": "2026-03-04"}, 404),
        ("/v1/rulebooks/us-federal", {"version": "2026-11-22"}, 422),
        ("/v1/rulebooks/us-federal", {"version": "2026-11-22", "from": "soon"}, 422),
    ],
)
async def test_what_is_not_there_cannot_be_activated(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int
) -> None:
    assert (await client.post(f"{path}/activate", json=body)).status_code == status


async def test_a_book_that_wants_newer_time_zones_is_not_activated(
    client: httpx.AsyncClient,
) -> None:
    later = QUIET.replace("class: policy", 'class: policy\ntzdata_min: "2099a"')
    assert (await put(client, later)).status_code == 201
    refused = await activate(client, "2026-03-04")
    assert refused.status_code == 409
    assert "2099a" in refused.json()["detail"]


async def test_a_dry_run_says_which_contacts_would_change_and_why(
    world: World, client: httpx.AsyncClient
) -> None:
    for number in range(5):
        await world.account(f"A{number}")
        await world.overdue(f"I{number}", f"A{number}")
    assert (await world.run(at("2026-03-03 09:00"))).counts["sent"] == 5
    await world.overdue()
    assert (await world.run(at("2026-03-03 13:00"))).counts["sent"] == 1
    dry = await client.post(f"{PATH}/dry-run", content=QUIET, headers=YAML)
    assert dry.status_code == 200
    trial = dry.json()
    assert (trial["contacts"], trial["changed"], trial["cut_off"]) == (6, 5, False)
    assert trial["summary"] == "5 of 6 contacts would change"
    assert trial["moves"] == [{"from_verdict": "allow", "to_verdict": "defer", "contacts": 5}]
    assert trial["rules"] == {"HOUSE-QUIET": 5}
    example = trial["examples"][0]
    assert example["before"]["verdict"] == "allow"
    assert example["because"].startswith("HOUSE-QUIET: ")
    assert example["after"]["decided_by"][0]["rule"] == "HOUSE-QUIET"
    assert (await client.get(PATH)).status_code == 404  # nothing was stored
    few = (await client.post(f"{PATH}/dry-run?limit=2", content=QUIET, headers=YAML)).json()
    assert (few["contacts"], few["cut_off"]) == (2, True)
    await put(client)
    kept = await client.post(f"{PATH}/dry-run", params={"version": "2026-03-01"})
    assert kept.json()["changed"] == 5


async def test_a_dry_run_passes_over_what_made_no_question(
    world: World, client: httpx.AsyncClient
) -> None:
    """Such a contact was left to a person: no book changes that."""
    await world.overdue()
    assert (await world.run(at("2026-03-03 09:00"))).counts["sent"] == 1
    assert await world.db.fetch("update judgements set question = '{}' returning 1")
    dry = await client.post(f"{PATH}/dry-run", content=QUIET, headers=YAML)
    assert dry.status_code == 200
    assert (dry.json()["contacts"], dry.json()["changed"]) == (1, 0)


async def test_another_tenants_books_are_its_own(client: httpx.AsyncClient) -> None:
    await put(client)
    headers = {"X-Tenant": "other"}
    assert (await client.get(PATH, headers=headers)).status_code == 404
    assert (await client.get(f"{PATH}/versions/2026-03-01", headers=headers)).status_code == 404
    assert (await client.get("/v1/rulebooks/us-federal", headers=headers)).status_code == 200
