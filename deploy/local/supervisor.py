"""The API and the worker of each service as processes of their own, watched and restarted.

A process that ends by itself (a watchdog, a bug) is started again after a pause that doubles with
each early death; one that was killed, at once. Those that a killed supervisor left behind are ended
first: their ids and start times stand in the data folder.
"""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.errors import CannotStart
from deploy.local.platform import Service, until_ready
from shared.clock import monotonic
from shared.process import telemetry

FIRST_PAUSE_SECONDS = 0.2
PAUSE_SECONDS_MAX = 10.0
HEALTHY_AFTER_SECONDS = 30.0
STOP_SECONDS_MAX = 20.0
# So many deaths in a row before the platform was ever ready: it never will be.
EARLY_DEATHS_MAX = 5


@dataclass(frozen=True)
class Part:
    """One process: what it is called and what it runs."""

    name: str
    command: tuple[str, ...]


def parts_of(services: Sequence[Service]) -> tuple[Part, ...]:
    """An API and a worker per service."""
    return tuple(
        Part(f"{service.name} {kind}", (sys.executable, "-m", f"{service.package}.{kind}"))
        for service in services
        for kind in ("app", "worker")
    )


class Supervisor:
    """Keeps the parts running until it is asked to stop."""

    def __init__(self, parts: Sequence[Part], environment: Mapping[str, str], data: Path) -> None:
        self._parts = parts
        self._environment = dict(environment)
        self._register = data / "processes.json"
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._is_ready = False

    async def run(
        self, services: Sequence[Service], stop: asyncio.Event, when_ready: Callable[[], None]
    ) -> None:
        """Run every part until `stop`, then end them all."""
        end_left_over(self._register)
        keepers = [
            asyncio.create_task(self._keep(part, stop), name=part.name) for part in self._parts
        ]
        ready = asyncio.create_task(self._announce(services, when_ready))
        asked = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait(
                [asked, *keepers, ready], return_when=asyncio.FIRST_COMPLETED
            )
            while asked not in done:
                for task in done:
                    task.result()
                done, _ = await asyncio.wait(
                    [asked, *(k for k in keepers if not k.done())],
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            stop.set()
            ready.cancel()
            await asyncio.gather(ready, asked, *keepers, return_exceptions=True)
            self._register.unlink(missing_ok=True)

    async def _announce(self, services: Sequence[Service], when_ready: Callable[[], None]) -> None:
        await until_ready(services)
        self._is_ready = True
        when_ready()

    async def _keep(self, part: Part, stop: asyncio.Event) -> None:
        pause, deaths = FIRST_PAUSE_SECONDS, 0
        while not stop.is_set():
            started = monotonic()
            code = await self._run_once(part, stop)
            if stop.is_set():
                return
            # A kill point is for one death per start; the restart is what it is to test.
            self._environment.pop("RECOUP_CRASH_AT", None)
            # Killed from outside (a person, the kernel): that says nothing against its code, and
            # whoever waits for it would wait for nothing.
            was_killed = code == -signal.SIGKILL
            if was_killed or monotonic() - started >= HEALTHY_AFTER_SECONDS:
                pause, deaths = FIRST_PAUSE_SECONDS, 0
            deaths += 1
            if deaths >= EARLY_DEATHS_MAX and not self._is_ready:
                raise CannotStart(f"the {part.name} does not stay up; its log above says why")
            telemetry.logger(__name__).warning(
                "process ended by itself and is started again",
                part=part.name, code=code, pause_seconds=pause,
            )  # fmt: skip
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)

    async def _run_once(self, part: Part, stop: asyncio.Event) -> int:
        """Start the part and wait for its end, its own or the one asked for."""
        process = await asyncio.create_subprocess_exec(
            *part.command,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the supervisor, which then ends them in order
        )
        self._running[part.name] = process
        self._write_register()
        ended = asyncio.create_task(process.wait())
        asked = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                process.terminate()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(ended), STOP_SECONDS_MAX)
                if not ended.done():
                    process.kill()
            return await ended
        finally:
            asked.cancel()
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            del self._running[part.name]

    def _write_register(self) -> None:
        known = []
        for name, process in self._running.items():
            with contextlib.suppress(psutil.Error):
                known.append([name, process.pid, psutil.Process(process.pid).create_time()])
        # Beside it first: who is killed while writing must not leave half a register behind.
        beside = self._register.with_suffix(".new")
        beside.write_text(json.dumps(known))
        beside.replace(self._register)


def end_left_over(register: Path) -> int:
    """End processes of an earlier supervisor that was killed before it could; how many."""
    left: list[psutil.Process] = []
    for _, pid, created in _read_register(register):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if abs(process.create_time() - created) < 1.0:  # else the id was given anew
                process.send_signal(signal.SIGTERM)
                left.append(process)
    _, stubborn = psutil.wait_procs(left, timeout=STOP_SECONDS_MAX)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=STOP_SECONDS_MAX)
    register.unlink(missing_ok=True)
    return len(left)


def _read_register(register: Path) -> list[tuple[str, int, float]]:
    """Names, ids and start times. A file cut off in the middle says as much as none."""
    try:
        return [
            (str(name), int(pid), float(created))
            for name, pid, created in json.loads(register.read_text())
        ]
    except (FileNotFoundError, ValueError, TypeError):
        return []
