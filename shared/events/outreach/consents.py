"""What people allowed, refused and asked for, without what is personal in it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct


class _Consent(Struct, frozen=True, kw_only=True):
    """The address and the evidence stay in outreach."""

    account_id: str
    channel: str
    kind: str  # extra_calls | voice | sms | email | …
    given_to: str | None = None  # collector | creditor


class ConsentGranted(_Consent, frozen=True, kw_only=True):
    granted_at: datetime


class ConsentRevoked(_Consent, frozen=True, kw_only=True):
    revoked_at: datetime


class PreferenceChanged(Struct, frozen=True, kw_only=True):
    """A wish of the person, or a circumstance known of them, has changed; its details stay here."""

    account_id: str
    # `circumstances`: one that need not be distinguished on the log (health, service, insolvency)
    kind: Literal[
        "channels", "times", "places", "language", "timezone", "attorney", "cease", "circumstances"
    ]
    refused_channels: tuple[str, ...] | None = None  # of kind `channels`
    changed_at: datetime
