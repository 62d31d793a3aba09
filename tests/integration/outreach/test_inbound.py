"""What comes in over HTTP: kept once, read once, and ended; understood or handed to a person."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from twilio.request_validator import RequestValidator

from services.outreach.activity.store.business_times import raise_business_time
from services.outreach.channels.domain.tokens import address_local_part
from services.outreach.inbound.processes.reading import read_next
from services.outreach.inbound.processes.taking import take_message
from shared.events import ledger
from shared.events.billing import Address, Phone
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import at

MONDAY = at("2027-03-08 10:00")
EMAIL = "c1@example.com"
SID, TOKEN = "AC0123456789", "a-token-of-tests"
TWILIO = f"https://{SID}:{TOKEN}@api.twilio.com"
PUBLIC = "https://pay.example.com"
NUMBER = "+4915112345678"


@pytest.fixture
async def http(world: World, outreach_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """C1 owes EUR 120.00 since March 2027; it is Monday 2027-03-08, ten o'clock."""
    await world.overdue(due_on=date(2027, 3, 2), minor=12_000)
    async with world.db.transaction() as session:
        await raise_business_time(session, world.tenant, MONDAY)
    key = world.context.links.keys.signing
    settings = settings_for(
        world,
        outreach_url,
        TWILIO_TEST=TWILIO,
        OUTREACH_PUBLIC_URL=PUBLIC,
        OUTREACH_LINK_KEYS=f"{key.id}:{b64encode(key.secret).decode()}",
    )
    async for client in client_of(settings):
        yield client


async def contacted(world: World) -> str:
    """A contact that was sent to C1; gives its id."""
    await world.run(MONDAY)
    (row,) = await world.db.fetch("select contact_id from contacts where state = 'sent'")
    return str(row["contact_id"])


def a_mail(
    text: str, *, contact_id: str | None = None, world: World | None = None, **headers: str
) -> bytes:
    message = EmailMessage()
    message["From"] = headers.pop("From", EMAIL)
    to = "accounts@creditor.example"
    if contact_id is not None and world is not None:
        local = address_local_part("r", contact_id, world.context.links.keys.signing)
        to = f"{local}@reply.example.com"
    message["To"] = to
    message["Subject"] = headers.pop("Subject", "Re: Your invoice")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


async def post(http: httpx.AsyncClient, raw: bytes) -> dict[str, Any]:
    answer = await http.post(
        "/v1/inbound/email", content=raw, headers={"Content-Type": "message/rfc822"}
    )
    assert answer.status_code in (200, 202), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def tasks(world: World) -> list[str]:
    rows = await world.db.fetch("select kind from tasks order by opened_at, kind")
    return [row["kind"] for row in rows]


async def pauses(world: World) -> list[tuple[str, str]]:
    rows = await world.db.fetch(
        "select account_id, kind from stops where resume_on is null order by 1, 2"
    )
    return [(row["account_id"], row["kind"]) for row in rows]


async def replies(world: World) -> list[tuple[str, str]]:
    return [
        (event["data"]["reply_class"], event["data"]["effect"])
        for event in await world.announced("reply-received")
    ]


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


@pytest.mark.parametrize(
    ("text", "class_", "state", "task", "pause"),
    [
        ("Could you stop by tomorrow?", "stop-unclear", "for-person", ["opt-out"], ["reply"]),
        ("Ich habe schon bezahlt", "claim", "applied", ["check-payment"], ["claim"]),
        ("Perdí mi empleo: desempleo, pero voy a pagar", "hardship", "for-person", ["hardship"],
         ["reply"]),
        ("I will not pay on Friday", "other", "for-person", ["reply"], ["reply"]),
        ("Mein Anwalt meldet sich", "legal", "for-person", ["legal"], ["reply"]),
        ("wrong number", "wrong-party", "applied", ["verify-party"], []),
        ("I never received it", "dispute", "applied", ["dispute-review"], []),
    ],
)  # fmt: skip
async def test_out_g10_the_other_classes(
    world: World,
    http: httpx.AsyncClient,
    text: str,
    class_: str,
    state: str,
    task: list[str],
    pause: list[str],
) -> None:
    """OUT-G10: each text its class, its task and its pause."""
    item = await post(http, a_mail(text))
    assert (item["reply_class"], item["state"]) == (class_, state)
    assert await tasks(world) == task
    assert [kind for _, kind in await pauses(world)] == pause
    assert [name for name, _ in await replies(world)] == [class_]


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
        ("C1", "c1@example.com", "revoked"), ("C2", "C1@Example.com", "revoked"),
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


