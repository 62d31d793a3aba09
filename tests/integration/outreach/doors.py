"""Outreach's HTTP door over a world: its settings, and a client that is signed in."""

from base64 import b64encode
from collections.abc import AsyncIterator

import httpx

from services.outreach.app import create_app
from services.outreach.settings import Settings
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import LINKS

KEY = "a-development-key"


def settings_for(world: World, url: str, **env: str) -> Settings:
    return Settings.from_env(
        {
            "RECOUP_LOCAL": "1",
            "RECOUP_DEV_KEY": KEY,
            "RECOUP_CLOCK": "manual",
            "OUTREACH_DATABASE_URL": url,
            "LEDGER_DATABASE_URL": url,
            "SEGMENTATION_DATABASE_URL": url,
            "METRICS_DATABASE_URL": url,
            "LEDGER_URL": world.ledger.url,
            "OUTREACH_SMTP_URL": world.mail.url,
            "OUTREACH_LINK_KEYS": f"1:{b64encode(LINKS.keys.signing.secret).decode()}",
            "OUTREACH_PUBLIC_URL": LINKS.public_url,
        }
        | env
    )


async def client_of(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://127.0.0.1",
            headers={"Authorization": f"Bearer {KEY}"},
        ) as client,
    ):
        yield client
