"""The live stream: says that figures have changed, and after which events.

Ids are the tenant's revision; `Last-Event-ID` goes on from there as long as the database keeps the
changes. Whoever comes with an older id, an unknown one or none gets a `reset`: where the stream
stands, and that whatever was asked before it is to be asked again. Clients have no queue here: each
gets what is new when it has taken what came before, and one that takes nothing for a while is
dropped.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Message, Receive, Scope, Send

from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.store.changes import list_changes
from services.metrics.store.figures import list_revisions
from services.metrics.store.live import Live
from shared.database import Database
from shared.errors import Unavailable
from shared.process import telemetry

router = APIRouter(tags=["live"])

SEND_SECONDS_MAX = 20.0
_RETRY_SECONDS = 1.0
_REVISION = re.compile(r"[0-9]{1,18}")  # another id is none of ours: the stream begins anew
_CHANGES_PER_LOOK = 200

log = telemetry.logger(__name__)


class _Dropping(EventSourceResponse):
    """Cuts the connection of a client that does not take what is sent."""

    def __init__(self, events: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> None:
        super().__init__(events, headers=headers)
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                await send(message)

        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            log.info("stream.dropped_slow_client")
        finally:
            await self._events.aclose()  # at once: a cancelled send leaves it where it stands


@router.get(
    "/v1/stream",
    summary="Says live that figures have changed",
    response_model=None,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream(
    context: ContextDep,
    caller: CallerDep,
    last_event_id: Annotated[str | None, Header()] = None,
) -> _Dropping:
    """`figures`: `{"revision", "from", "to", "events": {type: count}}`, the days and types of what
    was taken in; or `{"revision", "targets": [kpi]}`. `alert`, `plan`, `experiment`: what one of
    them came to. `reset`: `{"revision"}`, ask for everything again. `id` is the revision."""
    after = int(last_event_id) if last_event_id and _REVISION.fullmatch(last_event_id) else None
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return _Dropping(_events(context.live, caller.tenant, after), headers)


async def _events(live: Live, tenant: str, after: int | None) -> AsyncGenerator[bytes, None]:
    async with live.listening(tenant):
        revision = after
        while not live.is_closing:
            try:
                news, revision = await _news(live.db, tenant, revision)
            except Unavailable:
                yield KEEPALIVE_COMMENT
                await live.pause(_RETRY_SECONDS)
                continue
            for event in news:
                yield event
            if len(news) < _CHANGES_PER_LOOK and not await live.wait(tenant, revision):
                yield KEEPALIVE_COMMENT


async def _news(db: Database, tenant: str, after: int | None) -> tuple[list[bytes], int]:
    """The events after a revision, and the revision that the client has with them."""
    async with db.reading() as session:
        now = (await list_revisions(session, [tenant])).get(tenant, 0)
        if after is None or after > now:
            return [_event(now, "reset", "{}")], now
        changes = await list_changes(session, tenant, after, _CHANGES_PER_LOOK)
    if after < now and (not changes or changes[0].revision > after + 1):
        return [
            _event(now, "reset", "{}")
        ], now  # too long ago: whoever listens asks for everything
    return [_event(*change) for change in changes], changes[-1].revision if changes else now


def _event(revision: int, change_type: str, content: str) -> bytes:
    head = f'{{"revision":{revision}'
    data = head + ("," + content[1:] if len(content) > 2 else "}")
    return format_sse_event(data_str=data, event=change_type, id=str(revision), retry=1000)
