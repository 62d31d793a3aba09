"""Contacts of an account: the latest ones, what they cost, and which of them were answered.

They come on a topic of their own, in no common order with the ledger's events. All here is a set
or a sum, so that any order of the two ends in the same.
"""

from bisect import bisect_left, bisect_right, insort
from datetime import date, datetime, timedelta

from msgspec import Struct, field

CONTACTS_KEPT = 20  # the latest ones; a limit on the state, not a rule of contact
PAYMENTS_KEPT = 40
RESPONSE_DAYS = 7  # a payment within so many days of a contact answers it


class Contact(Struct, array_like=True, frozen=True, order=True, gc=False):
    """One attempt. Several accounts may share one: each bears its part of the cost."""

    at: datetime
    channel: str
    cost_minor: int = 0
    cost_currency: str = ""


class Contacts(Struct, array_like=True):
    """What was tried with an account, and when it paid."""

    latest: list[Contact] = field(default_factory=list)  # sorted, the latest CONTACTS_KEPT
    by_channel: dict[str, int] = field(default_factory=dict)  # all there ever were
    costs: dict[str, tuple[int, int]] = field(default_factory=dict)  # currency: contacts, sum
    paid_at: list[datetime] = field(default_factory=list)  # sorted, the latest PAYMENTS_KEPT

    def add(self, contact: Contact) -> None:
        insort(self.latest, contact)
        del self.latest[:-CONTACTS_KEPT]
        self.by_channel[contact.channel] = self.by_channel.get(contact.channel, 0) + 1
        if contact.cost_currency:
            count, total = self.costs.get(contact.cost_currency, (0, 0))
            self.costs[contact.cost_currency] = (count + 1, total + contact.cost_minor)

    def add_payment(self, at: datetime) -> None:
        insort(self.paid_at, at)
        del self.paid_at[:-PAYMENTS_KEPT]

    def drop_payment(self, at: datetime) -> None:
        """Forget one payment of that instant, which was said anew."""
        place = bisect_left(self.paid_at, at)
        if place < len(self.paid_at) and self.paid_at[place] == at:
            del self.paid_at[place]

    def since_payment(self, paid_at: datetime | None) -> int:
        """How often it was contacted without paying since (at most the contacts kept)."""
        if paid_at is None:
            return len(self.latest)
        return len(self.latest) - bisect_right(self.latest, paid_at, key=_at)

    def mean_cost_minor(self, currency: str | None) -> int:
        """What one contact costs on the average, in a currency; 0 where nothing is known."""
        count, total = self.costs.get(currency or "", (0, 0))
        return total // count if count else 0


def _at(contact: Contact) -> datetime:
    return contact.at


class Response(Struct, array_like=True, frozen=True, gc=False):
    """What came of the latest contacts through one channel."""

    contacts: int
    answered: int  # followed by a payment within RESPONSE_DAYS


class Engagement(Struct, frozen=True, kw_only=True, gc=False):
    """What contacts say of an account. Never part of a segment's conditions: see `assess.py`."""

    since_payment: int = 0
    days_since_contact: int | None = None  # to the latest known day; None: never contacted
    contacts: int = 0  # all there ever were
    channels: dict[str, Response] = {}
    cost_minor: int = 0  # of one contact on the average, in the currency of its features


NO_ENGAGEMENT = Engagement()


def engagement_of(
    contacts: Contacts, paid_at: datetime | None, on: date | None, currency: str | None
) -> Engagement:
    """What the contacts kept say at the end of a day."""
    if not contacts.latest:
        return NO_ENGAGEMENT
    return Engagement(
        since_payment=contacts.since_payment(paid_at),
        days_since_contact=max(0, (on - contacts.latest[-1].at.date()).days) if on else None,
        contacts=sum(contacts.by_channel.values()),
        channels=_responses(contacts),
        cost_minor=contacts.mean_cost_minor(currency),
    )


def _responses(contacts: Contacts) -> dict[str, Response]:
    counted: dict[str, tuple[int, int]] = {}
    paid_at, window = contacts.paid_at, timedelta(days=RESPONSE_DAYS)
    for contact in contacts.latest:
        after = bisect_right(paid_at, contact.at)
        is_answered = after < len(paid_at) and paid_at[after] <= contact.at + window
        made, answered = counted.get(contact.channel, (0, 0))
        counted[contact.channel] = (made + 1, answered + is_answered)
    return {channel: Response(*counted[channel]) for channel in sorted(counted)}
