"""What a mail server's status (RFC 3463) says of an address: whether it is dead, full, or whether
the message was not wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.mail_status import OF_THE_SENDER

BounceClass = Literal["hard", "soft", "block"]

_FULL = "5.2.2"
_DISABLED = "5.2.1"

SOFT_MAX: Final = 3
SOFT_WITHIN: Final = timedelta(days=30)
PAUSE: Final = timedelta(days=30)


def bounce_class(status: str) -> BounceClass:
    """`hard`: the address is dead; `soft`: perhaps another day; `block`: it lives, the message was
    refused."""
    if status in OF_THE_SENDER:
        return "block"
    if status.startswith("5.1.") or status == _DISABLED:
        return "hard"
    if status.startswith("4.") or status == _FULL:
        return "soft"
    return "block"


@dataclass(frozen=True)
class SoftBounces:
    """The soft bounces of an address that still count, and until when it gets no e-mail."""

    at: tuple[datetime, ...] = ()
    paused_until: datetime | None = None


def soft_bounces(instants: Sequence[datetime], delivered_at: datetime | None = None) -> SoftBounces:
    """By all soft bounces of an address and its last delivery, in whatever order they were heard
    of: three within 30 days stop e-mail for 30 days after the third."""
    counting = sorted({at for at in instants if delivered_at is None or at > delivered_at})
    paused_until = None
    for third in range(SOFT_MAX - 1, len(counting)):
        if counting[third] - counting[third - SOFT_MAX + 1] <= SOFT_WITHIN:
            paused_until = counting[third] + PAUSE
    recent = tuple(at for at in counting if at > counting[-1] - SOFT_WITHIN) if counting else ()
    return SoftBounces(recent, paused_until)
