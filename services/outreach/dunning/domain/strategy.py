"""A strategy: what an invoice climbs, what else is answered, and under which limits.

Values only; `strategy_document` reads them from text. Ladder days are given by `on_ladder`, once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from typing import Final, Literal, get_args

from services.outreach.activity.domain.contacts import Tone
from services.outreach.channels.domain.tenant_settings import Ramp
from services.outreach.dunning.domain.conditions import ALWAYS, When

StepChannel = Literal["email", "sms", "voice", "letter", "portal", "webhook", "person"]
Anchor = Literal["due", "stage", "last-contact", "event"]  # event: the anchor day of a reaction
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PauseKind = Literal[
    "promise", "plan", "settlement", "dispute", "hold", "reply", "claim", "manual", "placement"
]
HandOverKind = Literal["agency", "legal"]

HAND_OVER_ROLES: Final[Mapping[HandOverKind, str]] = {"agency": "supervisor", "legal": "legal"}
CHANNELS: Final[tuple[StepChannel, ...]] = get_args(StepChannel)
MESSAGE_CHANNELS: Final = frozenset(CHANNELS) - {"person"}
TONES: Final[tuple[Tone, ...]] = ("friendly", "neutral", "firm", "final")  # softest first
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)  # as `date.weekday` counts
STAGES: Final = (31, 61, 91, 121)
DEFAULT_QUEUE: Final = "collectors"
COURTESIES: Final = frozenset(
    {
        "promise-made", "plan-agreed", "promise-kept", "dispute-opened", "dispute-resolved",
        "paid", "corrected",
    }
)  # fmt: skip
# By reaction, the first and the last day that a step of it may have, counted from its anchor day.
REACTION_DAYS: Final[Mapping[str, tuple[int, int]]] = {
    "promise-made": (0, 1),
    "plan-agreed": (0, 1),
    "promise-due": (-7, 0),
    "promise-broken": (0, 30),
    "promise-kept": (0, 30),
    "plan-defaulted": (0, 30),
    "instalment-due": (-7, 0),
    "instalment-missed": (0, 30),
    "settlement-offered": (0, 30),
    "settlement-due": (-7, 0),
    "payment-failed": (0, 7),
    "dispute-opened": (0, 7),
    "dispute-resolved": (0, 7),
    "paid": (0, 3),
    "corrected": (0, 7),
}
OPEN_REACTION_DAYS: Final = (0, 90)  # `warning.<kind>` and `segment.<name>`
WARNING_KINDS: Final = ("escalating-delay", "good-payer-turning", "exposure-over-limit")


def business_ladder_days(count: int) -> int:
    """How many days of a ladder that many business days are: ⌈7n/5⌉."""
    return -(-7 * count // 5)


@dataclass(frozen=True, kw_only=True)
class Send:
    """When messages may leave, in the zone of the account; half-open."""

    from_: time = time(9)
    to: time = time(18)
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    holidays: bool = False  # whether also on holidays of the tenant's calendar


@dataclass(frozen=True, kw_only=True)
class Caps:
    gap_days: int = 3
    per_7_days: int = 2
    per_30_days: int = 6


@dataclass(frozen=True, kw_only=True)
class Quiet:
    after_payment_days: int = 3
    claim_business_days: int = 5
    reply_business_days: int = 5


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """How long a channel is waited for before the next is taken."""

    wait_days: int = 3
    outage_hours: int = 4


@dataclass(frozen=True, kw_only=True)
class ResumeAfterDays:
    """How long after the end of a pause the ladder goes on."""

    promise: int = 1
    plan: int = 1
    settlement: int = 1
    dispute: int = 0
    hold: int = 0
    reply: int = 0
    claim: int = 0
    manual: int = 0
    placement: int = 0


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """An invoice goes to somebody else, once somebody of the role has agreed."""

    kind: HandOverKind
    to: str
    approve: str | None = None  # a role; None: the usual one of the kind

    @property
    def role(self) -> str:
        return self.approve or HAND_OVER_ROLES[self.kind]


@dataclass(frozen=True, kw_only=True)
class Requires:
    """The contact that made `step` was sent or delivered at least so many days ago."""

    step: str
    days: int


@dataclass(frozen=True, kw_only=True)
class Step:
    """One contact of a ladder or a reaction: when, how, in which words."""

    name: str
    anchor: Anchor
    days: int = 0  # from the anchor; calendar days
    business_days: int | None = None  # stands for `days`
    stage: int | None = None
    channels: tuple[StepChannel, ...] = ()  # the preferred first; none: a hand-over
    queue: str = DEFAULT_QUEUE  # of a person's task
    tone: Tone
    template: str | None = None
    script: str | None = None  # template of what a person or a call says
    hand_over: HandOver | None = None
    when: When = ALWAYS
    requires: Requires | None = None
    send: Send | None = None  # whole, where the step has its own
    ladder_day: int = 0  # N: see `on_ladder`

    @property
    def is_person(self) -> bool:
        return self.channels == ("person",)

    @property
    def is_message(self) -> bool:
        return bool(self.channels) and not self.is_person

    @property
    def is_before_due(self) -> bool:
        """Whether it speaks of money that is not past due yet."""
        return self.anchor != "event" and self.ladder_day <= 0

    @property
    def tone_rank(self) -> int:
        """How firm it is; the softest is 0."""
        return TONES.index(self.tone)

    @property
    def span(self) -> int:
        """How many ladder days lie between its anchor and it."""
        if self.business_days is not None:
            return business_ladder_days(self.business_days)
        return self.days


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """What one kind of happening is answered with."""

    steps: tuple[Step, ...]
    resume_after_days: int | None = None  # of `promise-broken`: stands for the strategy's promise
    skip_to: str | None = None  # of `promise-broken`: the ladder goes on with that step


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """One version of a strategy, checked as a whole."""

    name: str
    version: str
    title: str = ""
    send: Send = Send()
    caps: Caps = Caps()
    quiet: Quiet = Quiet()
    fallback: Fallback = Fallback()
    resume_after_days: ResumeAfterDays = ResumeAfterDays()
    ramp: Ramp | None = None  # contacts a day under this version, from its first day
    ladder: tuple[Step, ...]
    reactions: Mapping[str, Reaction] = field(default_factory=dict)

    def step(self, name: str) -> Step | None:
        """A step of the ladder."""
        return next((step for step in self.ladder if step.name == name), None)

    def any_step(self, name: str) -> Step | None:
        """A step of the ladder or of a reaction: no name is there twice."""
        return next((step for step in self.steps if step.name == name), None)

    def send_of(self, step: Step) -> Send:
        return step.send or self.send

    @property
    def steps(self) -> tuple[Step, ...]:
        reacting = (step for reaction in self.reactions.values() for step in reaction.steps)
        return (*self.ladder, *reacting)

    @property
    def overdue(self) -> tuple[Step, ...]:
        """The steps after the due day, first to last."""
        return tuple(step for step in self.ladder if not step.is_before_due)

    @property
    def first_words(self) -> Step | None:
        """The first message after the due day: its tone and template speak to whom no message has
        reached yet. None: only people speak after the due day."""
        return next((step for step in self.overdue if step.is_message), None)


def on_ladder(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps with their ladder days N: from the due day, from the first day of a stage, or from
    N of the step before; n business days count ⌈7n/5⌉."""
    placed: list[Step] = []
    for step in steps:
        start = 0
        if step.anchor == "stage":
            start = step.stage or 0
        elif step.anchor == "last-contact" and placed:
            start = placed[-1].ladder_day
        placed.append(replace(step, ladder_day=start + step.span))
    return tuple(placed)
