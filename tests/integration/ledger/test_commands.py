"""Commands under stress: races, lost answers, who may do what, and when."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.keys import new_pair
from shared.database import Session
from tests.integration.ledger.conftest import api
from tests.integration.ledger.desk import Body, Desk, pointers, token

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


async def test_two_collectors_promise_the_same_money_once(desk: Desk, said: Said) -> None:
    await desk.open(("I1", 10000))
    answers = await asyncio.gather(
        *(desk.say("promises", None, "01-12 10:00", promise_id=f"R{n}", **PROMISE) for n in (1, 2))
    )
    made = [answer for answer in answers if answer.get("state") == "open"]
    refused = [answer for answer in answers if answer.get("status") == 422]
    assert (len(made), len(refused), refused[0]["most_minor"]) == (1, 1, 4000)
    assert counts(await said(), "promise-made") == 1


async def test_the_same_key_twice_at_once_has_one_effect(desk: Desk, said: Said) -> None:
    await desk.open(("I1", 10000))
    answers = await asyncio.gather(
        *(desk.say("promises", None, "01-12 10:00", key="k", **PROMISE) for _ in range(4))
    )
    made = {answer["promise_id"] for answer in answers if "promise_id" in answer}
    others = {answer["status"] for answer in answers if "promise_id" not in answer}
    assert len(made) == 1
    assert others <= {409}, "still running"
    assert counts(await said(), "promise-made") == 1
    other = await desk.say("promises", 422, "01-12 11:00", key="k", **PROMISE)
    assert pointers(other) == ["/header/Idempotency-Key"]


async def test_a_promise_against_a_payment(desk: Desk) -> None:
    """Whoever comes first: the payment of after it counts for it."""
    await desk.open(("I1", 10000))
    await asyncio.gather(
        desk.say("promises", 201, "01-12 10:00", promise_id="R1", **PROMISE),
        desk.pay("P1", 6000, "01-12 11:00"),
    )
    promise = await desk.see("promises/R1")
    assert (promise["state"], promise["received_minor"]) == ("kept", 6000)


async def test_a_settlement_against_a_void(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    void = {
        "specversion": "1.0",
        "id": "v1",
        "source": "/billing",
        "type": "invoice-voided",
        "time": "2027-01-12T11:00:00Z",
        "data": {"invoice_id": "I1", "account_id": "C1"},
    }
    await asyncio.gather(desk.say("settlements", 201, "01-12 10:00", **BID), desk.events(void))
    settlement = await desk.see("settlements/T1")
    assert (settlement["state"], settlement["because"]) == ("lapsed", "nothing-left")
    assert (await desk.money())["collectable_minor"] == 0


async def test_an_approval_is_decided_once(desk: Desk, said: Said) -> None:
    await desk.open(("I1", 10000))
    await desk.say("settlements", 202, "01-12", **{**BID, "amount_minor": 6000})
    decisions = ("approve", "refuse", "approve")
    answers = await asyncio.gather(
        *(
            desk.say(
                "/v1/approvals/settlement:T1/decide",
                at=f"01-12 13:0{n}",
                decision=decision,
                role="supervisor",
                reason="so",
                by={"kind": "collector", "id": f"boss{n}"},
            )
            for n, decision in enumerate(decisions)
        )
    )
    assert sorted(answer.get("status", 200) for answer in answers) == [200, 409, 409]
    assert counts(await said(), "approval-closed") == 1


# ── A COMMIT whose answer is lost ───────────────────────────────────────────────────────────────


async def test_a_command_whose_commit_was_not_heard_of_is_said_again(
    desk: Desk, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open(("I1", 10000))
    execute = Session.execute

    async def loses(self: Session, sql: str, *args: object) -> str:
        status = await execute(self, sql, *args)
        if sql == "COMMIT":
            raise ConnectionResetError("the answer is lost")
        return status

    monkeypatch.setattr(Session, "execute", loses)
    await desk.say("settlements", 503, "01-12 10:00", key="k", **BID)
    monkeypatch.undo()
    again = await desk.say("settlements", 201, "01-12 10:00", key="k", **BID)
    assert again["state"] == "accepted"
    unkeyed = await desk.say("settlements", None, "01-12 10:00", **BID)
    assert unkeyed["settlement_id"] == "T1"
    assert counts(await said(), "settlement-accepted") == 1
    await desk.pay("P1", 8000, "01-13")
    assert (await desk.see("settlements/T1"))["state"] == "completed"


async def test_a_command_that_fails_before_its_commit_leaves_nothing(
    desk: Desk, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open(("I1", 10000))
    execute = Session.execute

    async def breaks(self: Session, sql: str, *args: object) -> str:
        if sql == "COMMIT":
            raise ConnectionResetError("gone")
        return await execute(self, sql, *args)

    monkeypatch.setattr(Session, "execute", breaks)
    await desk.say("settlements", 503, "01-12 10:00", key="k", **{**BID, "amount_minor": 6000})
    monkeypatch.undo()
    assert (await desk.see("settlements"))["items"] == []
    assert (await desk.see("/v1/approvals"))["items"] == []
    assert counts(await said(), "settlement-offered") == 0
    await desk.say("settlements", 202, "01-12 10:00", key="k", **{**BID, "amount_minor": 6000})
    assert len((await desk.see("/v1/approvals?state=open"))["items"]) == 1


async def test_another_process_sees_what_was_agreed(desk: Desk, ledger_url: str) -> None:
    await desk.open(("I1", 10000))
    await desk.say("settlements", 201, "01-12 10:00", **BID)
    async with api(ledger_url) as other:
        other.headers["X-Tenant"] = "demo"
        shown = (await other.get("/v1/accounts/C1/settlements/T1")).json()
        assert shown == await desk.see("settlements/T1")
        made = await other.post(
            "/v1/accounts/C1/promises",
            json={**PROMISE, "promise_id": "R1", "invoice_ids": ["I1"]},
        )
        assert (made.status_code, made.json()["because"]) == (409, "arranged")
    assert (await desk.say("settlements/T1/accept", 409))["state"] == "accepted"


# ── When ────────────────────────────────────────────────────────────────────────────────────────


async def test_commands_of_one_instant_keep_their_order(desk: Desk) -> None:
    """Without `at` each lies after the one before."""
    await desk.open(("I1", 10000))
    for number in range(3):
        body = {**PROMISE, "amount_minor": 1000}
        await desk.say("promises", 201, promise_id=f"R{number}", **body)
    items = (await desk.see("promises"))["items"]
    instants = [datetime.fromisoformat(promise["history"][0]["at"]) for promise in items]
    assert len(set(instants)) == 3
    assert instants == sorted(instants)


async def test_nothing_is_agreed_in_the_future(ledger_url: str) -> None:
    more = {"RECOUP_CLOCK": "system"}
    async with api(ledger_url, **more) as client:
        await register(client)
        body = {"currency": "EUR", "amount_minor": 500, "due_on": "2030-01-15"}
        answer = await client.post(
            "/v1/accounts/C1/promises", json={**body, "at": "2030-01-01T00:00:00Z"}
        )
        assert answer.status_code == 422
        assert pointers(answer.json()) == ["/at"]


async def register(client: httpx.AsyncClient) -> None:
    client.headers["X-Tenant"] = "demo"
    made = await client.put("/v1/tenants/demo", json={"timezone": "Europe/Berlin"})
    assert made.status_code == 200, made.text
    event = {
        "specversion": "1.0",
        "id": "a1",
        "source": "/billing",
        "type": "account-registered",
        "time": "2026-03-01T09:00:00Z",
        "data": {"account_id": "C1", "name": "Ada Example"},
    }
    answer = await client.post(
        "/v1/events", json=[event], headers={"Content-Type": "application/cloudevents-batch+json"}
    )
    assert answer.status_code == 200, answer.text


# ── Who ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tokens(tmp_path: Path) -> Callable[..., dict[str, str]]:
    new_pair(tmp_path)

    def made(scope: str, *roles: str, subject: str = "ada") -> dict[str, str]:
        return token(tmp_path, [scope], *roles, subject=subject)

    return made


async def test_who_may_do_what(
    desk: Desk, ledger_url: str, tmp_path: Path, tokens: Callable[..., dict[str, str]]
) -> None:
    await desk.open(("I1", 10000))
    await desk.say("holds", 201, "01-12", hold_id="H1", kind="attorney", reason="a letter")
    await desk.say("promises", 201, "01-12 10:00", promise_id="R1", **PROMISE)
    await desk.say(
        "disputes", 201, "01-12", dispute_id="D1", invoice_id="I1", reason_code="quality"
    )
    more = {
        "RECOUP_LOCAL": "1",
        "RECOUP_JWKS": str(tmp_path / "jwks.json"),
        "RECOUP_JWT_AUDIENCE": "recoup",
        "RECOUP_JWT_ISSUER": "recoup",
    }
    async with api(ledger_url, **more) as client:
        del client.headers["Authorization"]
        other = Desk(client, desk.post)
        reader, staff, portal = tokens("ledger:read"), tokens("ledger:write"), tokens("portal")
        reason: Body = {"reason": "so"}
        for headers, path, body, status in (
            (reader, "promises", PROMISE, 403),
            (reader, "holds/H1/release", reason, 403),
            (portal, "holds", {"kind": "complaint", "reason": "so"}, 403),
            (portal, "promises/R1/cancel", reason, 403),
            (portal, "promises", {**PROMISE, "by": {"kind": "collector"}}, 403),
            (portal, "settlements", {**BID, "kind": "offer"}, 403),
            (staff, "disputes/D1/resolve", {**reason, "outcome": "rejected"}, 403),
            (staff, "plans/L1/cancel", reason, 404),
            (portal, "disputes/D1/evidence", {"ref": "mail 17"}, 200),
        ):
            await other.say(path, status, "01-12 13:00", headers=headers, **body)
        old = await other.say("promises", 403, "2026-12-01 12:00", headers=staff, **PROMISE)
        assert "role manager" in old["detail"]
        waits = await other.say("holds/H1/release", 202, "01-13", headers=staff, **reason)
        assert (waits["state"], waits["approval_id"]) == ("placed", "hold:H1")
        assert (waits["role"], waits["expires_on"]) == ("compliance", "2027-01-20")
        mine = tokens("ledger:write", "compliance")
        decision: Body = {"decision": "approve", "role": "compliance", "reason": "it is over"}
        path = "/v1/approvals/hold:H1/decide"
        await other.say(path, 403, "01-15", headers=mine, **decision)  # who asked for it
        await other.say(path, 403, "01-15", headers=tokens("ledger:write"), **decision)
        boss = tokens("ledger:write", "compliance", subject="boss")
        await other.say(path, 200, "01-15", headers=boss, **decision)
    hold = await desk.see("holds/H1")
    assert (hold["until_on"], hold["role"]) == ("2027-01-14", "compliance")


async def test_a_release_that_was_refused_is_for_who_has_the_role(
    desk: Desk, ledger_url: str, tmp_path: Path, tokens: Callable[..., dict[str, str]]
) -> None:
    await desk.open(("I1", 10000))
    await desk.say("holds", 201, "01-12", hold_id="H1", kind="attorney", reason="a letter")
    more = {"RECOUP_JWKS": str(tmp_path / "jwks.json")}
    more |= {"RECOUP_JWT_AUDIENCE": "recoup", "RECOUP_JWT_ISSUER": "recoup"}
    async with api(ledger_url, **more) as client:
        del client.headers["Authorization"]
        other, staff = Desk(client, desk.post), tokens("ledger:write")
        await other.say("holds/H1/release", 202, "01-13", headers=staff, reason="it is over")
        await desk.decide("hold:H1", at="01-14", role="compliance", decision="refuse")
        refused = await other.say("holds/H1/release", 409, "01-15", headers=staff, reason="it is")
        assert refused["because"] == "refused"
    assert (await desk.see("holds/H1"))["state"] == "placed"
    done = await desk.say("holds/H1/release", 200, "01-15", reason="it is")
    assert (done["state"], done["until_on"]) == ("released", "2027-01-14")
    assert (await desk.say("holds/H1/release", 409, "01-16", reason="so"))["state"] == "released"


async def test_the_earlier_end_of_a_hold_counts_and_is_announced_once(
    desk: Desk, said: Said
) -> None:
    await desk.open(("I1", 10000))
    hold: Body = {"hold_id": "H1", "kind": "hardship", "until_on": "2027-01-20"}
    await desk.say("holds", 201, "01-12", reason="a letter", **hold)
    late = await desk.say(
        "holds/H1/release", 200, "01-13", released_on="2027-03-01", reason="in March"
    )
    assert (late["state"], late["until_on"]) == ("placed", "2027-01-20")
    await desk.start("03-05")
    assert (await desk.see("holds/H1"))["state"] == "expired"
    (event,) = [each for each in await said() if each["type"] == "hold-released"]
    assert event["time"] == "2027-01-20T23:00:00Z"
    assert (event["data"]["because"], event["data"]["released_on"]) == ("expired", "2027-01-21")


async def test_nobody_decides_under_no_name_or_as_something_else(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    await desk.say("settlements", 202, "01-12", **{**BID, "amount_minor": 6000})
    for by in ({"kind": "system", "id": "dev"}, {"kind": "collector"}):
        await desk.decide("settlement:T1", 403, by=by)
    await desk.decide("settlement:T1", at="01-13")


async def test_another_tenant_sees_nothing(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    await desk.say("settlements", 202, "01-12", **{**BID, "amount_minor": 6000})
    await desk.client.put("/v1/tenants/other", json={})
    theirs = {"X-Tenant": "other"}
    await desk.say("promises", 404, headers=theirs, **PROMISE)
    await desk.say("settlements/T1/cancel", 404, headers=theirs, reason="so")
    await desk.say(
        "/v1/approvals/settlement:T1/decide",
        404,
        headers=theirs,
        decision="approve",
        role="supervisor",
        reason="so",
    )
    answer = await desk.client.get("/v1/approvals", headers=theirs)
    assert answer.json()["items"] == []
