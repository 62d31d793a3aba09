"""Disputes over HTTP: opened, with evidence, resolved; of people and of the billing platform."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.integration.ledger.desk import Body, Desk, pointers

Said = Callable[..., Awaitable[list[dict[str, Any]]]]
PROMISE: Body = {"currency": "EUR", "amount_minor": 6000, "due_on": "2027-01-15"}
BID: Body = {
    "settlement_id": "T1",
    "kind": "bid",
    "currency": "EUR",
    "amount_minor": 8000,
    "pay_by_on": "2027-01-29",
}


def counts(events: list[dict[str, Any]], kind: str) -> int:
    return sum(event["type"] == kind for event in events)


# ── Races ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_dispute_from_its_opening_to_its_end(desk: Desk, said: Said) -> None:
    lines = [{"description": "a chair", "amount_minor": 4000}, {"amount_minor": 6000}]
    await desk.open()
    await desk.invoice("I1", 10000, lines=lines)
    body: Body = {"dispute_id": "D1", "invoice_id": "I1", "reason_code": "quality", "lines": [1]}
    opened = await desk.say("disputes", 201, "01-12", reason="it wobbles", **body)
    assert (opened["amount_minor"], opened["disputed_minor"]) == (4000, 4000)
    assert (opened["evidence_by_on"], opened["answer_by_on"]) == ("2027-01-26", "2027-02-11")
    assert opened["after_rejection"] == {"interest": "charge", "fees": "forgive"}
    again = await desk.say("disputes", None, "01-12", reason="it wobbles", **body)
    assert again == opened
    other = await desk.say("disputes", 422, "01-12", reason="it does not", **body)
    assert pointers(other) == ["/dispute_id"]
    assert (await desk.money())["collectable_minor"] == 6000
    shown = await desk.say("disputes/D1/evidence", 200, "01-13", ref="mail 17")
    assert [each["ref"] for each in shown["evidence"]] == ["mail 17"]
    await desk.say("disputes/D1/evidence", 200, "01-13", ref="mail 17")
    assert len((await desk.see("disputes/D1"))["evidence"]) == 1
    await desk.start("02-12")
    assert (await desk.see("disputes/D1"))["deadlines_passed"] == ["answer"]
    resolved = await desk.say("disputes/D1/resolve", 200, "02-12", outcome="upheld", reason="so")
    assert (resolved["state"], resolved["because"]) == ("resolved", "upheld")
    assert resolved["credited_minor"] == 4000
    assert (await desk.money())["balance_minor"] == 6000
    gone = await desk.say("disputes/D1/resolve", 409, "02-13", outcome="rejected", reason="so")
    assert gone["state"] == "resolved"
    events = await said()
    assert counts(events, "dispute-deadline-passed") == 1
    texts = str(events)
    assert "wobbles" not in texts
    assert "mail 17" not in texts
    assert len((await desk.see("disputes?state=resolved"))["items"]) == 1


async def test_a_dispute_of_the_billing_platform(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    event = {
        "specversion": "1.0",
        "id": "d1",
        "source": "/billing",
        "type": "dispute-opened",
        "time": "2027-01-12T11:00:00Z",
        "data": {
            "dispute_id": "D1",
            "account_id": "C1",
            "invoice_id": "I1",
            "reason_code": "not-mine",
            "evidence": [{"ref": "scan 3"}],
        },
    }
    await desk.events(event)
    await desk.events(event)
    shown = await desk.see("disputes/D1")
    assert (shown["reason_code"], shown["disputed_minor"]) == ("not-mine", 10000)
    assert [each["ref"] for each in shown["evidence"]] == ["scan 3"]
    (stop,) = (await desk.check())["stops"]
    assert (stop["kind"], stop["id"], stop["invoice_ids"]) == ("disputed", "D1", ["I1"])
    amended = await desk.say(
        "disputes/D1/resolve",
        200,
        "01-13",
        outcome="rejected",
        reason="too much",
        reason_code="amended",
    )
    assert amended["credited_minor"] is None
    assert (await desk.check())["stops"] == []
