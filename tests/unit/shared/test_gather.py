"""Single requests gathered into batches: nobody waits for nothing, nobody pays for a neighbour."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.errors import Conflict, TookTooLong, Unavailable
from shared.web import Gatherer
from shared.web.gather import ALONE_MAX, BATCHES_MAX, RUN_ALONE, RunAlone


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


async def test_what_took_too_long_is_halved_until_it_passes() -> None:
    calls = []

    async def run(items: list[int]) -> list[int]:
        calls.append(len(items))
        if len(items) > 2:
            raise TookTooLong("too much at once")
        return items

    assert await asyncio.gather(*map(Gatherer(run).submit, range(8))) == list(range(8))
    assert calls == [8, 4, 2, 2, 4, 2, 2]


Item = tuple[str, int]  # lane, number


class Lanes:
    """A runner whose batches wait until they are let through, lane by lane."""

    def __init__(self) -> None:
        self.batches: list[list[Item]] = []
        self.alone: list[Item] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.heavy: set[Item] = set()
        self.gatherer: Gatherer[Item, int] = Gatherer(
            self.run,
            run_alone=self.run_alone,
            lane_of=lambda item: item[0],
            weigh=lambda item: item[1],
            max_items=100,
            window_seconds=0,
        )

    def stop(self, lane: str) -> asyncio.Event:
        gate = self.gates[lane] = asyncio.Event()
        return gate

    async def run(self, items: list[Item]) -> list[int | RunAlone]:
        self.batches.append(items)
        if gate := self.gates.get(items[0][0]):
            await gate.wait()
        if any(number < 0 for _, number in items):
            raise TookTooLong("poisoned")
        return [RUN_ALONE if item in self.heavy else item[1] for item in items]

    async def run_alone(self, item: Item) -> int:
        self.alone.append(item)
        if gate := self.gates.get(f"{item[0]} alone"):
            await gate.wait()
        return item[1]

    def submit(self, *items: Item) -> list[asyncio.Task[int]]:
        return [asyncio.create_task(self.gatherer.submit(item)) for item in items]


async def test_a_batch_is_of_one_lane_and_lanes_do_not_wait_for_each_other() -> None:
    lanes = Lanes()
    gate = lanes.stop("a")
    slow = lanes.submit(("a", 1), ("a", 2))
    quick = lanes.submit(("b", 1), ("b", 2))
    assert await asyncio.gather(*quick) == [1, 2]
    assert not any(task.done() for task in slow)
    gate.set()
    assert await asyncio.gather(*slow) == [1, 2]
    assert sorted(lanes.batches) == [[("a", 1), ("a", 2)], [("b", 1), ("b", 2)]]


async def test_what_spoils_one_lane_s_batch_does_not_hurt_another_s() -> None:
    lanes = Lanes()
    tasks = lanes.submit(("a", -1), ("b", 5), ("a", 3))
    spoilt, other, neighbour = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(spoilt, TookTooLong)
    assert (other, neighbour) == (5, 3)


async def test_lanes_take_turns_when_there_are_more_than_places() -> None:
    lanes = Lanes()
    names = [f"lane {n}" for n in range(BATCHES_MAX + 1)]
    gates = [lanes.stop(name) for name in names[:-1]]
    first = lanes.submit(*((name, 1) for name in names[:-1]))
    await asyncio.sleep(0)
    again = lanes.submit((names[0], 2))
    last = lanes.submit((names[-1], 1))
    await asyncio.sleep(0)
    assert len(lanes.batches) == BATCHES_MAX
    gates[0].set()
    await asyncio.gather(first[0], *last, *again)
    assert lanes.batches[BATCHES_MAX:] == [[(names[-1], 1)], [(names[0], 2)]]
    for gate in gates:
        gate.set()
    await asyncio.gather(*first)


async def test_heavy_items_run_alone_and_hold_no_batch_up() -> None:
    lanes = Lanes()
    lanes.heavy.add(("a", 7))
    gate = lanes.stop("a alone")
    heavy = lanes.submit(
        ("a", 101), ("a", 7), ("a", 102)
    )  # by its weight, and by the runner's word
    light = lanes.submit(("a", 1), ("b", 2))
    assert await asyncio.gather(*light) == [1, 2]
    assert lanes.alone == [("a", 101)]  # one at a time
    assert not any(task.done() for task in heavy)
    gate.set()
    assert await asyncio.gather(*heavy) == [101, 7, 102]
    assert sorted(lanes.alone) == [("a", 7), ("a", 101), ("a", 102)]


async def test_only_so_many_heavy_items_run_at_a_time() -> None:
    lanes = Lanes()
    names = [f"lane {n}" for n in range(ALONE_MAX + 1)]
    gates = [lanes.stop(f"{name} alone") for name in names]
    tasks = lanes.submit(*((name, 101) for name in names))
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(lanes.alone) == ALONE_MAX
    for gate in gates:
        gate.set()
    assert await asyncio.gather(*tasks) == [101] * len(names)


async def test_a_heavy_item_s_failure_is_its_caller_s_alone() -> None:
    async def run_alone(item: int) -> int:
        if item == 11:
            raise Conflict("no")
        return item

    async def run(items: list[int]) -> list[int]:
        return items

    gatherer: Gatherer[int, int] = Gatherer(
        run, run_alone=run_alone, weigh=lambda item: item, max_items=10
    )
    results = await asyncio.gather(*map(gatherer.submit, (11, 12, 1)), return_exceptions=True)
    assert isinstance(results[0], Conflict)
    assert results[1:] == [12, 1]
    await gatherer.close()
