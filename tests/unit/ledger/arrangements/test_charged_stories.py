"""The golden stories of charges, taken through the ledger's domain."""

from typing import Any

import pytest

from tests.unit.ledger.arrangements import charge_stories
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.telling import Story, tell


@pytest.mark.parametrize(
    ("story", "policies", "rates"),
    [pytest.param(*told, id=f"CHG-{name}") for name, told in charge_stories.ALL.items()],
)
def test_golden_story_of_charges(story: Story, policies: Any, rates: Any) -> None:
    """CHG-S1, CHG-S2, CHG-S3, CHG-S4, CHG-S5, CHG-S6, CHG-S7, CHG-S8, CHG-S9, CHG-S10, CHG-S11."""
    tell(story, Engine(tenant_zone="UTC", policies=policies, rates=rates))
