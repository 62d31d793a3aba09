"""The policy `promises`: what a debtor may promise, and how much of it counts as kept."""

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

SOURCE = """\
{name: promises, version: default, rules: [{grace_business_days: 2, kept_from_percent: 95, partly_from_percent: 25, max_days: 30, open_max: 3, renewals_max: 2, broken_max: 3}]}
"""  # noqa: E501


class PromiseRule(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    when: When | None = None
    grace_business_days: GraceDays = 2
    kept_from_percent: Percent = 95
    partly_from_percent: Percent = 25
    max_days: Days = 30  # to the due day
    open_max: SomeCount = 3
    renewals_max: Count = 2  # how often in a row one may be superseded
    broken_max: Count = 3  # in the last 180 days

    def clashes(self) -> Clashes:
        if self.partly_from_percent > self.kept_from_percent:
            yield Clash(
                ("partly_from_percent", "kept_from_percent"),
                f"must not be above kept_from_percent ({self.kept_from_percent})",
            )


class PromisePolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Literal["promises"]
    version: Version
    rules: Annotated[tuple[PromiseRule, ...], Meta(min_length=1, max_length=RULES_MAX)]
