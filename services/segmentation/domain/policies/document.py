"""The shape of a segment policy's document: what a person writes, before it is put to work."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from shared.texts import matching

Risk = Literal["low", "medium", "high"]
RISKS: tuple[Risk, ...] = ("low", "medium", "high")
Name = Annotated[str, matching("[a-z][a-z0-9-]{0,39}", 40)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=10_000)]
Cost = Annotated[float, Meta(ge=0, le=100_000)]
Text = Annotated[str, Meta(min_length=1, max_length=1000)]
When = dict[str, Any]  # conditions by name (vocabulary.py); checked and compiled by conditions.py


class Segment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the accounts. The first of a policy whose conditions all hold takes an account."""

    name: Name
    description: Text
    when: When | tuple[When, ...] | None = None  # of several, one must hold; None: all who are left
    keep_when: When | tuple[When, ...] | None = None  # who is in it stays while one of these holds
    stay_days: Count = 0  # so long only its situation can move an account out, not its record

    @property
    def cases(self) -> tuple[When, ...]:
        return _cases(self.when)

    @property
    def kept_cases(self) -> tuple[When, ...]:
        return _cases(self.keep_when)


def _cases(when: When | tuple[When, ...] | None) -> tuple[When, ...]:
    if when is None:
        return ()
    return when if isinstance(when, tuple) else (when,)


class RiskBands(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Risk by the probability of paying late: low below the first, high from the second."""

    medium_from: Share
    high_from: Share


class Hysteresis(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """By how much a threshold must be missed before an account leaves the segment that it is in.

    One who is not in the segment must meet the threshold itself; so a figure that swings about it
    by less than this moves an account once.
    """

    probability: Annotated[float, Meta(ge=0, le=0.5)] = 0.0  # of scores and risk bands
    percent: Annotated[float, Meta(ge=0, le=50)] = 0.0  # points of figures in percent
    amount_percent: Annotated[float, Meta(ge=0, le=90)] = 0.0  # of an amount's threshold
    days: Annotated[float, Meta(ge=0, le=365)] = 0.0  # of delays and their trend


class EscalatingDelay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Payments come later and later."""

    trend_days_from: Annotated[int, Meta(ge=1, le=365)] = 7
    delay_days_from: Annotated[int, Meta(ge=0, le=365)] = 5  # of the latest six, on average


class GoodPayerTurning(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One who always paid does not."""

    settled_from: Annotated[int, Meta(ge=1, le=1000)] = 6
    late_percent_below: Annotated[int, Meta(ge=1, le=101)] = 21
    age_days_from: Annotated[int, Meta(ge=1, le=121)] = 31


class ExposureOverLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More is owed than the account's credit limit."""

    percent_above: Annotated[int, Meta(ge=1, le=1000)] = 100
    rearmed_at_percent: Annotated[int, Meta(ge=0, le=1000)] = 95  # the episode ends at or below


class WarningRules(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The early warnings and their thresholds; null switches one off."""

    escalating_delay: EscalatingDelay | None = field(default_factory=EscalatingDelay)
    good_payer_turning: GoodPayerTurning | None = field(default_factory=GoodPayerTurning)
    exposure_over_limit: ExposureOverLimit | None = field(default_factory=ExposureOverLimit)


class PriorityRules(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a contact is taken to do and to cost (domain/priority.py says how they are used)."""

    contact_cost: Cost | dict[str, Cost] = 0.05  # in major units, for all currencies or by each
    uplift: Share = 0.20  # by how much a contact raises an even chance of being paid
    fade_per_contact: Share = 0.5  # what of that is left after each contact without a payment
    decay_per_month: Share = 0.05  # what waiting a month takes from the chance of being paid


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole policy. What is left out does not count for its version."""

    name: Name
    title: Text | None = None
    description: Text | None = None
    risk: RiskBands
    hysteresis: Hysteresis = field(default_factory=Hysteresis)
    warnings: WarningRules = field(default_factory=WarningRules)
    priority: PriorityRules = field(default_factory=PriorityRules)
    segments: tuple[Segment, ...]
