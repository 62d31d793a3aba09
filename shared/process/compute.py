"""Long calculations in processes of their own, so that no tenant's question holds up the others.

An event loop serves all tenants: what one of them can make expensive (a rule book, a policy, a
backtest, KPIs over years) is fetched first, the transaction is closed, and then `ComputePool.run`
calls a module's function with it in another process:

    report = await pool.run(caller.tenant, dry_run, policy, accounts)

The function, its arguments and its result are pickled. A new process imports the function's
module, which had better be one of the rules and import neither web nor database.

A tenant has one place: its second job waits for its first, and another tenant's job starts
meanwhile. Who finds too many waiting gets `ComputeBusy` (503), who computes for too long
`TooMuchComputing` (422), and the process that computed for too long is killed. Processes are
started when first needed, cost nothing but memory while idle, and end with this one, also when it
is killed.
"""

import asyncio
import math
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self, TypeVar, TypeVarTuple

from shared.errors import Invalid, Unavailable
from shared.process import parts, telemetry
from shared.process.compute_worker import ANSWER, JOB

SIZE_MIN, SIZE_MAX = 2, 4  # two at least: one tenant's long job leaves a process to the others
WAITING_PER_TENANT_MAX = 4
WAITING_MAX = 32
SECONDS_MAX = 30.0
_READ_AHEAD_BYTES = 1 << 20

# What a calculation may know of our environment: no address and no secret of ours. One thread
# each: the processes are as many as the cores.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "PYTHONTZPATH", "LD_LIBRARY_PATH")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

log = telemetry.logger(__name__)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class ComputeBusy(Unavailable):
    """Too many calculations wait, of this tenant or in all."""


class ComputeFailed(Unavailable):
    """The process that computed is gone."""


class TooMuchComputing(Invalid):
    """The calculation took longer than it may."""

    title = "Too much computing"


class _Waiting(NamedTuple):
    tenant: str
    turn: asyncio.Future[None]


class ComputePool:
    """One per process of ours; belongs to the event loop that first runs something in it."""

    def __init__(
        self,
        *,
        size: int | None = None,
        waiting_per_tenant_max: int = WAITING_PER_TENANT_MAX,
        waiting_max: int = WAITING_MAX,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        self._places = size or min(max(os.cpu_count() or 1, SIZE_MIN), SIZE_MAX)
        self._waiting_per_tenant_max = waiting_per_tenant_max
        self._waiting_max = waiting_max
        self._seconds_max = seconds_max
        self._running: set[str] = set()  # tenants
        self._waiting: deque[_Waiting] = deque()
        self._idle: list[_Worker] = []

    async def run(
        self,
        tenant: str,
        function: Callable[[*Ts], T],
        *arguments: *Ts,
        seconds: float | None = None,
    ) -> T:
        """What `function(*arguments)` gives or raises, computed elsewhere in at most `seconds`.

        Cancelling this ends the calculation, wherever it is.
        """
        job = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
        async with self._place(tenant):
            result: T = await self._compute(job, seconds or self._seconds_max)
            return result

    async def close(self) -> None:
        """End the processes. Jobs that still run are the callers' to cancel."""
        idle, self._idle = self._idle, []
        for worker in idle:
            await worker.end()

    @asynccontextmanager
    async def _place(self, tenant: str) -> AsyncIterator[None]:
        if self._can_start(tenant):
            self._running.add(tenant)
        else:
            await self._turn(tenant)
        try:
            yield
        finally:
            self._leave(tenant)

    def _can_start(self, tenant: str) -> bool:
        return len(self._running) < self._places and tenant not in self._running

    async def _turn(self, tenant: str) -> None:
        own = sum(waiting.tenant == tenant for waiting in self._waiting)
        if own >= self._waiting_per_tenant_max:
            raise ComputeBusy("Too many calculations of this tenant wait already.")
        if len(self._waiting) >= self._waiting_max:
            raise ComputeBusy("Too many calculations wait already.")
        waiting = _Waiting(tenant, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        try:
            parts.turn(resting=math.inf)  # those before it end in time, or are ended
            await waiting.turn
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            else:  # its turn had just come
                self._leave(tenant)
            raise

    def _leave(self, tenant: str) -> None:
        self._running.remove(tenant)
        for waiting in tuple(self._waiting):  # in order, past tenants that have one running
            if self._can_start(waiting.tenant) and not waiting.turn.done():  # done: cancelled
                self._running.add(waiting.tenant)
                self._waiting.remove(waiting)
                waiting.turn.set_result(None)

    async def _compute(self, job: bytes, seconds: float) -> Any:
        worker = await self._worker()
        try:
            parts.turn(resting=seconds)
            async with asyncio.timeout(seconds):
                answer = await worker.ask(job, seconds)
            parts.turn()
        except TimeoutError:
            await worker.end()
            log.warning("compute.too_long", seconds=seconds)
            raise TooMuchComputing(
                f"The calculation takes more than {seconds:g} s; ask for less."
            ) from None
        except (EOFError, ConnectionError) as error:
            await worker.end()
            log.warning("compute.process_gone", returncode=worker.returncode)
            raise ComputeFailed("The calculation was broken off; try again.") from error
        except BaseException:  # cancelled
            await worker.end()
            raise
        self._idle.append(worker)
        result, failure = pickle.loads(answer)  # noqa: S301 - it comes from our own child
        if failure is not None:
            raise failure
        return result

    async def _worker(self) -> "_Worker":
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            await worker.end()
        return await _Worker.start()


class _Worker:
    """A process that computes (`compute_worker`), as its parent sees it."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._jobs = process.stdin
        self._answers = process.stdout

    @classmethod
    async def start(cls) -> Self:
        known = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                "from shared.process.compute_worker import main; main()",
                stdin=PIPE,
                stdout=PIPE,
                limit=_READ_AHEAD_BYTES,
                env={**known, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        )

    @property
    def alive(self) -> bool:
        return self.returncode is None and not self._answers.at_eof()

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def ask(self, job: bytes, seconds: float) -> bytes:
        """The answer. `EOFError` or `ConnectionError` when the process is gone."""
        self._jobs.write(JOB.pack(seconds, len(job)))
        self._jobs.write(job)
        await self._jobs.drain()
        (length,) = ANSWER.unpack(await self._answers.readexactly(ANSWER.size))
        return await self._answers.readexactly(length)

    async def end(self) -> None:
        if self.returncode is None:
            self._process.kill()
        self._jobs.close()
        await self._process.wait()
