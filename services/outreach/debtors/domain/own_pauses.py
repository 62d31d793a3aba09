"""Pauses of our own: an answer that waits for a person, a claim to have paid, a person's word."""

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

OwnPauseKind = Literal["reply", "claim", "manual"]
MANUAL_DAYS_MAX = 90


class OwnPause(Struct, frozen=True, kw_only=True):
    """A `reply` stops all accounts of the debtor, the others their account."""

    pause_id: str
    account_id: str
    kind: OwnPauseKind
    from_on: date
    created_at: datetime  # business time
    until_on: date | None = None  # 00:00 of that day; None: by the strategy's days
    is_endless: bool = False  # until a person ends it
    reason: str | None = None  # free text; deleted at erasure
    created_by: str | None = None


def fault_of_until(until_on: date, today: date) -> str | None:
    """Why a manual pause can't last until that day; None: it can."""
    if until_on <= today:
        return "must be a day to come"
    if until_on > today + timedelta(days=MANUAL_DAYS_MAX):
        return f"must be at most {MANUAL_DAYS_MAX} days ahead"
    return None
