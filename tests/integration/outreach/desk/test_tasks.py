"""Tasks and cases over HTTP: given in their order, kept for a while, ended with what follows."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.outreach.activity.commands import cancel_tasks
from services.outreach.desk.processes.upkeep import tend_desk
from shared.events import SEGMENTATION, ledger
from shared.events.segmentation import SegmentChanged
from tests.integration.outreach.desk.helpers import ANN, BOB, a_task, moved, opened
from tests.integration.outreach.world import MORNING, World
from tests.unit.outreach.builders import at


@pytest.fixture
async def desk(world: World, client: httpx.AsyncClient) -> httpx.AsyncClient:
    await moved(world, MORNING)
    return client


async def taken(client: httpx.AsyncClient, who: dict[str, str] = ANN, **body: Any) -> Any:
    answer = await client.post("/v1/worklist/next", json=body, headers=who)
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.status_code == 200 else None


async def completed(
    client: httpx.AsyncClient, task_id: str, who: dict[str, str] = ANN, **body: Any
) -> httpx.Response:
    body = {"seconds": 60} | body
    return await client.post(f"/v1/tasks/{task_id}/complete", json=body, headers=who)


# ------------------------------------------------------------------------------ opened, cancelled


async def test_a_task_is_opened_once_for_its_cause_in_the_case_of_its_account(
    world: World,
) -> None:
    assert len(await opened(world, a_task("inbound 1"), a_task("inbound 2"))) == 2
    assert await opened(world, a_task("inbound 1"), a_task("inbound 2")) == []
    case, *tasks = await world.announced("case-opened", "task-created")
    assert (case["data"]["number"], case["data"]["because"]) == (1, "task")
    assert {task["data"]["case_id"] for task in tasks} == {case["data"]["case_id"]}
    assert len(tasks) == 2


async def test_a_task_whose_reason_fell_away_is_cancelled_once(world: World) -> None:
    (task_id,) = await opened(world, a_task("inbound 1"))
    for _ in range(2):
        async with world.db.transaction() as session:
            await cancel_tasks(
                session, world.tenant, MORNING, "handled", at=MORNING, causes={"inbound 1"}
            )
    (event,) = await world.announced("task-cancelled")
    assert (event["data"]["task_id"], event["data"]["because"]) == (task_id, "handled")


async def test_a_call_about_what_is_paid_is_cancelled_and_the_case_closes(world: World) -> None:
    await world.overdue("I1")
    await opened(world, a_task("contact 1", kind="call", invoice_ids=("I1",)))
    await world.paid("I1")
    types = [
        (event["type"], event["data"].get("because"))
        for event in await world.announced("case-opened", "task-cancelled", "case-closed")
    ]
    assert types == [("case-opened", "overdue"), ("task-cancelled", "paid"),
                     ("case-closed", "paid")]  # fmt: skip


async def test_a_case_opens_again_under_the_next_number(world: World) -> None:
    await world.overdue("I1")
    await world.paid("I1")
    await world.overdue("I2", checked=False)
    numbers = [event["data"]["number"] for event in await world.announced("case-opened")]
    assert numbers == [1, 2]


async def test_a_case_stays_open_while_a_task_is_and_closes_with_it(
    world: World, desk: httpx.AsyncClient
) -> None:
    await world.overdue("I1")
    (task_id,) = await opened(world, a_task("inbound 1"))
    await world.paid("I1")
    assert await world.announced("case-closed") == []
    await taken(desk)
    assert (await completed(desk, task_id, disposition="no-call")).status_code == 200
    (closed,) = await world.announced("case-closed")
    assert closed["data"]["because"] == "paid"


async def test_an_erased_account_has_no_tasks_and_no_notes(
    world: World, desk: httpx.AsyncClient
) -> None:
    await opened(world, a_task("inbound 1", note="called at night"))
    written = await desk.post("/v1/accounts/C1/notes", json={"note": "is ill"}, headers=ANN)
    assert written.status_code == 201
    erased = ledger.AccountErased(account_id="C1")
    await world.take(world.ledger_event("account-erased", "C1", erased))
    assert [e["data"]["because"] for e in await world.announced("task-cancelled")] == ["erased"]
    assert [e["data"]["because"] for e in await world.announced("case-closed")] == ["erased"]
    (row,) = await world.db.fetch("select note from tasks")
    assert row["note"] is None
    assert await world.db.fetch("select * from notes") == []


# ---------------------------------------------------------------------------------- the work list


async def test_the_order_of_the_page(world: World, desk: httpx.AsyncClient) -> None:
    for account in ("C2", "C3", "C4", "C5", "C6"):
        await world.account(account)
    await world.take(
        *(
            world.event(
                SEGMENTATION,
                account,
                "segment-changed",
                SegmentChanged(
                    account_id=account, from_segment=None, to_segment="x", arms={},
                    priority=priority, because="x", policy_version="1",
                ),
                time=MORNING,
            )
            for account, priority in (("C2", 5), ("C3", 9))
        )
    )  # fmt: skip
    await opened(
        world,
        a_task("later", "C1", due_at=MORNING - timedelta(hours=1)),
        a_task("earlier", "C6", due_at=MORNING - timedelta(hours=2)),
        a_task("lower", "C2"),
        a_task("higher", "C3"),
        a_task("own", "C4"),
        a_task("escalated", "C5", escalated=True),
        a_task("callback", "C1", kind="callback"),
        a_task("tomorrow", "C1", due_at=MORNING + timedelta(days=1)),
    )
    (case,) = (await desk.get("/v1/cases", params={"account_id": "C4"})).json()["items"]
    mine = await desk.put(f"/v1/cases/{case['case_id']}", json={"owner": "ann"})
    assert mine.json()["owner"] == "ann"
    listed = (await desk.get("/v1/worklist", headers=ANN)).json()["items"]
    given = [await taken(desk) for _ in range(7)]
    assert [task["account_id"] for task in given] == ["C1", "C5", "C4", "C3", "C2", "C6", "C1"]
    assert [task["task_id"] for task in listed] == [task["task_id"] for task in given]
    assert await taken(desk) is None  # tomorrow's
    await moved(world, MORNING + timedelta(days=1))
    assert (await taken(desk))["kind"] == "reply"


async def test_pages_of_the_work_list_are_the_whole_of_it(
    world: World, desk: httpx.AsyncClient
) -> None:
    await opened(world, *(a_task(f"inbound {n}", escalated=n % 3 == 0) for n in range(7)))
    whole = (await desk.get("/v1/worklist", headers=ANN)).json()["items"]
    found: list[Any] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await desk.get("/v1/worklist", params=params, headers=ANN)).json()
        found += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert found == whole
    assert len(whole) == 7


async def test_a_skill_opens_its_queue_on_the_days_of_its_certificate(
    world: World, desk: httpx.AsyncClient
) -> None:
    assert (await desk.put("/v1/queues/care", json={"skill": "vulnerable"})).status_code == 200
    (task_id,) = await opened(world, a_task("inbound 1", queue="care"))
    assert await taken(desk) is None
    refused = await desk.post(f"/v1/tasks/{task_id}/claim", headers=ANN)
    assert (refused.status_code, refused.json()["skill"]) == (409, "vulnerable")
    day = MORNING.date()
    for valid_from, valid_until, is_given in (
        (day + timedelta(days=1), None, False),
        (day - timedelta(days=9), day - timedelta(days=1), False),
        (day, day, True),
    ):
        body = {"name": "vulnerable", "valid_from": str(valid_from),
                "valid_until": valid_until and str(valid_until)}  # fmt: skip
        given = await desk.put("/v1/people/ann/certificates", json=body)
        assert given.status_code == 200, given.text
        task = await taken(desk)
        assert (task is not None) is is_given
    assert task["skill"] == "vulnerable"


async def test_one_task_is_one_person_s_until_the_lease_ends(
    world: World, desk: httpx.AsyncClient
) -> None:
    (task_id,) = await opened(world, a_task("inbound 1"))
    mine = await taken(desk)
    assert await taken(desk, BOB) is None
    theirs = await desk.post(f"/v1/tasks/{task_id}/claim", headers=BOB)
    assert theirs.status_code == 409
    assert theirs.json()["claimed_by"] == "ann"
    assert theirs.json()["until"] == mine["until"]
    extended = await desk.post(f"/v1/tasks/{task_id}/extend", headers=ANN)
    assert extended.json()["until"] > mine["until"]
    assert (await desk.post(f"/v1/tasks/{task_id}/extend", headers=BOB)).status_code == 409
    assert (await completed(desk, task_id, BOB, disposition="no-call")).status_code == 409
    async with world.db.transaction() as session:
        await session.execute("update tasks set lease_until = now() - interval '1 second'")
    await tend_desk(world.context)
    assert (await taken(desk, BOB))["claimed_by"] == "bob"
    assert (await completed(desk, task_id, ANN, disposition="no-call")).status_code == 409
    told = [(e["type"], e["data"].get("collector"))
            for e in await world.announced("task-claimed", "task-released")]  # fmt: skip
    assert told == [("task-claimed", "ann"), ("task-released", "ann"), ("task-claimed", "bob")]


# ------------------------------------------------------------------------------------ dispositions


async def a_claimed_call(world: World, desk: httpx.AsyncClient, **given: Any) -> str:
    await world.overdue("I1")
    (task_id,) = await opened(world, a_task("contact 1", kind="call", invoice_ids=("I1",), **given))
    answer = await desk.post(f"/v1/tasks/{task_id}/claim", headers=ANN)
    assert answer.status_code == 200
    return task_id


PROMISE = {"amount_minor": 10_000, "currency": "EUR", "due_on": "2026-03-20"}


async def test_a_promise_goes_to_the_ledger_as_it_was_given_and_once(
    world: World, desk: httpx.AsyncClient
) -> None:
    task_id = await a_claimed_call(world, desk)
    first = await completed(desk, task_id, disposition="promise", command=PROMISE, note="fine")
    again = await completed(desk, task_id, disposition="promise", command=PROMISE, note="fine")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    (command,) = world.ledger.requests
    by = command["body"].pop("by")
    assert command["body"] == PROMISE
    assert by == {"kind": "collector", "id": "ann"}
    assert (command["method"], command["path"]) == ("POST", "/v1/accounts/C1/promises")
    assert command["key"]
    types = [e["type"] for e in await world.announced("task-completed", "right-party-contacted")]
    assert sorted(types) == ["right-party-contacted", "task-completed"]
    other = await completed(desk, task_id, disposition="refusal")
    assert other.status_code == 409


async def test_the_ledger_s_422_comes_back_under_command_and_the_task_stays(
    world: World, desk: httpx.AsyncClient
) -> None:
    task_id = await a_claimed_call(world, desk)
    problem = {"status": 422, "detail": "No.",
               "errors": [{"pointer": "/due_on", "detail": "too late"}]}  # fmt: skip
    world.ledger.answers["/v1/accounts/C1/promises"] = (422, problem)
    refused = await completed(desk, task_id, disposition="promise", command=PROMISE)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"pointer": "/command/due_on", "detail": "too late"}]
    shown = (await desk.get(f"/v1/tasks/{task_id}", headers=ANN)).json()
    assert (shown["state"], shown["claimed_by"]) == ("claimed", "ann")
    assert (await completed(desk, task_id, disposition="refusal")).status_code == 200


@pytest.mark.parametrize("status", [0, 500, 503])
async def test_without_an_answer_the_same_again_is_safe_and_nothing_else(
    world: World, desk: httpx.AsyncClient, status: int
) -> None:
    task_id = await a_claimed_call(world, desk)
    world.ledger.answers["/v1/accounts/C1/promises"] = (status, {})
    assert (
        await completed(desk, task_id, disposition="promise", command=PROMISE)
    ).status_code == 503
    assert (await completed(desk, task_id, disposition="refusal")).status_code == 409
    await world.paid("I1")  # while it runs, no fact takes the task away
    world.ledger.answers.clear()
    done = await completed(desk, task_id, disposition="promise", command=PROMISE)
    assert done.status_code == 200
    assert len({command["key"] for command in world.ledger.requests}) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"disposition": "promise"}, "/command"),
        ({"disposition": "refusal", "command": {}}, "/command"),
        ({"disposition": "callback"}, "/follow_up_at"),
        ({"disposition": "refusal", "follow_up_at": "2026-03-05T10:00:00Z"}, "/follow_up_at"),
        ({"disposition": "callback", "follow_up_at": "2026-03-01T10:00:00Z"}, "/follow_up_at"),
        ({"disposition": "refusal", "call_id": "unknown"}, "/call_id"),
        ({"disposition": "sung"}, "/disposition"),
        ({"disposition": "refusal", "seconds": -1}, "/seconds"),
    ],
)
async def test_a_completion_that_does_not_fit_is_refused(
    world: World, desk: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    task_id = await a_claimed_call(world, desk)
    refused = await completed(desk, task_id, **body)
    assert refused.status_code == 422
    assert pointer in [error["pointer"] for error in refused.json()["errors"]]


@pytest.mark.parametrize(
    ("disposition", "hold", "task", "preference", "party"),
    [
        ("payment-claim", None, None, None, "right"),
        ("refusal", None, None, None, "right"),
        ("hardship", "hardship", "hardship", "circumstances", "right"),
        ("paid-now", None, None, None, "right"),
        ("cease", "cease", "legal", "cease", "right"),
        ("attorney", "attorney", "legal", "attorney", "right"),
        ("bankruptcy", "bankruptcy", "legal", "circumstances", "right"),
        ("deceased", "deceased", "legal", "circumstances", "right"),
        ("third-party", None, None, None, "wrong"),
        ("wrong-party", None, None, None, "wrong"),
        ("no-call", None, None, None, None),
    ],
)
async def test_what_follows_a_disposition(
    world: World,
    desk: httpx.AsyncClient,
    disposition: str,
    hold: str | None,
    task: str | None,
    preference: str | None,
    party: str | None,
) -> None:
    task_id = await a_claimed_call(world, desk)
    done = await completed(desk, task_id, disposition=disposition)
    assert done.status_code == 200, done.text
    placed = [command["body"]["kind"] for command in world.ledger.requests]
    assert placed == ([hold] if hold else [])
    followed = [e["data"]["kind"] for e in await world.announced("task-created")][1:]
    assert followed == ([task] if task else [])
    changed = [e["data"]["kind"] for e in await world.announced("preference-changed")]
    assert sorted(set(changed)) == ([preference] if preference else [])
    touched = [e["type"] for e in await world.announced(
        "right-party-contacted", "wrong-party-contacted")]  # fmt: skip
    assert touched == ([f"{party}-party-contacted"] if party else [])
    history = await world.db.fetch("select entry from past_contacts")
    assert len(history) == (0 if disposition == "no-call" else 1)


async def test_nobody_there_three_times_ends_the_task(
    world: World, desk: httpx.AsyncClient
) -> None:
    task_id = await a_claimed_call(world, desk)
    due: list[str] = []
    for attempt in range(1, 4):
        done = (await completed(desk, task_id, disposition="no-answer")).json()
        if attempt < 3:
            (task_id,) = done["tasks_opened"]
            shown = (await desk.get(f"/v1/tasks/{task_id}", headers=ANN)).json()
            assert shown["attempt"] == attempt + 1
            due.append(shown["due_at"])
            await moved(world, datetime.fromisoformat(shown["due_at"]))
            await desk.post(f"/v1/tasks/{task_id}/claim", headers=ANN)
    assert done["tasks_opened"] == []
    # Tuesday the 3rd: two business days later, and again.
    assert due == ["2026-03-05T09:00:00Z", "2026-03-09T09:00:00Z"]


async def test_a_callback_comes_first_when_its_time_has_come(
    world: World, desk: httpx.AsyncClient
) -> None:
    task_id = await a_claimed_call(world, desk)
    await opened(world, a_task("inbound 9", escalated=True))
    when = "2026-03-03T11:00:00Z"
    await completed(desk, task_id, disposition="callback", follow_up_at=when, note="after lunch")
    assert (await taken(desk))["kind"] == "reply"
    assert await taken(desk) is None
    await moved(world, at("2026-03-03 11:00"))
    callback = await taken(desk)
    assert (callback["kind"], callback["note"]) == ("callback", "after lunch")


async def test_a_person_s_time_has_its_price(world: World, desk: httpx.AsyncClient) -> None:
    settings = {"costs": {"currency": "EUR", "person": {"minute": 500_000}}}
    assert (await desk.put("/v1/settings", json=settings)).status_code == 200
    task_id = await a_claimed_call(world, desk)
    await completed(desk, task_id, disposition="refusal", seconds=61)
    (event,) = await world.announced("task-completed")
    assert (event["data"]["cost_micros"], event["data"]["cost_currency"]) == (1_000_000, "EUR")
