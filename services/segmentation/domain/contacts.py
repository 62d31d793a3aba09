"""Contacts of an account: the latest ones, what they cost, how they arrived, and which of them were
answered, by money or by a word.

They come on a topic of their own, in no common order with the ledger's events. All here is a set
or a sum, so that any order of the two ends in the same. What is announced of one contact later
replaces what was known of it: an attempt counts once.
"""

from bisect import bisect_left, bisect_right, insort
from datetime import date, datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

CONTACTS_KEPT = 20  # the latest ones; a limit on the state, not a rule of contact
PAYMENTS_KEPT = 40
RESPONSE_DAYS = 7  # a payment within so many days of a contact answers it


class Contact(Struct, array_like=True, frozen=True, order=True, gc=False):
    """One attempt. Several accounts may share one: each bears its part of the cost."""

    at: datetime
    channel: str
    cost_minor: int = 0
    cost_currency: str = ""
    contact_id: str = ""  # stored before it was kept: none
    arrival: str = ""  # delivered | failed, where the provider told
    is_engaged: bool = False  # a reply, a conversation, a visit


class Contacts(Struct, array_like=True):
    """What was tried with an account, and when it paid."""

    latest: list[Contact] = field(default_factory=list)  # sorted, the latest CONTACTS_KEPT
    by_channel: dict[str, int] = field(default_factory=dict)  # all there ever were
    costs: dict[str, tuple[int, int]] = field(default_factory=dict)  # currency: contacts, sum
    paid_at: list[datetime] = field(default_factory=list)  # sorted, the latest PAYMENTS_KEPT

    def add(self, contact: Contact) -> None:
        """One attempt more; what was in doubt and is announced as sent stays the one it was."""
        known = self.find(contact.contact_id)
        if known is not None:
            self._count(known, -1)
            self.latest.remove(known)
            contact = replace(contact, arrival=known.arrival, is_engaged=known.is_engaged)
        self._count(contact, 1)
        insort(self.latest, contact)
        del self.latest[:-CONTACTS_KEPT]

    def find(self, contact_id: str) -> Contact | None:
        """Of those kept; none for a contact that was stored without its id."""
        if not contact_id:
            return None
        return next((each for each in self.latest if each.contact_id == contact_id), None)

    def take_back(self, contact_id: str) -> bool:
        """It was never handed over: no attempt. Whether it was known."""
        known = self.find(contact_id)
        if known is None:
            return False
        self.latest.remove(known)
        self._count(known, -1)
        return True

    def note(self, contact_id: str, *, arrival: str = "", is_engaged: bool = False) -> bool:
        """How it arrived, or that it was answered. Whether it was known and is another now."""
        known = self.find(contact_id)
        if known is None:
            return False
        after = replace(
            known, arrival=arrival or known.arrival, is_engaged=is_engaged or known.is_engaged
        )
        self.latest[self.latest.index(known)] = after
        return after != known

    def _count(self, contact: Contact, by: int) -> None:
        made = self.by_channel.get(contact.channel, 0) + by
        if made:
            self.by_channel[contact.channel] = made
        else:
            self.by_channel.pop(contact.channel, None)
        if contact.cost_currency:
            count, total = self.costs.get(contact.cost_currency, (0, 0))
            self.costs[contact.cost_currency] = (count + by, total + by * contact.cost_minor)

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
    delivered: int = 0
    failed: int = 0
    engaged: int = 0  # led to a reply, a conversation or a visit


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
    by_channel: dict[str, list[Contact]] = {}
    for contact in contacts.latest:
        by_channel.setdefault(contact.channel, []).append(contact)
    return {
        channel: Response(
            len(made),
            answered=sum(_is_answered(contact, contacts.paid_at) for contact in made),
            delivered=sum(contact.arrival == "delivered" for contact in made),
            failed=sum(contact.arrival == "failed" for contact in made),
            engaged=sum(contact.is_engaged for contact in made),
        )
        for channel, made in sorted(by_channel.items())
    }


def _is_answered(contact: Contact, paid_at: list[datetime]) -> bool:
    after = bisect_right(paid_at, contact.at)
    return after < len(paid_at) and paid_at[after] <= contact.at + timedelta(days=RESPONSE_DAYS)
