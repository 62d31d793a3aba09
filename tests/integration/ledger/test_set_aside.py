"""An account that can't be computed leaves its neighbours alone: on a day, in a batch, in reads."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import pytest

from services.ledger.commands import days, facts
from services.ledger.domain import AccountState
from services.ledger.processes.days import start_day
from shared.database import Database
from tests.factories import a_payment, an_account, an_invoice
from tests.integration.ledger.processes import a_process, take

Post = Callable[..., Awaitable[httpx.Response]]
DUE = "2026-03-15"
NAMES = tuple(f"C{number:02}" for number in range(1, 21))
POISONED = "C07"


async def a_portfolio(post: Post) -> None:
    for name in NAMES:
        answer = await post(an_account(name), an_invoice(f"I-{name}", name))
        assert answer.json()["accepted"] == 2


def break_rules(patch: pytest.MonkeyPatch, module: Any, function: str) -> None:
    """The rules raise on one account."""
    rules = getattr(module, function)

    def broken(account: AccountState, *rest: Any) -> Any:
        assert account.account_id != POISONED, "the rules are wrong about it"
        return (yield from rules(account, *rest))

    patch.setattr(module, function, broken)


async def begin(client: httpx.AsyncClient, day: str) -> dict[str, Any]:
    answer = await client.post("/v1/jobs/start-day", json={"day": day})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_day_goes_on_without_it_and_says_so(
    client: httpx.AsyncClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_portfolio(post)
    with monkeypatch.context() as patch:
        break_rules(patch, days, "begin_in_slices")
        begun = await begin(client, "2026-03-16")
        assert begun == {"counts": {"invoice-overdue": len(NAMES) - 1}, "set_aside": 1}
        (waiting,) = (await client.get("/v1/set-aside")).json()["items"]
        assert waiting["account_id"] == POISONED
        assert "AssertionError" in waiting["reason"]
        (said,) = (await client.get("/v1/rejections")).json()["items"]
        assert (said["account_id"], said["origin"]) == (POISONED, "start-day")

        # Again on the day: it waits. On the next: it is tried, and nothing is said twice.
        assert await begin(client, "2026-03-16") == {"counts": {}}
        assert (await begin(client, "2026-03-17"))["set_aside"] == 1
        assert len((await client.get("/v1/rejections")).json()["items"]) == 1
    assert (await begin(client, "2026-03-18"))["counts"] == {"invoice-overdue": 1}
    assert (await client.get("/v1/set-aside")).json()["items"] == []


async def test_it_is_tried_again_when_it_has_changed(
    client: httpx.AsyncClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_portfolio(post)
    with monkeypatch.context() as patch:
        break_rules(patch, days, "begin_in_slices")
        await begin(client, "2026-03-16")
    await post(a_payment("P1", POISONED, 1))
    await begin(client, "2026-03-16")
    assert (await client.get("/v1/set-aside")).json()["items"] == []


async def test_facts_that_can_t_be_read_leave_the_others_their_day(ledger_db: Database) -> None:
    writer = a_process(ledger_db)
    for name in NAMES:
        await take(writer, an_account(name), an_invoice(f"I-{name}", name))
    await ledger_db.fetch(
        "update facts set data = '[]' where account_id = $1 and kind = 'invoice-issued'", POISONED
    )
    begun = await start_day(a_process(ledger_db), "demo", day=date(2026, 3, 16))
    assert (begun.counts, begun.set_aside) == ({"invoice-overdue": len(NAMES) - 1}, 1)


async def test_its_events_are_refused_and_the_others_of_the_batch_taken(
    client: httpx.AsyncClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_portfolio(post)
    break_rules(monkeypatch, facts, "record_in_slices")
    payments = [a_payment(f"P-{name}", name, 1) for name in NAMES]
    answer = await post(*payments)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] == len(NAMES) - 1
    (refused,) = answer.json()["rejected"]
    assert refused["index"] == NAMES.index(POISONED)
    assert "AssertionError" in refused["errors"][0]["detail"]
    (listed,) = (await client.get("/v1/rejections")).json()["items"]
    assert listed["account_id"] == POISONED


async def test_a_request_of_nothing_else_fails_and_may_be_sent_again(
    client: httpx.AsyncClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_portfolio(post)
    with monkeypatch.context() as patch:
        break_rules(patch, facts, "record_in_slices")
        answer = await post(a_payment("P1", POISONED, 1))
        assert answer.status_code == 503
        assert POISONED in answer.json()["detail"]
        assert (await client.get("/v1/rejections")).json()["items"] == []
    assert (await post(a_payment("P1", POISONED, 1))).json()["accepted"] == 1


async def test_a_read_of_it_says_why_there_is_no_answer(
    client: httpx.AsyncClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.ledger import domain

    await a_portfolio(post)
    break_rules(monkeypatch, domain, "as_of_in_slices")
    for path in (f"/v1/accounts/{POISONED}?as_of={DUE}", f"/v1/aging?as_of={DUE}"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert POISONED in answer.json()["detail"]
    assert (await client.get(f"/v1/accounts/{NAMES[0]}?as_of={DUE}")).status_code == 200
