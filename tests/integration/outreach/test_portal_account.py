"""Level 1 of the portal: what a visitor sees of his accounts, and what he agrees on."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.events.billing import Address
from tests.integration.outreach.portal_visits import (
    KEY,
    a_link,
    commands,
    signed_in,
    the_ledger_says,
    token_in,
)
from tests.integration.outreach.world import MORNING, World

PROMISE = {"currency": "EUR", "amount_minor": 10_000, "due_on": "2026-03-10"}


@pytest.fixture
async def visitor(world: World, portal: httpx.AsyncClient) -> httpx.AsyncClient:
    """Signed in as C1."""
    the_ledger_says(world)
    await signed_in(portal, await a_link(world))
    return portal


async def deeds(world: World) -> list[str]:
    return [each["data"]["outcome"] for each in await world.announced("right-party-contacted")]


async def test_the_account_says_what_is_to_pay_and_why(
    world: World, visitor: httpx.AsyncClient
) -> None:
    answer = await visitor.get("/portal/api/account")
    assert answer.status_code == 200, answer.text
    (account,) = answer.json()["accounts"]
    assert account["account_id"] == "C1"
    (euro,) = account["currencies"]
    assert (euro["to_pay_now_minor"], euro["to_pay_now"]) == (10_500, "€105.00")
    (invoice,) = euro["invoices"]
    assert [(part["amount_minor"], part["why"]) for part in invoice["parts"]] == [
        (10_000, "Invoice"),
        (500, "Late fee"),
    ]
    assert invoice["payment_url"] == "https://pay.example.com/I1"
    assert [(each["on"], each["amount_minor"]) for each in account["payments"]] == [
        ("2026-02-20", 700)
    ]
    (options,) = account["options"]
    assert options["promise"]["latest_on"] == "2026-03-17"
    assert options["because"]["plan"]["text"] == "This is too little to be paid in parts."
    assert "Name of" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_in_the_language_that_was_chosen(world: World, portal: httpx.AsyncClient) -> None:
    the_ledger_says(world)
    await signed_in(portal, await a_link(world), language="de")
    answer = (await portal.get("/portal/api/account")).json()
    assert answer["language"] == "de"
    assert answer["accounts"][0]["currencies"][0]["to_pay_now"] == "105,00\u00a0€"
    world.ledger.next_answers = [(422, {"detail": "no", "most_minor": 4_500, "latest_on":
        "2026-03-17", "errors": [{"pointer": "/amount_minor", "detail": "too much"},
                                 {"pointer": "/due_on", "detail": "late"}]})]  # fmt: skip
    refused = await portal.post("/portal/api/promises", json=PROMISE, headers=KEY)
    assert refused.status_code == 422
    problem = refused.json()
    assert [each["pointer"] for each in problem["errors"]] == ["/amount_minor", "/due_on"]
    assert problem["errors"][0]["detail"] == (
        "Dieser Betrag passt nicht. Höchstens 45,00\u00a0€. Der späteste Tag ist der 17. März 2026."
    )
    assert problem["most_minor"] == 4_500
    assert "too much" not in refused.text


async def test_without_a_session_nothing_is_shown(world: World, portal: httpx.AsyncClient) -> None:
    the_ledger_says(world)
    token = await a_link(world)
    await portal.get(f"/portal/{token}")
    asked = len(world.ledger.requests)
    for path in ("account", "documents", "plan-options", "session", "documents/statement"):
        assert (await portal.get(f"/portal/api/{path}")).status_code == 401, path
    for path, body in WRITES.items():
        answer = await portal.post(f"/portal/api/{path}", json=body, headers=KEY)
        assert answer.status_code == 401, path
    assert len(world.ledger.requests) == asked


WRITES: dict[str, dict[str, Any]] = {
    "pay": {},
    "promises": PROMISE,
    "plans": {"currency": "EUR", "deferred": {"due_on": "2026-04-01"}},
    "settlement-bids": {"currency": "EUR", "amount_minor": 5_000, "pay_by_on": "2026-03-10"},
    "disputes": {"invoice_id": "I1", "reason_code": "wrong-amount"},
    "preferences": {"language": "de"},
    "opt-outs": {"channel": "sms"},
    "feedback": {"score": 5},
    "messages": {"text": "Hello"},
}


async def test_every_write_needs_a_key(world: World, visitor: httpx.AsyncClient) -> None:
    for path, body in WRITES.items():
        answer = await visitor.post(f"/portal/api/{path}", json=body)
        assert answer.status_code == 422, path
        assert answer.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"
    assert world.ledger.commands == []


async def test_a_promise_is_the_debtors_and_once(world: World, visitor: httpx.AsyncClient) -> None:
    world.ledger.next_answers = [(201, {
        "promise_id": "R1", "state": "open", "currency": "EUR", "amount_minor": 10_000,
        "due_on": "2026-03-10", "policy": {"name": "secret"}, "note": "secret"})]  # fmt: skip
    answers = [
        await visitor.post("/portal/api/promises", json=PROMISE, headers=KEY) for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["promise_id"] == "R1"
    assert "secret" not in answers[0].text
    (done,) = world.ledger.taken
    assert done.body == {**PROMISE, "by": {"kind": "debtor"}, "channel": "portal"}
    assert done.account_id == "C1"
    assert done.actor == "debtor"
    assert await deeds(world) == ["visit", "promise"]


async def test_what_follows_a_promise_on_the_same_visit_does_not_hide_it(
    world: World, visitor: httpx.AsyncClient
) -> None:
    """The last announced of a touch counts: the visit has ended in a promise."""
    await visitor.post("/portal/api/promises", json=PROMISE, headers=KEY)
    await visitor.post("/portal/api/feedback", json={"score": 5}, headers=KEY)
    assert await deeds(world) == ["visit", "promise"]


async def test_keys_of_two_links_are_not_one(world: World, visitor: httpx.AsyncClient) -> None:
    await visitor.post("/portal/api/promises", json=PROMISE, headers=KEY)
    first = commands(world, "/promises")[0]["key"]
    await world.account("C2", addresses=(Address(postal_code="20095"),))
    await world.overdue("I2", "C2")
    await world.run(MORNING + timedelta(minutes=1))
    assert len(world.mail.messages) == 2
    body = {"answers": {"name": "Name of C2", "postcode": "20095"}, "token": token_in(world)}
    assert (await visitor.post("/portal/api/identify", json=body)).status_code == 200
    await visitor.post("/portal/api/promises", json=PROMISE, headers=KEY)
    second = commands(world, "/promises")[1]
    assert second["path"] == "/v1/accounts/C2/promises"
    assert second["key"] != first


async def test_another_debtors_account_is_not_known(
    world: World, visitor: httpx.AsyncClient
) -> None:
    await world.account("C2")
    await world.overdue("I2", "C2")
    for account in ("C2", "nobody"):
        body = {**PROMISE, "account_id": account}
        answer = await visitor.post("/portal/api/promises", json=body, headers=KEY)
        assert (answer.status_code, answer.json()["detail"]) == (
            404,
            "We do not know this account.",
        )
    for invoice in ("I2", "none"):
        assert (await visitor.get(f"/portal/api/documents/invoices/{invoice}")).status_code == 404
    assert world.ledger.commands == []


async def test_several_accounts_of_one_debtor(world: World, portal: httpx.AsyncClient) -> None:
    await world.account("C2", debtor_id="D1", addresses=(Address(postal_code="10115"),))
    for account in ("C1", "C2"):
        the_ledger_says(world, account)
    token = await a_link(world, debtor_id="D1")
    await signed_in(portal, token)
    shown = (await portal.get("/portal/api/account")).json()["accounts"]
    assert [each["account_id"] for each in shown] == ["C1", "C2"]
    unnamed = await portal.post("/portal/api/promises", json=PROMISE, headers=KEY)
    assert unnamed.json()["errors"][0]["pointer"] == "/account_id"
    named = {**PROMISE, "account_id": "C2"}
    assert (await portal.post("/portal/api/promises", json=named, headers=KEY)).status_code == 201
    assert commands(world, "/promises")[0]["path"] == "/v1/accounts/C2/promises"


async def test_a_preview_keeps_nothing(world: World, visitor: httpx.AsyncClient) -> None:
    world.ledger.answers["/v1/accounts/C1/plans"] = (
        200, {"state": "active", "collectable_minor": {"before": {}, "after": {}}}
    )  # fmt: skip
    answer = await visitor.post("/portal/api/plans?preview=true", json=WRITES["plans"], headers=KEY)
    assert answer.status_code == 200
    assert "collectable_minor" in answer.json()
    assert await deeds(world) == ["visit"]


async def test_bids_have_their_answer_at_once_three_in_thirty_days(
    world: World, visitor: httpx.AsyncClient
) -> None:
    world.ledger.next_answers = [
        (201, {"settlement_id": "T1", "state": "declined", "counter_minor": 8_000}),
        (422, {"detail": "no", "errors": [{"pointer": "/amount_minor", "detail": "no"}]}),
        (202, {"settlement_id": "T2", "state": "pending_approval", "expires_on": "2026-03-10"}),
        (201, {"settlement_id": "T3", "state": "accepted"}),
    ]
    found = []
    for n in range(6):
        answer = await visitor.post(
            "/portal/api/settlement-bids",
            json=WRITES["settlement-bids"],
            headers={"Idempotency-Key": f"bid {n}"},
        )
        found.append((answer.status_code, answer.json().get("answer")))
    assert found == [
        (201, "counter"), (422, None), (202, "pending"), (201, "accepted"), (429, None),
        (429, None),
    ]  # fmt: skip
    again = await visitor.post(
        "/portal/api/settlement-bids",
        json=WRITES["settlement-bids"],
        headers={"Idempotency-Key": "bid 0"},
    )
    assert again.json()["answer"] == "counter", "the same again is no other bid"
    assert [c["body"]["kind"] for c in commands(world, "/settlements")] == ["bid"] * 5


async def test_what_stands_in_the_way_is_said_in_words(
    world: World, visitor: httpx.AsyncClient
) -> None:
    world.ledger.next_answers = [
        (409, {"detail": "in plan L1", "because": "plan L1"}),
        (412, {"detail": "moved"}),
    ]
    arranged = await visitor.post("/portal/api/plans", json=WRITES["plans"], headers=KEY)
    assert arranged.status_code == 409
    assert arranged.json()["detail"] == "There is an agreement on this already."
    moved = await visitor.post(
        "/portal/api/promises",
        json=PROMISE,
        headers={"Idempotency-Key": "k2", "If-Match": '"7"'},
    )
    assert (moved.status_code, "has changed" in moved.text) == (412, True)


@pytest.mark.parametrize(
    ("kind", "status"), [("bankruptcy", 409), ("attorney", 200), ("cease", 200), ("fraud", 200)]
)
async def test_a_hold_shows_papers_and_whom_to_write_to(
    world: World, visitor: httpx.AsyncClient, kind: str, status: int
) -> None:
    hold = {"kind": kind, "state": "placed", "from_on": "2026-03-01", "until_on": None}
    the_ledger_says(world, holds=[hold])
    (account,) = (await visitor.get("/portal/api/account")).json()["accounts"]
    assert account["hold"]["kind"] == kind
    assert account["hold"]["write_to"]["name"] == "Accounts receivable"
    assert account["hold"]["may_pay_all_the_same"] is (status == 200)
    assert account["currencies"] == []
    assert (await visitor.post("/portal/api/pay", json={}, headers=KEY)).status_code == status
    assert (await visitor.get("/portal/api/documents")).json()["items"]


async def test_a_way_to_pay_or_words_that_there_is_none(
    world: World, visitor: httpx.AsyncClient
) -> None:
    paid = await visitor.post("/portal/api/pay", json={"invoice_ids": ["I1"]}, headers=KEY)
    assert paid.json()["payments"][0] == {
        "invoice_id": "I1", "number": "INV-1", "currency": "EUR", "amount_minor": 10_500,
        "amount": "€105.00", "payment_url": "https://pay.example.com/I1",
    }  # fmt: skip
    world.ledger.answers["/v1/invoices/I1"] = (200, {"payment_url": None})
    none = await visitor.post("/portal/api/pay", json={}, headers=KEY)
    assert none.status_code == 409
    assert none.json()["because"] == "no-payment-url"
    assert "online" in none.json()["detail"]
    nothing = await visitor.post("/portal/api/pay", json={"invoice_ids": ["I9"]}, headers=KEY)
    assert nothing.json()["because"] == "nothing-owed"


async def test_papers_come_from_the_ledger(world: World, visitor: httpx.AsyncClient) -> None:
    items = (await visitor.get("/portal/api/documents")).json()["items"]
    assert [each["kind"] for each in items] == ["statement", "invoice"]
    statement = await visitor.get(items[0]["url"])
    assert statement.json()["currencies"][0]["lines"][0]["id"] == "P1"
    world.ledger.answers["/v1/invoices/I1/document"] = (200, "PDF")
    assert (await visitor.get(items[1]["url"])).json() == "PDF"


async def test_how_one_wants_to_be_written_to(
    world: World, visitor: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    body = {
        "channels": ["email", "letter"],
        "preferred_hours": {"from": "17:00", "to": "20:00"},
        "inconvenient": [{"days": ["mon"], "from": "08:00", "to": "12:00"}],
        "language": "fr",
    }
    answers = [
        await visitor.post("/portal/api/preferences", json=body, headers=KEY) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    found = (await client.get("/v1/accounts/C1/preferences")).json()["preferences"]
    assert found["refused_channels"] == ["sms", "voice", "voicemail"]
    assert found["preferred_hours"] == {"from": "17:00", "to": "20:00"}
    assert found["language"] == "fr"
    assert (await visitor.get("/portal/api/session")).json()["language"] == "fr"
    again = {"language": "es"}
    other = await visitor.post("/portal/api/preferences", json=again, headers=KEY)
    assert other.status_code == 422, "the key was used for something else"


async def test_opting_out_of_a_channel_and_of_all(
    world: World, visitor: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    answer = await visitor.post("/portal/api/opt-outs", json={"channel": "email"}, headers=KEY)
    assert answer.status_code == 200
    consents = (await client.get("/v1/accounts/C1/consents/email")).json()
    assert consents["items"][0]["state"] == "revoked"
    found = (await client.get("/v1/accounts/C1/preferences")).json()["preferences"]
    assert found["refused_channels"] == ["email"]
    stop = await visitor.post(
        "/portal/api/opt-outs", json={"channel": "all"}, headers={"Idempotency-Key": "k2"}
    )
    assert "as far as the law lets us" in stop.json()["detail"]
    found = (await client.get("/v1/accounts/C1/preferences")).json()["preferences"]
    assert found["cease_form"] == "written"


async def test_feedback_is_announced_without_its_words(
    world: World, visitor: httpx.AsyncClient
) -> None:
    body = {"score": 2, "comment": "not clear to me"}
    for _ in range(2):
        assert (
            await visitor.post("/portal/api/feedback", json=body, headers=KEY)
        ).status_code == 201
    (given,) = await world.announced("feedback-received")
    assert (given["data"]["score"], given["data"]["channel"]) == (2, "email")
    assert "clear" not in str(given)
    assert await world.value("select comment from portal_feedback") == "not clear to me"
    for score in (0, 6, "5"):
        bad = await visitor.post("/portal/api/feedback", json={"score": score}, headers=KEY)
        assert bad.status_code == 422


async def test_a_message_is_read_like_every_reply(world: World, visitor: httpx.AsyncClient) -> None:
    body = {"text": "I have a question about my invoice"}
    for _ in range(2):
        answer = await visitor.post("/portal/api/messages", json=body, headers=KEY)
        assert answer.status_code == 202, answer.text
    (reply,) = await world.announced("reply-received")
    assert (reply["key"], reply["data"]["channel"]) == ("C1", "portal")
    assert await deeds(world) == ["visit", "message"]


async def test_while_the_ledger_is_away_it_says_so(
    world: World, visitor: httpx.AsyncClient
) -> None:
    world.ledger.answers = {"/v1/accounts/C1": (503, {})}
    answer = await visitor.get("/portal/api/account")
    assert (answer.status_code, "just now" in answer.text) == (503, True)
    world.ledger.next_answers = [(503, {}), (201, {"promise_id": "R1"})]
    lost = await visitor.post("/portal/api/promises", json=PROMISE, headers=KEY)
    assert lost.status_code == 503
    again = await visitor.post("/portal/api/promises", json=PROMISE, headers=KEY)
    assert again.status_code == 201


async def test_a_visit_proves_that_an_uncertain_message_arrived(
    world: World, portal: httpx.AsyncClient
) -> None:
    world.mail.mode = "drop"
    token = await a_link(world)
    assert "uncertain" in await world.states()
    await signed_in(portal, token)
    states = await world.states()
    assert ("uncertain" in states, "sent" in states) == (False, True)


async def test_the_portal_stands_in_outreach_locally_and_alone_elsewhere(
    world: World, client: httpx.AsyncClient, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world)
    assert (await client.get(f"/portal/{token}")).status_code == 200
    staff = await portal.get("/v1/accounts/C1/timeline")
    assert staff.status_code == 404
