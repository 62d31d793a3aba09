"""Single requests gathered into batches: nobody waits for nothing, nobody pays for a neighbour."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.errors import Conflict, Unavailable
from shared.web import Gatherer


class Door:
    """A batch runner that notes its batches, and waits for a gate when it has one."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.started = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, items: list[int]) -> Sequence[int | BaseException]:
        self.batches.append(items)
        self.started.set()
        await self.gate.wait()
        if any(item < 0 for item in items):
            raise Conflict("a negative number")
        return [ValueError(item) if item == 13 else item * 10 for item in items]


async def test_a_lone_item_runs_at_once() -> None:
    door = Door()
    gatherer = Gatherer(door.run, window_seconds=60)
    assert await gatherer.submit(1) == 10
    assert await gatherer.submit(2) == 20
    assert door.batches == [[1], [2]]


async def test_what_comes_while_a_batch_runs_is_the_next_batch() -> None:
    door = Door()
    door.gate.clear()
    gatherer = Gatherer(door.run, window_seconds=60)
    first = asyncio.create_task(gatherer.submit(1))
    await door.started.wait()
    others = [asyncio.create_task(gatherer.submit(item)) for item in (2, 3, 4)]
    await asyncio.sleep(0)
    door.gate.set()
    assert await asyncio.gather(first, *others) == [10, 20, 30, 40]
    assert door.batches == [[1], [2, 3, 4]]


async def test_items_of_one_moment_are_one_batch() -> None:
    door = Door()
    gatherer = Gatherer(door.run)
    assert await asyncio.gather(*map(gatherer.submit, range(10))) == [n * 10 for n in range(10)]
    assert door.batches == [list(range(10))]


async def test_a_batch_has_its_largest_size() -> None:
    door = Door()
    gatherer = Gatherer(door.run, max_items=4, window_seconds=0)
    await asyncio.gather(*map(gatherer.submit, range(10)))
    assert [len(batch) for batch in door.batches] == [4, 4, 2]


async def test_a_batch_is_as_heavy_as_it_may_be_and_the_heaviest_goes_alone() -> None:
    door = Door()
    gatherer = Gatherer(door.run, max_items=10, weigh=lambda item: item, window_seconds=0)
    await asyncio.gather(*map(gatherer.submit, [4, 6, 1, 25, 5, 5, 2]))
    assert door.batches == [[4, 6], [1], [25], [5, 5], [2]]


async def test_a_following_batch_waits_only_for_its_window() -> None:
    door = Door()
    gatherer = Gatherer(door.run, max_items=8, window_seconds=0.005)
    await asyncio.wait_for(asyncio.gather(*map(gatherer.submit, range(9))), timeout=120)
    assert [len(batch) for batch in door.batches] == [8, 1]


async def test_clients_that_send_again_are_gathered_again() -> None:
    door = Door()
    gatherer = Gatherer(door.run, window_seconds=1.0)

    async def client(number: int) -> None:
        for _ in range(20):
            assert await gatherer.submit(number) == number * 10

    await asyncio.wait_for(asyncio.gather(*map(client, range(8))), timeout=120)
    assert len(door.batches) == 20


async def test_one_that_fails_alone_does_not_hurt_the_others() -> None:
    door = Door()
    gatherer = Gatherer(door.run)
    results = await asyncio.gather(
        *map(gatherer.submit, [1, 2, -3, 4, 13, 6]), return_exceptions=True
    )
    assert [results[0], results[1], results[3], results[5]] == [10, 20, 40, 60]
    assert isinstance(results[2], Conflict)
    assert isinstance(results[4], ValueError)


async def test_a_retriable_failure_hits_all_and_is_not_halved() -> None:
    calls = []

    async def run(items: list[int]) -> list[int]:
        calls.append(items)
        raise Unavailable("the database is away")

    results = await asyncio.gather(*map(Gatherer(run).submit, range(8)), return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)
    assert len(calls) == 1


async def test_whoever_goes_away_before_the_start_is_left_out() -> None:
    door = Door()
    door.gate.clear()
    gatherer = Gatherer(door.run, window_seconds=0)
    first = asyncio.create_task(gatherer.submit(1))
    await door.started.wait()
    gone, stays = (asyncio.create_task(gatherer.submit(item)) for item in (2, 3))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    door.gate.set()
    assert (await first, await stays) == (10, 30)
    assert door.batches == [[1], [3]]


async def test_whoever_goes_away_during_the_run_does_not_stop_it() -> None:
    door = Door()
    door.gate.clear()
    gatherer = Gatherer(door.run)
    gone, stays = (asyncio.create_task(gatherer.submit(item)) for item in (1, 2))
    await door.started.wait()
    gone.cancel()
    door.gate.set()
    assert await stays == 20
    assert gone.cancelled() or isinstance(gone.exception(), asyncio.CancelledError)


async def test_closing_waits_for_what_was_submitted() -> None:
    door = Door()
    gatherer = Gatherer(door.run, max_items=2, window_seconds=0)
    tasks = [asyncio.create_task(gatherer.submit(item)) for item in range(5)]
    await asyncio.sleep(0)
    await gatherer.close()
    assert all(task.done() for task in tasks) or await asyncio.gather(*tasks)
    assert sum(map(len, door.batches)) == 5


async def test_a_runner_that_forgets_a_result_is_a_bug() -> None:
    async def run(items: list[int]) -> list[int]:
        return []

    with pytest.raises(AssertionError):
        await Gatherer(run).submit(1)
