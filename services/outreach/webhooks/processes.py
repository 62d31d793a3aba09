"""Posts what waits for endpoints: claim, post, note what came of it; a transaction for each step.

An endpoint that is slow or away keeps only its own events waiting.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from services.outreach.channels.clients.webhook_post import Posted, WebhookPoster
from services.outreach.channels.domain.webhook_signature import signed_headers
from services.outreach.webhooks.domain import Endpoint, SecretBox, WaitingEvent, retry_at
from services.outreach.webhooks.store import (
    claim_due,
    find_endpoint,
    note_failed,
    note_taken,
    switch_off,
)
from shared import clock
from shared.database import Database
from shared.process import telemetry
from shared.process.crash import crash_point
from shared.process.failures import survived

AT_ONCE = 32  # posts under way in one process
SEALED = "secret-unreadable"

log = telemetry.logger(__name__)


async def post_due(
    db: Database,
    poster: WebhookPoster,
    box: SecretBox,
    now: Callable[[], datetime] = clock.now,
) -> int:
    """One round: the first event of every lane that is due; gives how many were posted."""
    async with db.transaction() as session:
        claimed = await claim_due(session, now(), AT_ONCE)

    async def post(waiting: WaitingEvent) -> None:
        with survived("outreach", "webhooks", tenant=waiting.tenant):
            await _post(db, poster, box, waiting, now)

    await asyncio.gather(*(post(waiting) for waiting in claimed))
    return len(claimed)


async def _post(
    db: Database,
    poster: WebhookPoster,
    box: SecretBox,
    waiting: WaitingEvent,
    now: Callable[[], datetime],
) -> None:
    async with db.reading() as session:
        endpoint = await find_endpoint(session, waiting.tenant, waiting.webhook_id)
    if endpoint is None or endpoint.state != "on":
        return  # meanwhile; nothing waits for it any more
    keys = _keys(endpoint, box, now())
    if keys:
        headers = signed_headers(waiting.event_id, now(), waiting.body, keys)
        posted = await poster.post(endpoint.url, headers, waiting.body)
        crash_point("outreach.webhook.after_post")
    else:
        posted = Posted(failure=SEALED)
    await _note(db, endpoint, waiting, posted, now())


def _keys(endpoint: Endpoint, box: SecretBox, now: datetime) -> list[str]:
    """The secrets that hold, the newest first."""
    sealed = [endpoint.sealed]
    if endpoint.sealed_before is not None and now < (endpoint.before_until or now):
        sealed.append(endpoint.sealed_before)
    return [key for each in sealed if (key := box.open(each)) is not None]


async def _note(
    db: Database, endpoint: Endpoint, waiting: WaitingEvent, posted: Posted, now: datetime
) -> None:
    off: str | None = None
    async with db.transaction() as session:
        if posted.is_taken:
            await note_taken(session, waiting, now)
        else:
            again_at = retry_at(now, waiting.tries + 1, posted.retry_after)
            await note_failed(session, waiting, now, again_at, posted.reason)
            if posted.is_gone:
                off = "gone"
            elif endpoint.is_given_up(now):
                off = "silent"
            if off is not None and not await switch_off(
                session, waiting.tenant, waiting.webhook_id, off
            ):
                off = None
    result = "taken" if posted.is_taken else "failed"
    telemetry.WEBHOOK_POSTS.labels("outreach", result).inc()
    if off is not None:
        telemetry.WEBHOOKS_OFF.labels("outreach").inc()
        log.warning(
            "webhook switched off",
            tenant=waiting.tenant,
            webhook=waiting.webhook_id,
            because=off,
            reason=posted.reason,
        )
