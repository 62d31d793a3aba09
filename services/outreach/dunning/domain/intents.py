"""What an intent tells a channel of its contact, besides the message."""

from datetime import datetime, timedelta

from services.outreach.activity.domain.address_marks import mark_of
from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.domain.portal_links import NewLink
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.tokens import address_token, portal_link_id

FIND_AFTER = timedelta(minutes=15)  # machine time, between two questions about an uncertain one
FIND_FOR = timedelta(hours=72)


def callback_token(links: Links, contact_id: str) -> str:
    """By which a provider names the contact when it calls us."""
    return address_token("c", contact_id, links.keys.signing)


def link_of(tenant: str, contact: DebtorContact, links: Links, expires_at: datetime) -> NewLink:
    """The link that the contact's message carries."""
    address = contact.address
    return NewLink(
        link_id=portal_link_id(tenant, contact.contact_id, links.keys.signing),
        contact_id=contact.contact_id,
        debtor_key=contact.debtor_key,
        channel=contact.channel,
        mark=None if address is None else mark_of(tenant, contact.channel, address),
        expires_at=expires_at,
    )


def details_of(contact: DebtorContact) -> dict[str, str]:
    """For channels that pass on more than a message."""
    return {
        "step": contact.step,
        "tone": contact.tone,
        "purpose": contact.purpose,
        "account_id": contact.account_id,
        "zone": contact.zone,  # of the days in a letter
    }
