"""One thread for the sums of a training.

A fit makes thousands of tiny steps. A pool of threads that meets after each of them mostly waits,
in a busy loop: on a loaded machine it takes tens of times as long as one thread alone, and takes
its time from whoever else works there. The results are the same to the bit.
"""

from contextlib import AbstractContextManager
from typing import Any


def one_thread() -> AbstractContextManager[Any]:
    """While it is entered, no library that is loaded by now shares its sums among threads."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits
