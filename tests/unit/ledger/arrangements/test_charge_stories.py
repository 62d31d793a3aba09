"""The golden stories of LEDGER-CHARGES, taken through the referee and the engine."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.ledger.arrangements import charge_stories
from tests.unit.ledger.arrangements.subjects import Oracle
from tests.unit.ledger.arrangements.telling import Story, Subject, tell


def _oracle(policies: Any, rates: Any) -> Subject:
    return Oracle(tenant_zone="UTC", policies=policies, rates=rates)


New = Callable[[Any, Any], Subject]
SUBJECTS: list[New] = [_oracle]


@pytest.mark.parametrize("new", SUBJECTS)
@pytest.mark.parametrize(
    ("story", "policies", "rates"),
    [pytest.param(*told, id=f"CHG-{name}") for name, told in charge_stories.ALL.items()],
)
def test_golden_story_of_charges(new: New, story: Story, policies: Any, rates: Any) -> None:
    """CHG-S1, CHG-S2, CHG-S3, CHG-S4, CHG-S5, CHG-S6, CHG-S7, CHG-S8, CHG-S9, CHG-S10, CHG-S11."""
    tell(story, new(policies, rates))
