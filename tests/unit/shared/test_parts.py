"""Who makes no turn is named, and ends the process in the end; who rests on purpose is not."""

import asyncio
import math
from pathlib import Path

import pytest

from shared.process import alive, parts, telemetry
from shared.process.tasks import end, pause


class Exited(BaseException):
    pass


@pytest.fixture(autouse=True)
def _no_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    def exit_now(reason: str) -> None:
        raise Exited(reason)

    monkeypatch.setattr(parts, "exit_now", exit_now)


async def test_a_part_that_makes_turns_lives_and_one_that_does_not_is_named() -> None:
    again = asyncio.Event()

    async def good() -> None:
        while True:
            await again.wait()
            again.clear()
            parts.turn()

    working = [
        asyncio.create_task(parts.working("ledger", "good", good())),
        asyncio.create_task(parts.working("ledger", "hung", asyncio.sleep(math.inf))),
        asyncio.create_task(parts.working("metrics", "other", asyncio.sleep(math.inf))),
    ]
    await asyncio.sleep(0)
    assert parts.silent() == []
    for _ in range(100):
        parts.look(1.0)
        again.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert parts.silent("ledger") == ["hung"]
    assert sorted(parts.silent()) == ["hung", "other"]
    figures = telemetry.exposition("ledger").decode()
    assert 'recoup_part_silence_seconds{part="hung",service="ledger"} 100.0' in figures
    parts.look(parts.HUNG_SECONDS - 100.0)
    with pytest.raises(Exited, match="stood still for 181 s"):
        parts.look(1.0)
    await end(working)
    assert parts.parts_of() == []
    assert 'part="hung"' not in telemetry.exposition("ledger").decode()


async def test_a_pause_is_no_silence() -> None:
    stop = asyncio.Event()
    work = asyncio.create_task(parts.working("ledger", "hourly", pause(stop, 3600.0)))
    await asyncio.sleep(0)
    for _ in range(3600):
        parts.look(1.0)
    assert parts.silent() == []
    parts.look(1.0 + parts.SILENCE_SECONDS_MAX)
    assert parts.silent() == ["hourly"], "it should have come round"
    stop.set()
    await work


async def test_children_of_a_part_speak_for_it() -> None:
    async def work() -> None:
        async def child() -> None:
            parts.turn()

        await asyncio.create_task(child())
        await asyncio.Event().wait()

    working = asyncio.create_task(parts.working("ledger", "rescoring", work()))
    await asyncio.sleep(0)
    parts.look(50.0)
    await asyncio.sleep(0)
    (part,) = parts.parts_of()
    assert part.silence in (0.0, 50.0)
    await end([working])


async def test_a_process_that_was_paused_as_a_whole_is_not_punished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However far the clock jumps between two looks: one look counts for two seconds at most."""
    now, looks = 0.0, 0

    def monotonic() -> float:
        nonlocal now
        now += 3600.0
        return now

    async def sleep(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks > 30:
            raise Exited("enough")

    work = asyncio.create_task(parts.working("ledger", "reader", asyncio.Event().wait()))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    monkeypatch.setattr("shared.clock.monotonic", monotonic)
    monkeypatch.setattr("asyncio.sleep", sleep)
    with pytest.raises(Exited, match="enough"):
        await alive._watch(None)
    (part,) = parts.parts_of()
    assert part.silence == 60.0
    monkeypatch.undo()
    await end([work])


async def test_the_file_is_touched_only_while_all_parts_live(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    work = asyncio.create_task(parts.working("ledger", "hung", asyncio.sleep(math.inf)))
    await asyncio.sleep(0)
    async with alive.watched(file):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert file.exists()
    assert not file.exists(), "gone with the process"
    parts.look(parts.SILENCE_SECONDS_MAX + 1)
    watching = asyncio.create_task(alive._watch(file))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not file.exists()
    await end([watching, work])
