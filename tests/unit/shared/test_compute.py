"""Calculations in processes of their own: nobody waits for another tenant, and nothing is left."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from shared.errors import FieldError, Invalid
from shared.process.compute import ComputeBusy, ComputeFailed, ComputePool, TooMuchComputing
from shared.process.compute_worker import UnpicklableError
from shared.web.problems import problem_response
from tests.unit.shared.compute_jobs import (
    compute_for_ever,
    environment,
    fail_awkwardly,
    kill_own_process,
    process_id,
    product,
    refuse,
    text_from,
)

ROOT = Path(__file__).parents[3]
NEVER = 300.0  # seconds; a test that needs them has failed

# ---------------------------------------------------------------- help


@pytest.fixture
async def pool() -> AsyncIterator[ComputePool]:
    pool = ComputePool(size=2, waiting_per_tenant_max=2, waiting_max=3)
    yield pool
    await pool.close()


@pytest.fixture
def new_pipe(tmp_path: Path) -> Callable[[], Path]:
    def make() -> Path:
        path = tmp_path / f"pipe-{len(list(tmp_path.iterdir()))}"
        os.mkfifo(path)
        return path

    return make


@asynccontextmanager
async def a_job_that_runs(
    pool: ComputePool, tenant: str, pipe: Path
) -> AsyncIterator["asyncio.Task[None]"]:
    """It has begun; ended with the block."""
    job = asyncio.create_task(pool.run(tenant, compute_for_ever, pipe, seconds=NEVER))
    with await asyncio.to_thread(pipe.open) as running:
        await asyncio.to_thread(running.readline)
        yield job
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        assert await asyncio.to_thread(running.read) == "", "its process is gone"


# ---------------------------------------------------------------- tests


async def test_a_function_is_called_in_another_process(pool: ComputePool) -> None:
    assert await pool.run("acme", product, 6, 7) == 42
    assert await pool.run("acme", process_id) != os.getpid()


async def test_the_next_job_finds_the_process_of_the_last(pool: ComputePool) -> None:
    assert await pool.run("acme", process_id) == await pool.run("other", process_id)


async def test_what_a_job_raises_is_raised_to_its_caller(pool: ComputePool) -> None:
    with pytest.raises(Invalid) as refused:
        await pool.run("acme", refuse, 3)
    assert refused.value.errors == (FieldError("/amount_minor", "is 3"),)
    assert "in refuse" in refused.value.__notes__[0], "the other process's traceback"
    with pytest.raises(UnpicklableError, match="what went wrong"):
        await pool.run("acme", fail_awkwardly)
    assert await pool.run("acme", product, 2, 3) == 6


async def test_a_job_knows_nothing_of_our_secrets(
    pool: ComputePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_DATABASE_URL", "postgresql://metrics:secret@localhost/metrics")
    assert "secret" not in str(await pool.run("acme", environment))


async def test_a_tenant_that_fills_its_place_does_not_hold_up_its_neighbour(
    pool: ComputePool, new_pipe: Callable[[], Path]
) -> None:
    pipe = new_pipe()
    async with a_job_that_runs(pool, "greedy", new_pipe()):
        second = asyncio.create_task(pool.run("greedy", text_from, pipe))
        assert await pool.run("modest", product, 6, 7) == 42
        assert not second.done()
    writing = asyncio.create_task(asyncio.to_thread(pipe.write_text, "its turn"))
    assert await second == "its turn"
    await writing


async def test_a_tenant_has_one_place(pool: ComputePool, new_pipe: Callable[[], Path]) -> None:
    async with a_job_that_runs(pool, "greedy", new_pipe()):
        second = asyncio.create_task(pool.run("greedy", process_id))
        await pool.run("modest", process_id)
        await pool.run("modest", process_id)
        assert not second.done()
    assert await second > 0


async def test_too_many_waiting_are_sent_away_at_once(
    pool: ComputePool, new_pipe: Callable[[], Path]
) -> None:
    async with (
        a_job_that_runs(pool, "greedy", new_pipe()),
        a_job_that_runs(pool, "other", new_pipe()),
    ):
        greedy = [asyncio.create_task(pool.run("greedy", product, 1, each)) for each in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(ComputeBusy, match="of this tenant") as busy:
            await pool.run("greedy", product, 1, 3)
        answer = problem_response(busy.value)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        third = asyncio.create_task(pool.run("third", product, 3, 3))
        await asyncio.sleep(0)
        with pytest.raises(ComputeBusy):
            await pool.run("fourth", product, 4, 4)
    assert await asyncio.gather(*greedy, third) == [1, 2, 9]


async def test_a_job_beyond_its_time_is_killed_and_refused(
    pool: ComputePool, new_pipe: Callable[[], Path]
) -> None:
    pipe = new_pipe()
    running = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(TooMuchComputing, match=r"more than 0\.5 s"):
        await pool.run("greedy", compute_for_ever, pipe, seconds=0.5)
    os.set_blocking(running, True)
    with os.fdopen(running) as file:
        await asyncio.to_thread(file.read)  # to its end: the process is gone
    assert await pool.run("greedy", product, 6, 7) == 42


async def test_a_process_that_dies_is_replaced(pool: ComputePool) -> None:
    before = await pool.run("acme", process_id)
    with pytest.raises(ComputeFailed):
        await pool.run("acme", kill_own_process)
    after = await pool.run("acme", process_id)
    assert before != after


async def test_a_cancelled_request_frees_its_place(
    pool: ComputePool, new_pipe: Callable[[], Path]
) -> None:
    async with a_job_that_runs(pool, "greedy", new_pipe()) as job:
        waiting = asyncio.create_task(pool.run("greedy", product, 1, 1))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        job.cancel()
        assert await pool.run("greedy", product, 6, 7) == 42


async def test_a_place_that_comes_to_a_cancelled_request_goes_to_the_next(
    new_pipe: Callable[[], Path],
) -> None:
    pool = ComputePool(size=1)
    async with a_job_that_runs(pool, "greedy", new_pipe()) as job:
        first = asyncio.create_task(pool.run("first", product, 1, 1))
        second = asyncio.create_task(pool.run("second", product, 6, 7))
        await asyncio.sleep(0)
        job.add_done_callback(lambda _: first.cancel())
        job.cancel()
        assert await second == 42
        assert first.cancelled()
    await pool.close()


_PARENT = """
import asyncio, sys
from pathlib import Path
from shared.process.compute import ComputePool
from tests.unit.shared.compute_jobs import compute_for_ever

asyncio.run(ComputePool().run("acme", compute_for_ever, Path(sys.argv[1]), seconds=300.0))
"""


def test_no_process_outlives_a_killed_parent(new_pipe: Callable[[], Path]) -> None:
    pipe = new_pipe()
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(pipe)], cwd=ROOT)
    with pipe.open() as running:
        worker = int(running.readline())
        os.kill(worker, 0)
        parent.kill()
        parent.wait()
        assert running.read() == "", "open for as long as the worker lives"


def test_it_works_on_uvloop_too() -> None:
    async def story() -> None:
        pool = ComputePool()
        assert await asyncio.gather(*(pool.run(t, product, 6, 7) for t in "abc")) == [42] * 3
        with pytest.raises(ComputeFailed):
            await pool.run("acme", kill_own_process)
        with pytest.raises(TooMuchComputing):
            await pool.run("acme", text_from, Path("/dev/tty-none"), seconds=0.0001)
        await pool.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())
