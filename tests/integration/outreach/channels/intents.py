"""Intents for tests of adapters."""

from datetime import datetime, timedelta

from services.outreach.channels.domain.contract import Intent
from services.outreach.channels.domain.parts import Parts, SmsParts
from shared import clock

CONTACT = "6f1c1d9a-2b7e-5c3d-9e4f-0123456789ab"
TOKEN = "n4ob3grlpzod3hspaerukz4jvoe4k3eabe"


def an_intent(
    parts: Parts | str | None = "Hello",
    *,
    to: str = "+4915112345600",
    seconds: float = 60,
    token: str = TOKEN,
    provider_id: str | None = None,
    since: datetime | None = None,
) -> Intent:
    async def rendered() -> Parts | None:
        return SmsParts(parts) if isinstance(parts, str) else parts

    now = clock.now()
    return Intent(
        tenant="demo",
        contact_id=CONTACT,
        to=to,
        to_name="",
        deadline=now + timedelta(seconds=seconds),
        callback_token=token,
        at=now,
        language="de",
        parts=rendered,
        provider_id=provider_id,
        since=since,
    )
