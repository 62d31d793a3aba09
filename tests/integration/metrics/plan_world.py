"""What tests of plans work with: the service with a manual clock, and peers that note what they are
asked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
from fastapi import FastAPI, Request, Response

from services.metrics.app import create_app
from services.metrics.context import Context
from services.metrics.settings import Settings
from shared.database import Database
from tests.integration.metrics.served import calling, with_manual_clock


class Peers:
    """Outreach and segmentation: what was asked of them, and what they answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], Mapping[str, str]]] = []
        self.answers: list[tuple[int, Any]] = []
        self.app = FastAPI()
        self.app.add_route("/{path:path}", self._take, methods=["POST"])

    async def _take(self, request: Request) -> Response:
        body = msgspec.json.decode(await request.body())
        self.asked.append((request.url.path, body, dict(request.headers)))
        status, answer = self.answers.pop(0) if self.answers else (200, {})
        return Response(msgspec.json.encode(answer), status, media_type="application/json")


class PlanWorld:
    """The service over HTTP, as several people."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, db: Database) -> None:
        self.client = client
        self.db = db
        self.context: Context = app.state.context
        self.peers = Peers()
        for service in ("outreach", "segmentation"):
            self.context.peers._http[service] = httpx.AsyncClient(
                transport=httpx.ASGITransport(self.peers.app), base_url="http://peer"
            )

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str = "ann",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer's JSON, once its status is what is expected."""
        content = None if body is None else msgspec.json.encode(body)
        given = {"X-Actor": by, "Content-Type": "application/json", **(headers or {})}
        answer = await self.client.request(method, path, content=content, headers=given)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def start_day(self, day: str, **expected: int) -> None:
        """Begin a day, and look at what that came to."""
        answer = await self.call("POST", "/v1/jobs/start-day", {"day": day})
        counts = {name: count for name, count in answer["counts"].items() if name != "checked"}
        assert counts == {"raised": 0, "cleared": 0, "corrected": 0, "acted": 0} | expected, day

    async def announced(self) -> list[tuple[str, Any]]:
        """What was said, in its order: types with their data."""
        rows = await self.db.fetch(
            "select type, payload from outbox where aggregatetype = 'metrics.events' order by seq"
        )
        return [(row["type"], msgspec.json.decode(row["payload"])) for row in rows]

    async def types(self) -> list[str]:
        return [type_ for type_, _ in await self.announced()]


@asynccontextmanager
async def plan_world(settings: Settings, db: Database) -> AsyncIterator[PlanWorld]:
    """The service with its clock moved by hand."""
    app = create_app(with_manual_clock(settings))
    async with calling(app) as client:
        yield PlanWorld(app, client, db)
