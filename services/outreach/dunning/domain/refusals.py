"""Mailboxes that refuse for now: tried again after pauses that grow, and given up after days.

The contact remembers it, so that a restart forgets nothing; all instants are business time. A
server that is away for everybody is nobody's refusal.
"""

import hashlib
from datetime import datetime, timedelta

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact

FIRST_PAUSE = timedelta(minutes=30)  # greylisting is over by then; each further pause is twice it
PAUSE_MAX = timedelta(days=1)
GIVEN_UP_AFTER = timedelta(days=5)  # of refusals: the step counts as made, and the ladder goes on


def refused(contact: DebtorContact, recipient: str, at: datetime) -> DebtorContact:
    """The contact after one more refusal by that mailbox; another mailbox begins anew."""
    mailbox = _mark(contact, recipient)
    is_same = contact.mailbox == mailbox and contact.refused_since is not None
    since = contact.refused_since if is_same and contact.refused_since is not None else at
    count = contact.refusals + 1 if is_same else 1
    pause = min(PAUSE_MAX, FIRST_PAUSE * 2 ** min(count - 1, 10))
    retry_at = at + pause
    if at < since + GIVEN_UP_AFTER < retry_at:
        retry_at = since + GIVEN_UP_AFTER  # the last try
    return replace(contact, mailbox=mailbox, refused_since=since, refusals=count, retry_at=retry_at)


def has_refused_for_days(contact: DebtorContact, at: datetime) -> bool:
    """Whether it is time to give its mailbox up."""
    return contact.refused_since is not None and at >= contact.refused_since + GIVEN_UP_AFTER


def _mark(contact: DebtorContact, recipient: str) -> str:
    """Tells one contact's mailboxes apart without saying which they are."""
    text = f"{contact.contact_id} {recipient.casefold()}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]
