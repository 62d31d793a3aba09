"""Promises over HTTP: made once, previewed, refused with figures, judged by days."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.integration.ledger.desk import Body, Desk, pointers

Said = Callable[..., Awaitable[list[dict[str, Any]]]]
R1: Body = {"promise_id": "R1", "currency": "EUR", "amount_minor": 8000, "due_on": "2027-01-15"}


async def test_a_promise_is_renewed_and_kept(desk: Desk) -> None:
    """The story S13."""
    await desk.open(("I1", 10000))
    made = await desk.say("promises", 201, "01-12 10:00", **R1)
    assert (made["state"], made["grace_until_on"]) == ("open", "2027-01-19")
    assert made["policy"] == {"name": "promises", "version": "default", "rule": 1}
    second: Body = {"promise_id": "R2", "currency": "EUR", "due_on": "2027-01-20"}
    refused = await desk.say("promises", 422, "01-13 10:00", amount_minor=5000, **second)
    assert (refused["most_minor"], pointers(refused)) == (2000, ["/amount_minor"])
    more: Body = {"amount_minor": 9000, "supersedes": ["R1"]}
    previewed = await desk.say("promises", 200, "01-13 10:00", preview=True, **second, **more)
    assert previewed["ends"] == [{"kind": "promise", "id": "R1"}]
    assert previewed["collectable_minor"] == [{"currency": "EUR", "before": 10000, "after": 10000}]
    assert len((await desk.see("promises"))["items"]) == 1, "nothing is kept"
    await desk.say("promises", 201, "01-13 10:00", **second, **more)
    assert (await desk.see("promises/R1"))["state"] == "cancelled"
    assert await desk.stops() == {("promise", "2027-01-22")}
    await desk.pay("P1", 9000, "01-21")
    await desk.start("01-25")
    kept = await desk.see("promises/R2")
    assert (kept["state"], kept["received_minor"]) == ("kept", 9000)
    assert kept["history"][-1]["at"] == "2027-01-21T12:00:00Z"
    assert [p["promise_id"] for p in (await desk.see("promises?state=kept"))["items"]] == ["R2"]
    assert await desk.stops() == set()


async def test_the_account_shows_what_is_promised(desk: Desk, said: Said) -> None:
    await desk.open(("I1", 10000))
    await desk.say("promises", 201, "01-12 10:00", note="will call his bank", **R1)
    account = await desk.see("/v1/accounts/C1")
    assert [promise["promise_id"] for promise in account["promises"]] == ["R1"]
    assert account["amounts"][0]["promised_minor"] == 8000
    assert account["plan"] is None
    (event,) = [event for event in await said() if event["type"] == "promise-made"]
    assert "bank" not in str(event), "what people write stays in the ledger"
    past = await desk.see("/v1/accounts/C1?as_of=2027-01-11")
    assert past["promises"] == []


async def test_all_that_is_wrong_is_said_at_once(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    body: Body = {**R1, "due_on": "2027-03-15", "invoice_ids": ["I1", "I9"], "supersedes": ["R9"]}
    refused = await desk.say("promises", 422, "01-12 10:00", **{**body, "amount_minor": 10001})
    assert pointers(refused) == ["/due_on", "/invoice_ids/1", "/supersedes/0", "/amount_minor"]
    assert (refused["most_minor"], refused["latest_on"]) == (10000, "2027-02-11")
    unknown = await desk.say("promises", 422, **R1, amount=1)
    assert pointers(unknown) == ["/amount"]
    twice = await desk.say("promises", 422, **R1, invoice_ids=["I1", "I1"])
    assert pointers(twice) == ["/invoice_ids"]
    assert (await desk.see("promises"))["items"] == []


async def test_the_same_promise_is_made_once(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    first = await desk.say("promises", 201, "01-12 10:00", **R1)
    again = await desk.say("promises", None, "01-12 10:00", **R1)
    assert again == first
    other = await desk.say("promises", 422, "01-12 10:00", **{**R1, "amount_minor": 7999})
    assert pointers(other) == ["/promise_id"]
    named: Body = {"currency": "EUR", "amount_minor": 500, "due_on": "2027-01-15"}
    one = await desk.say("promises", 201, "01-12 11:00", key="k1", **named)
    two = await desk.say("promises", 201, "01-12 11:00", key="k1", **named)
    assert one == two
    assert len((await desk.see("promises"))["items"]) == 2


async def test_a_promise_is_cancelled_once(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    await desk.say("promises", 201, "01-12 10:00", **R1)
    ended = await desk.say("promises/R1/cancel", 200, "01-12 11:00", reason="he pays in two parts")
    assert ended["state"] == "cancelled"
    await desk.say("promises/R1/cancel", 200, "01-12 11:00", reason="he pays in two parts")
    refused = await desk.say("promises/R1/cancel", 409, "01-12 12:00", reason="again")
    assert (refused["state"], refused["because"]) == ("cancelled", "cancelled")
    await desk.say("promises/R9/cancel", 404, reason="there is none")
    await desk.say("/v1/accounts/C9/promises", 404, **R1)


async def test_a_promise_of_the_past_is_checked_by_the_debts_of_then(desk: Desk) -> None:
    """What was agreed before money came is brought in after it."""
    await desk.open(("I1", 10000))
    await desk.start("01-20")
    await desk.pay("P1", 10000, "01-14")
    late = await desk.say("promises", 201, "01-12 10:00", **R1)
    assert (late["state"], late["received_minor"]) == ("kept", 8000)
