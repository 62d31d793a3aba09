"""The policy `settlements`: how much less than what is owed settles a debt, and who decides."""

from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, Struct

from services.ledger.domain.policies.clashes import Clash, Clashes
from services.ledger.domain.policies.conditions import When
from services.ledger.domain.policies.members import (
    RULES_MAX,
    Count,
    Days,
    GraceDays,
    Percent,
    SomeCount,
    Version,
)

AFTER_HOLD_DAYS = 14  # to catch up when a hold that stops the clocks has ended
SOURCE = """\
name: settlements
version: default
rules:
  - {auto_from_percent: 80, supervisor_from_percent: 50, finance_from_percent: 30, instalments_max: 3, plus_percent: 5, pay_within_days: 30,
     grace_business_days: 2, bids_per_30_days: 3, counter: true}
"""  # noqa: E501


class SettlementRule(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    when: When | None = None
    auto_from_percent: Percent = 80  # of the base
    supervisor_from_percent: Percent = 50
    finance_from_percent: Percent = 30
    instalments_max: SomeCount = 3
    plus_percent: Percent = 5  # what each instalment after the first raises the shares by
    pay_within_days: Days = 30
    grace_business_days: GraceDays = 2
    bids_per_30_days: Count = 3
    counter: bool = True

    def clashes(self) -> Clashes:
        shares = ("auto_from_percent", "supervisor_from_percent", "finance_from_percent")
        for above, below in pairwise(shares):
            limit = getattr(self, above)
            if getattr(self, below) > limit:
                yield Clash((below, above), f"must not be above {above} ({limit})")

    def shares(self, instalments: int) -> tuple[int, int, int]:
        """Percent of the base for which nobody, a supervisor, finance is asked."""
        plus = self.plus_percent * (instalments - 1)
        return (
            self.auto_from_percent + plus,
            self.supervisor_from_percent + plus,
            self.finance_from_percent + plus,
        )


class SettlementPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Literal["settlements"]
    version: Version
    rules: Annotated[tuple[SettlementRule, ...], Meta(min_length=1, max_length=RULES_MAX)]
