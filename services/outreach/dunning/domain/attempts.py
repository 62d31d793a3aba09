"""What of a debtor's past counts for the limits of strategies."""

from datetime import datetime, time
from typing import Any

from services.outreach.activity.domain.contacts import ATTEMPTS
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.history.domain import PastContact

_THEIRS = "debtor"


def is_attempt(past: PastContact) -> bool:
    """Whether somebody tried to reach the debtor: a message, or a person's call."""
    return (
        past.channel in ATTEMPTS
        and not past.is_answer
        and past.more.get("initiated_by") != _THEIRS
        and past.more.get("person", "debtor") == "debtor"
    )


def preferred_hours(profile: DebtorProfile, at: datetime) -> tuple[time, time] | None:
    """The hours in which the debtor would rather be written to: the last word on them."""
    found = [
        preference
        for account in profile.accounts
        if account.wishes is not None
        for preference in account.wishes.preferences
        if preference.kind == "preferred_hours" and preference.at <= at
    ]
    if not found:
        return None
    last = found[0]
    for preference in found[1:]:  # the same instant: the later record
        last = preference if preference.at >= last.at else last
    return _hours(last.value)


def _hours(value: Any) -> tuple[time, time] | None:
    if not isinstance(value, dict):
        return None
    try:
        opens = time.fromisoformat(value["from"])
        closes = time.max if value["to"] == "24:00" else time.fromisoformat(value["to"])
    except (KeyError, TypeError, ValueError):
        return None
    return (opens, closes) if opens < closes else None
