"""Pauses of our own, and what is answered besides the ladder."""

from datetime import date, timedelta

import httpx

from services.outreach.debtors.domain.own_pauses import OwnPause
from services.outreach.dunning.commands.pauses import end_pause, pause
from tests.integration.outreach.world import MORNING, World
from tests.unit.outreach.builders import at


async def test_a_person_pauses_an_account_and_lets_it_go_on(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await world.run(at("2026-03-03 00:00"))
    path = "/v1/accounts/C1/pause"
    bad = await client.post(path, json={"until": "2027-03-03", "reason": "x"})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/until")
    asked = {"until": "2026-03-20", "reason": "on holiday"}
    put = await client.post(path, json=asked)
    assert put.status_code == 200, put.text
    assert [p["until"] for p in put.json()["pauses"]] == ["2026-03-20"]
    assert (await client.post(path, json=asked)).json() == put.json()
    assert (await client.get(path)).json() == put.json()
    moved = await world.run(at("2026-03-03 00:00"))
    assert moved.next_due_at == at("2026-03-20 08:01")  # its end is known: it keeps its contact
    assert await world.announced("contact-cancelled") == []
    assert (await client.delete(path)).json()["pauses"] == []
    assert (await world.run(at("2026-03-03 00:00"))).next_due_at == at("2026-03-03 08:01")
    assert (await client.post("/v1/accounts/C9/pause", json=asked)).status_code == 404


async def test_an_answer_that_waits_for_a_person_pauses_the_debtor(world: World) -> None:
    await world.account("C1", debtor_id="D1")
    await world.account("C2", debtor_id="D1")
    await world.overdue("I2", "C2")
    asked = OwnPause(
        pause_id="inbound 1", account_id="C1", kind="reply", from_on=date(2026, 3, 3),
        created_at=MORNING, is_endless=True,
    )  # fmt: skip
    async with world.db.transaction() as session:
        assert await pause(session, world.tenant, asked)
        assert not await pause(session, world.tenant, asked)
    assert (await world.run(MORNING)).next_due_at is None
    async with world.db.transaction() as session:
        assert await end_pause(session, world.tenant, "inbound 1", date(2026, 3, 4))
    next_ = await world.run(MORNING + timedelta(hours=1))
    assert next_.next_due_at == at("2026-03-04 08:01")
