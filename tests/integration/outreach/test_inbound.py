"""What debtors answer, over HTTP: understood, or handed to a person."""

from collections import Counter
from datetime import date

import httpx

from tests.integration.outreach.replies import (
    EMAIL,
    MONDAY,
    a_mail,
    contacted,
    pauses,
    post,
    replies,
    tasks,
)
from tests.integration.outreach.world import World

# ----------------------------------------------------------------------------------- the classes


async def test_out_g10_a_promise_by_token_is_the_ledgers(
    world: World, http: httpx.AsyncClient
) -> None:
    """OUT-G10: "Je paierai vendredi" on Monday 2027-03-08, by token: a promise for 2027-03-12."""
    contact_id = await contacted(world)
    item = await post(http, a_mail("Je paierai vendredi", contact_id=contact_id, world=world))
    assert (item["state"], item["reply_class"], item["effect"]) == ("applied", "promise", "command")
    assert (item["contact_id"], item["account_id"]) == (contact_id, "C1")
    (taken,) = world.ledger.taken
    assert (taken.noun, taken.account_id) == ("promises", "C1")
    assert taken.body == {
        "currency": "EUR", "amount_minor": 12_000, "due_on": "2027-03-12",
        "at": "2027-03-08T10:00:00+00:00", "by": {"kind": "debtor"}, "channel": "email",
    }  # fmt: skip
    assert await replies(world) == [("promise", "command")]
    (touch,) = await world.announced("right-party-contacted")
    assert touch["data"]["outcome"] == "promise"
    assert (await tasks(world), await pauses(world)) == ([], [])


async def test_out_g10_the_other_classes(world: World, http: httpx.AsyncClient) -> None:
    """OUT-G10: each text its class, its task and its pause."""
    expected = [
        ("Could you stop by tomorrow?", "stop-unclear", "for-person", "opt-out", "reply"),
        ("Ich habe schon bezahlt", "claim", "applied", "check-payment", "claim"),
        ("Perdí mi empleo: desempleo, pero voy a pagar", "hardship", "for-person", "hardship",
         "reply"),
        ("I will not pay on Friday", "other", "for-person", "reply", "reply"),
        ("Mein Anwalt meldet sich", "legal", "for-person", "legal", "reply"),
        ("wrong number", "wrong-party", "applied", "verify-party", None),
        ("I never received it", "dispute", "applied", "dispute-review", None),
    ]  # fmt: skip
    found = []
    for text, *_ in expected:
        tasks_before, pauses_before = await tasks(world), await pauses(world)
        item = await post(http, a_mail(text))
        (task,) = (Counter(await tasks(world)) - Counter(tasks_before)).elements()
        new = (Counter(await pauses(world)) - Counter(pauses_before)).elements()
        pause = next((kind for _, kind in new), None)
        found.append((text, item["reply_class"], item["state"], task, pause))
    assert found == expected
    assert [name for name, _ in await replies(world)] == [each[1] for each in expected]


async def test_out_g10_stop_takes_back_the_consent_of_every_account_with_the_address(
    world: World, http: httpx.AsyncClient
) -> None:
    """OUT-G10: "STOP." needs no debtor: it holds for every account with the address."""
    await world.account("C2", email="C1@Example.com")
    await world.account("C3")
    item = await post(http, a_mail("STOP."))
    assert (item["state"], item["effect"]) == ("applied", "consent")
    revoked = await world.announced("consent-revoked")
    assert [event["data"]["account_id"] for event in revoked] == ["C1", "C2"]
    rows = await world.db.fetch("select account_id, address, state from consents order by 1")
    assert [tuple(row) for row in rows] == [
        ("C1", "c1@example.com", "revoked"), ("C2", "C1@example.com", "revoked"),
    ]  # fmt: skip
    assert len(await replies(world)) == 2  # of two debtors
    assert await tasks(world) == []
    # And the governor knows: nothing more goes there.
    await world.run(MONDAY)
    assert world.mail.received == []


async def test_start_takes_back_that_stop(world: World, http: httpx.AsyncClient) -> None:
    await post(http, a_mail("start"))
    assert await world.announced("consent-granted") == []  # nothing was stopped
    await post(http, a_mail("STOP"))
    await post(http, a_mail("Start, please"))
    (granted,) = await world.announced("consent-granted")
    assert granted["data"]["account_id"] == "C1"
    await world.run(MONDAY)
    assert len(world.mail.received) == 1


async def test_an_unclear_stop_closes_the_channel_for_the_debtor(
    world: World, http: httpx.AsyncClient
) -> None:
    await post(http, a_mail("please remove my old address"))
    shown = (await http.get("/v1/accounts/C1/preferences")).json()
    assert shown["preferences"]["refused_channels"] == ["email"]
    await world.run(MONDAY)
    assert world.mail.received == []


async def test_a_wrong_address_is_unusable(world: World, http: httpx.AsyncClient) -> None:
    await post(http, a_mail("This is the wrong person"))
    rows = await world.db.fetch("select account_id, channel, address, state from address_states")
    assert [tuple(row) for row in rows] == [("C1", "email", EMAIL, "wrong-party")]
    assert len(await world.announced("wrong-party-contacted")) == 1


