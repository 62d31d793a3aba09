"""Starting the launcher as a person does: a process, an environment, signals, an exit code."""

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx

from deploy.local.platform import WORKERS_ABOVE
from deploy.local.waiting import wait_for
from tests.architecture.files import ROOT

SMALL = "tests.integration.deploy.small"
READY_SECONDS = 120
STOP_SECONDS = 120


@dataclass
class Launched:
    """A launcher at work, or at its end."""

    process: subprocess.Popen[bytes]
    output: Path
    port: int
    data: Path

    @property
    def text(self) -> str:
        return self.output.read_text()

    def is_ready(self) -> bool:
        return "Recoup is ready" in self.text

    def wait_ready(self) -> "Launched":
        assert wait_for(lambda: self.is_ready() or self.process.poll() is not None, READY_SECONDS)
        assert self.is_ready(), self.text
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def post(self, path: str, service: int = 0) -> object:
        return httpx.post(f"http://127.0.0.1:{self.port + service}{path}").raise_for_status().json()

    def get(self, path: str, service: int = 0) -> object:
        return httpx.get(f"http://127.0.0.1:{self.port + service}{path}").raise_for_status().json()


def free_port_base() -> int:
    """The first of the ports of a platform (four APIs and four workers), none of them used now and
    all below those that the system gives out itself."""
    bases = list(range(20_000, 31_980, 2 * WORKERS_ABOVE))
    random.shuffle(bases)  # others look at the same time
    for base in bases:
        if all(_is_free(base + above + n) for above in (0, WORKERS_ABOVE) for n in range(4)):
            return base
    raise AssertionError("no free ports for a platform")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def launched(
    data: Path,
    *arguments: str,
    port: int | None = None,
    module: str = SMALL,
    user: int | None = None,
    python: Sequence[str] = (sys.executable,),
    also: Mapping[str, str] = MappingProxyType({}),
    **environment: str,
) -> Iterator[Launched]:
    """Start it; at the end of the block it and its database are gone, whatever happened."""
    base = port or free_port_base()
    output = data.parent / f"{data.name}-{base}.log"
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(data.parent),
        "RECOUP_DATA_DIR": str(data),
        "RECOUP_PORT_BASE": str(base),
        **environment,
        **also,
    }
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*python, "-m", module, *arguments],
            cwd=ROOT, env=given, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            user=user, group=user, extra_groups=None if user is None else [],
        )  # fmt: skip
    run = Launched(process, output, base, data)
    try:
        yield run
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
