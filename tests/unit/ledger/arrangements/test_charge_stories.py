"""The golden stories of LEDGER-CHARGES, taken through the referee and the engine."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.oracles.arranged import statements
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


def test_CHG_S2_its_payoff_and_its_statement() -> None:
    """CHG-S2: 210931 settles it on 06-10, 59 a day; CHG-S2′: the statement by the facts known."""
    story, policies, rates = charge_stories.ALL["S2"]
    referee = Oracle(tenant_zone="UTC", policies=policies, rates=rates)
    tell(story, referee)
    seen = [(line.kind, line.amount) for line in statements.lines(referee.world, "EUR")]
    assert seen == [
        ("invoice", 500000),
        ("cost", 4000),
        ("interest", 1407),
        ("payment", -100000),
        ("interest", 2395),
        ("interest", 1597),
        ("payment", -200000),
        ("interest", 943),
    ]
    assert sum(amount for _, amount in seen) == 210342
    referee.start_day(date(2026, 6, 10))
    assert statements.payoff(referee.world, "EUR") == 210931
    referee.start_day(date(2026, 6, 11))
    assert statements.payoff(referee.world, "EUR") - 210931 == 59
