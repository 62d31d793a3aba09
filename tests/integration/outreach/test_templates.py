"""Message templates over HTTP, and that messages are written with the newest one in force."""

from typing import Any

import httpx
import msgspec

from tests.integration.outreach.world import MORNING, World
from tests.unit.outreach.builders import at
from tests.unit.outreach.test_template_lint import GOOD

PATH = "/v1/templates/reminder"


def document(version: str = "2026-03-01", text: str = GOOD, **more: Any) -> dict[str, Any]:
    email = {"subject": "Mine", "text": text}
    return {"version": version, "asks": True, "languages": {"en": {"email": email}}} | more


async def put(client: httpx.AsyncClient, body: dict[str, Any], path: str = PATH) -> httpx.Response:
    return await client.put(path, content=msgspec.json.encode(body))


async def activate(
    client: httpx.AsyncClient, from_: str, version: str | None = "2026-03-01", path: str = PATH
) -> httpx.Response:
    return await client.post(f"{path}/activate", json={"version": version, "from": from_})


async def test_the_ready_templates_are_there_and_can_be_read(client: httpx.AsyncClient) -> None:
    items = {i["name"]: i for i in (await client.get("/v1/templates")).json()["items"]}
    assert len(items) == 22  # and the code
    assert items["final"]["ready"]
    assert items["final"]["tone"] == "final"
    assert items["final"]["languages"]["de"] == ["email", "sms", "letter", "voice", "portal"]
    found = (await client.get("/v1/templates/final")).json()
    assert found["version"] == items["final"]["version"]
    sent_back = await client.put("/v1/templates/mine", content=found["source"])
    assert (sent_back.status_code, sent_back.json()["new"]) == (201, True)
    assert (await client.get("/v1/templates/no-such")).status_code == 404
    assert (await client.get("/v1/templates/schema")).json()["$ref"]


async def test_a_version_is_kept_for_ever_and_another_text_refused(
    client: httpx.AsyncClient,
) -> None:
    assert (await put(client, document())).status_code == 201
    assert (await put(client, document())).status_code == 200
    assert (await put(client, document(text=f"{GOOD} More."))).status_code == 409
    bad = await put(client, document("2", text="{{ name.upper() }}"))
    assert bad.status_code == 422
    (error,) = bad.json()["errors"]
    assert error["pointer"] == "/languages/en/email/text"
    missing = await put(client, {"version": "2"})
    assert {e["pointer"] for e in missing.json()["errors"]} == {"/asks", "/languages"}


async def test_words_that_may_not_leave_are_kept_but_not_activated(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.run(MORNING)
    words = "Pay EUR 10 or you will be arrested."
    assert (await put(client, document("bad", words))).status_code == 201
    tried = (await client.post(f"{PATH}/dry-run?version=bad")).json()
    assert tried["errors"] == len([f for f in tried["lint"] if f["severity"] == "error"]) > 5
    refused = await activate(client, "2026-03-20", "bad")
    assert refused.status_code == 422
    rules = {error["detail"].partition(":")[0] for error in refused.json()["errors"]}
    assert {"threat", "literal-amount", "missing-creditor", "missing-opt-out"} <= rules
    assert (await client.get(PATH)).json()["version"] != "bad"
    assert await world.announced("template-activated") == []


async def test_a_template_counts_from_its_day_on_and_is_named_in_events(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.run(at("2026-03-02 12:00"))
    await put(client, document())
    assert (await activate(client, "2026-03-02")).status_code == 409
    answer = await activate(client, "2026-03-04")
    assert answer.json()["is_activated"]
    assert not (await activate(client, "2026-03-04")).json()["is_activated"]
    (event,) = await world.announced("template-activated")
    assert event["data"] == {
        "name": "reminder", "version": "2026-03-01", "from_on": "2026-03-04",
    }  # fmt: skip
    await world.overdue("I1")
    assert (await world.run(MORNING)).counts["sent"] == 1  # the 3rd: the ready one still
    await world.account("C2")
    await world.overdue("I2", "C2")
    assert (await world.run(at("2026-03-04 09:00"))).counts["sent"] == 1
    first, second = await world.announced("contact-sent")
    ready = world.context.templates.in_force.versions["reminder"]
    assert first["data"]["template_version"] == ready
    assert second["data"]["template_version"] == "2026-03-01"
    assert [message["Subject"] for message in world.mail.messages] == [
        "A friendly reminder about invoice N-I1", "Mine",
    ]  # fmt: skip


async def test_a_template_that_a_strategy_names_is_replaced_and_not_ended(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.run(MORNING)
    refused = await activate(client, "2026-03-20", None)
    assert refused.status_code == 409
    assert "is named by" in refused.json()["detail"]
    ended = await activate(client, "2026-03-20", None, "/v1/templates/promise-made")
    assert ended.status_code == 200


async def test_a_preview_shows_what_leaves_and_what_it_costs(
    client: httpx.AsyncClient, world: World
) -> None:
    costs = {"currency": "EUR", "email": 400, "sms": {"+": 90_000}}
    await client.put("/v1/settings", json={"language": "de", "costs": costs})
    path = f"{PATH}/preview"
    shown = (await client.post(path, json={"language": "de-AT", "channel": "sms"})).json()
    assert shown["language"] == "de"
    assert "Zu zahlen" in shown["parts"]["text"]
    assert (shown["alphabet"], shown["lint"]) == ("gsm-7", [])
    assert shown["cost_micros"] == 90_000 * shown["segments"]
    email = (await client.post(path, json={"language": "en", "channel": "email"})).json()
    assert set(email["parts"]) == {"subject", "text", "html"}
    assert (email["cost_micros"], email["cost_minor"], email["segments"]) == (400, 0, None)
    await world.overdue("I1", minor=12_345)
    about = {"language": "fr", "channel": "letter", "account_id": "C1"}
    letter = (await client.post(path, json=about)).json()
    assert "Name of C1" in letter["parts"]["text"]
    assert "123,45" in letter["parts"]["text"]


async def test_a_preview_of_what_is_not_there(client: httpx.AsyncClient) -> None:
    await put(client, document("7"))
    asked = {"language": "xx", "channel": "letter", "version": "7"}
    answer = await client.post(f"{PATH}/preview", json=asked)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/channel")
    for body in ({**asked, "channel": "fax"}, {"language": "en"}):
        assert (await client.post(f"{PATH}/preview", json=body)).status_code == 422
    none = await client.post("/v1/templates/no-such/preview", json={**asked, "version": None})
    assert none.status_code == 404
    nobody = {"language": "en", "channel": "email", "account_id": "NOBODY"}
    assert (await client.post(f"{PATH}/preview", json=nobody)).status_code == 404


async def test_the_language_is_the_debtors_then_the_accounts_then_the_tenants(
    client: httpx.AsyncClient, world: World
) -> None:
    await client.put("/v1/settings", json={"language": "es"})
    await world.account("C2", language="fr")
    await world.account("C3", language="fr")
    for account in ("C1", "C2", "C3"):
        await world.overdue(f"I-{account}", account)
    wish = {"language": "de", "at": "2026-03-01T00:00:00Z"}
    answer = await client.put("/v1/accounts/C3/preferences", json=wish)
    assert answer.status_code == 200
    assert (await world.run(MORNING)).counts["sent"] == 3
    subjects = {m["To"].partition("<")[2]: m["Subject"] for m in world.mail.messages}
    assert subjects["c1@example.com>"].startswith("Un recordatorio")
    assert subjects["c2@example.com>"].startswith("Petit rappel")
    assert subjects["c3@example.com>"].startswith("Kleine Erinnerung")
