"""Events of contacts and answers into what is known of an account: attempts, how they arrived, and
whom they reached."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.segmentation.domain.contacts import Contact, Contacts
from shared.events import Received, outreach

NOT_ACCEPTED = "not-accepted"  # the reason of a failure: the provider never had it

# What an event does to an account's contacts; whether an assessment could come out another way.
ContactFold = Callable[[Contacts, str, datetime, Any], bool]


def touched(event: Received) -> tuple[str, ...]:
    """The accounts that an event speaks of: all that a contact covers, or the key's."""
    data = event.decode()
    if isinstance(data, outreach.ContactSent | outreach.ContactUncertain):
        return tuple(sorted({cover.account_id for cover in data.new_covers}))
    if isinstance(data, outreach.ContactFailed | outreach.ContactDelivered):
        return tuple(sorted({cover.account_id for cover in data.covers}))
    return (event.key,)


def _made(
    contacts: Contacts,
    account_id: str,
    at: datetime,
    data: outreach.ContactSent | outreach.ContactUncertain,
) -> bool:
    """Sent, or perhaps sent: both count as an attempt. The event's time is the contact's."""
    covers = data.new_covers
    if any(cover.account_id == account_id for cover in covers):
        # Every part names the whole cost: those of the first bear it.
        cost_minor = 0 if data.is_further_part else data.cost_minor // len(covers)
        contacts.add(
            Contact(at, data.channel, cost_minor, data.cost_currency or "", data.contact_id)
        )
    return True


def _failed(contacts: Contacts, _id: str, _at: datetime, data: outreach.ContactFailed) -> bool:
    if data.reason_code == NOT_ACCEPTED:
        return contacts.take_back(data.contact_id)
    return contacts.note(data.contact_id, arrival="failed")


def _delivered(
    contacts: Contacts, _id: str, _at: datetime, data: outreach.ContactDelivered
) -> bool:
    return contacts.note(data.contact_id, arrival="delivered")


def _answered(
    contacts: Contacts,
    _id: str,
    _at: datetime,
    data: outreach.ReplyReceived | outreach.RightPartyContacted | outreach.PortalVisited,
) -> bool:
    return contacts.note(data.contact_id or "", is_engaged=True)


FOLDS: Mapping[str, ContactFold] = {
    "contact-sent": _made,
    "contact-uncertain": _made,
    "contact-failed": _failed,
    "contact-delivered": _delivered,
    "reply-received": _answered,
    "right-party-contacted": _answered,
    "portal-visited": _answered,
}
