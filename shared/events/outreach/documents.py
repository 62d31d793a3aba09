"""Versions of rule books, strategies, their assignments and templates that come into force, and
the strategies of accounts."""

from datetime import date
from typing import Literal

from msgspec import Struct


class _Activated(Struct, frozen=True, kw_only=True):
    name: str
    version: str | None = None  # None: it no longer applies
    from_on: date  # 00:00 of that day in the tenant's zone


class RulebookActivated(_Activated, frozen=True, kw_only=True):
    pass


class StrategyActivated(_Activated, frozen=True, kw_only=True):
    in_flight: Literal["keep", "move"] = "keep"


class TemplateActivated(_Activated, frozen=True, kw_only=True):
    pass


class StrategyAssigned(Struct, frozen=True, kw_only=True):
    """Which strategy an account is on from now on; none: nobody contacts it of his own accord."""

    account_id: str
    strategy: str | None
    version: str | None = None
    from_strategy: str | None = None
    from_version: str | None = None
    because: Literal["rule", "override", "activation"]
    rule: int | None = None  # place in the list of assignments, from 0
