"""Consents, preferences and contact history over HTTP: kept as a history, told, and effective."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared import clock
from shared.events import ledger
from tests.dumps import stored_texts
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import at

SMS = "/v1/accounts/C1/consents/sms"
EMAIL = "/v1/accounts/C1/consents/email"
PREFERENCES = "/v1/accounts/C1/preferences"
HISTORY = "/v1/accounts/C1/contact-history"


def past(id_: str = "h1", **fields: Any) -> dict[str, Any]:
    base = {"id": id_, "at": "2026-02-20T10:00:00Z", "channel": "voice", "outcome": "no_answer"}
    return base | fields


async def test_a_consent_is_granted_and_taken_back(world: World, client: httpx.AsyncClient) -> None:
    granted = {
        "state": "granted", "at": "2026-02-01T10:00:00Z", "given_to": "creditor",
        "form": "written", "address": "+491711234567", "evidence": "form 17",
    }  # fmt: skip
    answer = await client.put(SMS, json=granted)
    assert answer.status_code == 200
    assert answer.json()["granted"] is True
    revoked = {"state": "revoked", "at": "2026-02-03T10:00:00Z"}
    assert (await client.put(SMS, json=revoked)).json()["granted"] is False
    shown = (await client.get(SMS)).json()
    assert [item["state"] for item in shown["items"]] == ["revoked", "granted"]
    assert shown["items"][1]["evidence"] == "form 17"
    said = await world.announced("consent-granted", "consent-revoked")
    assert [event["type"] for event in said] == ["consent-granted", "consent-revoked"]
    assert said[0]["data"] == {
        "account_id": "C1", "channel": "sms", "kind": "sms", "given_to": "creditor",
        "granted_at": "2026-02-01T10:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize("at", ["2026-02-01T10:00:00Z", None])
async def test_the_same_consent_again_is_said_once(
    world: World, client: httpx.AsyncClient, at: str | None
) -> None:
    body = {"state": "granted"} | ({"at": at} if at else {})
    for _ in range(2):
        assert (await client.put(SMS, json=body)).status_code == 200
    assert len((await client.get(SMS)).json()["items"]) == 1
    assert len(await world.announced("consent-granted")) == 1


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        (SMS, {}, "/state"),
        (SMS, {"state": "maybe"}, "/state"),
        (SMS, {"state": "granted", "kind": "email"}, "/kind"),
        (SMS, {"state": "granted", "at": "2026-02-01T10:00:00"}, "/at"),
        (SMS, {"state": "granted", "colour": "blue"}, "/colour"),
        ("/v1/accounts/C1/consents/pigeon", {"state": "granted"}, "/path/channel"),
        (PREFERENCES, {}, ""),
        (PREFERENCES, {"refused_channels": ["pigeon"]}, "/refused_channels/0"),
        (PREFERENCES, {"timezone": "Mars/Olympus"}, "/timezone"),
        (PREFERENCES, {"inconvenient": [{"from": "25:00", "to": "26:00"}]}, "/inconvenient/0/from"),
        (PREFERENCES, {"inconvenient": [{"from": "08:00", "to": "08:00"}]}, "/inconvenient/0"),
        (PREFERENCES, {"bankruptcy_filed_at": "2026-02-01"}, "/bankruptcy_filed_at"),
        (PREFERENCES, {"preferred_hours": {"from": "18:00", "to": "17:00"}}, "/preferred_hours"),
        (PREFERENCES, {"preferred_hours": {"from": "7:00", "to": "9:00"}}, "/preferred_hours/from"),
        (PREFERENCES, {"preferred_hours": {"from": "24:00", "to": "24:00"}}, "/preferred_hours"),
        (PREFERENCES, {"attorney": {"name": "A"}}, "/attorney/since"),
        (PREFERENCES, {"inconvenient": [{"from": "24:00", "to": "08:00"}]}, "/inconvenient/0"),
        (PREFERENCES, {"cease_requested_at": "1800-01-01T00:00:00Z"}, "/cease_requested_at"),
        (PREFERENCES, {"breathing_space_from": "2151-01-01"}, "/breathing_space_from"),
        (PREFERENCES, {"attorney": {"since": "1950-01-01T00:00:00+14:00"}}, "/attorney/since"),
        (EMAIL, {"state": "granted", "at": "0001-01-01T00:00:00+14:00"}, "/at"),
        (EMAIL, {"state": "granted", "employer_provided": False}, "/employer_provided"),
        (SMS, {"state": "granted", "address": "+1", "employer_provided": True},
         "/employer_provided"),
    ],
)  # fmt: skip
async def test_what_cannot_be_taken_names_its_field(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], pointer: str
) -> None:
    answer = await client.put(path, json=body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_with_the_system_clock_nothing_was_said_tomorrow(
    world: World, outreach_url: str
) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    async for client in client_of(settings_for(world, outreach_url, RECOUP_CLOCK="system")):
        for path, body in ((SMS, {"state": "granted"}), (PREFERENCES, {"deceased": True})):
            answer = await client.put(path, json=body | {"at": tomorrow})
            assert answer.status_code == 422
        item = past(at=tomorrow)
        answer = await client.post(HISTORY, json={"items": [item]})
        assert answer.json()["errors"][0]["detail"] == "lies in the future"


async def test_preferences_add_up_and_can_be_taken_back(
    world: World, client: httpx.AsyncClient
) -> None:
    first = {
        "evidence": "call of Monday", "refused_channels": ["sms"], "vulnerable": True,
        "inconvenient": [{"days": ["mon"], "from": "08:00", "to": "12:00"}],
        "attorney": {"since": "2026-02-01T00:00:00Z", "debts": ["I9"], "name": "A. Lawyer"},
    }  # fmt: skip
    assert (await client.put(PREFERENCES, json=first)).status_code == 200
    shown = (await client.put(PREFERENCES, json={"language": "de", "vulnerable": None})).json()
    assert shown["preferences"]["refused_channels"] == ["sms"]
    assert shown["preferences"]["language"] == "de"
    assert shown["preferences"]["vulnerable"] is None
    assert shown["preferences"]["attorney"]["name"] == "A. Lawyer"
    assert len(shown["items"]) == 6
    assert shown == (await client.get(PREFERENCES)).json()
    kinds = [event["data"]["kind"] for event in await world.announced("preference-changed")]
    assert kinds == ["channels", "times", "attorney", "circumstances", "language", "circumstances"]
    told = str(await world.announced())
    assert "Lawyer" not in told
    assert "Monday" not in told


async def test_preferred_hours_move_a_message_and_the_rules_hold_all_the_same(
    world: World, client: httpx.AsyncClient
) -> None:
    """They stand for the strategy's hours: a message waits for them, and within them for what the
    contact rules allow (house policy: from 08:01)."""
    await world.overdue()
    midnight = at("2026-03-03 00:00")
    assert (await world.run(midnight)).next_due_at == at("2026-03-03 08:01")
    said = {"at": "2026-03-02T10:00:00Z"}
    evening = said | {"preferred_hours": {"from": "18:30", "to": "24:00"}}
    shown = (await client.put(PREFERENCES, json=evening)).json()
    assert shown["preferences"]["preferred_hours"] == {"from": "18:30", "to": "24:00"}
    assert (await world.run(midnight)).next_due_at == at("2026-03-03 18:30")
    early = said | {"preferred_hours": {"from": "06:00", "to": "09:00"}}
    await client.put(PREFERENCES, json=early)
    assert (await world.run(midnight)).next_due_at == at("2026-03-03 08:01")
    await client.put(PREFERENCES, json=evening)
    assert (await world.run(at("2026-03-03 12:00"))).counts["sent"] == 0
    await client.put(PREFERENCES, json=said | {"preferred_hours": None})
    assert (await world.run(at("2026-03-03 12:00"))).counts["sent"] == 1
    told = await world.announced("preference-changed")
    assert [event["data"]["kind"] for event in told] == ["times"] * 4
    assert "18:30" not in str(told)


async def test_what_is_said_again_in_the_same_words_is_not_told_again(
    world: World, client: httpx.AsyncClient
) -> None:
    for _ in range(2):
        await client.put(PREFERENCES, json={"refused_channels": ["sms"], "deceased": False})
    (told,) = await world.announced("preference-changed")
    assert told["data"]["refused_channels"] == ["sms"]
    assert len((await client.get(PREFERENCES)).json()["items"]) == 1


async def test_history_is_taken_item_by_item(world: World, client: httpx.AsyncClient) -> None:
    items = [
        past("h1"),
        past("h2", channel="pigeon"),
        past("h3", to="+491711234567", about=["I1"], person="debtor"),
        past("h1"),
        past("h3", outcome="busy"),
        {"id": "h6"},
        past("h7", at="yesterday"),
        7,
    ]
    answer = await client.post(HISTORY, json={"items": items})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["accepted"], body["duplicates"]) == (2, 1)
    assert [item["index"] for item in body["rejected"]] == [1, 4, 5, 6, 7]
    assert body["rejected"][0]["errors"][0]["pointer"] == "/items/1/channel"
    again = (await client.post(HISTORY, json={"items": items[:1]})).json()
    assert again == {"accepted": 0, "duplicates": 1, "rejected": []}
    other = await client.post(HISTORY, json={"items": [past("h1", outcome="busy")]})
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"at": "1800-01-01T00:00:00Z"}, "at"),
        ({"at": "2151-01-01T00:00:00Z"}, "at"),
        ({"to": "x" * 257}, "to"),
        ({"by": "x" * 257}, "by"),
        ({"notice": ""}, "notice"),
        ({"notice": "validation", "initiated_by": "debtor"}, "notice"),
    ],
)
async def test_what_no_question_could_hold_is_not_taken(
    client: httpx.AsyncClient, wrong: dict[str, Any], member: str
) -> None:
    answer = await client.post(HISTORY, json={"items": [past(**wrong)]})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/items/0/{member}"]


async def test_whose_an_address_is_is_kept_with_its_consent(client: httpx.AsyncClient) -> None:
    body = {
        "state": "granted", "at": "2026-02-01T10:00:00Z", "address": "a@example.com",
        "employer_provided": False,
    }  # fmt: skip
    for provided in (False, False, True):
        await client.put(EMAIL, json=body | {"employer_provided": provided})
    shown = (await client.get(EMAIL)).json()["items"]
    assert [item["employer_provided"] for item in shown] == [True, False]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"items": 3}', 422),
        (b'{"items": [' + b",".join([b"1"] * 1001) + b"]}", 422),
    ],
)
async def test_a_bad_batch_is_refused(
    client: httpx.AsyncClient, content: bytes, status: int
) -> None:
    answer = await client.post(
        HISTORY, content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code == status


async def test_another_tenants_account_takes_and_tells_nothing(
    client: httpx.AsyncClient,
) -> None:
    headers = {"X-Tenant": "other"}
    assert (await client.get(SMS, headers=headers)).status_code == 404
    assert (await client.get(PREFERENCES, headers=headers)).status_code == 404
    body = {"state": "granted"}
    assert (await client.put(SMS, json=body, headers=headers)).status_code == 404
    wish = {"deceased": True}
    assert (await client.put(PREFERENCES, json=wish, headers=headers)).status_code == 404
    answer = await client.post(HISTORY, json={"items": [past()]}, headers=headers)
    assert answer.status_code == 404


async def test_erasure_takes_what_is_personal_and_keeps_the_wish(
    world: World, client: httpx.AsyncClient
) -> None:
    await client.put(
        SMS, json={"state": "revoked", "address": "+491711234567", "evidence": "Evidence 1"}
    )
    wish = {
        "attorney": {"since": "2026-02-01T00:00:00Z", "name": "A. Lawyer"},
        "evidence": "Evidence 2",
    }
    await client.put(PREFERENCES, json=wish | {"refused_channels": ["sms"]})
    await client.post(HISTORY, json={"items": [past(to="+491711234567")]})
    tagged = ledger.AccountUpdated(
        account_id="C1", kind="consumer", timezone="Europe/Berlin", tags=("Dromedar",)
    )
    await world.take(world.ledger_event("account-updated", "C1", tagged))
    personal = ("+49171", "Lawyer", "Evidence 1", "Evidence 2", "Dromedar", "c1@example.com")
    assert [word for word in personal if word not in " ".join(await stored_texts(world.db))] == []
    await world.take(
        world.ledger_event("account-erased", "C1", ledger.AccountErased(account_id="C1"))
    )
    text = " ".join(await stored_texts(world.db))
    assert [word for word in personal if word in text] == []
    shown = (await client.get(PREFERENCES)).json()["preferences"]
    assert shown["refused_channels"] == ["sms"]
    assert (await client.put(PREFERENCES, json={"deceased": True})).status_code == 409
