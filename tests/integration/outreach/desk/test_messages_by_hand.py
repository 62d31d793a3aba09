"""One message by hand: past gap and caps, past no rule, at most one a day."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.events import ledger
from tests.integration.outreach.desk.helpers import ANN, moved
from tests.integration.outreach.world import DUE_ON, MORNING, World


@pytest.fixture
async def desk(world: World, client: httpx.AsyncClient, slow_machine: None) -> httpx.AsyncClient:
    await world.overdue("I1")
    await world.run()  # the reminder
    await moved(world, MORNING + timedelta(days=1))
    return client


async def sent(desk: httpx.AsyncClient, **body: Any) -> httpx.Response:
    body = {"channel": "email", "template": "reminder"} | body
    return await desk.post("/v1/accounts/C1/messages", json=body, headers=ANN)


async def test_one_leaves_in_spite_of_the_gap_and_the_ladder_goes_on(
    world: World, desk: httpx.AsyncClient
) -> None:
    assert len(world.mail.messages) == 1
    answer = await sent(desk)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] in ("sent", "intent")
    assert len(world.mail.messages) == 2
    events = [e["data"] for e in await world.announced("contact-sent")]
    assert (events[-1]["step"], events[-1]["purpose"]) == ("by-hand", "by-hand")
    assert events[-1]["covers"][0]["invoice_ids"] == ["I1"]
    assert [event["collector"] for event in events] == [None, "ann"]
    again = await sent(desk)
    assert again.status_code == 409
    assert again.json()["until"].startswith("2026-03-05")
    assert len(world.mail.messages) == 2


async def test_the_contact_rules_and_the_ledger_still_decide(
    world: World, desk: httpx.AsyncClient
) -> None:
    world.answers("C1", only=True)
    paid = await sent(desk)
    assert paid.status_code == 409, paid.text
    assert paid.json()["state"] == "cancelled"
    assert len(world.mail.messages) == 1
    world.answers("C1", ("I1", DUE_ON, 10_000))
    refused = {"refused_channels": ["email"]}
    put = await desk.put("/v1/accounts/C1/preferences", json=refused)
    assert put.status_code == 200, put.text
    await moved(world, MORNING + timedelta(days=1, minutes=5))
    answer = await sent(desk)
    assert answer.status_code == 409
    assert len(world.mail.messages) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"template": "unknown"}, "/template"), ({"channel": "pigeon"}, "/channel")],
)
async def test_what_is_not_known_is_refused(
    world: World, desk: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    answer = await sent(desk, **body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_an_erased_account_gets_nothing(world: World, desk: httpx.AsyncClient) -> None:
    erased = ledger.AccountErased(account_id="C1")
    await world.take(world.ledger_event("account-erased", "C1", erased))
    assert (await sent(desk)).status_code == 409
