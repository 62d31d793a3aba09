"""Approvals over HTTP: asked for once, decided by those who may, and what deciding runs."""

import json
from datetime import date, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from services.outreach.activity.commands import request_approvals, withdraw_approvals
from services.outreach.activity.domain.approvals import ApprovalCommand, NewApproval
from services.outreach.desk.processes.approvals import decide
from services.outreach.desk.processes.upkeep import tend_desk
from shared.errors import Forbidden
from shared.events import ledger
from tests.integration.outreach.desk.helpers import ANN, BOB, EVE, moved
from tests.integration.outreach.world import MORNING, World

PLACE = ApprovalCommand(path="/v1/accounts/C1/placements", body={"kind": "agency", "to": "one"})


@pytest.fixture
async def desk(world: World, client: httpx.AsyncClient) -> httpx.AsyncClient:
    await moved(world, MORNING)
    return client


async def asked(world: World, subject: str = "S1", **given: Any) -> str:
    command = given.pop("command", None)
    known: dict[str, Any] = {
        "kind": "agency", "role": "supervisor", "requested_by": "ann", "requested_at": MORNING,
        "expires_at": MORNING + timedelta(days=14), "account_id": "C1",
    } | given  # fmt: skip
    approval = NewApproval(
        subject_id=subject,
        command=None if command is None else msgspec.json.encode(command),
        **known,
    )
    async with world.db.transaction() as session:
        (approval_id,) = (
            await request_approvals(session, world.tenant, MORNING, [approval])
        ).values()
    return approval_id


async def decided(
    client: httpx.AsyncClient, approval_id: str, decision: str, who: dict[str, str] = BOB
) -> httpx.Response:
    return await client.post(
        f"/v1/approvals/{approval_id}/decide",
        json={"decision": decision, "reason": "so be it"},
        headers=who,
    )


async def test_it_is_asked_for_once_and_listed(world: World, desk: httpx.AsyncClient) -> None:
    first, second = await asked(world), await asked(world)
    assert first == second
    assert len(await world.announced("approval-requested")) == 1
    listed = (await desk.get("/v1/approvals", params={"state": "pending"})).json()["items"]
    assert [(item["approval_id"], item["kind"], item["role"]) for item in listed] == [
        (first, "agency", "supervisor")
    ]


async def test_approving_runs_the_command_once_under_the_approval_s_id(
    world: World, desk: httpx.AsyncClient
) -> None:
    approval_id = await asked(world, command=PLACE)
    first = await decided(desk, approval_id, "approve")
    again = await decided(desk, approval_id, "approve")
    assert first.status_code == 200, first.text
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["effect"]) == ("approved", "done")
    (command,) = world.ledger.requests
    assert (command["path"], command["key"]) == ("/v1/accounts/C1/placements", approval_id)
    assert command["body"]["to"] == "one"
    (event,) = await world.announced("approval-decided")
    assert (event["data"]["decision"], event["data"]["by"]) == ("approved", "bob")
    assert (await decided(desk, approval_id, "refuse")).status_code == 409
    assert (await decided(desk, approval_id, "approve", EVE)).status_code == 409


async def test_refusing_runs_nothing(world: World, desk: httpx.AsyncClient) -> None:
    approval_id = await asked(world, command=PLACE)
    refused = await decided(desk, approval_id, "refuse")
    assert (refused.json()["state"], refused.json()["effect"]) == ("refused", "none")
    assert world.ledger.requests == []


async def test_who_asked_does_not_decide(world: World, desk: httpx.AsyncClient) -> None:
    approval_id = await asked(world)
    assert (await decided(desk, approval_id, "approve", ANN)).status_code == 403
    assert (await decided(desk, approval_id, "approve", BOB)).status_code == 200


async def test_only_the_role_decides(world: World, desk: httpx.AsyncClient) -> None:
    approval_id = await asked(world)
    with pytest.raises(Forbidden):
        await decide(
            world.context, world.tenant, approval_id, decision="approve", reason=None,
            person="bob", roles={"finance"},
        )  # fmt: skip


async def test_what_cannot_be_done_is_a_task(world: World, desk: httpx.AsyncClient) -> None:
    world.ledger.answers["/v1/accounts/C1/placements"] = (409, {"detail": "It is placed."})
    approval_id = await asked(world, command=PLACE)
    answer = (await decided(desk, approval_id, "approve")).json()
    assert (answer["state"], answer["effect"]) == ("approved", "failed")
    assert "It is placed." in answer["failure"]
    (task,) = await world.announced("task-created")
    assert task["data"]["kind"] == "failed-command"


