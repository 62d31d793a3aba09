"""What webhooks work with: who posts, what opens their secrets, and whether this is local mode."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.outreach.channels.clients.webhook_post import WebhookPoster
from services.outreach.webhooks.domain import SecretBox


@dataclass(frozen=True)
class WebhookClients:
    poster: WebhookPoster
    box: SecretBox
    is_local: bool

    async def close(self) -> None:
        await self.poster.close()


def open_webhook_clients(keys: Iterable[bytes], *, is_local: bool) -> WebhookClients:
    """`keys`: those of links, the one that seals first."""
    return WebhookClients(WebhookPoster(is_local=is_local), SecretBox(tuple(keys)), is_local)
