"""Alerts: a condition held long enough, no longer holds, or never held. No names, no addresses."""

from datetime import date

from msgspec import Struct, field


class _Alert(Struct, frozen=True, kw_only=True, gc=False):
    alert_id: str
    plan_id: str | None = None  # None: the tenant's own rule
    rule: str  # its id in the plan, or among the tenant's rules
    subject: str  # what it is about: an objective, a budget line, an experiment, …


class AlertRaised(_Alert, frozen=True, kw_only=True):
    """Its condition held on each of `days`, by what was known on each."""

    days: tuple[date, ...]
    figures: dict[str, float | None] = {}
    words: str
    behind: bool = False  # whether events were still to come when it was checked


class AlertCleared(_Alert, frozen=True, kw_only=True):
    """Its condition held on none of `days`."""

    days: tuple[date, ...]
    figures: dict[str, float | None] = {}
    words: str
    behind: bool = False


class CorrectedDay(Struct, frozen=True, kw_only=True, gc=False):
    """A day that facts show otherwise than it was announced."""

    day: date
    was: bool  # whether the condition held, as it was announced
    now: bool = field(name="is")  # whether it held, as is known by now


class AlertCorrected(_Alert, frozen=True, kw_only=True):
    """Facts that came later show that the condition did not hold; this ends the alert."""

    days: tuple[CorrectedDay, ...]
    words: str
    behind: bool = False
