"""What a call says is told to its provider alone, and to people only."""

from urllib.parse import urlencode

import httpx
import pytest
from twilio.request_validator import RequestValidator

from services.outreach.channels.domain.call_scripts import CallScript
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import LINKS

CALLS = {"channel": "voice", "kind": "twilio", "secret": "CALLS_URL", "from": "+49555000"}
PATH = "/v1/providers/calls/script?contact=token"


async def ask(
    client: httpx.AsyncClient, path: str = PATH, auth: str = "secret", **form: str
) -> httpx.Response:
    signature = RequestValidator(auth).compute_signature(f"{LINKS.public_url}{path}", form)
    headers = {
        "X-Twilio-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return await client.post(path, content=urlencode(form), headers=headers)


@pytest.mark.usefixtures("outreach_db")
async def test_scripts_are_for_their_provider_and_for_people(
    world: World, outreach_url: str
) -> None:
    account = "https://AC1:secret@api.example.com"
    await world.context.channel_log.put(CallScript("demo", "calls", "token", "<Response/>"))
    async for client in client_of(settings_for(world, outreach_url, CALLS_URL=account)):
        kept = await client.put("/v1/settings", json={"providers": {"calls": CALLS}})
        assert kept.status_code == 200, kept.text
        del client.headers["Authorization"]
        human = await ask(client, CallSid="CA1", AnsweredBy="human")
        assert (human.status_code, human.text) == (200, "<Response/>")
        assert human.headers["content-type"].startswith("text/xml")
        machine = await ask(client, CallSid="CA1", AnsweredBy="machine_start")
        assert "<Hangup/>" in machine.text
        assert (await ask(client, auth="guessed", CallSid="CA1")).status_code == 401
        other = PATH.replace("token", "other")
        assert (await ask(client, other, CallSid="CA1")).status_code == 404
