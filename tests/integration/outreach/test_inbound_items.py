"""What comes in is kept once, read once, and ended; nothing is dropped."""

import asyncio
import random
from datetime import date

import httpx
import pytest

from services.outreach.inbound.processes.reading import read_next
from services.outreach.inbound.processes.taking import take_message
from shared.events import ledger
from tests.integration.outreach.replies import (
    a_mail,
    contacted,
    pauses,
    post,
    replies,
    tasks,
)
from tests.integration.outreach.world import World

# ---------------------------------------------------------------------- once, and never dropped


async def test_a_repeat_changes_nothing(world: World, http: httpx.AsyncClient) -> None:
    contact_id = await contacted(world)
    raw = a_mail("Je paierai vendredi", contact_id=contact_id, world=world)
    first = await post(http, raw)
    assert await post(http, raw) == first
    assert len(world.ledger.commands) == 1
    assert len(await replies(world)) == 1


async def test_machines_that_answer_change_nothing(world: World, http: httpx.AsyncClient) -> None:
    raw = a_mail("I will pay on Friday. STOP", Auto_Submitted="auto-replied")
    item = await post(http, raw)
    assert (item["state"], item["reply_class"]) == ("auto-reply", "auto-reply")
    assert await world.announced("reply-received", "consent-revoked") == []
    assert (await tasks(world), await pauses(world)) == ([], [])


async def test_what_the_ledger_refuses_is_a_persons_with_the_reason(
    world: World, http: httpx.AsyncClient
) -> None:
    contact_id = await contacted(world)
    world.ledger.next_answers.append((422, {"detail": "Two are open already.", "errors": [
        {"pointer": "/due_on", "detail": "too late"}]}))  # fmt: skip
    item = await post(http, a_mail("Je paierai vendredi", contact_id=contact_id, world=world))
    assert (item["state"], item["effect"]) == ("for-person", "task")
    (row,) = await world.db.fetch("select kind, note from tasks")
    assert row["kind"] == "promise"
    assert row["note"] == "the ledger refused it (422): Two are open already.: /due_on too late"
    assert await pauses(world) == [("C1", "reply")]
    assert await world.announced("right-party-contacted") == []


async def test_a_ledger_that_does_not_answer_is_asked_again(
    world: World, http: httpx.AsyncClient
) -> None:
    contact_id = await contacted(world)
    world.ledger.next_answers.append((503, {}))
    item = await post(http, a_mail("Je paierai vendredi", contact_id=contact_id, world=world))
    assert (item["state"], item["tries"]) == ("open", 1)
    async with world.db.transaction() as session:
        await session.execute("update inbound set try_at = stored_at")
    # Meanwhile less is collectable; the same is asked again all the same.
    world.answers("C1", ("I1", date(2027, 3, 2), 1_000), only=True)
    assert await read_next(world.context)
    shown = (await http.get(f"/v1/inbound/{item['inbound_id']}")).json()
    assert (shown["state"], shown["effect"]) == ("applied", "command")
    assert [c.body["amount_minor"] for c in world.ledger.commands] == [12_000, 12_000]
    assert len({c.key for c in world.ledger.commands}) == 1
    assert not await read_next(world.context)


async def test_while_the_ledger_is_away_the_debtor_is_left_alone(
    world: World, http: httpx.AsyncClient
) -> None:
    world.ledger.mode = "error"
    item = await post(http, a_mail("I never received it"))
    assert item["state"] == "open"
    assert await pauses(world) == [("C1", "reply")]
    world.ledger.mode = "good"
    async with world.db.transaction() as session:
        await session.execute("update inbound set try_at = stored_at")
    await read_next(world.context)
    assert (await pauses(world), len(world.ledger.taken)) == ([], 1)


async def test_a_pause_ends_with_who_was_reached_and_not_with_a_voicemail(
    world: World, http: httpx.AsyncClient
) -> None:
    await post(http, a_mail("Mein Anwalt meldet sich"))
    ann, task_id = {"X-Actor": "ann"}, await world.value("select task_id from tasks")
    for disposition, left in (("voicemail", [("C1", "reply")]), ("refusal", [])):
        claimed = await http.post(f"/v1/tasks/{task_id}/claim", headers=ann)
        assert claimed.status_code == 200, claimed.text
        body = {"disposition": disposition, "seconds": 10}
        done = await http.post(f"/v1/tasks/{task_id}/complete", json=body, headers=ann)
        assert done.status_code == 200, done.text
        assert await pauses(world) == left
        task_id = next(iter(done.json()["tasks_opened"]), None)


async def test_what_lies_open_for_an_hour_is_a_violation(
    world: World, http: httpx.AsyncClient
) -> None:
    world.ledger.mode = "error"
    await post(http, a_mail("I never received it"))
    name = "what came in is read within an hour"

    async def violations() -> dict[str, int]:
        items = (await http.get("/v1/integrity")).json()["items"]
        return {each["name"]: each["violations"] for each in items}

    assert set((await violations()).values()) == {0}
    async with world.db.transaction() as session:
        await session.execute("update inbound set stored_at = stored_at - interval '61 minutes'")
    assert {n for n, count in (await violations()).items() if count} == {name}


async def test_several_workers_read_each_item_once(world: World, http: httpx.AsyncClient) -> None:
    world.ledger.mode = "error"
    for number in range(12):
        await post(http, a_mail(f"I never received it, the {number}th time"))
    world.ledger.mode = "good"
    async with world.db.transaction() as session:
        await session.execute("update inbound set try_at = stored_at")

    async def work() -> int:
        count = 0
        while await read_next(world.context):
            count += 1
        return count

    counts = await asyncio.gather(*[work() for _ in range(4)])
    assert sum(counts) == 12
    assert len(await world.announced("reply-received")) == 12
    rows = await world.db.fetch("select distinct state from inbound")
    assert [row["state"] for row in rows] == ["applied"]