async def test_a_dispute_names_its_invoice_or_there_is_only_one(
    world: World, http: httpx.AsyncClient
) -> None:
    await world.overdue("I2", due_on=date(2027, 3, 2), minor=4_000)
    item = await post(http, a_mail("I never received it"))
    assert (item["state"], world.ledger.taken) == ("for-person", [])
    item = await post(http, a_mail("I never received invoice N-I2"))
    assert item["state"] == "applied"
    (taken,) = world.ledger.taken
    assert (taken.noun, taken.body["invoice_id"]) == ("disputes", "I2")
    assert taken.body["reason_code"] == "not-received"
    assert await tasks(world) == ["dispute-review", "dispute-review"]
    (touch,) = await world.announced("right-party-contacted")
    assert touch["data"]["outcome"] == "dispute"


async def test_a_promise_that_is_not_clear_is_a_persons(
    world: World, http: httpx.AsyncClient
) -> None:
    contact_id = await contacted(world)
    for text in (
        "I will pay on Friday or Saturday",
        "I will pay on 2027-03-23",  # a day later than a fortnight
        "I will pay",
        "I will pay EUR 120.01 on Friday",
        "I will pay on Friday, I cannot sooner",
        "I will pay $50 on Friday",
    ):
        item = await post(http, a_mail(text, contact_id=contact_id, world=world))
        assert (item["state"], item["reply_class"]) == ("for-person", "promise"), text
    assert (world.ledger.commands, set(await tasks(world))) == ([], {"promise"})


async def test_a_promise_without_a_token_is_a_persons(
    world: World, http: httpx.AsyncClient
) -> None:
    item = await post(http, a_mail("I will pay on Friday"))
    assert (item["state"], world.ledger.commands) == ("for-person", [])


async def test_what_answers_a_message_of_ours_is_matched_by_its_id(
    world: World, http: httpx.AsyncClient
) -> None:
    await contacted(world)
    (row,) = await world.db.fetch(
        "select contact_id, message_id from contacts where state = 'sent'"
    )
    raw = a_mail("I will pay 50 on Friday", From="other@example.org",
                 In_Reply_To=row["message_id"])  # fmt: skip
    item = await post(http, raw)
    assert (item["contact_id"], item["state"]) == (row["contact_id"], "applied")
    assert world.ledger.taken[0].body["amount_minor"] == 5_000
    forged = a_mail("I will pay 50 on Friday", From="other@example.org",
                    In_Reply_To=f"<{row['contact_id']}@elsewhere.example>")  # fmt: skip
    assert (await post(http, forged))["account_id"] is None


async def test_a_forged_token_is_nobodys(world: World, http: httpx.AsyncClient) -> None:
    contact_id = await contacted(world)
    raw = a_mail("I will pay on Friday", contact_id=contact_id, world=world, From="x@example.org")
    changed = raw.replace(b"r+a", b"r+b").replace(b"r+", b"r+", 1)
    forged = changed if changed != raw else raw.replace(b"@reply", b"a@reply")
    item = await post(http, forged)
    assert (item["state"], item["account_id"], world.ledger.commands) == ("for-person", None, [])


# -------------------------------------------------------------------------------- whose it is


async def test_an_address_of_several_debtors_is_a_persons_who_tells_whose_it_is(
    world: World, http: httpx.AsyncClient
) -> None:
    await world.account("C2", email=EMAIL)
    item = await post(http, a_mail("Ich habe schon bezahlt"))
    assert (item["state"], item["account_id"]) == ("for-person", None)
    assert (await tasks(world), await replies(world)) == ([], [])
    waiting = (await http.get("/v1/inbound", params={"state": "for-person"})).json()["items"]
    assert [each["inbound_id"] for each in waiting] == [item["inbound_id"]]
    path = f"/v1/inbound/{item['inbound_id']}"
    assert (await http.post(f"{path}/assign", json={"account_id": "C9"})).status_code == 404
    told = (await http.post(f"{path}/assign", json={"account_id": "C2"})).json()
    assert (told["state"], told["account_id"], told["reply_class"]) == ("applied", "C2", "claim")
    assert await pauses(world) == [("C2", "claim")]
    assert (await http.post(f"{path}/assign", json={"account_id": "C2"})).status_code == 409


async def test_what_a_person_has_seen_to_pauses_nothing_any_more(
    world: World, http: httpx.AsyncClient
) -> None:
    item = await post(http, a_mail("Hello?"))
    assert await pauses(world) == [("C1", "reply")]
    path = f"/v1/inbound/{item['inbound_id']}/handle"
    done = await http.post(path, json={"reason": "answered by telephone"})
    assert (done.status_code, done.json()["state"]) == (200, "applied")
    assert await pauses(world) == []
    rows = await world.db.fetch("select state from tasks")
    assert [row["state"] for row in rows] == ["cancelled"]
    assert (await http.post(path, json={"reason": "again"})).status_code == 409
    assert (await http.post("/v1/inbound/none/handle", json={"reason": "x"})).status_code == 404
