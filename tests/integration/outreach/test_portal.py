"""The portal over HTTP: who gets in, what he sees, what he may do."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.outreach.channels.domain.tokens import portal_link
from shared.events import ledger
from shared.events.billing import Phone
from tests.integration.outreach.portal_visits import (
    KEY,
    RIGHT,
    WRONG,
    a_link,
    signed_in,
    the_ledger_says,
    token_in,
    without_id,
)
from tests.integration.outreach.world import MORNING, World
from tests.unit.outreach.builders import LINKS

# ── Level 0 ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_link_tells_nothing_of_anybody(world: World, portal: httpx.AsyncClient) -> None:
    await world.settings(creditor={"name": "Acme", "phone": "+49 30 1"})
    token = await a_link(world)
    answer = await portal.get(f"/portal/{token}", headers={"Accept-Language": "de"})
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["creditor"]["name"] == "Acme"
    assert shown["language"] == "de"
    assert shown["languages"] == ["en", "de", "fr", "es"]
    assert [ask["name"] for ask in shown["asks"]] == ["name", "postcode", "phone4", "invoice"]
    for secret in ("Name of", "10115", "C1", "I1", "100", "demo", "debt", "Schuld"):
        assert secret not in answer.text.replace("10 Minuten", "")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=lax" in answer.headers["set-cookie"].lower()


async def test_the_page_is_the_same_whatever_is_known(
    world: World, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world)
    first = await portal.get(f"/portal/{token}")
    await world.account(addresses=(), kind="business")
    second = await portal.get(f"/portal/{token}")
    assert first.content == second.content


async def test_looking_changes_nothing(world: World, portal: httpx.AsyncClient) -> None:
    token = await a_link(world)
    before = await world.types_announced()
    for _ in range(3):
        await portal.get(f"/portal/{token}")
    assert await world.types_announced() == before
    assert await world.value("select count(*) from portal_sessions") == 0


async def test_what_opens_nothing_is_always_the_same(
    world: World, portal: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    """Forged, unknown, expired and ended links: same status, words and headers."""
    token = await a_link(world)
    contact = await world.value("select contact_id from portal_links")
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    unknown = LINKS.portal("demo", "no-contact", MORNING + timedelta(days=30))[-32:]
    expired = portal_link("demo", contact, MORNING - timedelta(days=1), LINKS.keys.signing)
    of_another = portal_link("other", contact, MORNING + timedelta(days=9), LINKS.keys.signing)
    dead = [forged, unknown, expired, of_another, "nothing", "x" * 500]
    answers = [without_id(await portal.get(f"/portal/{each}")) for each in dead]
    ended = await client.delete("/v1/accounts/C1/portal-links")
    assert ended.json() == {"account_id": "C1", "ended": 1}
    answers.append(without_id(await portal.get(f"/portal/{token}")))
    assert {answer[0] for answer in answers} == {404}
    assert len({answer[1] for answer in answers}) == 1
    assert len({str(sorted(answer[2].items())) for answer in answers}) == 1
    tries = [
        await portal.post("/portal/api/identify", json={**RIGHT, "token": each})
        for each in (*dead[:4], token)
    ]
    assert {(each.status_code, each.content) for each in tries} == {(404, tries[0].content)}


async def test_ending_all_links_ends_sessions_too(
    world: World, portal: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    await signed_in(portal, await a_link(world))
    assert (await portal.get("/portal/api/session")).status_code == 200
    await client.delete("/v1/accounts/C1/portal-links")
    assert (await portal.get("/portal/api/session")).status_code == 401
    assert (await client.delete("/v1/accounts/nobody/portal-links")).status_code == 404


# ── Who one is ──────────────────────────────────────────────────────────────────────────────────


async def test_name_and_postcode_let_in_and_are_announced_once(
    world: World, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world)
    await portal.get(f"/portal/{token}")
    answer = await portal.post("/portal/api/identify", json=RIGHT)  # the cookie has the link
    assert (answer.status_code, answer.json()["level"]) == (200, 1)
    assert token not in answer.headers["set-cookie"]
    await signed_in(portal, token)
    (visit,) = await world.announced("portal-visited")
    (touch,) = await world.announced("right-party-contacted")
    assert (visit["key"], visit["data"]["level"]) == ("C1", 1)
    assert (touch["data"]["outcome"], touch["data"]["channel"]) == ("visit", "portal")


async def test_five_wrong_answers_lock_the_link(world: World, portal: httpx.AsyncClient) -> None:
    token = await a_link(world)
    wrong = [await portal.post("/portal/api/identify", json={**WRONG, "token": token})
             for _ in range(5)]  # fmt: skip
    assert {each.status_code for each in wrong} == {422}
    assert len({each.content for each in wrong}) == 1
    locked = await portal.post("/portal/api/identify", json={**RIGHT, "token": token})
    assert locked.status_code == 429
    assert 3500 < int(locked.headers["retry-after"]) <= 3600
    await _an_hour_later(world)
    assert (await portal.post("/portal/api/identify", json={**RIGHT, "token": token})).is_success


async def test_ten_wrong_answers_lock_it_until_midnight(
    world: World, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world)
    async with world.db.transaction() as session:
        await session.execute(
            "update portal_links set wrong_at = $1",
            [datetime.now(UTC) - timedelta(seconds=n) for n in range(10, 0, -1)],
        )
    locked = await portal.post("/portal/api/identify", json={**RIGHT, "token": token})
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) <= 86_400


async def _an_hour_later(world: World) -> None:
    async with world.db.transaction() as session:
        await session.execute(
            "update portal_links set wrong_at ="
            " array(select at - interval '61 minutes' from unnest(wrong_at) as at)"
        )


async def test_which_answer_was_wrong_is_not_said(world: World, portal: httpx.AsyncClient) -> None:
    token = await a_link(world)
    tries = [
        {"name": "Name of C1", "postcode": "99999"},
        {"name": "Somebody", "postcode": "10115"},
        {"postcode": "10115"},
        {},
    ]
    answers = [
        await portal.post("/portal/api/identify", json={"answers": each, "token": token})
        for each in tries
    ]
    assert {(each.status_code, each.content) for each in answers} == {(422, answers[0].content)}


async def test_a_business_without_postcode_names_an_open_invoice(
    world: World, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world, postcode=None, kind="business")
    the_ledger_says(world)
    for given, status in (("INV-2", 422), ("inv 1", 200)):
        body = {"answers": {"invoice": given}, "token": token}
        assert (await portal.post("/portal/api/identify", json=body)).status_code == status


async def test_a_phone_where_no_postcode_is_known(world: World, portal: httpx.AsyncClient) -> None:
    phones = (Phone(number="+354 555 1234"),)
    token = await a_link(world, postcode=None, phones=phones)
    body = {"answers": {"name": "C1", "phone4": "1234"}, "token": token}
    assert (await portal.post("/portal/api/identify", json=body)).status_code == 200


# ── Codes ───────────────────────────────────────────────────────────────────────────────────────


def code_in(world: World) -> str:
    text = world.mail.messages[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    words = str(text).replace(".", " ").split()
    return next(word for word in words if word.isdigit() and len(word) == 6)


async def test_a_code_raises_the_level(world: World, portal: httpx.AsyncClient) -> None:
    token = await a_link(world)
    await signed_in(portal, token)
    early = await portal.post("/portal/api/code")
    assert (early.status_code, len(world.mail.messages)) == (202, 1), "known for a day only"
    await world.run(MORNING + timedelta(days=8))
    sent = len(world.mail.messages)
    assert (await portal.post("/portal/api/code")).content == early.content
    assert len(world.mail.messages) == sent + 1
    code = code_in(world)
    other = f"{(int(code) + 1) % 10**6:06d}"
    assert (await portal.post("/portal/api/verify", json={"code": other})).status_code == 422
    right = await portal.post("/portal/api/verify", json={"code": code})
    assert (right.status_code, right.json()["level"]) == (200, 2)
    assert (await portal.get("/portal/api/session")).json()["level"] == 2
    again = await portal.post("/portal/api/verify", json={"code": code})
    assert again.status_code == 422, "a code is used once"


async def test_where_nothing_is_known_a_code_lets_in(
    world: World, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world, postcode=None)
    await world.run(MORNING + timedelta(days=8))
    await portal.post("/portal/api/code", json={"token": token})
    body = {"code": code_in(world), "token": token}
    answer = await portal.post("/portal/api/verify", json=body)
    assert (answer.status_code, answer.json()["level"]) == (200, 1)


async def test_where_something_is_known_no_code_lets_in(
    world: World, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world)
    await world.run(MORNING + timedelta(days=8))
    sent = len(world.mail.messages)
    answer = await portal.post("/portal/api/code", json={"token": token})
    assert (answer.status_code, len(world.mail.messages)) == (202, sent)


# ── Sessions, pages of others, limits ───────────────────────────────────────────────────────────


async def test_a_session_ends_when_nobody_comes_or_by_leaving(
    world: World, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world)
    await signed_in(portal, token)
    async with world.db.transaction() as session:
        await session.execute(
            "update portal_sessions set seen_at = seen_at - interval '30 minutes'"
        )
    over = await portal.get("/portal/api/account", headers={"Accept-Language": "fr"})
    assert (over.status_code, "absent" in over.text) == (401, True)
    await signed_in(portal, token)
    await portal.post("/portal/api/leave")
    assert await world.value("select count(*) from portal_sessions where level = 1") == 1
    assert (await portal.get("/portal/api/session")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"}, 200),
        ({"Origin": "https://pay.creditor.example"}, 200),
        ({}, 200),
    ],
)
async def test_another_sites_page_sends_nothing(
    world: World, portal: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    token = await a_link(world)
    answer = await portal.post(
        "/portal/api/identify", json={**RIGHT, "token": token}, headers=headers
    )
    assert answer.status_code == status


async def test_sixty_requests_a_minute_of_a_link(world: World, portal: httpx.AsyncClient) -> None:
    token = await a_link(world)
    for _ in range(60):
        assert (await portal.get(f"/portal/{token}")).status_code == 200
    too_often = await portal.get(f"/portal/{token}")
    assert too_often.status_code == 429
    assert 1 <= int(too_often.headers["retry-after"]) <= 60


async def test_three_hundred_requests_a_minute_of_a_network(
    world: World, portal: httpx.AsyncClient
) -> None:
    answers = [(await portal.get(f"/portal/guess{n}")).status_code for n in range(301)]
    assert (set(answers[:300]), answers[300]) == ({404}, 429)


# ── Stop, not me, a new link ────────────────────────────────────────────────────────────────────


async def test_stop_needs_no_check(world: World, portal: httpx.AsyncClient) -> None:
    token = await a_link(world)
    for _ in range(2):
        answer = await portal.post("/portal/api/stop", json={"token": token})
        assert (answer.status_code, answer.json()["channel"]) == (200, "email")
    (revoked,) = await world.announced("consent-revoked")
    assert (revoked["key"], revoked["data"]["channel"]) == ("C1", "email")


async def test_not_me_ends_the_link_and_asks_a_person(
    world: World, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world)
    assert (await portal.post("/portal/api/not-me", json={"token": token})).status_code == 200
    assert (await portal.get(f"/portal/{token}")).status_code == 404
    assert await world.value("select state from address_states") == "wrong-party"
    (task,) = await world.announced("task-created")
    assert task["data"]["kind"] == "verify-party"
    (touch,) = await world.announced("wrong-party-contacted")
    assert touch["data"]["outcome"] == "wrong-party"
    sent = len(world.mail.messages)
    asked = await portal.post("/portal/api/new-link", json={"token": token})
    assert (asked.status_code, len(world.mail.messages)) == (202, sent), "never to a stranger"


async def test_a_new_link_goes_to_the_address_that_had_it(
    world: World, portal: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    old = await a_link(world)
    await client.delete("/v1/accounts/C1/portal-links")
    forged = await portal.post("/portal/api/new-link", json={"token": "x" * 32})
    sent = len(world.mail.messages)
    for n in range(1, 5):
        asked = await portal.post("/portal/api/new-link", json={"token": old})
        assert without_id(asked) == without_id(forged)
        assert len(world.mail.messages) == sent + min(n, 3)
    assert world.mail.recipients[-1].endswith("c1@example.com>")
    new = token_in(world)
    assert new != old
    assert (await portal.get(f"/portal/{new}")).status_code == 200
    assert (await portal.get(f"/portal/{old}")).status_code == 404
    await signed_in(portal, new)


async def test_a_new_link_is_not_sent_to_who_wants_none(
    world: World, portal: httpx.AsyncClient
) -> None:
    token = await a_link(world)
    await portal.post("/portal/api/stop", json={"token": token})
    sent = len(world.mail.messages)
    await portal.post("/portal/api/new-link", json={"token": token})
    assert len(world.mail.messages) == sent


async def test_new_links_are_asked_for_ten_times_an_hour(
    world: World, portal: httpx.AsyncClient
) -> None:
    answers = [
        (await portal.post("/portal/api/new-link", json={"token": f"{n}"})).status_code
        for n in range(11)
    ]
    assert answers == [202] * 10 + [429]


async def test_erasure_leaves_nothing(world: World, portal: httpx.AsyncClient) -> None:
    token = await a_link(world)
    await signed_in(portal, token)
    body = {"score": 4, "comment": "kind people"}
    await portal.post("/portal/api/feedback", json=body, headers=KEY)
    erased = ledger.AccountErased(account_id="C1")
    await world.take(world.ledger_event("account-erased", "C1", erased))
    assert await world.value("select count(*) from portal_sessions") == 0
    assert await world.value("select mark from portal_links") is None
    assert await world.value("select comment from portal_feedback") is None
    assert (await portal.get(f"/portal/{token}")).status_code == 404
