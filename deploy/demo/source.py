"""Where a demo's facts come from: a generated portfolio, or a file."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

from deploy.demo.acts import Answer, Request, Spoken
from deploy.demo.received import Received

BillingEvent = dict[str, Any]  # CloudEvents JSON


class Source(Protocol):
    """Billing events in the order of business time."""

    first_day: date
    days: int
    accounts: int
    policies: Sequence[dict[str, Any]]  # in force from its first day
    planned_in: str | None  # the currency of its collection plan; None: it has none
    refused: list[str]  # rows of which no event could be made

    def until(self, instant: datetime) -> list[BillingEvent]:
        """What happened since the last call, up to and without the instant."""
        ...

    def requests(self) -> list[Request]:
        """What was asked of the ledger meanwhile, besides events."""
        ...

    def answered(self, request: Request, shown: dict[str, Any] | None) -> None:
        """What the ledger made of it; None: it was refused."""
        ...

    def answers(self) -> list[Answer]:
        """What was said about messages meanwhile."""
        ...

    def received(self, messages: Sequence[Received], at: datetime) -> None:
        """Mails and texts: who reads them may act."""
        ...

    def letter(self, account_id: str, message: Received, at: datetime) -> None:
        """A letter to an account."""
        ...

    def spoken(self, account_id: str, at: datetime) -> Spoken | None:
        """A collector calls; None: nobody is known to call."""
        ...

    def agrees(self, account_id: str, at: datetime) -> Spoken | None:
        """Somebody has written that he will pay; a collector takes it down."""
        ...

    def found(self, account_id: str, at: datetime) -> None:
        """Somebody looked for how the account can be reached."""
        ...


def midnight(day: date) -> datetime:
    """00:00 of the day in the demo tenant's zone, UTC."""
    return datetime.combine(day, time(), UTC)


def rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
