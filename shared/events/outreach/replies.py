"""What came in, and with whom we spoke. No words, no addresses."""

from datetime import datetime

from msgspec import Struct


class ReplyReceived(Struct, frozen=True, kw_only=True):
    """A person answered. `reply_class`: stop, claim, promise, hardship, … other."""

    inbound_id: str
    account_id: str
    contact_id: str | None = None
    channel: str
    reply_class: str
    effect: str | None = None  # what followed: command, pause, task, consent, none
    received_at: datetime


class _Touch(Struct, frozen=True, kw_only=True):
    touch_id: str  # one exchange with a person; the last announced of it counts
    account_id: str
    contact_id: str | None = None
    task_id: str | None = None
    channel: str | None = None
    outcome: str  # promise, dispute, refusal, visit, …
    collector: str | None = None
    touched_at: datetime


class RightPartyContacted(_Touch, frozen=True, kw_only=True):
    """Somebody who is the debtor, by identity, by a collector's word, or by what he answered."""


class WrongPartyContacted(_Touch, frozen=True, kw_only=True):
    """Somebody who is not the debtor."""


class PortalVisited(Struct, frozen=True, kw_only=True):
    """A debtor has looked at his account; once per link and day."""

    account_id: str
    contact_id: str
    level: int
    visited_at: datetime


class FeedbackReceived(Struct, frozen=True, kw_only=True):
    """What a debtor thinks of it; the comment stays in outreach."""

    feedback_id: str
    account_id: str
    contact_id: str | None = None
    channel: str | None = None  # of the contact that it answers, else over which it came
    score: int  # 1 to 5
    received_at: datetime
