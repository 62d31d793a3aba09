"""An account at the desk: what may be done now, calls, reviews, what was read, the record."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.outreach import verify
from services.outreach.desk.domain.reviews import is_drawn
from shared.events import billing, ledger
from tests.integration.outreach.desk.helpers import ANN, BOB, a_task, moved, opened
from tests.integration.outreach.world import DUE_ON, MORNING, World
from tests.unit.outreach.builders import at

NUMBER = "+354 555 1234"
E164 = "+3545551234"


@pytest.fixture
async def desk(world: World, client: httpx.AsyncClient) -> httpx.AsyncClient:
    phones = (billing.Phone(number=NUMBER, type="landline", use="home"),)
    await world.account("C1", phones=phones)
    await moved(world, MORNING)
    return client


async def a_claimed_call(
    world: World, desk: httpx.AsyncClient, cause: str = "contact 1", **given: Any
) -> str:
    given = {"kind": "call", "invoice_ids": ("I1",)} | given
    (task_id,) = await opened(world, a_task(cause, **given))
    assert (await desk.post(f"/v1/tasks/{task_id}/claim", headers=ANN)).status_code == 200
    return task_id


async def called(desk: httpx.AsyncClient, task_id: str, **body: Any) -> httpx.Response:
    return await desk.post(f"/v1/tasks/{task_id}/call", json=body, headers=ANN)


# --------------------------------------------------------------------------------------- calls


async def test_a_call_is_let_through_with_what_has_to_be_told(
    world: World, desk: httpx.AsyncClient
) -> None:
    await world.overdue("I1")
    task_id = await a_claimed_call(world, desk, script="first-call")
    answer = await called(desk, task_id, to=NUMBER)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["to"], shown["verdict"]["verdict"]) == (E164, "allow")
    assert shown["amounts"] == [{"currency": "EUR", "collectable_minor": 10_000}]
    assert shown["prompts"]
    assert (shown["script"]["template"], shown["script"]["language"]) == ("first-call", "en")
    assert "100" in shown["script"]["text"]
    done = await desk.post(
        f"/v1/tasks/{task_id}/complete", headers=ANN,
        json={"disposition": "refusal", "call_id": shown["call_id"], "seconds": 30},
    )  # fmt: skip
    assert done.status_code == 200
    (kept,) = await world.db.fetch("select entry from past_contacts")
    entry = json.loads(kept["entry"])
    assert (entry["channel"], entry["outcome"], entry["to"], entry["by"]) == (
        "voice", "conversation", E164, "ann",
    )  # fmt: skip


async def test_the_rules_put_a_call_off_and_say_until_when(
    world: World, desk: httpx.AsyncClient
) -> None:
    await world.overdue("I1")
    task_id = await a_claimed_call(world, desk)
    await moved(world, at("2026-03-03 23:30"))
    answer = await called(desk, task_id)
    assert answer.status_code == 409
    verdict = answer.json()["verdict"]
    assert verdict["verdict"] == "defer"
    assert verdict["until"] > "2026-03-04"
    assert verdict["decided_by"]


async def test_a_call_put_off_is_left_out_until_then(world: World, desk: httpx.AsyncClient) -> None:
    await world.overdue("I1")
    (task_id,) = await opened(
        world, a_task("contact 1", kind="call", invoice_ids=("I1",), due_at=MORNING)
    )
    await moved(world, at("2026-03-03 23:30"))
    assert (await desk.post("/v1/worklist/next", headers=ANN)).status_code == 204
    shown = (await desk.get(f"/v1/tasks/{task_id}", headers=ANN)).json()
    assert shown["state"] == "open"
    assert shown["callable_at"] > "2026-03-04"
    assert await world.announced("task-claimed") == []
    await moved(world, datetime.fromisoformat(shown["callable_at"]) + timedelta(hours=3))
    assert (await desk.post("/v1/worklist/next", headers=ANN)).json()["task_id"] == task_id


async def test_what_the_ledger_knows_better_forbids_the_call(
    world: World, desk: httpx.AsyncClient
) -> None:
    await world.overdue("I1")
    task_id = await a_claimed_call(world, desk)
    world.answers("C1", only=True)
    answer = await called(desk, task_id)
    assert answer.status_code == 409
    assert answer.json()["verdict"]["decided_by"][0]["rule"] == "paid"
    hold = {"kind": "hold", "id": "H1", "hold_kind": "attorney"}
    world.answers("C1", ("I1", DUE_ON, 10_000), stops=(hold,))
    answer = await called(desk, task_id)
    assert answer.json()["verdict"]["decided_by"][0]["rule"] == "hold"
    assert await world.db.fetch("select * from calls") == []


@pytest.mark.parametrize("mode", ["behind", "never-caught-up", "error"])
async def test_nobody_calls_by_a_ledger_that_is_not_believed(
    world: World, desk: httpx.AsyncClient, mode: Any
) -> None:
    await world.overdue("I1")
    task_id = await a_claimed_call(world, desk)
    world.ledger.mode = mode
    assert (await called(desk, task_id)).status_code == 503


async def test_a_number_that_is_somebody_else_s_is_called_no_more(
    world: World, desk: httpx.AsyncClient
) -> None:
    await world.overdue("I1")
    task_id = await a_claimed_call(world, desk)
    call_id = (await called(desk, task_id)).json()["call_id"]
    done = await desk.post(
        f"/v1/tasks/{task_id}/complete", headers=ANN,
        json={"disposition": "wrong-party", "call_id": call_id, "seconds": 30},
    )  # fmt: skip
    assert done.status_code == 200
    again = await a_claimed_call(world, desk, "contact 2")
    assert (await called(desk, again, to=NUMBER)).status_code == 409
    assert (await called(desk, again)).status_code == 422  # no other is known


async def test_a_text_that_is_no_number_is_refused(world: World, desk: httpx.AsyncClient) -> None:
    await world.overdue("I1")
    task_id = await a_claimed_call(world, desk)
    answer = await called(desk, task_id, to="mother")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/to"


# --------------------------------------------------------------------------------- the desk answer


async def test_the_desk_has_all_that_a_collector_needs(
    world: World, desk: httpx.AsyncClient
) -> None:
    await world.overdue("I1")
    (task_id,) = await opened(world, a_task("inbound 1", note="angry"))
    await desk.post("/v1/accounts/C1/notes", json={"note": "call in the morning"}, headers=ANN)
    world.ledger.answers["/v1/accounts/C1"] = (200, {
        "amounts": [{"currency": "EUR", "balance_minor": 10_000}], "promises": [], "plan": None,
        "holds": ["hardship"],
    })  # fmt: skip
    world.ledger.answers["/v1/invoices"] = (200, {"items": [{"invoice_id": "I1"}]})
    answer = await desk.get("/v1/accounts/C1/desk", headers=ANN)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    for name in (
        "account", "amounts", "invoices", "promises", "plan", "holds", "score", "strategy",
        "next_step", "channels", "prompts", "alerts", "case", "tasks", "consents",
    ):  # fmt: skip
        assert name in shown, name
    assert shown["account"]["details"]["name"] == "Name of C1"
    assert shown["invoices"] == [{"invoice_id": "I1"}]
    assert [task["task_id"] for task in shown["tasks"]] == [task_id]
    assert shown["case"]["number"] == 1
    channels = {each["channel"]: each for each in shown["channels"]}
    assert set(channels) == {"email", "sms", "voice", "letter", "portal", "person"}
    assert channels["email"]["verdict"] == "allow"
    assert channels["letter"]["decided_by"][0]["rule"] == "no-address"
    assert "hold" in [alert["alert"] for alert in shown["alerts"]]
    assert shown["notes"][0]["note"] == "call in the morning"


async def test_the_desk_says_so_when_the_ledger_does_not_answer(
    world: World, desk: httpx.AsyncClient
) -> None:
    world.ledger.answers["/v1/accounts/C1"] = (503, {})
    shown = (await desk.get("/v1/accounts/C1/desk", headers=ANN)).json()
    assert shown["amounts"] is None
    assert "ledger-unavailable" in [alert["alert"] for alert in shown["alerts"]]


async def test_reads_of_personal_data_are_kept(world: World, desk: httpx.AsyncClient) -> None:
    await desk.get("/v1/accounts/C1/desk", headers=ANN)
    copy = await desk.get("/v1/accounts/C1/export", headers=BOB)
    assert copy.json()["details"]["email"] == "c1@example.com"
    assert copy.json()["details"]["phones"][0]["number"] == NUMBER
    await desk.get("/v1/accounts/C1/timeline", headers=BOB)
    reads = (await desk.get("/v1/accounts/C1/reads")).json()["items"]
    assert [(read["reader"], read["what"]) for read in reads] == [
        ("bob", "timeline"), ("bob", "export"), ("ann", "desk"),
    ]  # fmt: skip
    for path in ("desk", "export", "reads", "contact-record", "notes"):
        assert (await desk.get(f"/v1/accounts/none/{path}")).status_code == 404, path


async def test_notes_stand_in_the_timeline_for_the_desk_only(
    world: World, desk: httpx.AsyncClient
) -> None:
    await world.overdue("I1")
    await desk.post("/v1/accounts/C1/notes", json={"note": "call in the morning"}, headers=ANN)
    whole: list[Any] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        answer = (await desk.get("/v1/accounts/C1/timeline", params=params)).json()
        whole += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    notes = [item for item in whole if item["type"] == "note"]
    assert [(note["data"]["author"], note["data"]["note"]) for note in notes] == [
        ("ann", "call in the morning")
    ]
    assert whole == (await desk.get("/v1/accounts/C1/timeline")).json()["items"]
    assert "call in the morning" not in str(await world.announced())


# ---------------------------------------------------------------------------------------- reviews


async def a_completed_call(world: World, desk: httpx.AsyncClient, cause: str) -> str:
    task_id = await a_claimed_call(world, desk, cause)
    done = await desk.post(
        f"/v1/tasks/{task_id}/complete", headers=ANN,
        json={"disposition": "refusal", "seconds": 30},
    )  # fmt: skip
    assert done.status_code == 200
    return task_id


async def test_drawn_calls_are_reviewed_and_a_failed_must_pass_suspends(
    world: World, desk: httpx.AsyncClient
) -> None:
    await world.overdue("I1")
    assert (await desk.put("/v1/settings", json={"reviews": {"share": 1}})).status_code == 200
    given = {"name": "mini-miranda", "valid_from": "2026-01-01"}
    for _ in range(2):
        await desk.put("/v1/people/ann/certificates", json=given)
    task_id = await a_completed_call(world, desk, "contact 1")
    review = [e["data"] for e in await world.announced("task-created")
              if e["data"]["kind"] == "review"]  # fmt: skip
    assert len(review) == 1
    body = {"scores": {"tone": 5, "clarity": 2}, "failed": ["mini-miranda"],
            "recognition": "kept calm", "note": "did not say who calls"}  # fmt: skip
    own = await desk.post(f"/v1/tasks/{task_id}/reviews", json=body, headers=ANN)
    assert own.status_code == 403
    first = await desk.post(f"/v1/tasks/{task_id}/reviews", json=body, headers=BOB)
    again = await desk.post(f"/v1/tasks/{task_id}/reviews", json=body, headers=BOB)
    assert first.status_code == again.status_code == 201, first.text
    assert first.json() == again.json()
    other = await desk.post(f"/v1/tasks/{task_id}/reviews", json=body | {"failed": []}, headers=BOB)
    assert other.status_code == 409
    (event,) = await world.announced("interaction-reviewed")
    assert (event["data"]["score"], event["data"]["passed"]) == (3.5, False)
    assert "who calls" not in str(event)
    (held,) = (await desk.get("/v1/people/ann/certificates")).json()["items"]
    assert held["suspended_because"] == f"review of task {task_id}"
    await desk.put("/v1/people/ann/certificates", json=given)  # it stands again
    changed = await world.announced("certificate-changed")
    assert [(each["key"], each["data"]["suspended"]) for each in changed] == [
        ("", False),
        ("", True),
        ("", False),
    ]
    assert changed[0]["data"] == {"collector": "ann", "name": "mini-miranda",
        "valid_from": "2026-01-01", "valid_until": None, "suspended": False}  # fmt: skip
    done = [e["data"]["disposition"] for e in await world.announced("task-completed")]
    assert done == ["refusal", "reviewed"]


async def test_scores_are_0_to_5(world: World, desk: httpx.AsyncClient) -> None:
    await world.overdue("I1")
    task_id = await a_completed_call(world, desk, "contact 1")
    for scores in ({}, {"tone": 6}, {"tone": -1}, {"tone": 2.5}):
        answer = await desk.post(
            f"/v1/tasks/{task_id}/reviews", json={"scores": scores}, headers=BOB
        )
        assert answer.status_code == 422, scores


# --------------------------------------------------------------------------- the contact record


async def test_the_record_of_an_account_is_whole_and_outlives_erasure(
    world: World, desk: httpx.AsyncClient, tmp_path: Path
) -> None:
    await world.account("C2", debtor_id="D1")
    await world.overdue("I1")
    await world.run()
    before = await desk.get("/v1/accounts/C1/contact-record")
    assert before.headers["content-type"].startswith("application/x-ndjson")
    kinds = [json.loads(line)["kind"] for line in before.text.splitlines()]
    assert kinds[0] == "planned"
    assert kinds[:3] == ["planned", "intent", "sent"]
    erased = ledger.AccountErased(account_id="C1")
    await world.take(world.ledger_event("account-erased", "C1", erased))
    after = await desk.get("/v1/accounts/C1/contact-record")
    assert after.text.startswith(before.text)
    assert "c1@example.com" not in after.text
    file = tmp_path / "record.ndjson"
    file.write_bytes(after.content)
    assert verify.main([str(file)]) == 0


def test_a_tenth_is_drawn_by_the_task_s_id_alone() -> None:
    drawn = [is_drawn(f"task {n}", 0.1) for n in range(2000)]
    assert drawn == [is_drawn(f"task {n}", 0.1) for n in range(2000)]
    assert 150 < sum(drawn) < 250
    assert not any(is_drawn(f"task {n}", 0) for n in range(100))
    assert all(is_drawn(f"task {n}", 1) for n in range(100))
