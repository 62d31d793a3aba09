"""What an intent tells a channel of its contact, besides the message."""

from datetime import timedelta

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.tokens import address_token

FIND_AFTER = timedelta(minutes=15)  # machine time, between two questions about an uncertain one
FIND_FOR = timedelta(hours=72)


def callback_token(links: Links, contact_id: str) -> str:
    """By which a provider names the contact when it calls us."""
    return address_token("c", contact_id, links.keys.signing)


def details_of(contact: DebtorContact) -> dict[str, str]:
    """For channels that pass on more than a message."""
    return {
        "step": contact.step,
        "tone": contact.tone,
        "purpose": contact.purpose,
        "account_id": contact.account_id,
        "zone": contact.zone,  # of the days in a letter
    }
