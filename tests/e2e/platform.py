"""A whole platform for a test: started as a person starts it, killed as an accident would.

`python -m deploy.local [--kafka]` as a child process, on ports and a data folder of its own. A test
talks to it over HTTP only (`Desk` in `desk.py`), and reads the log as a foreign program would
(`log.py`).
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from deploy.local.postgres import Postgres
from shared.process.settings import PORTS
from tests.architecture.files import ROOT
from tests.integration.deploy.running import free_port_base

KEY = "dev-key-of-the-tests"
READY_SECONDS_MAX = 180.0
STOP_SECONDS_MAX = 120.0
LAG_SECONDS_MAX = 180.0
PAUSE_SECONDS = 0.02


def wait_for(holds: Callable[[], bool], seconds: float, what: str = "") -> None:
    """Return as soon as the condition holds; fail the test if it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what or holds}"
        time.sleep(PAUSE_SECONDS)


@dataclass
class Platform:
    """All four services: an API and a worker process, or (over Kafka) eight processes."""

    data: Path
    over_kafka: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port_base)
    _process: subprocess.Popen[bytes] | None = None
    _client: httpx.Client | None = None
    _log_from: int = 0

    # ------------------------------------------------------------------ its life

    def start(self, **environment: str) -> "Platform":
        """Start it and wait until it is ready. What is given here holds for this start only."""
        return self.launch(**environment).wait_ready()

    def launch(self, **environment: str) -> "Platform":
        """Start it without waiting."""
        assert self._process is None, "it runs already"
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(Path.home()),
            "RECOUP_CLOCK": "manual",
            "RECOUP_DEV_KEY": KEY,
            **self.environment,
            **environment,
            "RECOUP_DATA_DIR": str(self.data),
            "RECOUP_PORT_BASE": str(self.port),
        }
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local", *(["--kafka"] if self.over_kafka else [])],
                cwd=ROOT, env=given, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        return self

    def wait_ready(self) -> "Platform":
        process = self._running()

        def is_ready_or_dead() -> bool:
            return process.poll() is not None or "Recoup is ready" in self.said

        wait_for(is_ready_or_dead, READY_SECONDS_MAX, f"ready; {self.log}")
        assert process.poll() is None, f"it ended with {process.returncode}:\n{self.said[-3000:]}"
        return self

    def stop(self) -> int:
        """As Ctrl-C does; its exit code."""
        process, self._process = self._running(), None
        process.send_signal(signal.SIGTERM)
        return process.wait(STOP_SECONDS_MAX)

    def kill(self) -> None:
        """SIGKILL to what runs the services, all at once; databases and brokers end in order."""
        process, self._process = self._running(), None
        psutil.Process(process.pid).suspend()  # it would start its processes again
        for part in self.parts().values():
            part.kill()
        process.kill()
        process.wait(STOP_SECONDS_MAX)

    def remove(self) -> None:
        """Stop it if it runs and delete its databases for good."""
        if self._client is not None:
            self._client.close()
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.stop()
        if self._process is not None:
            self.kill()
        if self.data.exists():
            Postgres(self.data).remove()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it does not run"
        return self._process

    @property
    def log(self) -> Path:
        return self.data.with_name(f"{self.data.name}.log")

    @property
    def said(self) -> str:
        """What it has printed since its last start."""
        with self.log.open("rb") as file:
            file.seek(self._log_from)
            return file.read().decode(errors="replace")

    # ------------------------------------------------------------------ its parts

    def part(self, name: str) -> psutil.Process:
        """The process of "ledger worker", "outreach app" and so on; its own only over Kafka."""
        found: list[psutil.Process] = []

        def is_there() -> bool:
            part = self.parts().get(self._holder(name))
            found.extend([part] if part else [])
            return bool(found)

        wait_for(is_there, STOP_SECONDS_MAX, f"{name} runs")
        return found[0]

    def _holder(self, name: str) -> str:
        if self.over_kafka:
            return name
        if os.cpu_count() == 1:
            return "services"
        return "APIs" if name.endswith(" app") else "workers"

    def parts(self) -> dict[str, psutil.Process]:
        """The processes that run now, by name."""
        register = self.data / "processes.json"
        found: dict[str, psutil.Process] = {}
        with suppress(FileNotFoundError, json.JSONDecodeError):
            for name, pid, created in json.loads(register.read_text()):
                with suppress(psutil.Error):
                    process = psutil.Process(pid)
                    if abs(process.create_time() - created) < 1.0 and _lives(process):
                        found[name] = process
        return found

    def kill_part(self, name: str) -> None:
        """SIGKILL to one process; it is started again."""
        self.part(name).kill()

    @contextmanager
    def paused(self, *names: str) -> Iterator[None]:
        """These parts stand still (SIGSTOP) for the length of the block."""
        processes = [self.part(name) for name in names]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    @property
    def postgres(self) -> str:
        """The address of its PostgreSQL server."""
        return (self.data / "postgres-url").read_text().strip()

    @property
    def bootstrap(self) -> str:
        """The address of its Kafka cluster."""
        given = self.environment.get("KAFKA_BOOTSTRAP_SERVERS")
        if given:
            return given
        _, port = (self.data / "kafka" / "kafka.pid").read_text().split()
        return f"127.0.0.1:{port}"

    # ------------------------------------------------------------------ its doors

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.port + PORTS[service]}"

    @property
    def client(self) -> httpx.Client:
        """For any thread; without a token."""
        if self._client is None:
            self._client = httpx.Client(
                timeout=180.0, trust_env=False, limits=httpx.Limits(max_connections=64)
            )
        return self._client

    def lag(self, service: str) -> dict[str, object]:
        """Asked again while a machine under load, or a server that comes back, makes it wait."""
        answers: list[httpx.Response] = []

        def is_told() -> bool:
            answers.append(self.client.get(f"{self.url(service)}/v1/lag"))
            return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

        wait_for(is_told, LAG_SECONDS_MAX, f"/v1/lag of {service}")
        found: dict[str, object] = answers[-1].raise_for_status().json()
        return found

    def wait_quiet(self, seconds: float = LAG_SECONDS_MAX) -> None:
        """Until all four services say twice in a row that nothing is under way."""
        quiet = 0
        last: dict[str, dict[str, object]] = {}

        def is_quiet() -> bool:
            nonlocal quiet
            for service in PORTS:
                last[service] = self.lag(service)
            quiet = quiet + 1 if not any(lag["behind"] for lag in last.values()) else 0
            return quiet >= 2

        try:
            wait_for(is_quiet, seconds, "lag 0 everywhere")
        except AssertionError as error:
            raise AssertionError(f"{error}: {last}\n{self.said[-3000:]}") from None


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