@pytest.mark.parametrize(
    "text",
    [
        "I will pay on Friday or Saturday",
        "I will pay on 2027-03-23",  # a day later than a fortnight
        "I will pay",
        "I will pay EUR 120.01 on Friday",
        "I will pay on Friday, I cannot sooner",
        "I will pay $50 on Friday",
    ],
)
async def test_a_promise_that_is_not_clear_is_a_persons(
    world: World, http: httpx.AsyncClient, text: str
) -> None:
    contact_id = await contacted(world)
    item = await post(http, a_mail(text, contact_id=contact_id, world=world))
    assert (item["state"], item["reply_class"]) == ("for-person", "promise")
    assert (world.ledger.commands, await tasks(world)) == ([], ["promise"])


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


# ---------------------------------------------------------------------- once, and never dropped


async def test_a_repeat_changes_nothing(world: World, http: httpx.AsyncClient) -> None:
    contact_id = await contacted(world)
    raw = a_mail("Je paierai vendredi", contact_id=contact_id, world=world)
    first = await post(http, raw)
    assert await post(http, raw) == first
    assert len(world.ledger.commands) == 1
    assert len(await replies(world)) == 1


async def test_machines_that_answer_change_nothing(world: World, http: httpx.AsyncClient) -> None:
    raw = a_mail("I will pay on Friday. STOP", Auto_Submitted="auto-replied")
    item = await post(http, raw)
    assert (item["state"], item["reply_class"]) == ("auto-reply", "auto-reply")
    assert await world.announced("reply-received", "consent-revoked") == []
    assert (await tasks(world), await pauses(world)) == ([], [])


async def test_what_the_ledger_refuses_is_a_persons_with_the_reason(
    world: World, http: httpx.AsyncClient
) -> None:
    contact_id = await contacted(world)
    world.ledger.next_answers.append((422, {"detail": "Two are open already.", "errors": [
        {"pointer": "/due_on", "detail": "too late"}]}))  # fmt: skip
    item = await post(http, a_mail("Je paierai vendredi", contact_id=contact_id, world=world))
    assert (item["state"], item["effect"]) == ("for-person", "task")
    (row,) = await world.db.fetch("select kind, note from tasks")
    assert row["kind"] == "promise"
    assert row["note"] == "the ledger refused it (422): Two are open already.: /due_on too late"
    assert await pauses(world) == [("C1", "reply")]
    assert await world.announced("right-party-contacted") == []


async def test_a_ledger_that_does_not_answer_is_asked_again(
    world: World, http: httpx.AsyncClient
) -> None:
    contact_id = await contacted(world)
    world.ledger.next_answers.append((503, {}))
    item = await post(http, a_mail("Je paierai vendredi", contact_id=contact_id, world=world))
    assert (item["state"], item["tries"]) == ("open", 1)
    async with world.db.transaction() as session:
        await session.execute("update inbound set try_at = stored_at")
    # Meanwhile less is collectable; the same is asked again all the same.
    world.answers("C1", ("I1", date(2027, 3, 2), 1_000), only=True)
    assert await read_next(world.context)
    shown = (await http.get(f"/v1/inbound/{item['inbound_id']}")).json()
    assert (shown["state"], shown["effect"]) == ("applied", "command")
    assert [c.body["amount_minor"] for c in world.ledger.commands] == [12_000, 12_000]
    assert len({c.key for c in world.ledger.commands}) == 1
    assert not await read_next(world.context)


async def test_while_the_ledger_is_away_the_debtor_is_left_alone(
    world: World, http: httpx.AsyncClient
) -> None:
    world.ledger.mode = "error"
    item = await post(http, a_mail("I never received it"))
    assert item["state"] == "open"
    assert await pauses(world) == [("C1", "reply")]
    world.ledger.mode = "good"
    async with world.db.transaction() as session:
        await session.execute("update inbound set try_at = stored_at")
    await read_next(world.context)
    assert (await pauses(world), len(world.ledger.taken)) == ([], 1)


async def test_what_lies_open_for_an_hour_is_a_violation(
    world: World, http: httpx.AsyncClient
) -> None:
    world.ledger.mode = "error"
    await post(http, a_mail("I never received it"))
    name = "what came in is read within an hour"

    async def violations() -> dict[str, int]:
        items = (await http.get("/v1/integrity")).json()["items"]
        return {each["name"]: each["violations"] for each in items}

    assert set((await violations()).values()) == {0}
    async with world.db.transaction() as session:
        await session.execute("update inbound set stored_at = stored_at - interval '61 minutes'")
    assert {n for n, count in (await violations()).items() if count} == {name}


async def test_several_workers_read_each_item_once(world: World, http: httpx.AsyncClient) -> None:
    world.ledger.mode = "error"
    for number in range(12):
        await post(http, a_mail(f"I never received it, the {number}th time"))
    world.ledger.mode = "good"
    async with world.db.transaction() as session:
        await session.execute("update inbound set try_at = stored_at")

    async def work() -> int:
        count = 0
        while await read_next(world.context):
            count += 1
        return count

    counts = await asyncio.gather(*[work() for _ in range(4)])
    assert sum(counts) == 12
    assert len(await world.announced("reply-received")) == 12
    rows = await world.db.fetch("select distinct state from inbound")
    assert [row["state"] for row in rows] == ["applied"]


