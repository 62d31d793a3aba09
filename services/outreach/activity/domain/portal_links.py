"""A link into the portal, as the message that carries it is about to leave."""

from dataclasses import dataclass
from datetime import datetime

CARRIERS = frozenset({"email", "sms", "letter", "portal", "webhook"})  # channels that carry one


@dataclass(frozen=True)
class NewLink:
    """It opens the accounts of a debtor."""

    link_id: bytes
    contact_id: str
    debtor_key: str
    channel: str
    mark: bytes | None  # of the address that it goes to
    expires_at: datetime  # business time
