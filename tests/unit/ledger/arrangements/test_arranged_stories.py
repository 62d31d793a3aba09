"""The golden stories of plans and settlements, taken through the ledger's domain."""

import pytest

from tests.unit.ledger.arrangements import stories
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.telling import Story, tell

STORIES = {
    "ARR-S3": stories.S3,
    "ARR-S4": stories.S4,
    "ARR-S5": stories.S5,
    "ARR-S6": stories.S6,
    "ARR-S7": stories.S7,
    "ARR-S8": stories.S8,
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_golden_story(story: Story) -> None:
    tell(story, Engine())
