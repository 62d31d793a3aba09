"""What the policies have in common: how their parts are written, and which rule is taken."""

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

from msgspec import Meta

from services.ledger.domain.policies.conditions import Situation, When
from shared.texts import matching

RULES_MAX = 200

Version = Annotated[str, matching("[A-Za-z0-9][A-Za-z0-9._-]{0,63}", 64)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Days = Annotated[int, Meta(ge=0, le=3650)]
SomeDays = Annotated[int, Meta(ge=1, le=3650)]
Count = Annotated[int, Meta(ge=0, le=1000)]
SomeCount = Annotated[int, Meta(ge=1, le=1000)]
GraceDays = Annotated[int, Meta(ge=0, le=60)]


class Rule(Protocol):
    """A rule of a policy: the last has no conditions."""

    @property
    def when(self) -> When | None: ...


SomeRule = TypeVar("SomeRule", bound=Rule)


def choose(rules: Sequence[SomeRule], situation: Situation) -> tuple[int, SomeRule]:
    """The first rule that fits, and its number from 1."""
    for number, rule in enumerate(rules, 1):
        if rule.when is None or rule.when.fits(situation):
            return number, rule
    raise AssertionError("the last rule fits everybody")
