"""Asking the four services' applications as a server does, and seeing whether they read a body.

Nothing is connected: what is asked here is answered before anything is needed.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI

from deploy import docs, keys
from shared import clock
from shared.process.settings import PORTS
from shared.web.app import RecoupApi
from shared.web.auth import SCOPES
from shared.web.routes import RouteDoor

HOST = "recoup.example.com"
SECRET = "a secret of these tests, long enough"
EIGHT_MEGABYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    reads: int  # how often the body was asked for

    @property
    def detail(self) -> str:
        return str(json.loads(self.body)["detail"])


class Services:
    """All four, outside the local mode, with tokens of their own."""

    def __init__(self, folder: Path) -> None:
        keys.new_pair(folder)
        self._folder = folder
        self._tokens: dict[tuple[str, ...], str] = {}
        environment = {
            "RECOUP_JWKS": str(folder / keys.PUBLIC),
            "RECOUP_SESSION_SECRET": SECRET,
            "RECOUP_SERVICE_TOKEN": "unused",
            "OUTREACH_LINK_KEYS": f"1:{b64encode(bytes(32)).decode()}",
            "OUTREACH_PUBLIC_URL": "https://pay.example.com",
        }
        self.apps: dict[str, FastAPI] = {
            name: docs.app_of(name, environment) for name in sorted(PORTS)
        }

    def token(self, *scopes: str) -> str:
        if scopes not in self._tokens:
            self._tokens[scopes] = keys.mint(
                self._folder,
                tenant="acme",
                scopes=scopes,
                subject="test",
                ttl=keys.duration("1h"),
                now=clock.now(),
            )
        return self._tokens[scopes]

    def doors(self) -> list[tuple[str, str, RouteDoor]]:
        """Every method of every route."""
        return [
            (name, method, door)
            for name, app in self.apps.items()
            for method, door in cast(RecoupApi, app).edge.table.doors()
        ]

    async def ask(
        self,
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        query: str = "",
    ) -> Answer:
        """Whoever reads the body is told that the client is gone."""
        return await ask(self.apps[service], method, path, headers, query)


async def ask(
    app: Any, method: str, path: str, headers: Mapping[str, str] | None = None, query: str = ""
) -> Answer:
    sent: list[dict[str, Any]] = []
    reads = 0

    async def receive() -> dict[str, Any]:
        nonlocal reads
        reads += 1
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"host": HOST, **{name.lower(): value for name, value in (headers or {}).items()}}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    start = next((each for each in sent if each["type"] == "http.response.start"), None)
    if start is None:
        return Answer(0, {}, b"", reads)
    body = b"".join(each.get("body", b"") for each in sent[1:])
    named = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], named, body, reads)


def path_of(door: RouteDoor) -> str:
    """A path that the route is for."""
    return re.sub(r"\{[^}]*\}", "one", door.path)


def other_scopes(door: RouteDoor) -> list[str]:
    """Those that do not open it."""
    (needs,) = door.needs
    return [scope for scope in SCOPES if scope not in needs.scopes]