async def test_what_cannot_be_read_is_a_persons(
    world: World, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("services.outreach.inbound.processes.reading.read_mail", broken)
    item = await post(http, a_mail("Hello"))
    for _ in range(4):
        async with world.db.transaction() as session:
            await session.execute("update inbound set try_at = stored_at")
        await read_next(world.context)
    shown = (await http.get(f"/v1/inbound/{item['inbound_id']}")).json()
    assert (shown["state"], shown["failure"]) == ("for-person", "cannot be read: RuntimeError")
    # Whose it is stands in its sender: somebody is asked to answer, and nothing is sent meanwhile.
    assert (shown["account_id"], await tasks(world)) == ("C1", ["reply"])
    assert await pauses(world) == [("C1", "reply")]
    (row,) = await world.db.fetch("select note from tasks")
    assert row["note"] == "cannot be read: RuntimeError"


async def test_bytes_that_are_no_mail_are_a_persons(world: World, http: httpx.AsyncClient) -> None:
    item = await post(http, b"no mail at all\xff\x00")
    assert item["state"] == "for-person"
    assert (await http.post("/v1/inbound/email", content=b" ")).status_code == 422
    assert (await http.post("/v1/inbound/email", content=b"x" * 11_000_000)).status_code == 413


async def test_what_was_written_goes_with_the_account(
    world: World, http: httpx.AsyncClient
) -> None:
    await post(http, a_mail("Hello, this is my secret word Rumpelstilzchen"))
    erased = ledger.AccountErased(account_id="C1")
    await world.take(world.ledger_event("account-erased", "C1", erased))
    (row,) = await world.db.fetch("select content, text, address, state from inbound")
    assert (row["content"], row["text"], row["address"]) == (b"", None, None)
    assert row["state"] == "for-person"
    assert await world.db.fetch("select * from account_addresses") == []
    assert "Rumpelstilzchen" not in str(await world.announced())


async def test_what_nobody_has_read_goes_with_the_account(
    world: World, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An item that is still open when its account is erased loses its text at once."""

    def away(*_: object) -> None:
        raise OSError("not now")

    monkeypatch.setattr("services.outreach.inbound.processes.reading.read_mail", away)
    monkeypatch.setattr("services.outreach.inbound.processes.reading.incoming_text", away)
    await world.account("C2")
    await post(http, a_mail("I am Rumpelstilzchen"))
    await take_message(world.context, "demo", "C1", None, "Rumpelstilzchen again", "m1")
    await post(http, a_mail("I am somebody else", From="c2@example.com"))
    erased = ledger.AccountErased(account_id="C1")
    await world.take(world.ledger_event("account-erased", "C1", erased))
    rows = await world.db.fetch(
        "select state, failure, length(content) > 0 as is_kept, address from inbound"
        " order by stored_at"
    )
    gone = ("applied", "erased", False, None)
    assert [tuple(row) for row in rows][:2] == [gone, gone]
    assert (rows[2]["state"], rows[2]["is_kept"]) == ("open", True)
    dumped = await world.db.fetch("select inbound::text as row from inbound")
    assert all("Rumpel" not in row["row"] for row in dumped)
    shown = {each["name"]: each["violations"] for each in (
        await http.get("/v1/integrity")).json()["items"]}  # fmt: skip
    assert not any(shown.values())


async def test_a_message_of_the_portal_is_certain(world: World, http: httpx.AsyncClient) -> None:
    await take_message(world.context, "demo", "C1", None, "I will pay on Friday", "m1")
    await take_message(world.context, "demo", "C1", None, "I will pay on Friday", "m1")
    (taken,) = world.ledger.taken
    assert (taken.body["due_on"], taken.body["channel"]) == ("2027-03-12", "portal")


async def test_any_order_and_repetition_ends_the_same(
    world: World, http: httpx.AsyncClient
) -> None:
    """Every item ends, and what has come in ends the same in whichever order, however often."""
    texts = ["STOP", "Ich habe schon bezahlt", "wrong number", "Mein Anwalt", "I never received it"]
    mails = [a_mail(f"{text}", Message_ID=f"<{n}@example.com>") for n, text in enumerate(texts)]

    async def state() -> tuple[object, ...]:
        rows = await world.db.fetch(
            "select inbound_id, state, effect, reply_class from inbound order by 1"
        )
        refused = await world.db.fetch("select state, count(*) from consents group by 1")
        return (
            [tuple(row) for row in rows],
            sorted(await tasks(world)),
            sorted(await pauses(world)),
            [tuple(row) for row in refused],
            len(world.ledger.taken),
            sorted(name for name, _ in await replies(world)),
        )

    for raw in [*mails, *reversed(mails)]:
        await post(http, raw)
    first = await state()
    async with world.db.transaction() as session:
        for table in ("inbound", "tasks", "consents", "opt_outs", "outbox", "address_states"):
            await session.execute(f"truncate {table}")
        await session.execute("truncate pauses")
    world.ledger.answered.clear()
    world.ledger.commands.clear()
    for raw in random.Random(7).sample([*mails, *mails], k=len(mails) * 2):
        await post(http, raw)
    assert await state() == first
    assert {row[1] for row in first[0]} <= {"applied", "for-person"}  # type: ignore[attr-defined]
