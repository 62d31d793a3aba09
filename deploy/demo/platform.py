"""The platform that a demo works on: a process of its own, on its own data and ports.

Databases that hold something are never touched: the demo brings its own server and folder, also
where the environment names others.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import databases
from deploy.local import platform as local
from deploy.local.errors import CannotStart
from deploy.local.platform import HOST, WORKERS_ABOVE
from deploy.local.postgres import Postgres
from shared.process.settings import PORTS

_ROOT = Path(__file__).resolve().parents[2]
_READY = b"Recoup is ready"
_STOP_SECONDS_MAX = 60.0
# Below the ports that systems hand out by themselves.
_PORTS_FROM, _PORTS_TO = 18_001, 32_000
_ENDED_LINES = 30
# How those variables begin that the demo decides itself; the rest of the environment is handed on.
_OWN = (
    "RECOUP_POSTGRES_URL", "KAFKA_", "RECOUP_CRASH_AT", "RECOUP_JWKS", "RECOUP_METRICS_PORT",
    "OUTREACH_PUBLIC_URL", "OUTREACH_LETTERS_DIR",
)  # fmt: skip


@dataclass(frozen=True)
class Platform:
    """Where it answers, and what opens it."""

    data: Path
    port_base: int
    key: str

    def address(self, service: str) -> str:
        return f"http://{HOST}:{self.port_base + PORTS[service]}"

    def links(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Addresses that open its pages, once each."""
        composed = local.compose(environment, data=self.data, databases={}, key=self.key)
        return local.links(local.all_services(self.port_base), composed)

    @property
    def letters(self) -> Path:
        """The folder that folders for letters are in."""
        return self.data / "letters"

    def database(self, service: str) -> str:
        """The address of a service's database."""
        server = (self.data / "postgres-url").read_text().strip()
        return databases.url_of(server, databases.database_name(service))


@asynccontextmanager
async def running(
    environment: Mapping[str, str], peers: Mapping[str, str], *, with_kafka: bool, keep: bool
) -> AsyncIterator[Platform]:
    """Start it on a new data folder; at the end it is stopped and, unless kept, deleted. `peers`:
    the variables that say where messages go."""
    data = _new_folder()
    base = _free_port_base()
    given = {
        **{name: value for name, value in environment.items() if not name.startswith(_OWN)},
        "RECOUP_DATA_DIR": str(data),
        "RECOUP_PORT_BASE": str(base),
        "RECOUP_CLOCK": "manual",
        **peers,
    }
    try:
        process = await _start(data, given, with_kafka)
        try:
            key = (data / "dev-key").read_text().strip()
            yield Platform(data, base, key)
        finally:
            await _stop(process)
    finally:
        if not keep:
            _remove(data)


def _new_folder() -> Path:
    data = Path(tempfile.mkdtemp(prefix="recoup-demo-"))
    data.chmod(0o755)  # the database's own user passes through
    return data


async def _start(
    data: Path, environment: Mapping[str, str], with_kafka: bool
) -> asyncio.subprocess.Process:
    arguments = ["--kafka"] if with_kafka else []
    with (data / "platform.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.local", *arguments,
            cwd=_ROOT, env=dict(environment), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we then end it
        )  # fmt: skip
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if line.startswith(_READY):
            return process
    await process.wait()
    log_lines = (data / "platform.log").read_text(errors="replace").splitlines()
    raise CannotStart("the platform did not start:\n" + "\n".join(log_lines[-_ENDED_LINES:]))


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS_MAX):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _remove(data: Path) -> None:
    with contextlib.suppress(CannotStart):
        Postgres(data).remove()
    shutil.rmtree(data, ignore_errors=True)


def _free_port_base() -> int:
    """The first of the ports of a platform, on none of which anybody listens; demos side by side
    begin at different ones."""
    each = 2 * WORKERS_ABOVE
    span = (_PORTS_TO - _PORTS_FROM) // each * each
    for step in range(0, span, each):
        base = _PORTS_FROM + (os.getpid() * each + step) % span
        firsts = (base, base + WORKERS_ABOVE)
        if all(_is_free(first + offset) for first in firsts for offset in PORTS.values()):
            return base
    raise CannotStart("no free ports for a platform")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
