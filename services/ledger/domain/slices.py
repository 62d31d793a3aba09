"""Long computations in slices: a generator that yields every so many entries, and returns.

Who has an event loop drives the generator and gives way at each yield; others `run` it.
"""

from collections.abc import Generator
from typing import TypeVar

SLICE_ENTRIES = 1000  # applied, undone or read: some 30 ms

T = TypeVar("T")
Slices = Generator[None, None, T]


def run(slices: Slices[T]) -> T:
    """Run the slices through, without giving way; gives what they return."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            result: T = end.value
            return result
