"""A provider of the shape of Twilio's, over real HTTP, with every fault. It signs what it posts."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Request, Response
from twilio.request_validator import RequestValidator

from services.outreach.channels.domain.contract import ProviderRequest
from shared import clock
from tests.integration.outreach.peers import Server

SID, AUTH = "AC" + "0" * 32, "the-auth-token"


@dataclass
class TwilioPeer:
    """`fault` is what the next requests that create meet: a status with a code, or a word."""

    port: int = 0
    fault: str | tuple[int, int | None] | None = None
    shows_callbacks: bool = True
    created: list[dict[str, Any]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    page_size: int = 100
    lists_fail: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://{SID}:{AUTH}@127.0.0.1:{self.port}"

    def add(self, kind: str, form: dict[str, str]) -> dict[str, Any]:
        number = len(self.created)
        item = {
            "sid": f"{'SM' if kind == 'Messages' else 'CA'}{number:032d}",
            "kind": kind,
            "to": form.get("To"),
            "from": form.get("From"),
            "date_created": format_datetime(clock.now()),
            "direction": "outbound-api",
            "num_segments": "1",
            "status": "queued",
        }
        if self.shows_callbacks:
            item["status_callback"] = form.get("StatusCallback")
        self.created.append(item)
        return item

    def signed(self, url: str, form: dict[str, str], auth: str = AUTH) -> ProviderRequest:
        """As the provider posts it."""
        signature = RequestValidator(auth).compute_signature(url, form)
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return ProviderRequest(url, headers, urlencode(form).encode())

    def app(self) -> FastAPI:
        app = FastAPI()
        root = f"/2010-04-01/Accounts/{SID}"

        @app.post(root + "/{kind}.json")
        async def create(kind: str, request: Request) -> Response:
            return await self._create(kind, request)

        @app.get(root + "/{kind}.json")
        async def many(kind: str, request: Request) -> Any:
            if self.lists_fail:
                return Response("oops", 500)
            to, start = request.query_params["To"], int(request.query_params.get("Page", 0))
            items = [i for i in reversed(self.created) if i["kind"] == kind and i["to"] == to]
            page = items[start : start + self.page_size]
            more = start + self.page_size
            following = f"{root}/{kind}.json?" + urlencode({"To": to, "Page": more})
            return {
                kind.lower(): page,
                "next_page_uri": following if more < len(items) else None,
            }

        @app.get(root + "/{kind}/{sid}.json")
        async def one(kind: str, sid: str) -> Any:
            found = [item for item in self.created if item["sid"] == sid]
            return found[0] if found else Response("{}", 404)

        return app

    async def _create(self, kind: str, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.forms.append(form)
        fault = self.fault
        if request.headers.get("authorization") is None:
            return Response('{"code": 20003}', 401)
        if isinstance(fault, tuple):
            status, code = fault
            body = f'{{"code": {code}}}' if code else "<html>oops</html>"
            if status in (500, 502, 504):
                self.add(kind, form)  # perhaps it was taken all the same
            return Response(body, status, {"Retry-After": "7"} if status == 429 else {})
        if fault == "dropped":
            return Response("oops", 502)
        item = self.add(kind, form)
        if fault == "hang":
            await self.released.wait()
        if fault == "unreadable":
            return Response("<html>created</html>", 201)
        if fault == "no-sid":
            return Response("{}", 201)
        return Response(json.dumps(item), 201, media_type="application/json")


@asynccontextmanager
async def twilio_peer() -> AsyncIterator[TwilioPeer]:
    peer = TwilioPeer()
    server = Server(
        uvicorn.Config(
            peer.app(), host="127.0.0.1", port=0, log_config=None, lifespan="off", loop="none"
        )
    )
    task = asyncio.create_task(server.serve())
    await server.is_serving.wait()
    peer.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        peer.released.set()
        server.should_exit = True
        await task
