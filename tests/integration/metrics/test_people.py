"""People, process and feedback over HTTP: what is answered, and who may see it."""

from typing import Any

import httpx

from tests.integration.metrics.conftest import Deliver
from tests.portfolios.log import moment
from tests.portfolios.telling import Telling, a_world, at_nine, on


def a_case() -> Telling:
    world = a_world("A", "B")
    for account in "AB":
        world.owes(account, f"{account}1", 1000, "01-01", "01-10")
    world.start_day(on("01-11"))
    world.contact("sent", "V1", "A", at_nine("01-12"), channel="voice", collector="ann", cost=90000)
    world.party("T1", "A", moment("01-12"), contact="V1", channel="voice")
    world.promise("A", "P1", 1000, moment("01-12"), collector="ann")
    world.contact("suppressed", "S1", "B", at_nine("01-13"))
    world.task("K1", "A", moment("01-14"), collector="ann", cost=4500000)
    world.judge("A", "P1", "kept", moment("01-20"), amount=1000, received=1000)
    world.pay("A", "PA", moment("01-20"), {"A1": 1000})
    world.feedback("F1", "A", 5, moment("01-21"), contact="V1")
    world.start_day(on("03-15"))
    return world


JANUARY = {"from": "2026-01-01", "to": "2026-01-31"}


async def ask(client: httpx.AsyncClient, path: str, **query: str) -> dict[str, Any]:
    answer = await client.get(path, params=JANUARY | query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_people_are_shown_as_the_tenant_has_set(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver(a_case().events)
    path = "/v1/people/ann/conversations"
    note = {"on": "2026-02-02", "notes": "Listening more.", "agreed": ["two calls together"]}
    for refused in ("/v1/people", "/v1/people/ann"):
        assert (await client.get(refused)).status_code == 403
    assert (await client.post(path, json=note)).status_code == 403
    assert (await client.put("/v1/settings", json={"people": "all"})).status_code == 200
    found = await ask(client, "/v1/people", queue="collectors")
    assert [each["collector"] for each in found["items"]] == [None, "ann"]
    team, ann = found["items"]
    assert team["team"]
    assert (ann["tasks"], ann["seconds_median"], ann["attempts"]) == (1, 60, 1)
    assert ann["right_party_contact_rate"]["value"] == 1
    assert ann["promise_kept_rate"]["n"] == 1
    assert ann["recovered"] == [{"currency": "EUR", "amount_minor": 1000}]
    assert ann["cost"] == [{"currency": "EUR", "amount_minor": 459}]
    assert (ann["satisfaction"]["value"], ann["satisfaction"]["n"]) == (1, 1)
    kept = await client.post(path, json=note)
    assert (kept.status_code, kept.json()["by"]) == (201, "dev")
    bad = await client.post(path, json={"on": "2026-02-30", "notes": ""})
    assert {each["pointer"] for each in bad.json()["errors"]} == {"/on", "/notes"}
    alone = await ask(client, "/v1/people/ann")
    assert alone["conversations"] == [note | {"by": "dev"}]
    nobody = await ask(client, "/v1/people/nobody")
    assert (nobody["tasks"], nobody["promise_rate"]["value"]) == (0, None)
    await client.put("/v1/settings", json={"people": "off"})
    assert (await client.get("/v1/people/dev")).status_code == 403


async def test_the_process_and_what_debtors_think_of_it(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver(a_case().events)
    found = await ask(client, "/v1/process")
    edges = {(each["from"], each["to"]): each["count"] for each in found["edges"]}
    assert edges == {
        ("overdue-1", "contacted"): 1, ("contacted", "reached"): 1, ("reached", "promised"): 1,
        ("promised", "handed-over"): 1, ("handed-over", "worked"): 1,
        ("worked", "promise-kept"): 1, ("promise-kept", "cured"): 1,
    }  # fmt: skip
    (waiting,) = found["waiting"]
    assert (waiting["step"], waiting["accounts"], waiting["over_30"]) == ("overdue-1", 1, 0)
    assert found["suppressed"] == [{"rule": "contact-hours", "contacts": 1, "accounts": 1}]
    assert {each["name"] for each in found["latency"]} >= {"overdue_detection", "payment_intake"}
    assert found["payments"]["by_method"] == [{"method": None, "count": 1}]
    nowhere = await ask(client, "/v1/process", segment="elsewhere")
    assert (nowhere["edges"], nowhere["waiting"]) == ([], [])
    feedback = await ask(client, "/v1/feedback", group_by="channel")
    assert (feedback["value"], feedback["scores"]["5"]) == (1, 1)
    assert feedback["groups"][0]["key"] == {"channel": "voice"}
    (after,) = feedback["items"]
    assert (after["step"], after["count"], after["mean"]) == ("cured", 1, 5)
    refused = await client.get("/v1/process", params={"from": "2026-02-01", "to": "2026-01-01"})
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/query/from"]
