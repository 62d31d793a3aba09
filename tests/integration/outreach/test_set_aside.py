"""A debtor that fails for good is set aside as a task; its neighbours are contacted in the run."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from services.outreach.channels.domain.parts import Parts
from services.outreach.dunning.processes import contact_runs
from services.outreach.dunning.processes.delivery import Delivery
from shared.errors import Unavailable
from tests.integration.outreach.world import MORNING, World, counts

NEIGHBOURS = tuple(f"C{number}" for number in range(1, 8))
POISONED = "C3"


@pytest.fixture
async def debtors(world: World, slow_machine: None) -> World:
    for account_id in NEIGHBOURS[1:]:
        await world.account(account_id)
    for account_id in NEIGHBOURS:
        await world.overdue(f"I-{account_id}", account_id)
    return world


async def refuse(world: World, table: str, condition: str) -> None:
    """Rows of the table that fit are refused, for ever."""
    async with world.db.transaction() as session:
        await session.execute(
            "create function refuse() returns trigger language plpgsql as"
            " $$ begin raise exception 'never' using errcode = 'check_violation'; end $$"
        )
        await session.execute(
            f"create trigger refuse before insert on {table} for each row"
            f" when ({condition}) execute function refuse()"
        )


async def break_plans(world: World, _patch: pytest.MonkeyPatch) -> None:
    await world.db.fetch("update accounts set arms = '[]' where account_id = $1", POISONED)


async def break_intents(world: World, _patch: pytest.MonkeyPatch) -> None:
    await refuse(world, "steps", f"new.account_id = '{POISONED}'")


async def break_hand_over(_world: World, patch: pytest.MonkeyPatch) -> None:
    rendered = Delivery._rendered

    def broken(delivery: Delivery) -> Parts | None:
        if delivery._contact.account_id == POISONED:
            raise KeyError("template")
        return rendered(delivery)

    patch.setattr(Delivery, "_rendered", broken)


async def break_results(world: World, _patch: pytest.MonkeyPatch) -> None:
    await refuse(world, "story", f"new.type = 'contact-sent' and new.account_id = '{POISONED}'")


Break = Callable[[World, pytest.MonkeyPatch], Awaitable[None]]


@pytest.mark.parametrize(
    "breaks", [break_plans, break_intents, break_hand_over, break_results],
    ids=["plan", "intent", "hand-over", "result"],
)  # fmt: skip
async def test_the_neighbours_are_contacted_and_a_person_is_told_once(
    debtors: World, breaks: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    await breaks(debtors, monkeypatch)
    ran = await debtors.run()
    assert (ran.counts["sent"], ran.counts["set_aside"]) == (len(NEIGHBOURS) - 1, 1)
    sent = {event["key"] for event in await debtors.announced("contact-sent")}
    assert sent == set(NEIGHBOURS) - {POISONED}
    (task,) = await debtors.announced("task-created")
    assert (task["key"], task["data"]["step"]) == (POISONED, "set-aside")
    assert task["data"]["invoice_ids"] == []
    assert ran.next_due_at is not None
    assert ran.next_due_at > MORNING

    await debtors.end_lease()
    again = await debtors.run(MORNING + timedelta(minutes=1))
    assert again.counts == counts()
    assert len(await debtors.announced("task-created")) == 1


async def test_it_is_tried_again_after_a_day_and_gets_no_second_task(debtors: World) -> None:
    await debtors.db.fetch("update accounts set arms = '[]' where account_id = $1", POISONED)
    await debtors.run()
    assert (await debtors.run(MORNING + timedelta(hours=23))).counts.get("set_aside", 0) == 0
    assert (await debtors.run(MORNING + timedelta(hours=25))).counts["set_aside"] == 1
    assert len(await debtors.announced("task-created")) == 1
    await debtors.db.fetch("update accounts set arms = '{}' where account_id = $1", POISONED)
    assert (await debtors.run(MORNING + timedelta(hours=50))).counts["sent"] == 1


async def test_it_is_tried_again_when_its_facts_change(debtors: World) -> None:
    await debtors.db.fetch("update accounts set arms = '[]' where account_id = $1", POISONED)
    await debtors.run()
    await debtors.db.fetch("update accounts set arms = '{}' where account_id = $1", POISONED)
    await debtors.account(POISONED)
    debtors.answers(POISONED)  # with the number of what came in
    assert (await debtors.run(MORNING + timedelta(hours=1))).counts["sent"] == 1
    assert [e["key"] for e in await debtors.announced("contact-sent")].count(POISONED) == 1


async def test_where_many_fail_the_run_stops_and_the_next_goes_on(
    debtors: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_runs, "SET_ASIDE_MAX", 2)
    await debtors.db.fetch("update accounts set arms = '[]' where account_id in ('C1', 'C2', 'C3')")
    with pytest.raises(Unavailable, match="2 debtors were set aside"):
        await debtors.run()
    ran = await debtors.run(MORNING + timedelta(minutes=2))
    assert (ran.counts["sent"], ran.counts["set_aside"]) == (4, 1)


async def test_the_door_says_how_many_were_set_aside_and_are_held(
    debtors: World, client: httpx.AsyncClient
) -> None:
    await debtors.db.fetch("update accounts set arms = '[]' where account_id = $1", POISONED)
    await debtors.run(MORNING - timedelta(hours=5))  # plans, and contacts nobody yet
    await debtors.db.fetch(
        "update contacts set state = 'claimed', claim = 'a run that died',"
        " lease_until = now() + interval '1 minute'"
        " where debtor_key in ('account/C1', 'account/C2')"
    )
    answer = await client.post("/v1/jobs/run-due", json={"at": MORNING.isoformat()})
    assert answer.status_code == 200, answer.text
    assert answer.json()["held"] == 2
    assert answer.json()["counts"]["sent"] == 4
