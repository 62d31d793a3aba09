"""A training keeps to one thread, and gives the others back."""

import numpy as np
from scipy import linalg
from threadpoolctl import threadpool_info, threadpool_limits  # type: ignore[import-untyped]

from services.segmentation.learning.threads import one_thread


def pools() -> list[int]:
    linalg.inv(np.eye(2))  # loaded only when it is used
    return [int(pool["num_threads"]) for pool in threadpool_info()]


def test_every_pool_is_one_thread_while_it_is_entered_and_as_before_after() -> None:
    with threadpool_limits(2):
        before = pools()
        assert before
        with one_thread():
            assert set(pools()) == {1}
        assert pools() == before
