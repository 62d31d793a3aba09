"""Texts and calls over HTTP as Twilio's.

A request that never reached the provider is `Later`; one whose answer never reached us, or cannot
be read, is `Unknown`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode

import httpx

from services.outreach.channels.clients.carried import script_in_time, text_in_time
from services.outreach.channels.clients.channel_log import ScriptShelf
from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain import twilio
from services.outreach.channels.domain.call_scripts import CallScript
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    Later,
    Refused,
    Sent,
    Unknown,
)
from services.outreach.channels.domain.sms_text import SmsText
from services.outreach.channels.domain.twilio import TwilioAccount
from shared import clock
from shared.addresses import BadUrl
from shared.errors import Unavailable

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
WHOLE_SECONDS: Final = 20.0  # an answer that drips in is no answer
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
IDLE_SECONDS: Final = 2.0  # of a connection that is kept: shorter than servers keep theirs
PAGES_MAX: Final = 10
PAGE_SIZE: Final = 100

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
# Before anything of the request was written.
_NOT_BEGUN = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)

Resource = Literal["Messages", "Calls"]


@dataclass(frozen=True)
class TwilioSettings:
    """A provider of a tenant."""

    tenant: str
    provider: str
    account: TwilioAccount
    sender: str
    public_url: str  # where the provider reaches us
    segments_max: int = 4


class TwilioApi:
    """The account's resources."""

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        self._http = httpx.AsyncClient(
            auth=(account.sid, account.token),
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=20, keepalive_expiry=IDLE_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    async def create(
        self, resource: Resource, form: Mapping[str, str] | Sequence[tuple[str, str]]
    ) -> Accepted | Refused | Later | Unknown:
        content = urlencode(form if isinstance(form, Sequence) else list(form.items()))
        url = self._account.resource(resource)
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                response, body = await self._answer("POST", url, content=content, headers=_FORM)
        except _NOT_BEGUN as error:
            return Later(f"twilio-{type(error).__name__}")
        except (httpx.HTTPError, TimeoutError) as error:
            return Unknown(f"twilio-{type(error).__name__}")
        return twilio.created(response.status_code, body, response.headers)

    async def find(self, resource: Resource, intent: Intent, sender: str) -> Found:
        """By its id where that is known, else by its number since the intent."""
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                if intent.provider_id is not None:
                    url = self._account.resource(f"{resource}/{intent.provider_id}")
                    response, _ = await self._answer("GET", url)
                    is_there = response.status_code == httpx.codes.OK
                    return Accepted(intent.provider_id) if is_there else CannotSay()
                return await self._listed(resource, intent, sender)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            return CannotSay()

    async def _listed(self, resource: Resource, intent: Intent, sender: str) -> Found:
        since, items = intent.since, list[Any]()
        if since is None:
            return CannotSay()
        query = urlencode({"To": intent.to, "PageSize": PAGE_SIZE})
        url = f"{self._account.resource(resource)}?{query}"
        for _ in range(PAGES_MAX):
            response, body = await self._answer("GET", url)
            page = twilio.page(body, resource.lower())
            if response.status_code != httpx.codes.OK or page is None:
                return CannotSay()
            items += page[0]
            following = page[1]
            if following is None or twilio.is_past(page[0], since):
                return twilio.found(items, intent, sender, clock.now())
            if not following.startswith("/"):
                return CannotSay()
            url = f"{self._account.url}{following}"
        return CannotSay()

    async def _answer(self, method: str, url: str, **more: Any) -> tuple[httpx.Response, bytes]:
        """The answer, no longer than answers are."""
        async with self._http.stream(method, url, **more) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > ANSWER_BYTES_MAX:
                    raise httpx.DecodingError("an answer without an end")
            return response, bytes(body)

    async def close(self) -> None:
        await self._http.aclose()


class TwilioTexts:
    """SMS."""

    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings
        self._api = TwilioApi(settings.account)

    async def send(self, intent: Intent) -> Sent:
        settings = self._settings
        sms = await text_in_time(intent, settings.segments_max)
        if not isinstance(sms, SmsText):
            return sms
        callback = twilio.callback_url(
            settings.public_url, settings.provider, intent.callback_token
        )
        text = "".join(sms.parts)
        result = await self._api.create(
            "Messages", twilio.message_form(intent, settings.sender, text, callback)
        )
        if isinstance(result, Accepted):  # some providers count only afterwards
            return Accepted(result.provider_id, max(result.units, sms.segments))
        return result

    async def find(self, intent: Intent) -> Found:
        return await self._api.find("Messages", intent, self._settings.sender)

    async def close(self) -> None:
        await self._api.close()


class TwilioCalls:
    """Calls: a machine's voice, to people only."""

    def __init__(self, settings: TwilioSettings, shelf: ScriptShelf) -> None:
        self._settings = settings
        self._shelf = shelf
        self._api = TwilioApi(settings.account)

    async def send(self, intent: Intent) -> Sent:
        script = await script_in_time(intent)
        if not isinstance(script, str):
            return script
        settings, token = self._settings, intent.callback_token
        twiml = twilio.spoken(script, intent.language)
        await self._shelf.put(CallScript(settings.tenant, settings.provider, token, twiml))
        form = twilio.call_form(
            intent,
            settings.sender,
            twilio.script_url(settings.public_url, settings.provider, token),
            twilio.callback_url(settings.public_url, settings.provider, token),
        )
        return await self._api.create("Calls", form)

    async def find(self, intent: Intent) -> Found:
        return await self._api.find("Calls", intent, self._settings.sender)

    async def close(self) -> None:
        await self._api.close()


def open_twilio(shelf: ScriptShelf, setup: ProviderSetup) -> TwilioTexts | TwilioCalls:
    """Of a provider of the kind `twilio`. Raises `Unavailable`."""
    provider = setup.provider
    settings = TwilioSettings(
        setup.tenant,
        setup.name,
        twilio_account(setup),
        provider.from_ or "",
        setup.links.public_url,
        provider.segments_max,
    )
    if provider.channel == "voice":
        return TwilioCalls(settings, shelf)
    return TwilioTexts(settings)


def twilio_account(setup: ProviderSetup) -> TwilioAccount:
    """Raises `Unavailable`."""
    try:
        return TwilioAccount.from_url(setup.secret)
    except BadUrl as error:
        raise Unavailable(f"the variable {setup.provider.secret} {error}") from error
