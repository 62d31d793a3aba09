"""Lanes: each runs one part after another, all beside each other, until none is left."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import parent
from shared import clock
from tests.architecture.files import ROOT
from tests.suite.parts import Part

NICENESS = 10  # of the lane that only computes: it yields to those that wait for servers
STOP_SECONDS_MAX = 60
ENDED_WELL = (0, 5)  # pytest's: all green, nothing chosen


@dataclass(frozen=True)
class Ended:
    """What became of a part."""

    part: Part
    code: int
    seconds: float
    output: str
    outcomes: Path  # what pytest wrote about each test, as JUnit's XML

    @property
    def is_good(self) -> bool:
        return self.code in ENDED_WELL


@dataclass
class Lanes:
    """Runs the parts; one that fails does not stop the others."""

    folder: Path
    environment: Mapping[str, str]
    options: Sequence[str]
    when_ended: Callable[[Ended], None]
    _left: list[Part] = field(default_factory=list)
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def run(self, parts: Sequence[Part], count: int) -> list[Ended]:
        """One lane more than `count`, niced, begins with what waits for nobody."""
        self._left = list(parts)
        ended: list[Ended] = []

        def lane(number: int) -> None:
            while (part := self._next(waits=number > 0)) is not None:
                done = self._run_part(part, NICENESS if number == 0 else 0)
                with self._guard:
                    ended.append(done)
                    self.when_ended(done)

        with ThreadPoolExecutor(count + 1) as pool:
            lanes = [pool.submit(lane, number) for number in range(count + 1)]
            try:
                for done in as_completed(lanes):
                    done.result()
            finally:
                self._stop()
        return ended

    def _next(self, *, waits: bool) -> Part | None:
        with self._guard:
            suited = [part for part in self._left if part.waits == waits] or self._left
            if not suited:
                return None
            part = suited[0]
            self._left.remove(part)
            return part

    def _run_part(self, part: Part, niceness: int) -> Ended:
        base = self.folder / part.name.replace("/", "-")
        outcomes = base.with_suffix(".xml")
        began = clock.monotonic()
        with base.with_suffix(".log").open("w+b") as output:
            process = subprocess.Popen(
                [
                    "nice", f"-n{niceness}", sys.executable, "-m", "pytest", *self.options,
                    f"--junitxml={outcomes}", *part.paths,
                ],
                cwd=ROOT, env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
            with self._guard:
                self._running.add(process)
                parent.end_with_us(process.pid)
            code = process.wait()
            with self._guard:
                self._running.discard(process)
                parent.forget(process.pid)
            output.seek(0)
            text = output.read().decode(errors="replace")
        return Ended(part, code, clock.monotonic() - began, text, outcomes)

    def _stop(self) -> None:
        """After an interrupt: end what still runs, so that no server outlives us."""
        with self._guard:
            self._left.clear()
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