async def test_without_an_answer_nobody_else_decides_and_a_job_ends_it(
    world: World, desk: httpx.AsyncClient
) -> None:
    approval_id = await asked(world, command=PLACE)
    world.ledger.answers["/v1/accounts/C1/placements"] = (503, {})
    assert (await decided(desk, approval_id, "approve")).status_code == 503
    assert (await decided(desk, approval_id, "refuse", EVE)).status_code == 409
    async with world.db.transaction() as session:
        assert (
            await withdraw_approvals(session, world.tenant, MORNING, "agency", {"S1"}, at=MORNING)
            == []
        )
        await session.execute("update approvals set running_since = now() - interval '5 minutes'")
    await tend_desk(world.context)
    assert (await desk.get(f"/v1/approvals/{approval_id}")).json()["state"] == "pending"
    world.ledger.answers.clear()
    await tend_desk(world.context)
    shown = (await desk.get(f"/v1/approvals/{approval_id}")).json()
    assert (shown["state"], shown["effect"], shown["decided_by"]) == ("approved", "done", "bob")
    assert len({command["key"] for command in world.ledger.requests}) == 1


async def test_nobody_decides_in_time(world: World, desk: httpx.AsyncClient) -> None:
    approval_id = await asked(world, command=PLACE)
    await moved(world, MORNING + timedelta(days=14))
    assert (await decided(desk, approval_id, "approve")).status_code == 409
    assert (await desk.get(f"/v1/approvals/{approval_id}")).json()["state"] == "expired"
    other = await asked(world, "S2")
    await tend_desk(world.context)
    assert (await desk.get(f"/v1/approvals/{other}")).json()["state"] == "expired"
    assert [e["data"]["decision"] for e in await world.announced("approval-decided")] == [
        "expired", "expired",
    ]  # fmt: skip


async def test_facts_withdraw_it(world: World, desk: httpx.AsyncClient) -> None:
    approval_id = await asked(world)
    for _ in range(2):
        async with world.db.transaction() as session:
            await withdraw_approvals(session, world.tenant, MORNING, "agency", {"S1"}, at=MORNING)
    assert (await decided(desk, approval_id, "approve")).status_code == 409
    (event,) = await world.announced("approval-decided")
    assert (event["data"]["decision"], event["data"]["by"]) == ("withdrawn", None)


# -------------------------------------------------------------------------- what the ledger asks


def needed(world: World, kind: Any, subject: str, role: Any = "supervisor") -> Any:
    data = ledger.ApprovalNeeded(
        account_id="C1", currency="EUR", invoice_ids=None, approval_id=f"{kind}:{subject}",
        kind=kind, subject_id=subject, amount_minor=100, role=role,
        requested_by=ledger.By(kind="collector", id="ann"), expires_on=date(2026, 3, 10),
    )  # fmt: skip
    return world.ledger_event("approval-needed", "C1", data)


@pytest.mark.parametrize(
    ("kind", "role", "listed"),
    [
        ("plan", "supervisor", "plan"), ("settlement", "finance", "settlement"),
        ("waiver", "supervisor", "waiver"), ("write-off", "finance", "write-off"),
        ("placement", "supervisor", "agency"), ("placement", "legal", "legal"),
        ("sale", "finance", "write-off"), ("hold", "compliance", "release"),
        ("erasure", "compliance", "erasure"),
    ],
)  # fmt: skip
async def test_what_the_ledger_asks_is_decided_there(
    world: World, desk: httpx.AsyncClient, kind: str, role: str, listed: str
) -> None:
    await world.take(needed(world, kind, "X1", role))
    (item,) = (await desk.get("/v1/approvals")).json()["items"]
    assert (item["kind"], item["role"], item["requested_by"]) == (listed, role, "ann")
    assert item["expires_at"] == "2026-03-11T00:00:00Z"
    assert (await decided(desk, item["approval_id"], "refuse")).status_code == 200
    (command,) = world.ledger.requests
    assert command["path"] == f"/v1/approvals/{kind}:X1/decide"
    assert command["body"] == {
        "by": {"kind": "collector", "id": "bob"}, "decision": "refuse", "role": role,
        "reason": "so be it",
    }  # fmt: skip


