"""A tenant's settings over HTTP, and that runs go by them."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from services.outreach.channels.clients.factories import FACTORIES
from services.outreach.channels.clients.registry import ChannelRegistry
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.peers import mail_sink
from tests.integration.outreach.world import MORNING, SENDER, World
from tests.unit.outreach.builders import LINKS


@pytest.fixture
async def other(world: World, outreach_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A door whose environment has a second mail server."""
    settings = settings_for(world, outreach_url, OTHER_MAIL=world.mail.url)
    async for client in client_of(settings):
        yield client


async def test_settings_are_defaults_until_they_are_sent(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/settings")
    assert answer.status_code == 200
    assert answer.json()["ramp"] == {"start": 200, "factor": 2.0, "most": None}


async def test_what_was_sent_is_read_again_and_replaced_whole(other: httpx.AsyncClient) -> None:
    body = {
        "language": "de",
        "providers": {"mail": {"channel": "email", "kind": "smtp", "secret": "OTHER_MAIL"}},
    }
    put = await other.put("/v1/settings", json=body)
    assert put.status_code == 200, put.text
    assert put.json() == (await other.get("/v1/settings")).json()
    assert put.json()["providers"]["mail"]["secret"] == "OTHER_MAIL"
    await other.put("/v1/settings", json={"language": "fr"})
    after = (await other.get("/v1/settings")).json()
    assert (after["language"], after["providers"]) == ("fr", {})
    theirs = await other.get("/v1/settings", headers={"X-Tenant": "another"})
    assert theirs.json()["language"] == "en"


@pytest.mark.parametrize("name", ["NOT_SET", "OUTREACH_DATABASE_URL", "RECOUP_DEV_KEY"])
async def test_an_unset_variable_or_one_of_ours_is_refused(
    other: httpx.AsyncClient, name: str
) -> None:
    body = {"providers": {"mail": {"channel": "email", "kind": "smtp", "secret": name}}}
    answer = await other.put("/v1/settings", json=body)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/providers/mail/secret"]


@pytest.mark.parametrize(
    ("content", "status"), [(b"{", 400), (b"\xff", 400), (b'{"language": "de\\u0000"}', 422)]
)
async def test_what_is_no_json_or_no_text_is_refused(
    client: httpx.AsyncClient, content: bytes, status: int
) -> None:
    answer = await client.put(
        "/v1/settings", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status


async def test_a_run_goes_over_the_provider_that_the_settings_name(world: World) -> None:
    async with mail_sink() as second:
        registry = ChannelRegistry(
            FACTORIES, {"OUTREACH_SMTP_URL": world.mail.url, "OTHER": second.url}, SENDER, LINKS
        )
        world.context = replace(world.context, channels=registry)
        await world.settings(
            creditor={"name": "Muster GmbH"},
            providers={
                "mail": {
                    "channel": "email", "kind": "smtp", "secret": "OTHER",
                    "from": "b@muster.example",
                }
            },
        )  # fmt: skip
        await world.overdue()
        assert (await world.run(MORNING)).counts["sent"] == 1
        assert world.mail.messages == []
        assert str(second.messages[0]["From"]) == "Muster GmbH <b@muster.example>"
        await registry.close()


async def test_settings_that_change_replace_the_open_channel_at_the_next_run(world: World) -> None:
    async with mail_sink() as second:
        registry = ChannelRegistry(
            FACTORIES, {"ONE": world.mail.url, "TWO": second.url}, SENDER, LINKS
        )
        world.context = replace(world.context, channels=registry)
        mail = {"channel": "email", "kind": "smtp"}
        await world.settings(providers={"mail": mail | {"secret": "ONE"}})
        await world.overdue()
        await world.run(MORNING)
        await world.settings(providers={"mail": mail | {"secret": "TWO"}})
        await world.account("C2")
        await world.overdue("I2", "C2")
        await world.run(MORNING)
        assert (len(world.mail.messages), len(second.messages)) == (1, 1)
        await registry.close()
