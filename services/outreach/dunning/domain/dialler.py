"""Calls that a tenant's dialler makes: offered, given by `go`, told by their result.

planned → claimed (offered) → intent (given) → sent, delivered | failed | uncertain (no result)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.channels.domain.call_outcomes import CallResult
from services.outreach.dunning.domain.outcomes import Outcome
from shared.clock import day_start, local_day

OFFER_LEASE: Final = timedelta(
    minutes=15
)  # machine time; then it is planned anew and offered again
RESULT_WITHIN: Final = timedelta(hours=4)  # machine time from `go`; then how it ended is not known
DIAL_WITHIN: Final = timedelta(seconds=10)  # machine time from `go`
OFFERED: Final = "dialler"  # whose claim an offered contact is under

# Why there is no `go`, where it is not a rule or a reason of the contact's.
GIVEN: Final = "given-already"
NOT_OFFERED: Final = "not-offered"

CallState = Literal["waiting", "given", "done", "uncertain", "over"]


@dataclass(frozen=True)
class OfferedCall:
    """A call that is due."""

    contact: DebtorContact

    @property
    def not_before(self) -> datetime:
        return self.contact.due_at

    @property
    def not_after(self) -> datetime:
        """The end of the debtor's day; the contact rules of the instant are asked by `go`."""
        zone = self.contact.zone
        day = local_day(self.contact.due_at, zone)
        return day_start(day + timedelta(days=1), zone)


@dataclass(frozen=True)
class Go:
    """Dial now, and say this."""

    to: str
    script: str
    disclosures: tuple[str, ...]
    language: str | None
    valid_until: datetime


@dataclass(frozen=True)
class NoGo:
    """Don't dial; `until`: when it may be worth asking again."""

    because: str
    until: datetime | None = None


def no_go(contact: DebtorContact, lease_until: datetime | None) -> NoGo:
    """Why a contact that is not on offer gets no `go`."""
    if contact.state == "intent":
        return NoGo(GIVEN, lease_until)
    if contact.state in ("planned", "claimed"):
        return NoGo(NOT_OFFERED, contact.due_at)
    if contact.state == "held":
        return NoGo("approval")
    return NoGo(contact.because or contact.state)


def refused(outcome: Outcome, at: datetime) -> NoGo:
    """What became of a contact that check, governor or provider stopped."""
    after = outcome.ended(at)
    until = after.until if after.until is not None and after.until > at else None
    return NoGo(outcome.why or outcome.kind, until)


def call_state(state: State) -> CallState:
    """How far a call is, for its dialler."""
    match state:
        case "planned" | "claimed" | "held":
            return "waiting"
        case "intent":
            return "given"
        case "sent" | "delivered" | "failed":
            return "done"
        case "uncertain":
            return "uncertain"
        case _:
            return "over"


def is_same(contact: DebtorContact, result: CallResult) -> bool:
    """Whether a result is the one that has been told before."""
    if result.state == "failed":
        return contact.state == "failed" and contact.because == result.code
    told = (contact.outcome, contact.seconds)
    return contact.state in ("sent", "delivered") and told == (result.outcome, result.seconds)
