"""Parts that run together end together, also those that lose a cancellation or refuse to end."""

import asyncio
import subprocess
import sys

import pytest

from shared.process import tasks
from shared.process.watchdog import EXIT_CODE


class Broken(Exception):
    pass


async def fails() -> None:
    await asyncio.sleep(0)
    raise Broken


@pytest.mark.parametrize("times", [0, 1, 2, 3])
async def test_a_part_that_loses_cancellations_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    asked = 0

    async def swallows() -> None:
        nonlocal asked
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asked += 1
                if asked > times:
                    raise

    async with asyncio.timeout(30):
        with pytest.raises(Broken):
            await tasks.together(swallows(), fails())
    assert asked == times + 1


async def test_a_part_that_looks_at_ending_needs_no_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 30.0)
    ending = asyncio.Event()
    turns = 0

    async def loop() -> None:
        nonlocal turns
        while not ending.is_set():
            turns += 1
            try:
                await asyncio.sleep(0.001)
            except asyncio.CancelledError:
                continue  # as Python 3.11's wait_for does

    async with asyncio.timeout(20):
        with pytest.raises(Broken):
            await tasks.together(loop(), fails(), ending=ending)
    assert turns


async def test_nested_parts_end_before_those_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled again while its own parts end, `together` leaves none of them behind."""
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    ended = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(20):
                try:
                    await asyncio.sleep(0.005)
                except asyncio.CancelledError:
                    continue
            ended.set()

    async def within() -> None:
        try:
            await tasks.together(slow_to_end())
        finally:
            assert ended.is_set(), "what runs within has ended first"

    with pytest.raises(Broken):
        await tasks.together(within(), fails())
    assert ended.is_set()


async def test_a_cancellation_of_the_whole_is_passed_on() -> None:
    whole = asyncio.create_task(tasks.together(asyncio.Event().wait()))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole


_REFUSES = """
import asyncio
from shared.process import tasks

tasks.AGAIN_SECONDS, tasks.END_SECONDS_MAX = 0.01, 0.1

async def refuses():
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass

async def fails():
    await asyncio.sleep(0)
    raise RuntimeError

asyncio.run(tasks.together(refuses(), fails()))
"""


def test_a_part_that_never_ends_takes_the_process_with_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _REFUSES], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == EXIT_CODE
    assert "refuses did not end" in done.stdout + done.stderr
