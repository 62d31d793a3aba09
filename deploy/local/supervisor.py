"""The processes of the platform: started, watched and started again.

Which APIs and workers share a process depends on the cores and on Kafka (`parts_of`). A process
that was killed is started again at once, one that ends by itself after a pause that doubles with
each early death. Without Kafka one that fails ends the platform: it is the only one for all
workers, or for all APIs. They all end with the launcher, also when it is killed (`parent.py`).
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from deploy.local import parent
from deploy.local.errors import CannotStart
from deploy.local.orders import EXIT_BROKEN, PRUNING, Orders
from deploy.local.platform import Service, until_ready
from shared.clock import monotonic
from shared.process import tasks, telemetry

FIRST_PAUSE_SECONDS = 0.2
PAUSE_SECONDS_MAX = 10.0
HEALTHY_AFTER_SECONDS = 30.0
STOP_SECONDS_MAX = 20.0
# So many deaths in a row before the platform was ever ready: it never will be.
EARLY_DEATHS_MAX = 5


@dataclass(frozen=True)
class Part:
    """One process: what it is called, and the APIs and workers in it."""

    name: str
    modules: tuple[str, ...]

    def serves(self, service: Service) -> bool:
        return f"{service.package}.app" in self.modules

    @property
    def reads_outboxes(self) -> bool:
        return PRUNING in self.modules


def parts_of(services: Sequence[Service], *, over_kafka: bool, cores: int) -> tuple[Part, ...]:
    """Over Kafka a process for each API and worker, as in production. Without it one for all APIs
    and one for all workers, or a single one where there is one core."""
    apps = tuple(f"{service.package}.app" for service in services)
    workers = tuple(f"{service.package}.worker" for service in services)
    if over_kafka:
        return tuple(
            Part(f"{service.name} {kind}", (f"{service.package}.{kind}",))
            for service in services
            for kind in ("app", "worker")
        )
    if cores == 1:
        return (Part("services", (*apps, *workers, PRUNING)),)
    return Part("APIs", apps), Part("workers", (*workers, PRUNING))


class Supervisor:
    """Keeps the parts running until it is asked to stop."""

    def __init__(
        self,
        parts: Sequence[Part],
        services: Sequence[Service],
        sockets: Mapping[str, socket.socket],
        data: Path,
        *,
        over_kafka: bool,
    ) -> None:
        self._parts = parts
        self._services = services
        self._sockets = sockets
        self._over_kafka = over_kafka
        self._register = data / "processes.json"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._bells = {part.name: os.pipe() for part in parts if part.reads_outboxes}
        self._given: dict[str, str] = {}
        self._environment: dict[str, str] = {}
        self._is_ready = False

    def prepare(self, given: Mapping[str, str]) -> None:
        """Start the processes: they load their code while the servers start."""
        self._given = dict(given)
        for part in self._parts:
            self._start(part)

    def close(self) -> None:
        """End what `run` was not asked to run."""
        for process in self._running.values():
            process.kill()
            process.wait()
        for pipe in self._bells.values():
            for end in pipe:
                os.close(end)

    async def run(
        self, environment: Mapping[str, str], stop: asyncio.Event, when_ready: Callable[[], None]
    ) -> None:
        """Run every part until `stop`, then end them all."""
        self._environment = dict(environment)
        keepers = [
            asyncio.create_task(self._keep(part, stop), name=part.name) for part in self._parts
        ]
        ready = asyncio.create_task(self._announce(when_ready))
        asked = asyncio.create_task(stop.wait())
        waiting: set[asyncio.Task[None] | asyncio.Task[bool]] = {asked, ready, *keepers}
        try:
            while asked in waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            stop.set()
            await tasks.end([ready, asked])
            await asyncio.gather(*keepers, return_exceptions=True)
            self._register.unlink(missing_ok=True)

    async def _announce(self, when_ready: Callable[[], None]) -> None:
        await until_ready(self._services)
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
            self._given.pop("RECOUP_CRASH_AT", None)
            # Killed from outside (a person, the kernel): that says nothing against its code, and
            # whoever waits for it would wait for nothing.
            was_killed = code == -signal.SIGKILL
            if code == EXIT_BROKEN and not self._over_kafka:
                raise CannotStart(f"the process of the {part.name} failed; its log above says why")
            if was_killed or monotonic() - started >= HEALTHY_AFTER_SECONDS:
                pause, deaths = FIRST_PAUSE_SECONDS, 0
            deaths += 1
            if deaths >= EARLY_DEATHS_MAX and not self._is_ready:
                raise CannotStart(f"the {part.name} does not stay up; its log above says why")
            telemetry.logger(__name__).warning(
                "process ended by itself and is started again",
                part=part.name, code=code, pause_seconds=pause,
            )  # fmt: skip
            await tasks.pause(stop, pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)

    async def _run_once(self, part: Part, stop: asyncio.Event) -> int:
        """Have the part work and wait for its end, its own or the one asked for."""
        process = self._running.get(part.name) or self._start(part)
        self._order(part, process)
        self._write_register()
        ended = asyncio.ensure_future(_end_of(process))
        asked = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                process.terminate()
                await asyncio.wait([ended], timeout=STOP_SECONDS_MAX)
                if not ended.done():
                    process.kill()
            return await ended
        finally:
            asked.cancel()
            process.kill()  # nothing, if it has ended
            del self._running[part.name]
            parent.forget(process.pid)

    def _start(self, part: Part) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.part", *part.modules],
            env=self._given,
            stdin=subprocess.PIPE,
            pass_fds=self._descriptors(part),
            start_new_session=True,  # Ctrl-C is for the launcher, which then ends them in order
        )
        parent.end_with_us(process.pid)
        self._running[part.name] = process
        return process

    def _order(self, part: Part, process: "subprocess.Popen[bytes]") -> None:
        """Tell it what it waits for."""
        heard = self._bells.get(part.name)
        orders = Orders(
            environment=self._environment,
            sockets={
                service.name: self._sockets[service.name].fileno()
                for service in self._services
                if part.serves(service)
            },
            hear=heard[0] if heard else None,
            ring=self._others(part),
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: whoever waits for it will see
            process.stdin.write(msgspec.json.encode(orders) + b"\n")
            process.stdin.close()

    def _others(self, part: Part) -> tuple[int, ...]:
        """Where the other parts hear that something was committed."""
        return tuple(pipe[1] for name, pipe in self._bells.items() if name != part.name)

    def _descriptors(self, part: Part) -> tuple[int, ...]:
        """What it inherits: its services' sockets, and its ends of the bells."""
        served = [service.name for service in self._services if part.serves(service)]
        own = self._bells.get(part.name)
        return (
            *(self._sockets[name].fileno() for name in served),
            *(own[:1] if own else ()),
            *self._others(part),
        )

    def _write_register(self) -> None:
        """Names, ids and start times of the processes, for whoever looks at them."""
        known = []
        for name, process in self._running.items():
            with contextlib.suppress(psutil.Error):
                known.append([name, process.pid, psutil.Process(process.pid).create_time()])
        # Another file first: who is killed while writing must not leave half a register behind.
        whole = self._register.with_suffix(".new")
        whole.write_text(json.dumps(known))
        whole.replace(self._register)


async def _end_of(process: "subprocess.Popen[bytes]") -> int:
    """Its exit code, once it has ended; a thread waits for it."""
    loop = asyncio.get_running_loop()
    code: asyncio.Future[int] = loop.create_future()

    def wait() -> None:
        found = process.wait()
        with contextlib.suppress(RuntimeError):  # the loop is over: nobody asks any more
            loop.call_soon_threadsafe(code.set_result, found)

    threading.Thread(target=wait, name=f"end of {process.pid}", daemon=True).start()
    return await code
