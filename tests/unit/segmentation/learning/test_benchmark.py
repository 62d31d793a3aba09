"""The benchmark of training and scoring runs, in a form so short that its figures mean nothing."""

import pytest

from tests.benchmarks.segmentation import measure, tell

pytestmark = pytest.mark.slow


def test_it_measures() -> None:
    found = measure(invoices=2_000, scored=60_000)
    assert found.invoices == 2_000
    assert found.accounts_per_second > 0
    assert isinstance(tell(found), list)
