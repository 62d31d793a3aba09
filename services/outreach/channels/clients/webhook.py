"""Contacts as webhooks: a system of the tenant's takes the contact over (`contact-due`)."""

from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.clients.webhook_post import WebhookPoster
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    Later,
    Refused,
    Sent,
    Withdrawn,
)
from services.outreach.channels.domain.parts import WebhookParts
from services.outreach.channels.domain.webhook_signature import check_secret, signed_headers
from services.outreach.channels.domain.webhook_targets import target_fault
from shared import clock
from shared.errors import Invalid, Unavailable


class WebhookChannel:
    """One endpoint. It knows a contact by its id (`webhook-id`), so a repeat is no second one."""

    def __init__(self, poster: WebhookPoster, url: str, secret: str) -> None:
        self._poster = poster
        self._url = url
        self._secret = secret

    async def send(self, intent: Intent) -> Sent:
        parts = await intent.parts()
        if parts is None:
            return Withdrawn()
        assert isinstance(parts, WebhookParts), "a webhook has the parts of one"
        headers = signed_headers(intent.contact_id, clock.now(), parts.data, [self._secret])
        posted = await self._poster.post(self._url, headers, parts.data)
        if posted.is_taken:
            return Accepted(intent.contact_id)
        if posted.is_gone:
            return Refused("http-410")
        return Later(posted.reason, retry_after=posted.retry_after)

    async def find(self, intent: Intent) -> Found:
        return CannotSay()  # never asked: nothing it does is unknown, a repeat is harmless

    async def close(self) -> None:
        await self._poster.close()


def open_webhook(setup: ProviderSetup) -> WebhookChannel:
    """Of a provider of the kind `webhook`. Raises `Unavailable`."""
    secret, url = setup.secret, setup.provider.target or ""
    try:
        check_secret(secret)
    except Invalid as error:
        raise Unavailable(f"the variable {setup.provider.secret} {error.detail}") from error
    if fault := target_fault(url, is_local=setup.is_local):
        raise Unavailable(f"the target {fault}")
    return WebhookChannel(WebhookPoster(is_local=setup.is_local), url, secret)
