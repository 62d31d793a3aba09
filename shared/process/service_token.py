"""The token with which services call each other: when it ends is shown, and told in time.

Nobody signs in again for it: when it ends, outreach sends nothing more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import jwt

from shared import clock
from shared.process import telemetry
from shared.process.tasks import end

WARN_SECONDS = 30 * 86_400
LOOK_SECONDS = 86_400.0

log = telemetry.logger(__name__)


def expiry(token: str | None) -> float | None:
    """When a token ends, as it says itself. None: it is no JWT, or does not say."""
    if token is None:
        return None
    try:
        ends = jwt.decode(token, options={"verify_signature": False}).get("exp")
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    if isinstance(ends, bool) or not isinstance(ends, int | float) or not 0 < ends < 2**40:
        return None
    return float(ends)


def look(service: str, token: str | None) -> None:
    """Show when the token ends; warn of it from 30 days before."""
    ends = expiry(token)
    if ends is None:
        return
    telemetry.SERVICE_TOKEN_ENDS.labels(service).set(ends)
    left = ends - clock.now().timestamp()
    if left < WARN_SECONDS:
        log.warning(
            "service token ends soon" if left > 0 else "service token has ended",
            service=service,
            days_left=max(int(left // 86_400), 0),
        )


@asynccontextmanager
async def token_watched(service: str, token: str | None) -> AsyncIterator[None]:
    """Meanwhile it is looked at once a day."""
    watching = asyncio.create_task(_watch(service, token))
    try:
        yield
    finally:
        await end([watching])


async def _watch(service: str, token: str | None) -> None:
    while True:
        look(service, token)
        await asyncio.sleep(LOOK_SECONDS)
