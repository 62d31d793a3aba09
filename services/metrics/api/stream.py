"""The live stream: says that figures have changed, and after which events.

Ids are the tenant's revision; `Last-Event-ID` goes on from there as long as the database keeps the
changes, else one event says where the stream stands. Clients have no queue here: each is told what
is new when it has taken what was said before, and one that takes nothing for a while is dropped.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Message, Receive, Scope, Send

from services.metrics.api.kpis import CallerDep
from services.metrics.store import figures as store
from shared.database import Database, Wakeup
from shared.errors import Unavailable
from shared.process import telemetry

router = APIRouter(tags=["live"])

KEEP_ALIVE_SECONDS = 15.0
SEND_SECONDS_MAX = 20.0
_LOOK_SECONDS = 0.2
_RETRY_SECONDS = 1.0
_CHANGES_PER_LOOK = 200

log = telemetry.logger(__name__)


class Live:
    """How far the streams of the tenants with listeners have come: one look for all of them."""

    def __init__(self, db: Database, *, keep_alive_seconds: float = KEEP_ALIVE_SECONDS) -> None:
        self.db = db
        self.keep_alive_seconds = keep_alive_seconds
        self.is_closing = False
        self._news = Wakeup()
        self._listeners: Counter[str] = Counter()
        self._revisions: dict[str, int] = {}
        self._closing = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def close(self) -> None:
        """End all streams, so that a server that stops need not wait for them."""
        self.is_closing = True
        self._closing.set()
        self._news.ring()

    @asynccontextmanager
    async def listening(self, tenant: str) -> AsyncIterator[None]:
        self._listeners[tenant] += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._listeners[tenant] -= 1
            if not self._listeners[tenant]:
                del self._listeners[tenant]
                self._revisions.pop(tenant, None)

    async def wait(self, tenant: str, revision: int) -> bool:
        """Whether the tenant's figures moved away from `revision` before a keep-alive is due."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.keep_alive_seconds
        while not self.is_closing:
            rings = self._news.rings
            if self._revisions.get(tenant, revision) != revision:
                return True
            left = end - loop.time()
            if left <= 0 or not await self._news.wait(rings, left):
                return False
        return False

    async def _look(self) -> None:
        while self._listeners and not self.is_closing:
            try:
                async with self.db.reading() as session:
                    found = await store.list_revisions(session, list(self._listeners))
            except Unavailable as error:
                log.warning("stream.look_failed", error=str(error))
                found = {}
            if any(self._revisions.get(tenant) != number for tenant, number in found.items()):
                self._revisions.update(found)
                self._news.ring()
            await self.pause(_LOOK_SECONDS)

    async def pause(self, seconds: float) -> None:
        """Let some time go by, or less if everything ends."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return


class _Dropping(EventSourceResponse):
    """Cuts the connection of a client that does not take what is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            await asyncio.wait_for(send(message), SEND_SECONDS_MAX)

        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            log.info("stream.dropped_slow_client")


@router.get(
    "/v1/stream",
    summary="Says live that figures have changed",
    response_model=None,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream(
    request: Request,
    caller: CallerDep,
    last_event_id: Annotated[str | None, Header()] = None,
) -> _Dropping:
    """Events `kpis`: `{"revision", "from", "to", "events": {type: count}}`, the days and types of
    what was taken in. The first one says where the stream stands."""
    live: Live = request.app.state.live
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() else None
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return _Dropping(_tell(live, caller.tenant, after), headers=headers)


async def _tell(live: Live, tenant: str, after: int | None) -> AsyncIterator[bytes]:
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
    """What to say after a revision, and the revision that has been said with it."""
    async with db.reading() as session:
        now = (await store.list_revisions(session, [tenant])).get(tenant, 0)
        if after is None or after > now:
            return [_event(now, "{}")], now
        changes = await store.list_changes(session, tenant, after, _CHANGES_PER_LOOK)
    if after < now and (not changes or changes[0][0] > after + 1):
        return [_event(now, "{}")], now  # too long ago: whoever listens asks for everything
    events = [_event(revision, content) for revision, content in changes]
    return events, changes[-1][0] if changes else now


def _event(revision: int, content: str) -> bytes:
    head = f'{{"revision":{revision}'
    data = head + ("," + content[1:] if len(content) > 2 else "}")
    return format_sse_event(data_str=data, event="kpis", id=str(revision), retry=1000)
