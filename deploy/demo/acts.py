"""What happens in a demo: acts of payers, and the events, requests and further acts they bring."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Noun = Literal["promise", "plan", "settlement", "write-off"]


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