async def test_what_the_ledger_decided_by_itself_is_over_here(
    world: World, desk: httpx.AsyncClient
) -> None:
    await world.take(needed(world, "plan", "P1"))
    closed = ledger.ApprovalClosed(
        account_id="C1", currency="EUR", invoice_ids=None, approval_id="plan:P1", kind="plan",
        subject_id="P1", decision="expired",
    )  # fmt: skip
    event = world.ledger_event("approval-closed", "C1", closed)
    await world.take(event, event)
    (item,) = (await desk.get("/v1/approvals")).json()["items"]
    assert item["state"] == "expired"
    assert len(await world.announced("approval-decided")) == 1


# ----------------------------------------------------------------------- a second pair of eyes


async def a_book(desk: httpx.AsyncClient) -> str:
    shipped = (await desk.get("/v1/rulebooks")).json()["items"]
    name = next(item["name"] for item in shipped if item["class"] != "law")
    versions = (await desk.get(f"/v1/rulebooks/{name}/versions")).json()["items"]
    text = (await desk.get(f"/v1/rulebooks/{name}/versions/{versions[0]['version']}")).text
    changed = text.replace(str(versions[0]["version"]), "2031-01-01", 1)
    put = await desk.put(
        f"/v1/rulebooks/{name}", content=changed, headers={"Content-Type": "application/yaml"}
    )
    assert put.status_code in (200, 201), put.text
    return str(name)


async def test_a_version_comes_into_force_when_somebody_else_agrees(
    world: World, desk: httpx.AsyncClient
) -> None:
    settings = await desk.put("/v1/settings", json={"four_eyes_activation": True})
    assert settings.status_code == 200, settings.text
    name = await a_book(desk)
    body = {"version": "2031-01-01", "from": "2031-02-01"}
    held = await desk.post(f"/v1/rulebooks/{name}/activate", json=body, headers=ANN)
    again = await desk.post(f"/v1/rulebooks/{name}/activate", json=body, headers=ANN)
    assert held.status_code == again.status_code == 202, held.text
    approval_id = held.json()["approval_id"]
    assert again.json()["approval_id"] == approval_id
    assert await world.announced("rulebook-activated") == []
    assert (await decided(desk, approval_id, "approve", ANN)).status_code == 403
    approved = await decided(desk, approval_id, "approve", BOB)
    assert approved.json()["effect"] == "done", approved.text
    (event,) = await world.announced("rulebook-activated")
    assert event["data"]["version"] == "2031-01-01"


async def test_a_version_that_is_not_there_is_not_asked_for(
    world: World, desk: httpx.AsyncClient
) -> None:
    await desk.put("/v1/settings", json={"four_eyes_activation": True})
    name = await a_book(desk)
    body = {"version": "2032-01-01", "from": "2032-02-01"}
    answer = await desk.post(f"/v1/rulebooks/{name}/activate", json=body, headers=ANN)
    assert answer.status_code == 404


async def test_a_strategy_and_a_template_wait_for_somebody_else_too(
    world: World, desk: httpx.AsyncClient
) -> None:
    await desk.put("/v1/settings", json={"four_eyes_activation": True})
    ladder = [{
        "name": "one", "from": "due", "days": 3, "channels": ["email"], "tone": "friendly",
        "template": "reminder",
    }]  # fmt: skip
    gentle = {"name": "gentle", "version": "1", "title": "Gentle", "ladder": ladder}
    ready = world.context.templates.ready["thanks"]
    text = ready.source.replace(ready.version, "'1'", 1)
    for path, content, event in (
        ("/v1/strategies/gentle", json.dumps(gentle), "strategy-activated"),
        ("/v1/templates/thanks", text, "template-activated"),
    ):
        yaml = {"Content-Type": "application/yaml"}
        put = await desk.put(path, content=content, headers=yaml)
        assert put.status_code == 201, put.text
        body = {"version": "1", "from": "2031-02-01"}
        held = await desk.post(f"{path}/activate", json=body, headers=ANN)
        assert held.status_code == 202, held.text
        assert await world.announced(event) == []
        approval_id = held.json()["approval_id"]
        assert (await decided(desk, approval_id, "approve", ANN)).status_code == 403
        approved = await decided(desk, approval_id, "approve", BOB)
        assert approved.json()["effect"] == "done", approved.text
        (found,) = await world.announced(event)
        assert found["data"]["version"] == "1"
