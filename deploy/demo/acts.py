"""What happens in a demo: acts of payers, and the events, requests, answers and acts they bring."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from deploy.demo.received import Received

Noun = Literal["promise", "plan", "settlement", "write-off", "dispute"]


@dataclass(frozen=True)
class BillingEvent:
    """A billing event to be."""

    type: str
    id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Request:
    """A command about an account; `answered` says what follows from the ledger's answer."""

    noun: Noun
    id: str
    account_id: str
    body: dict[str, Any]
    answered: Callable[[dict[str, Any] | None], list["Planned"]]
    is_approved: bool = True  # where it needs an approval


@dataclass(frozen=True)
class Answer:
    """What is said about a message that was received: by who reads it, or by who carries it."""

    kind: Literal["reply", "bounce", "unsubscribe", "receipt"]
    about: Received
    id: str
    text: str = ""  # of a reply
    is_automatic: bool = False
    code: str = ""  # of a bounce, or of a receipt that says that it failed

    def __post_init__(self) -> None:
        assert self.about.channel in ("email", "sms"), "letters are answered by paying"


@dataclass(frozen=True)
class Spoken:
    """How a call of a collector went; `request`: what was agreed."""

    disposition: str
    seconds: int
    request: Request | None = None
    in_days: int | None = None  # call back


@dataclass(frozen=True)
class Planned:
    """Something that will happen."""

    at: datetime
    act: Callable[[datetime], "Consequences"]


@dataclass
class Consequences:
    """What came of an act."""

    events: list[BillingEvent] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
