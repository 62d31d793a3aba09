"""Texts and calls over HTTP as Twilio's, against a provider with every fault."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.outreach.channels.clients import twilio as client
from services.outreach.channels.clients.twilio import TwilioCalls, TwilioSettings, TwilioTexts
from services.outreach.channels.domain.call_scripts import CallScript
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Later,
    NotThere,
    Refused,
    Sent,
    Unknown,
    Withdrawn,
)
from services.outreach.channels.domain.parts import VoiceParts
from services.outreach.channels.domain.twilio import SETTLED_AFTER, TwilioAccount, token_in
from shared import clock
from shared.addresses import BadUrl
from tests.integration.outreach.channels.intents import TOKEN, an_intent
from tests.integration.outreach.channels.twilio_peer import TwilioPeer, twilio_peer

PUBLIC = "https://pay.example.com"
SENDER = "+49555000"


class Shelf:
    def __init__(self) -> None:
        self.scripts: list[CallScript] = []

    async def put(self, script: CallScript) -> None:
        self.scripts.append(script)


def settings(url: str) -> TwilioSettings:
    return TwilioSettings("demo", "texts", TwilioAccount.from_url(url), SENDER, PUBLIC)


@pytest.fixture
async def peer() -> AsyncIterator[TwilioPeer]:
    async with twilio_peer() as peer:
        yield peer


@pytest.fixture
async def texts(peer: TwilioPeer) -> AsyncIterator[TwilioTexts]:
    channel = TwilioTexts(settings(peer.url))
    yield channel
    await channel.close()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def calls(peer: TwilioPeer, shelf: Shelf) -> AsyncIterator[TwilioCalls]:
    channel = TwilioCalls(settings(peer.url), shelf)
    yield channel
    await channel.close()


async def test_a_text_is_accepted_and_its_callback_carries_our_token(
    texts: TwilioTexts, peer: TwilioPeer
) -> None:
    sent = await texts.send(an_intent("Zahlung „heute“ fällig + 5 €"))
    assert sent == Accepted(peer.created[0]["sid"], 1)
    form = peer.forms[0]
    assert (form["To"], form["From"]) == ("+4915112345600", SENDER)
    assert form["Body"] == 'Zahlung "heute" fällig + 5 €'
    assert form["StatusCallback"] == f"{PUBLIC}/v1/providers/texts/events?contact={TOKEN}"
    assert token_in(form["StatusCallback"]) == TOKEN


async def test_segments_are_what_is_paid_for(texts: TwilioTexts) -> None:
    sent = await texts.send(an_intent("a" * 200))
    assert isinstance(sent, Accepted)
    assert sent.units == 2


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        ((400, 21211), Refused("twilio-21211", is_address_dead=True)),
        ((400, 21614), Refused("twilio-21614", is_address_dead=True)),
        ((400, 21610), Refused("twilio-21610", is_consent_revoked=True)),
        ((400, 21606), Refused("twilio-21606")),
        ((400, None), Refused("twilio-400")),
        ((404, 20404), Refused("twilio-20404")),
        ((408, None), Later("twilio-408")),
        ((429, 20429), Later("twilio-429", retry_after=7.0)),
        ((503, None), Later("twilio-503")),
        ((500, None), Unknown("twilio-500")),
        ((502, None), Unknown("twilio-502")),
        ((504, None), Unknown("twilio-504")),
        ("unreadable", Unknown("twilio-unreadable")),
        ("no-sid", Unknown("twilio-unreadable")),
    ],
)
async def test_answers_mean_what_the_contract_says(
    texts: TwilioTexts,
    calls: TwilioCalls,
    peer: TwilioPeer,
    fault: str | tuple[int, int | None],
    result: Sent,
) -> None:
    peer.fault = fault
    assert await texts.send(an_intent()) == result
    assert await calls.send(an_intent(VoiceParts("Hello"))) == result


async def test_no_answer_in_time_is_unknown_and_nobody_there_is_later(
    texts: TwilioTexts, peer: TwilioPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "WHOLE_SECONDS", 0.3)
    peer.fault = "hang"
    assert await texts.send(an_intent()) == Unknown("twilio-TimeoutError")
    nobody = TwilioTexts(settings(peer.url.replace(str(peer.port), "9")))
    result = await nobody.send(an_intent())
    await nobody.close()
    assert isinstance(result, Later)


async def test_what_is_withdrawn_empty_long_or_too_late_never_leaves(
    texts: TwilioTexts, calls: TwilioCalls, peer: TwilioPeer
) -> None:
    assert await texts.send(an_intent(None)) == Withdrawn()
    assert await texts.send(an_intent("")) == Refused("empty-text")
    assert await texts.send(an_intent("a" * 613)) == Refused("too-many-segments")
    assert isinstance(await texts.send(an_intent(seconds=-1)), Later)
    assert await calls.send(an_intent(None)) == Withdrawn()
    assert await calls.send(an_intent(VoiceParts(" "))) == Refused("empty-script")
    assert not peer.forms


async def test_an_unknown_one_is_found_by_our_token(texts: TwilioTexts, peer: TwilioPeer) -> None:
    since = clock.now()
    for token in ("another", TOKEN, "a-third"):
        peer.fault = (502, None)
        await texts.send(an_intent(token=token))
    found = await texts.find(an_intent(since=since))
    assert found == Accepted(peer.created[1]["sid"], 1)
    assert await texts.find(an_intent(provider_id=peer.created[0]["sid"])) == Accepted(
        peer.created[0]["sid"]
    )
    assert await texts.find(an_intent(provider_id="SMnone")) == CannotSay()


async def test_what_was_never_there_is_not_there_once_lists_are_settled(
    texts: TwilioTexts, peer: TwilioPeer
) -> None:
    assert await texts.find(an_intent(since=clock.now())) == CannotSay()
    since = clock.now() - SETTLED_AFTER
    assert await texts.find(an_intent(since=since)) == NotThere()
    assert await texts.find(an_intent()) == CannotSay()
    await texts.send(an_intent(token="another"))
    assert await texts.find(an_intent(since=since)) == NotThere()


async def test_without_callbacks_in_lists_nothing_is_taken_for_ours(
    texts: TwilioTexts, peer: TwilioPeer
) -> None:
    """Nor for absent: its receipts will tell."""
    peer.shows_callbacks = False
    await texts.send(an_intent())
    since = clock.now() - SETTLED_AFTER
    assert await texts.find(an_intent(since=since)) == CannotSay()
    peer.created[0]["from"] = "+49555999"  # another sender's
    assert await texts.find(an_intent(since=since)) == NotThere()
    peer.lists_fail = True
    assert await texts.find(an_intent(since=since)) == CannotSay()


async def test_lists_are_read_page_by_page(texts: TwilioTexts, peer: TwilioPeer) -> None:
    peer.page_size = 2
    since = clock.now()
    for number in range(5):
        await texts.send(an_intent(token=TOKEN if number == 0 else f"other-{number}"))
    assert await texts.find(an_intent(since=since)) == Accepted(peer.created[0]["sid"], 1)


async def test_a_call_is_placed_and_its_script_waits(
    calls: TwilioCalls, peer: TwilioPeer, shelf: Shelf
) -> None:
    sent = await calls.send(an_intent(VoiceParts("Guten Tag.\nHier spricht <Muster> & Co.")))
    assert sent == Accepted(peer.created[0]["sid"])
    form = peer.forms[0]
    assert form["Url"] == f"{PUBLIC}/v1/providers/texts/script?contact={TOKEN}"
    assert form["MachineDetection"] == "Enable"
    script = shelf.scripts[0]
    assert (script.token, script.provider) == (TOKEN, "texts")
    assert '<Say language="de-DE">Hier spricht &lt;Muster&gt; &amp; Co.</Say>' in script.text
    since = clock.now() - timedelta(minutes=1)
    assert await calls.find(an_intent(since=since)) == Accepted(peer.created[0]["sid"], 1)


@pytest.mark.parametrize(
    "url",
    [
        "http://AC1:token@api.example.com",
        "https://api.example.com",
        "https://AC1@api.example.com",
        "https://AC%2F1:token@api.example.com",
        "smpp://AC1:token@127.0.0.1",
    ],
)
def test_accounts_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(BadUrl):
        TwilioAccount.from_url(url)
