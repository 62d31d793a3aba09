"""What a provider does not take for now is tried again after pauses that grow, and then another
channel is taken, if the step has one; a mailbox that refuses for days is given up.

The contact remembers it, so that a restart forgets nothing; all instants are business time. A
provider that is away for everybody is nobody's refusal: without another channel it is waited for.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import (
    Channel,
    DebtorContact,
    PassedOver,
    leading,
)
from services.outreach.channels.domain.contract import Later
from services.outreach.dunning.domain import suppressions

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
TRIES_MAX = len(PAUSES) + 1
# After the last try the next channel is taken; where there is none, it is tried again then.
AWAY_PAUSE = timedelta(hours=4)  # for a provider that is away
REFUSED_PAUSE = timedelta(days=1)  # for a mailbox that refuses
GIVEN_UP_AFTER = timedelta(days=5)  # of refusals: the step counts as made, and the ladder goes on
STOPPED_PAUSE = timedelta(minutes=1)  # of what a run did not try, as its provider fails


def put_off(contact: DebtorContact, later: Later, recipient: str, at: datetime) -> DebtorContact:
    """The contact after one more try that was not taken; another address begins anew."""
    mark = _mark(contact, recipient)
    is_same = contact.mailbox == mark and contact.refused_since is not None
    since = contact.refused_since if is_same and contact.refused_since is not None else at
    attempts = contact.attempts + 1 if is_same else 1
    pause = PAUSES[min(attempts, len(PAUSES)) - 1]
    is_away = later.blame == "provider"
    if attempts >= TRIES_MAX:
        pause = AWAY_PAUSE if is_away else REFUSED_PAUSE
    if later.retry_after is not None:
        pause = max(pause, timedelta(seconds=min(later.retry_after, REFUSED_PAUSE.total_seconds())))
    retry_at = at + pause
    if not is_away and at < since + GIVEN_UP_AFTER < retry_at:
        retry_at = since + GIVEN_UP_AFTER  # the last try
    after = replace(
        contact,
        mailbox=mark,
        refused_since=since,
        attempts=attempts,
        retry_at=retry_at,
        unavailable_since=contact.unavailable_since or at if is_away else None,
    )
    return after if attempts < TRIES_MAX else passed_over(after, rule_of(later), retry_at)


def stopped(contact: DebtorContact, at: datetime, seconds: float = 0.0) -> DebtorContact:
    """The contact that was not tried, as its provider is left alone for so long."""
    retry_at = at + max(STOPPED_PAUSE, timedelta(seconds=seconds))
    held = contact.retry_at
    return replace(
        contact,
        retry_at=retry_at if held is None else max(retry_at, held),
        unavailable_since=contact.unavailable_since or at,
    )


def rule_of(later: Later) -> str:
    """Under which a contact is deferred that was not taken."""
    if later.blame == "provider":
        return suppressions.CHANNEL_UNAVAILABLE
    return suppressions.MAILBOX_REFUSES


def passed_over(contact: DebtorContact, rule: str, until: datetime | None) -> DebtorContact:
    """Its channel is not to be taken before then (None: not any more)."""
    others = tuple(each for each in contact.given_up if each.channel != contact.channel)
    return replace(contact, given_up=(*others, PassedOver(contact.channel, rule, until)))


def has_refused_for_days(contact: DebtorContact, at: datetime) -> bool:
    """Whether it is time to give its mailbox up."""
    return contact.refused_since is not None and at >= contact.refused_since + GIVEN_UP_AFTER


def next_channel(contact: DebtorContact, configured: Collection[str]) -> Channel | None:
    """Over which its step goes when this channel has failed it; None: there is no other."""
    if not contact.items:
        return None
    done = {contact.channel, *contact.tried, *(each.channel for each in contact.given_up)}
    return next(
        (c for c in leading(contact.items).channels if c not in done and c in configured), None
    )


def _mark(contact: DebtorContact, recipient: str) -> str:
    """Tells one contact's addresses apart without saying which they are."""
    text = f"{contact.contact_id} {contact.channel} {recipient.casefold()}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]
