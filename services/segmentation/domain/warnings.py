"""Early warnings: raised once when trouble begins, and not again before it has ended.

Each kind has a beginning and an end that lie apart, so that a figure swinging about its threshold
is one episode. What is looked at are the account's features and the episodes under way, so the
same events raise the same warnings whenever they are read.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

from msgspec import Struct

from services.segmentation.domain.features import Features
from services.segmentation.domain.policies.document import (
    EscalatingDelay,
    ExposureOverLimit,
    GoodPayerTurning,
    WarningRules,
)
from shared.money import to_text

Kind = Literal["escalating-delay", "good-payer-turning", "exposure-over-limit"]


class EarlyWarning(Struct, frozen=True, kw_only=True):
    """One warning: what begins, and the figures that say so."""

    kind: Kind
    since_on: date  # the day on which the episode began
    because: str
    figures: dict[str, int]


class Watched(Struct, frozen=True, gc=False):
    """What watching an account came to."""

    warned: dict[str, date]  # the episodes under way after it
    raised: tuple[EarlyWarning, ...]
    ended: tuple[Kind, ...]


class _Look(Struct, frozen=True):
    """How one kind begins, how long it lasts, and how it is described."""

    kind: Kind
    rule: str  # its name in the policy's warnings
    begins: Callable[[Any, Features], bool]
    lasts: Callable[[Any, Features], bool]
    evidence: Callable[[Features], tuple[str, dict[str, int]]]


def watch(rules: WarningRules, f: Features, warned: Mapping[str, date], on: date) -> Watched:
    """Compare an account with the thresholds, given the episodes that are under way."""
    standing = dict(warned)
    raised: list[EarlyWarning] = []
    ended: list[Kind] = []
    for look in _LOOKS:
        rule = getattr(rules, look.rule)
        if look.kind in standing:
            if rule is None or not look.lasts(rule, f):
                del standing[look.kind]
                ended.append(look.kind)
        elif rule is not None and look.begins(rule, f):
            because, figures = look.evidence(f)
            raised.append(
                EarlyWarning(kind=look.kind, since_on=on, because=because, figures=figures)
            )
            standing[look.kind] = on
    return Watched(standing, tuple(raised), tuple(ended))


def _delay_escalates(rule: EscalatingDelay, f: Features) -> bool:
    trend, delay = f.delay_trend_days, f.recent_delay_days
    return (
        trend is not None
        and delay is not None
        and trend >= rule.trend_days_from
        and delay >= rule.delay_days_from
    )


def _delay_goes_on(rule: EscalatingDelay, f: Features) -> bool:
    """It is over when half of the trend has gone."""
    return f.delay_trend_days is not None and 2 * f.delay_trend_days >= rule.trend_days_from


def _evidence_of_delay(f: Features) -> tuple[str, dict[str, int]]:
    trend, delay = round(f.delay_trend_days or 0), round(f.recent_delay_days or 0)
    because = (
        f"the last three payments came {trend} days later than the three before; "
        f"the last six {delay} days late on average"
    )
    return because, {"trend_days": trend, "delay_days": delay}


def _good_payer_turns(rule: GoodPayerTurning, f: Features) -> bool:
    if f.age_days < rule.age_days_from or f.settled < rule.settled_from:
        return False
    late = f.late_percent
    return late is not None and late < rule.late_percent_below


def _is_past_due(_rule: GoodPayerTurning, f: Features) -> bool:
    return f.age_days > 0


def _evidence_of_turning(f: Features) -> tuple[str, dict[str, int]]:
    because = (
        f"paid {f.settled - f.settled_late} of {f.settled} invoices in time, "
        f"and is now {f.age_days} days past due with {_money(f.overdue_minor, f)}"
    )
    figures = {
        "settled": f.settled,
        "settled_late": f.settled_late,
        "age_days": f.age_days,
        "overdue_minor": f.overdue_minor,
    }
    return because, figures


def _is_over(rule: ExposureOverLimit, f: Features) -> bool:
    limit = f.credit_limit_minor
    return limit is not None and 100 * f.balance_minor > rule.percent_above * limit


def _stays_over(rule: ExposureOverLimit, f: Features) -> bool:
    limit = f.credit_limit_minor
    return limit is not None and 100 * f.balance_minor > rule.rearmed_at_percent * limit


def _evidence_of_exposure(f: Features) -> tuple[str, dict[str, int]]:
    limit, owed = f.credit_limit_minor or 0, f.balance_minor
    share = f" ({100 * owed // limit} %)" if limit else ""
    because = f"owes {_money(owed, f)} of a limit of {_money(limit, f)}{share}"
    return because, {"balance_minor": owed, "credit_limit_minor": limit}


def _money(minor: int, f: Features) -> str:
    return str(minor) if f.currency is None else f"{to_text(minor, f.currency)} {f.currency}"


_LOOKS: tuple[_Look, ...] = (
    _Look(
        "escalating-delay", "escalating_delay", _delay_escalates, _delay_goes_on, _evidence_of_delay
    ),
    _Look(
        "good-payer-turning",
        "good_payer_turning",
        _good_payer_turns,
        _is_past_due,
        _evidence_of_turning,
    ),
    _Look(
        "exposure-over-limit", "exposure_over_limit", _is_over, _stays_over, _evidence_of_exposure
    ),
)
