"""What can stand in a question to the contact governor: its channels, its years."""

from datetime import UTC, date, datetime
from typing import Literal

from services.outreach.compliance import FIRST_YEAR, LAST_YEAR

ContactChannel = Literal[
    "voice", "voicemail", "sms", "email", "letter", "social_dm", "portal", "in_person", "webhook"
]


def is_plausible(day: date) -> bool:
    """Whether a day or an instant can stand in a question to the governor: slips of the pen would
    make every question about the person unreadable."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return False
    return not isinstance(day, datetime) or FIRST_YEAR <= day.astimezone(UTC).year <= LAST_YEAR


IMPLAUSIBLE = f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}"
