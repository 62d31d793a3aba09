"""Early warnings: a strategy may start on one, with a task for a person."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from services.outreach.dunning.domain.strategies import WarningStep
from shared.events import OUTREACH, SEGMENTATION, Received, ledger
from shared.events.segmentation import EarlyWarningRaised
from tests.integration.outreach.world import DUE_ON, MORNING, World
from tests.unit.outreach.builders import STRATEGIES, at

CALL = {"escalating-delay": WarningStep(step="call-early", channel="person")}
SATURDAY = at("2026-03-07 09:00")


@pytest.fixture
def world(world: World) -> World:
    """C1's strategy starts on one kind of warning; that of business accounts on none."""
    world.strategies = {
        **STRATEGIES, "consumer": replace(STRATEGIES["consumer"], on_warning=CALL)
    }  # fmt: skip
    return world


def warning(
    world: World,
    account_id: str = "C1",
    *,
    kind: str = "escalating-delay",
    time: datetime = MORNING,
) -> Received:
    data = EarlyWarningRaised(
        account_id=account_id, kind=kind, since_on=time.date(), because="x", figures={},
        segment="reminder", arms={}, priority=1, policy_version="1",
    )  # fmt: skip
    return world.event(SEGMENTATION, account_id, "early-warning-raised", data, time=time)


async def tasks(world: World) -> list[dict[str, Any]]:
    return [event["data"] for event in await world.announced("task-created")]


async def test_a_warning_hands_the_account_to_a_person(world: World) -> None:
    await world.account("C1", debtor_id="D1")
    await world.take(*(world.issued(name, "C1", DUE_ON, 100) for name in ("I2", "I1", "I3", "I4")))
    await world.paid("I3")
    disputed = ledger.DisputeOpened(
        dispute_id="X", account_id="C1", invoice_id="I4", disputed_minor=100
    )
    await world.take(world.ledger_event("dispute-opened", "C1", disputed))
    await world.take(warning(world))
    (task,) = await tasks(world)
    assert task.pop("task_id")
    assert task.pop("case_id")
    assert task == {
        "kind": "early-warning", "queue": "collectors", "due_at": "2026-03-03T09:00:00Z",
        "skill": None, "contact_id": None,
        "account_id": "C1", "debtor_id": "D1", "strategy": "consumer", "step": "call-early",
        "strategy_version": STRATEGIES["consumer"].version, "due_on": "2026-03-03",
        "invoice_ids": ["I1", "I2"],
    }  # fmt: skip
    (told,) = await world.db.fetch(
        "select at, day from story where topic = $1 and type = 'task-created'", OUTREACH
    )
    assert (told["at"], told["day"]) == (MORNING, MORNING.date())


async def test_a_repeated_warning_says_nothing_and_a_new_episode_does(world: World) -> None:
    raised = warning(world)
    await world.take(raised, raised)
    await world.take(raised)
    assert len(await tasks(world)) == 1
    await world.take(warning(world, time=SATURDAY))
    first, second = await tasks(world)
    assert first["task_id"] != second["task_id"]
    assert second["due_on"] == "2026-03-09"  # nobody is there on a weekend


@pytest.mark.parametrize("contact_from", [None, date(2026, 3, 4)])
async def test_nobody_is_called_before_the_tenant_lets_them(
    world: World, contact_from: date | None
) -> None:
    await world.tenant_settings(contact_from)
    await world.take(warning(world))
    assert await tasks(world) == []


async def test_what_no_strategy_starts_on_says_nothing(world: World) -> None:
    await world.account("B1", kind="business")
    await world.take(
        warning(world, kind="good-payer-turning"), warning(world, "B1"), warning(world, "unknown")
    )
    assert await tasks(world) == []


async def test_an_erased_account_is_nobody_s_task(world: World) -> None:
    erased = world.ledger_event("account-erased", "C1", ledger.AccountErased(account_id="C1"))
    await world.take(erased, warning(world))
    assert await tasks(world) == []


async def test_the_shipped_strategies_start_on_no_warning(world: World) -> None:
    world.strategies = STRATEGIES
    await world.take(warning(world))
    assert await tasks(world) == []
