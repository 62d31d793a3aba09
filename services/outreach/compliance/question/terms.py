"""The words of a question: parties, media, outcomes, and how texts, instants and flags look."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.texts import matching

LIST_MAX = 1000

Party = Literal["first", "third"]
DebtorKind = Literal["consumer", "business"]
Side = Literal["collector", "debtor"]
Channel = Literal[
    "voice", "voicemail", "sms", "email", "letter", "social_dm", "portal", "in_person", "webhook"
]
Outcome = Literal[
    "busy",
    "not_in_service",
    "no_answer",
    "voicemail_no_message",
    "voicemail_limited_content",
    "voicemail_full",
    "answered_dropped",
    "conversation",
    "sent",
    "delivered",
    "bounced",
]
Mode = Literal["live", "prerecorded", "ai_voice", "ringless"]
Person = Literal["debtor", "spouse", "attorney", "third_party"]
Purpose = Literal["collect", "consent_request", "remedy_notice", "notice"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

Instant = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(min_length=1, max_length=256)]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
Clock = Annotated[str, matching("([01][0-9]|2[0-3]):[0-5][0-9]|24:00", 5)]
Percent = Annotated[str, matching(r"-?[0-9]{1,2}(\.[0-9]{1,4})?", 8)]  # a decimal as text
Currency = Annotated[str, matching("[A-Z]{3}", 3)]
Flag = bool | UnsetType | None  # null is a known no


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a question: no unknown member passes unseen."""


def given(value: Any) -> Any:
    """The items of a list member; none where it is null or absent."""
    return () if value is UNSET or value is None else value
