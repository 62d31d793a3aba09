"""The application of these tests behind a real socket, and a client that says bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.process import serve
from shared.process.connections import Limits
from tests.integration.shared.rig import until
from tests.integration.shared.web_app import DEV_KEY, make_test_app

PATIENCE_SECONDS = 30.0  # for what comes at once, unless something hangs
TOKEN = f"authorization: Bearer {DEV_KEY}\r\n".encode()


@dataclass
class Client:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    port: int

    @property
    def host(self) -> bytes:
        return f"host: 127.0.0.1:{self.port}\r\n".encode()

    async def say(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))
        await self.writer.drain()

    async def head(self) -> bytes:
        """The next answer's head."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self) -> tuple[int, bytes]:
        """The next answer, whose length must be said."""
        head = await self.head()
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            body = await self.reader.readexactly(length)
        return int(head.split(b" ")[1]), head + body

    async def end(self) -> bytes:
        """All that comes until the server closes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


@dataclass
class Served:
    port: int
    server: serve.Server

    async def is_left(self) -> None:
        """Return when it has no connection."""
        connections = self.server.server_state.connections

        async def none_is_left() -> bool:
            return not connections

        await until(none_is_left, "every connection is closed")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Client(reader, writer, self.port)
        finally:
            writer.close()


@asynccontextmanager
async def served(limits: Limits | None = None) -> AsyncIterator[Served]:
    config = serve.config(make_test_app(None), port=0, limits=limits)
    config.timeout_graceful_shutdown = 1
    server = serve.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not server.started:
            await asyncio.wait([serving], timeout=0.01)
    yield Served(server.servers[0].sockets[0].getsockname()[1], server)
    server.should_exit = True
    await serving