async def test_what_cannot_be_read_is_a_persons(
    world: World, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("services.outreach.inbound.processes.reading.read_mail", broken)
    item = await post(http, a_mail("Hello"))
    for _ in range(4):
        async with world.db.transaction() as session:
            await session.execute("update inbound set try_at = stored_at")
        await read_next(world.context)
    shown = (await http.get(f"/v1/inbound/{item['inbound_id']}")).json()
    assert (shown["state"], shown["failure"]) == ("for-person", "cannot be read: RuntimeError")


async def test_bytes_that_are_no_mail_are_a_persons(world: World, http: httpx.AsyncClient) -> None:
    item = await post(http, b"no mail at all\xff\x00")
    assert item["state"] == "for-person"
    assert (await http.post("/v1/inbound/email", content=b" ")).status_code == 422
    assert (await http.post("/v1/inbound/email", content=b"x" * 11_000_000)).status_code == 413


async def test_what_was_written_goes_with_the_account(
    world: World, http: httpx.AsyncClient
) -> None:
    await post(http, a_mail("Hello, this is my secret word Rumpelstilzchen"))
    erased = ledger.AccountErased(account_id="C1")
    await world.take(world.ledger_event("account-erased", "C1", erased))
    (row,) = await world.db.fetch("select content, text, address, state from inbound")
    assert (row["content"], row["text"], row["address"]) == (b"", None, None)
    assert row["state"] == "for-person"
    assert await world.db.fetch("select * from account_addresses") == []
    assert "Rumpelstilzchen" not in str(await world.announced())


async def test_a_message_of_the_portal_is_certain(world: World, http: httpx.AsyncClient) -> None:
    await take_message(world.context, "demo", "C1", None, "I will pay on Friday", "m1")
    await take_message(world.context, "demo", "C1", None, "I will pay on Friday", "m1")
    (taken,) = world.ledger.taken
    assert (taken.body["due_on"], taken.body["channel"]) == ("2027-03-12", "portal")


# ------------------------------------------------------------------------------------ providers


async def with_texts(http: httpx.AsyncClient) -> None:
    texts = {"channel": "sms", "kind": "twilio", "secret": "TWILIO_TEST", "from": "+4930123456"}
    settings = {"providers": {"texts": texts}}
    answer = await http.put("/v1/settings", json=settings)
    assert answer.status_code == 200, answer.text


async def provider_post(
    http: httpx.AsyncClient, form: dict[str, str], *, token: str = TOKEN, path: str = "texts"
) -> int:
    path = f"/v1/providers/{path}/events"
    signature = RequestValidator(token).compute_signature(f"{PUBLIC}{path}", form)
    headers = {
        "X-Twilio-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    del http.headers["Authorization"]
    answer = await http.post(path, content=urlencode(form), headers=headers)
    http.headers["Authorization"] = "Bearer a-development-key"
    return answer.status_code


def a_text(body: str, sid: str = "SM1", from_: str = NUMBER) -> dict[str, str]:
    return {
        "MessageSid": sid, "SmsStatus": "received", "From": from_, "To": "+4930123456",
        "Body": body,
    }  # fmt: skip


async def test_a_text_comes_in_with_the_providers_signature(
    world: World, http: httpx.AsyncClient
) -> None:
    await with_texts(http)
    await world.account("C4", phones=(Phone(number="0151 12345678"),), addresses=(
        Address(country="DE"),))  # fmt: skip
    assert await provider_post(http, a_text("STOP"), token="wrong") == 401
    assert await provider_post(http, a_text("STOP"), path="others") == 401
    assert await world.db.fetch("select * from inbound") == []
    for _ in range(2):
        assert await provider_post(http, a_text("STOP")) == 204
    (revoked,) = await world.announced("consent-revoked")
    assert (revoked["data"]["account_id"], revoked["data"]["channel"]) == ("C4", "sms")
    rows = await world.db.fetch("select address from consents")
    assert [row["address"] for row in rows] == [NUMBER]


async def test_the_same_words_twice_are_two_messages_by_their_ids(
    world: World, http: httpx.AsyncClient
) -> None:
    await with_texts(http)
    for sid in ("SM1", "SM2"):
        assert await provider_post(http, a_text("Hello", sid)) == 204
    rows = await world.db.fetch("select state from inbound")
    assert [row["state"] for row in rows] == ["for-person", "for-person"]


async def test_names_of_providers_are_their_tenants(world: World, http: httpx.AsyncClient) -> None:
    """Two tenants call theirs the same: the signature tells whose it is."""
    await with_texts(http)
    assert await provider_post(http, a_text("Hello")) == 204
    (row,) = await world.db.fetch("select tenant_id, received_at from inbound")
    assert row["tenant_id"] == "demo"
    assert row["received_at"] == datetime(2027, 3, 8, 10, tzinfo=UTC)
