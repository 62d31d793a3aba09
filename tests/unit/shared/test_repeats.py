"""A library that says the same again and again is heard a few times a minute."""

import logging

import pytest

from shared.process import repeats
from shared.process.repeats import EACH_MAX, WINDOW_SECONDS, Repeats


def passing(held: Repeats, template: str, *arguments: object, name: str = "aiokafka") -> list[str]:
    record = logging.LogRecord(name, logging.ERROR, "", 0, template, arguments, None)
    return [record.getMessage()] if held.filter(record) else []


def test_a_flood_is_held_back_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("shared.clock.monotonic", lambda: now)
    held = Repeats()
    template = "Unable connect to node with id %s: %s"
    heard = [line for n in range(7000) for line in passing(held, template, n, "refused")]
    assert len(heard) == EACH_MAX
    assert passing(held, "Another kind: %s", 1)
    assert passing(held, template, 1, "refused", name="asyncio"), "of another library"
    now = WINDOW_SECONDS
    (line,) = passing(held, template, 1, "refused")
    assert (
        line
        == f"Unable connect to node with id 1: refused (and {7000 - EACH_MAX} more like it before)"
    )
    heard = [line for n in range(100) for line in passing(held, template, n, "refused")]
    assert len(heard) == EACH_MAX - 1


def test_numbers_do_not_make_another_kind_nor_kinds_a_leak() -> None:
    held = Repeats()
    assert sum(len(passing(held, f"Failed fetch of offset {n}")) for n in range(1000)) == EACH_MAX
    for n in range(2000):
        passing(held, "x" * 10 + chr(0x4E00 + n))
    assert len(held._seen) <= repeats._KINDS_MAX
