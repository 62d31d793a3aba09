"""A server of canned figures in the shapes of docs/contracts.md, with the dashboard's own files.

It can be stopped, its open streams cut, and started again on its port: what the page does then is
the point of the tests that use it.
"""

import json
import mimetypes
import socket
import threading
from collections.abc import Callable
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import services.metrics
from shared.web.pages import FILE_HEADERS

FOLDER = Path(services.metrics.__file__).parent / "dashboard"
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
Parameters = dict[str, str]

VALUES: dict[str, tuple[float | None, float | None, float | None]] = {
    "recovery_rate": (0.4271, 4_271_000, 10_000_000),
    "dso": (41.26, 8_252_000, 18_000_000),
    "best_possible_dso": (28.9, 5_780_000, 18_000_000),
    "average_days_late": (12.4, 1_240, 100),
    "collection_effectiveness_index": (0.815, 815, 1_000),
    "contacts": (1_284, 1_284, None),
    "suppressed_contact_rate": (0.1042, 149, 1_433),
    "invoiced": (123_456_78, 123_456_78, None),
    "received": (98_765_43, 98_765_43, None),
    "aging": (9_100_000, 9_100_000, None),
}
AGING = {
    "current": 4_200_000,
    "1-30": 2_100_000,
    "31-60": 1_250_000,
    "61-90": 800_000,
    "91-120": 450_000,
    "121+": 300_000,
}
SEGMENTS = ("current", "self-cure", "reminder", "negotiate", "at-risk", "legal")


class Figures:
    """What the stub answers; a test changes it while the page looks on."""

    def __init__(self) -> None:
        self.currencies: tuple[str, ...] = ("EUR", "JPY", "USD")
        self.factor = 1.0
        self.token: str | None = None  # None: local mode, everybody may look

    def answer(self, name: str, asked: Parameters) -> dict[str, Any] | None:
        if name not in VALUES:
            return None
        start = date.fromisoformat(asked.get("from", FIRST.isoformat()))
        end = date.fromisoformat(asked.get("to", LAST.isoformat()))
        value, numerator, denominator = VALUES[name]
        several = "currency" not in asked and len(self.currencies) != 1
        currency = asked.get("currency") or (None if several else self.currencies[0])
        if start < FIRST:
            value = numerator = denominator = None
        answer: dict[str, Any] = {
            "name": name,
            "unit": "ratio",
            "currency": currency,
            "from": start.isoformat(),
            "to": end.isoformat(),
            "value": None if value is None else self._scaled(value),
            "numerator": numerator,
            "denominator": denominator,
            "series": [],
            "groups": [],
        }
        if "interval" in asked:
            answer["series"] = self._series(name, start, end, asked["interval"])
        if asked.get("group_by") == "bucket":
            answer["groups"] = [{"key": {"bucket": b}, "value": v} for b, v in AGING.items()]
        elif asked.get("group_by") == "segment":
            answer["groups"] = [
                {"key": {"segment": s}, "value": self._part(value, i)}
                for i, s in enumerate(SEGMENTS)
            ]
        elif several and name == "invoiced":
            answer["groups"] = [{"key": {"currency": c}, "value": 1} for c in self.currencies]
            answer["value"] = None
        return answer

    def _scaled(self, value: float) -> float:
        return value * self.factor if isinstance(value, float) else value

    @staticmethod
    def _part(value: float | None, index: int) -> float | None:
        if value is None:
            return None
        return value // (1 + index) if isinstance(value, int) else value / (1 + index)

    def _series(self, name: str, start: date, end: date, interval: str) -> list[dict[str, Any]]:
        step = {"day": 1, "week": 7, "month": 30}[interval]
        value, numerator, _ = VALUES[name]
        series, at, count = [], start, 0
        while at <= end:
            until = min(end, at + timedelta(days=step - 1))
            wave = 1 + 0.25 * ((count * 7) % 5 - 2) / 2 + 0.01 * count
            flow = name in {"contacts", "invoiced", "received"}
            part = (value or 0) * wave / (10 if flow else 1) if until >= FIRST else 0
            if until == end and not flow:
                part = self._scaled(value or 0)  # a balance at the end is the whole window's
            series.append(
                {
                    "from": at.isoformat(),
                    "to": until.isoformat(),
                    "is_complete": until < LAST and (until - at).days + 1 == step,
                    "value": round(part) if flow else part,
                    "numerator": round((numerator or 0) * wave / 12),
                    "denominator": None,
                }
            )
            at, count = until + timedelta(days=1), count + 1
        return series


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
        wanted = self.owner.figures.token
        if wanted is not None and self.headers.get("authorization") != f"Bearer {wanted}":
            return self._send(401, b"{}", "application/problem+json")
        self._send(204, b"", None, {"set-cookie": f"session={wanted}; HttpOnly; SameSite=Strict"})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        figures = self.owner.figures
        if parts.path.startswith("/v1/"):
            cookie = self.headers.get("cookie", "")
            if figures.token is not None and f"session={figures.token}" not in cookie:
                return self._send(401, b"{}", "application/problem+json")
        if parts.path == "/v1/stream":
            return self._stream()
        if parts.path == "/v1/kpis":
            return self._send(200, b'{"items": []}', "application/json")
        if parts.path.startswith("/v1/kpis/"):
            answer = figures.answer(parts.path.removeprefix("/v1/kpis/"), asked)
            status = 200 if answer else 404
            return self._send(status, json.dumps(answer).encode(), "application/json")
        if parts.path == "/health/live":
            return self._send(200, b"{}", "application/json")
        file = FOLDER / (parts.path.lstrip("/") or "index.html")
        if not file.is_file():
            return self._send(404, b"{}", "application/problem+json")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self._send(200, file.read_bytes(), kind, FILE_HEADERS)

    def _send(
        self, status: int, body: bytes, kind: str | None, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        if kind:
            self.send_header("content-type", kind)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(b": welcome\n\n")
        ended = threading.Event()

        def write() -> None:
            try:
                self.wfile.write(b'id: 1\nevent: figures\ndata: {"day": "2026-12-31"}\n\n')
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
