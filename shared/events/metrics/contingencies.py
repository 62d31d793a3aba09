"""What a plan does by itself when its condition has held long enough."""

from datetime import date
from typing import Literal

from msgspec import Struct

Action = Literal["activate_strategy", "activate_assignments", "stop_experiment", "alert"]


class _Contingency(Struct, frozen=True, kw_only=True, gc=False):
    plan_id: str
    version: int
    contingency: str  # its id in the plan
    triggered_on: date  # the checked day that triggered it
    action: Action
    subject: str | None = None  # the strategy or the experiment that is acted on


class ContingencyTriggered(_Contingency, frozen=True, kw_only=True):
    alert_id: str  # an alert of its own says why
    words: str


class ContingencyActed(_Contingency, frozen=True, kw_only=True):
    """It was done, or what was asked for was approved."""

    from_on: date | None = None  # the first day on which it holds
    tries: int = 1


class ContingencyFailed(_Contingency, frozen=True, kw_only=True):
    """It was not done, and is not tried again."""

    because: str
    tries: int = 1
