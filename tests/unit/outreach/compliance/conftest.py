"""The shipped rule books, read once for all tests of the governor."""

import pytest

from services.outreach.compliance import RuleSet
from tests.unit.outreach.compliance.shipped import shipped_books


@pytest.fixture(scope="session")
def books() -> RuleSet:
    return shipped_books()
