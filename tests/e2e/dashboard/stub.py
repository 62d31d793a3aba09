"""A server of canned answers in the shapes of docs/contracts.md, with the dashboard's own files.

It can be stopped, its open streams cut, and started again on its port: what the page does then is
the point of the tests that use it.
"""

import json
import re
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from services.metrics.api.pages import PATHS, dashboard
from shared.web.assets import PATH as ASSETS
from tests.e2e.dashboard import answers
from tests.e2e.dashboard.answers import Figures
from tests.e2e.dashboard.readings import explained_as_csv, reading

SHELL = dashboard()
ADDRESSES = re.compile("|".join(["/", *(re.sub(r"{[a-z_]+}", "[^/]+", path) for path in PATHS)]))


class Stub:
    """The server. `start` and `stop` as often as a test likes; the port stays."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self._server: ThreadingHTTPServer | None = None
        self._connections: set[socket.socket] = set()
        self._streams: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        stub = self

        class Handler(_Handler):
            owner = stub

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Gone at once, open streams included."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.shutdown()
        server.socket.close()
        with self._lock:
            connections, self._connections, self._streams = self._connections, set(), []
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it had ended by itself

    def tell(self) -> None:
        """Say on every open stream that figures have changed."""
        self.figures.revision += 1
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream()

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def streaming(self, write: Callable[[], None]) -> None:
        with self._lock:
            self._streams.append(write)

    @property
    def streams(self) -> int:
        with self._lock:
            return len(self._streams)


_PROBLEM = "application/problem+json"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Stub

    def setup(self) -> None:
        super().setup()
        self.owner.opened(self.connection)

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the browser or `stop` went first

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Silence: the tests read what matters elsewhere."""

    def do_POST(self) -> None:
        figures, path = self.owner.figures, urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if path == "/session":
            wanted = figures.token
            if wanted is not None and self.headers.get("authorization") != f"Bearer {wanted}":
                return self._send(401, b"{}", _PROBLEM)
            cookie = {"set-cookie": f"session={wanted}; HttpOnly; SameSite=Strict"}
            return self._send(204, b"", None, cookie)
        if not self._may():
            return self._send(401, b"{}", _PROBLEM)
        if path == "/v1/query":
            tag = f'"{figures.revision}-{len(body)}-{figures.factor}"'
            if self.headers.get("if-none-match") == tag:
                return self._send(304, b"", None)
            return self._json(figures.query(json.loads(body)["questions"]), {"etag": tag})
        figures.acts.append(("POST", path, json.loads(body or b"null")))
        self._json({})

    do_PUT = do_POST

    def do_DELETE(self) -> None:
        self.owner.figures.acts.append(("DELETE", urlsplit(self.path).path, None))
        self._send(204, b"", None)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        figures = self.owner.figures
        if path.startswith(("/v1/", "/session")) and path != "/v1/lag" and not self._may():
            return self._send(401, b"{}", _PROBLEM)
        if path == "/v1/stream":
            return self._stream()
        if path == "/session":
            held = {"roles": figures.roles, "scopes": figures.scopes}
            return self._json({"subject": "dev", "tenant": "demo", **held})
        if path == "/v1/kpis":
            return self._json(answers.catalogue())
        if path == "/v1/lag":
            return self._json(figures.behind)
        if "format=csv" in self.path:
            return self._send(200, explained_as_csv().encode(), "text/csv")
        found = figures.rebuild if path == "/v1/rebuild" else reading(path)
        if found is not None:
            return self._json(found)
        if ADDRESSES.fullmatch(path):
            shown = SHELL.answer({"ledger": "", "outreach": ""})
            return self._send(200, bytes(shown.body), "text/html", dict(shown.headers))
        self._asset(path)

    def _may(self) -> bool:
        wanted = self.owner.figures.token
        return wanted is None or f"session={wanted}" in self.headers.get("cookie", "")

    def _asset(self, path: str) -> None:
        for assets in (SHELL.own, SHELL.design):
            asset = assets.files.get(path.removeprefix(f"{ASSETS}/{assets.digest}/"))
            if asset is not None:
                answer = asset.answer(self.headers.get("accept-encoding", ""))
                return self._send(200, bytes(answer.body), asset.kind, dict(answer.headers))
        self._send(404, b'{"status": 404, "detail": "There is no such thing."}', _PROBLEM)

    def _json(self, content: Any, headers: dict[str, str] | None = None) -> None:
        self._send(200, json.dumps(content).encode(), "application/json", headers)

    def _send(
        self, status: int, body: bytes, kind: str | None, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (more or {}).items():
            if name.lower() not in ("content-type", "content-length"):
                self.send_header(name, value)
        if kind:
            self.send_header("content-type", kind)
        if status not in (204, 304):
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-store")
        self.end_headers()
        figures = self.owner.figures

        def event() -> bytes:
            revision = figures.revision
            return f'id: {revision}\nevent: figures\ndata: {{"revision": {revision}}}\n\n'.encode()

        self.wfile.write(event())  # where the stream stands
        ended = threading.Event()

        def write() -> None:
            try:
                self.wfile.write(event())
            except OSError:
                ended.set()

        self.owner.streaming(write)
        while not ended.wait(0.1):
            if not self._peer_is_there():
                break
        self.close_connection = True

    def _peer_is_there(self) -> bool:
        try:
            peeked: bytes = self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            return peeked != b""
        except BlockingIOError:
            return True
        except OSError:
            return False
