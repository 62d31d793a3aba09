"""A door to a service that can be made to stand still: a small TCP proxy in a process of its own.

SIGSTOP stops it as it stops a service: connections are taken by the kernel and nobody answers.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil

from tests.architecture.files import ROOT

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Door:
    """What stands between a service and those who ask it."""

    url: str
    process: psutil.Process

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.process.suspend()
        try:
            yield
        finally:
            self.process.resume()


@contextmanager
def door_to(address: str) -> Iterator[Door]:
    """A proxy to `http://host:port`, for as long as the block."""
    target = urlsplit(address)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.silence", str(target.hostname), str(target.port)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        assert child.stdout is not None
        try:
            port = int(child.stdout.readline())
            yield Door(f"http://{HOST}:{port}", psutil.Process(child.pid))
        finally:
            child.kill()


async def _serve(host: str, port: int) -> None:
    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    server = await asyncio.start_server(connect, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
