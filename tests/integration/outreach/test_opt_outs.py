"""The opt-out link of e-mails: one click, for ever, for everybody with the address."""

import asyncio
from typing import Any

import httpx
import pytest

from services.outreach.channels.domain.tokens import LinkKey, address_token
from shared.events import ledger
from tests.integration.outreach.world import MORNING, World
from tests.unit.outreach.builders import LINKS, at

ONE_CLICK: dict[str, Any] = {
    "content": "List-Unsubscribe=One-Click",
    "headers": {"Content-Type": "application/x-www-form-urlencoded", "Authorization": ""},
}


async def sent_link(world: World) -> str:
    """The path of the link in the last message."""
    text = str(world.mail.messages[-1]["List-Unsubscribe"])
    return text.removeprefix(f"<{LINKS.public_url}").partition(">")[0]


async def revoked(world: World) -> list[str]:
    return [e["data"]["account_id"] for e in await world.announced("consent-revoked")]


async def consents(client: httpx.AsyncClient, account_id: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/accounts/{account_id}/consents/email")
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_one_click_stops_e_mail_on_every_account_with_the_address(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.account("C2", debtor_id="D2", email="C1@EXAMPLE.COM")
    await world.account("C3", email="other@example.com")
    await world.overdue()
    await world.run()
    link = await sent_link(world)
    answer = await client.post(link, **ONE_CLICK)
    assert answer.status_code == 200
    assert sorted(await revoked(world)) == ["C1", "C2"]
    (one,) = await consents(client, "C1")
    assert (one["state"], one["address"]) == ("revoked", "c1@example.com")
    assert one["recorded_by"] == "opt-out link"
    assert (await consents(client, "C2"))[0]["address"] == "C1@example.com"
    assert await consents(client, "C3") == []
    await world.overdue("I2", "C2")
    assert (await world.run(at("2026-03-04 09:00"))).counts["sent"] == 0
    assert len(world.mail.messages) == 1


async def test_the_same_click_again_changes_nothing(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await world.run()
    link = await sent_link(world)
    for path in (link, link, f"/u/{link[3:].upper()}"):
        assert (await client.post(path, **ONE_CLICK)).status_code == 200
    assert await revoked(world) == ["C1"]


async def test_it_holds_for_accounts_that_come_to_have_the_address(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await world.run()
    await client.post(await sent_link(world), **ONE_CLICK)
    await world.account("C4", email="C1@example.com")
    assert await revoked(world) == ["C1", "C4"]
    # Details that come before the account itself.
    details = ledger.Contact(account_id="C5", name="N", email="c1@example.com", timezone="UTC")
    await world.take(world.event("ledger.contacts", "C5", "contact-details", details, time=MORNING))
    assert "C5" not in await revoked(world)
    registered = ledger.AccountRegistered(account_id="C5", kind="consumer", timezone="UTC")
    await world.take(world.ledger_event("account-registered", "C5", registered))
    assert "C5" in await revoked(world)


async def test_who_asks_for_e_mail_again_gets_it_and_new_details_do_not_undo_that(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await world.run()
    await client.post(await sent_link(world), **ONE_CLICK)
    granted = {"state": "granted", "address": "c1@example.com", "at": "2026-03-03T10:00:00Z"}
    answer = await client.put("/v1/accounts/C1/consents/email", json=granted)
    assert answer.json()["granted"] is True
    await world.account()
    assert await revoked(world) == ["C1"]


async def test_an_erased_account_takes_none_and_its_address_is_forgotten_but_for_the_mark(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await world.run()
    link = await sent_link(world)
    await world.account("C2", email="c1@example.com")
    await world.take(
        world.ledger_event("account-erased", "C1", ledger.AccountErased(account_id="C1")),
        world.event("ledger.contacts", "C1", "contact-details", None, time=MORNING),
    )
    assert (await client.post(link, **ONE_CLICK)).status_code == 200
    rows = await world.db.fetch("select account_id from account_addresses")
    assert [row["account_id"] for row in rows] == ["C2"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_at_the_page_changes_nothing(
    world: World, client: httpx.AsyncClient, method: str
) -> None:
    await world.overdue()
    await world.run()
    await client.request(method, await sent_link(world))
    assert await revoked(world) == []


@pytest.mark.parametrize(
    "token",
    [
        "x", "a" * 34, "a" * 2000, "%F0%9F%92%A3", "..%2f..%2fetc",
        address_token("r", "6f1c1d9a-2b7e-5c3d-9e4f-0123456789ab", LINKS.keys.signing),
        address_token("u", "6f1c1d9a-2b7e-5c3d-9e4f-0123456789ab", LinkKey(1, b"\x02" * 32)),
        address_token("u", "6f1c1d9a-2b7e-5c3d-9e4f-0123456789ab", LINKS.keys.signing),
    ],
)  # fmt: skip
async def test_nobody_learns_whether_a_link_is_genuine(
    world: World, client: httpx.AsyncClient, token: str
) -> None:
    genuine = f"/u/{address_token('u', '00000000-0000-4000-8000-000000000001', LINKS.keys.signing)}"
    for method in ("GET", "POST"):
        one = await client.request(method, f"/u/{token}")
        other = await client.request(method, genuine)
        if "%2f" in token:
            assert one.status_code == 404  # two steps of a path are another address
        else:
            assert (one.status_code, one.text) == (200, other.text)
    assert await revoked(world) == []


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr;q=0.2, es;q=0.7", "es"),
        ("ja", "en"),
        ("", "en"),
        ("x" * 9000, "en"),
        (";;q=,,", "en"),
    ],
)
async def test_the_page_speaks_the_readers_language_and_needs_no_script(
    client: httpx.AsyncClient, asked: str, language: str
) -> None:
    answer = await client.get("/u/whatever", headers={"Accept-Language": asked})
    assert f'<html lang="{language}">' in answer.text
    assert '<form method="post"><button type="submit">' in answer.text
    assert "script" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"


async def test_what_is_sent_along_is_neither_read_nor_minded(client: httpx.AsyncClient) -> None:
    for body in (b"", b"\x00\xff", b"{", b"x" * 60_000):
        assert (await client.post("/u/whatever", content=body)).status_code == 200
    assert (await client.post("/u/whatever", content=b"x" * 70_000)).status_code == 413


async def test_two_clicks_at_once_are_one(world: World, client: httpx.AsyncClient) -> None:
    await world.account("C2", email="c1@example.com")
    await world.overdue()
    await world.run()
    link = await sent_link(world)
    answers = await asyncio.gather(*(client.post(link, **ONE_CLICK) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(await revoked(world)) == ["C1", "C2"]
