"""The programs that a run measures, each a process of its own, with its memory and CPU watched."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

from deploy.local.postgres import Postgres
from tests.architecture.files import ROOT
from tests.benchmarks.load import HOST, Round

KEY = "a-key-for-benchmarks-only"
READY_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 30.0
WATCH_SECONDS = 0.1


@contextmanager
def postgres() -> Iterator[str]:
    """The server given, or one of our own with the settings of the local mode."""
    given = os.environ.get("RECOUP_POSTGRES_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder) / "postgres", is_kept=False)
        try:
            yield server.start()
        finally:
            server.remove()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def environment(**own: str) -> dict[str, str]:
    """What the services read, with nothing of the caller's but where programs are."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(Path.home()),
        "RECOUP_LOCAL": "1",
        "RECOUP_DEV_KEY": KEY,
        "RECOUP_LOG_LEVEL": "warning",
        **own,
    }


@dataclass
class Program:
    """A running server."""

    name: str
    process: subprocess.Popen[bytes]
    port: int = 0

    def wait_listening(self) -> "Program":
        end = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}")
            with suppress(OSError), socket.create_connection((HOST, self.port), 1.0):
                return self
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} does not listen")

    def cpu_seconds(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


@contextmanager
def running(
    name: str, arguments: Sequence[str], given: Mapping[str, str], port: int = 0
) -> Iterator[Program]:
    """`python -m …` for the length of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=dict(given), stdin=subprocess.DEVNULL
    )
    try:
        program = Program(name, process, port)
        yield program.wait_listening() if port else program
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def ledger_app(url: str) -> Iterator[Program]:
    """The ledger's API alone."""
    port = free_port()
    given = environment(LEDGER_DATABASE_URL=url, RECOUP_PORT_BASE=str(port))
    with running("ledger", ["services.ledger.app"], given, port) as program:
        yield program


@contextmanager
def rival(name: str, url: str) -> Iterator[Program]:
    """`bare` or `naive`."""
    port = free_port()
    arguments = [f"tests.benchmarks.{name}", url, str(port)]
    with running(name, arguments, environment(), port) as program:
        yield program


class Load:
    """The load generator at one server's door."""

    def __init__(self, port: int, *, kind: str, clients: int) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.benchmarks.load"),
                *(str(port), str(clients), kind, KEY),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def send(self, bodies: Sequence[bytes]) -> Round:
        """One round of requests. Raises when any of them fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        text = b"\n".join(bodies)
        self._process.stdin.write(b"%d\n%b" % (len(text), text))
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load generator ended with {self._process.wait()}")
        return msgspec.json.decode(line, type=Round)

    def close(self) -> None:
        self._process.communicate(b"0\n", STOP_SECONDS_MAX)


@dataclass
class Watch:
    """Samples the memory of processes and keeps the most that each of them had."""

    peaks: dict[str, int] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def on(self, processes: Mapping[str, int]) -> Iterator[None]:
        """Watch these (name → pid) for the length of the block."""
        self._stop.clear()
        thread = threading.Thread(target=self._watch, args=(processes,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _watch(self, processes: Mapping[str, int]) -> None:
        known = {name: psutil.Process(pid) for name, pid in processes.items()}
        while True:
            for name, process in known.items():
                with suppress(psutil.Error):
                    size = process.memory_info().rss
                    self.peaks[name] = max(size, self.peaks.get(name, 0))
            if self._stop.wait(WATCH_SECONDS):
                return
