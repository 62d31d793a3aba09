"""What is done with people, and what they do: promises, contacts, opinions, and what all costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from tests.oracles.metrics.things import Account, Held


@dataclass(frozen=True)
class Promise:
    account: Account
    promise_id: str
    currency: str
    promised: int
    collector: str
    channel: str
    state: str  # open, kept, partly_kept, broken, cancelled
    received: int
    asked: int
    at: datetime  # of the judgement that stands
    day: int


@dataclass(frozen=True)
class Happened:
    """Something of a contact: when, and on which day."""

    at: datetime
    day: int
    what: str = ""


@dataclass
class Contact:
    account: Account  # under which it stands
    contact_id: str
    channel: str
    strategy: str
    collector: str
    arms: Mapping[str, str]
    covers: frozenset[str]
    cost_micros: int
    cost_currency: str
    results: Mapping[
        str, Happened
    ]  # planned, cancelled, failed, sent, uncertain: the first of each
    suppressed: Mapping[str, Happened]  # by rule, the first of each
    is_refused: bool  # the provider never had it
    answers: list[Happened] = field(default_factory=list)
    right_parties: list[Happened] = field(default_factory=list)

    @property
    def attempt(self) -> Happened | None:
        """The first time that it left us, or may have."""
        left = [self.results[each] for each in ("sent", "uncertain") if each in self.results]
        return None if self.is_refused or not left else min(left, key=lambda each: each.at)

    def split(self, held: Held | None, **more: str | None) -> dict[str, str]:
        return self.account.split(
            held,
            channel=self.channel,
            strategy=self.strategy,
            collector=self.collector,
            **more,
        )


@dataclass(frozen=True)
class RightParty:
    """A contact or a task that ended with the right party: how, as announced last."""

    account: Account
    key: str
    outcome: str
    at: datetime
    day: int
    channel: str
    collector: str
    strategy: str


@dataclass(frozen=True)
class Feedback:
    account: Account
    score: int
    at: datetime
    day: int
    channel: str
    collector: str


@dataclass(frozen=True)
class Revocation:
    account: Account
    channel: str
    at: datetime
    day: int


@dataclass(frozen=True)
class Cost:
    """What collecting has cost: of contacts, tasks, agencies, gateways, and as recorded."""

    account: Account | None
    kind: str
    currency: str
    minor: Fraction
    at: datetime
    day: int
    split: Mapping[str, str]
