"""A receiver of webhooks: it answers what it is told to, and keeps what it has taken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.process.parts import turn


@dataclass(frozen=True)
class Taken:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebhookPeer:
    """`answers`: by path, one status for each request, the last for all that follow; 0 hangs up,
    -1 never answers."""

    port: int = 0
    answers: dict[str, list[int]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[Taken] = field(default_factory=list)
    writers: dict[asyncio.StreamWriter, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def taken(self, path: str) -> list[Taken]:
        return [each for each in self.seen if each.path == path]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection has a task"
        self.writers[writer] = task
        try:
            while request := await reader.readline():
                path = request.split()[1].decode()
                headers: dict[str, str] = {}
                while (line := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.seen.append(Taken(path, headers, body))
                statuses = self.answers.get(path, [200])
                status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
                if status == 0:
                    break
                if status == -1:
                    await reader.read()
                    break
                extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n{extra}\r\n".encode())
                await writer.drain()
                turn()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writers.pop(writer)
            writer.close()


@asynccontextmanager
async def webhook_peer() -> AsyncIterator[WebhookPeer]:
    peer = WebhookPeer()
    server = await asyncio.start_server(peer.handle, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        open_tasks = list(peer.writers.values())
        for writer in list(peer.writers):
            writer.close()
        await asyncio.gather(*open_tasks)
        await server.wait_closed()
