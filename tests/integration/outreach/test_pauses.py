"""Pauses of our own, and what is answered besides the ladder."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.outreach.debtors.domain.own_pauses import OwnPause
from services.outreach.dunning.commands.pauses import end_pause, pause
from services.outreach.dunning.commands.ran_out import tell_of
from services.outreach.dunning.processes import ran_out
from tests.integration.outreach.desk.helpers import a_task, opened
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


async def run_out(world: World, *, kind: str = "claim", pause_id: str) -> None:
    asked = OwnPause(
        pause_id=pause_id, account_id="C1", kind=kind, from_on=date(2026, 3, 3),  # type: ignore[arg-type]
        created_at=MORNING,
    )  # fmt: skip
    async with world.db.transaction() as session:
        assert await pause(session, world.tenant, asked)


async def tasks_of(world: World) -> list[tuple[str, bool, int]]:
    rows = await world.db.fetch("select * from tasks order by kind, task_id")
    return [(row["kind"], row["is_escalated"], row["urgency"]) for row in rows]


@pytest.mark.parametrize(
    ("kind", "pause_id", "task"),
    [("reply", "inbound 1", "reply"), ("claim", "inbound 1 C1", "check-payment")],
)
async def test_what_nobody_has_seen_to_in_its_days_is_escalated(
    world: World, kind: str, pause_id: str, task: str
) -> None:
    """Five business days after Tuesday 2026-03-03: 00:00 of Tuesday the 10th."""
    await world.overdue()
    await opened(world, a_task("inbound 1", kind=task), a_task("inbound 2", kind=task))
    await run_out(world, kind=kind, pause_id=pause_id)
    await world.run(at("2026-03-09 23:59"))
    assert await tasks_of(world) == [(task, False, 0)] * 2
    for _ in range(2):
        await world.run(at("2026-03-10 00:00"))
        assert sorted(await tasks_of(world)) == [(task, False, 0), (task, True, 1)]


async def test_a_claim_told_to_a_collector_becomes_a_task_when_nobody_has_paid(
    world: World,
) -> None:
    await world.overdue()
    await run_out(world, pause_id="task T1")
    await world.run(at("2026-03-10 00:00"))
    assert await tasks_of(world) == [("check-payment", True, 1)]
    (event,) = await world.announced("task-created")
    assert (event["data"]["kind"], event["data"]["due_at"]) == (
        "check-payment",
        "2026-03-10T00:00:00Z",
    )
    await world.run(at("2026-03-11 00:00"))
    assert len(await world.announced("task-created")) == 1


@pytest.mark.parametrize("how", ["ended", "endless", "until"])
async def test_what_was_seen_to_or_waits_for_ever_is_not_escalated(world: World, how: str) -> None:
    await world.overdue()
    await opened(world, a_task("inbound 1"))
    asked = OwnPause(
        pause_id="inbound 1", account_id="C1", kind="reply", from_on=date(2026, 3, 3),
        created_at=MORNING, is_endless=how == "endless",
        until_on=date(2026, 3, 4) if how == "until" else None,
    )  # fmt: skip
    async with world.db.transaction() as session:
        await pause(session, world.tenant, asked)
        if how == "ended":
            await end_pause(session, world.tenant, "inbound 1", date(2026, 3, 4))
    await world.run(at("2026-03-20 00:00"))
    assert await tasks_of(world) == [("reply", False, 0)]


async def test_one_that_cannot_be_told_of_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run goes on, and the next one tries again."""
    await world.overdue()
    for name in ("task T1", "task T2"):
        await run_out(world, pause_id=name)
    broken = {"task T1"}

    async def telling(session: Any, tenant: str, time: Any, found: Any, ended_at: Any) -> bool:
        if found.pause_id in broken:
            raise KeyError("a fault")
        return await tell_of(session, tenant, time, found, ended_at)

    monkeypatch.setattr(ran_out, "tell_of", telling)
    assert (await world.run(at("2026-03-10 09:00"))).counts["sent"] == 1
    assert len(await tasks_of(world)) == 1
    broken.clear()
    await world.run(at("2026-03-10 10:00"))
    assert len(await tasks_of(world)) == 2
