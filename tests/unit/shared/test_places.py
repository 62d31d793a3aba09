"""Places by tenant, and the lag of the event loop."""

import asyncio
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from shared.errors import Unavailable
from shared.process.loop_lag import lag_sampled
from shared.process.places import TenantPlaces


async def test_a_tenant_has_so_many_places_and_takes_none_of_anothers() -> None:
    places, go_on = TenantPlaces(2, wait_seconds=60), asyncio.Event()
    inside: list[str] = []

    async def enter(tenant: str) -> None:
        async with places.place(tenant):
            inside.append(tenant)
            await go_on.wait()

    async with asyncio.TaskGroup() as group:
        entered = [group.create_task(enter("a")) for _ in range(5)]
        entered[4].cancel()  # who gives up leaves the line
        await asyncio.wait([entered[4]])
        async with places.place("b"):
            assert inside == ["a", "a"]
        go_on.set()
    assert inside == ["a"] * 4
    assert not places._taken


async def test_who_waits_for_too_long_is_sent_away() -> None:
    places = TenantPlaces(1, wait_seconds=0.01)
    async with places.place("a"):
        with pytest.raises(Unavailable, match="this tenant"):
            async with places.place("a"):
                pass
    async with places.place("a"):
        pass
    assert not places._taken


async def test_a_loop_that_was_held_up_shows_its_lag() -> None:
    loop, labels = asyncio.get_running_loop(), {"service": "a-test"}

    def figure(name: str, **more: str) -> float:
        return REGISTRY.get_sample_value(f"recoup_loop_lag_seconds_{name}", labels | more) or 0.0

    async with lag_sampled("a-test", between=0.001):
        await _turns_until(lambda: figure("count") > 0)
        before, end = figure("sum"), loop.time() + 0.05
        while loop.time() < end:
            pass
        await _turns_until(lambda: figure("sum") > before + 0.04)


async def _turns_until(condition: Callable[[], bool]) -> None:
    loop, met = asyncio.get_running_loop(), asyncio.Event()

    def look() -> None:
        if condition():
            met.set()
        else:
            loop.call_soon(look)

    look()
    async with asyncio.timeout(60):
        await met.wait()
