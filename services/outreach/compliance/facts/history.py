"""The past contacts of a question in order of time; what isn't known of one counts as the worst.

Only what a rule asks for is worked out: most contacts are too old to matter.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import UNSET

from services.outreach.compliance.question.contact import Past
from services.outreach.compliance.question.debt import Debt
from services.outreach.compliance.question.question import Question
from services.outreach.compliance.question.terms import given

REPLY_WITHIN = timedelta(hours=24)
_SPOKEN = frozenset({"voice", "voicemail"})
# What got through to the debtor: an attempt that reached nobody is no communication.
_COMMUNICATED = frozenset({"conversation", "sent", "delivered"})
_TRAITS_MAX = 100_000


class ContactTraits:
    """What a rule may count by; None is not known. Few differ, so each exists once, and a rule
    decides about each once."""

    __slots__ = (
        "channel",
        "location",
        "mode",
        "number_type",
        "outcome",
        "person",
        "purpose",
        "side",
    )

    def __init__(self, parts: tuple[Any, ...]) -> None:
        (
            self.channel,
            self.outcome,
            self.side,
            self.person,
            self.mode,
            self.purpose,
            self.location,
            self.number_type,
        ) = (None if part is UNSET else part for part in parts)


_all_traits: dict[tuple[Any, ...], ContactTraits] = {}


class AboutDebts(NamedTuple):
    """The debts that a past contact was about, and what of them is asked for debt by debt."""

    ids: frozenset[str]
    has_unlisted: bool  # one of them is not among the debts of the question
    accounts: frozenset[Any]  # of those that are; UNSET: that of one is not known
    creditors: frozenset[Any]


class History:
    """Contacts in order of time, which is the only order there is: that of the list means nothing.

    `placed` gives the use and the type of a number or address.
    """

    def __init__(self, question: Question, placed: Callable[[str], tuple[Any, Any]]) -> None:
        self.pasts: list[Past] = sorted(given(question.history), key=attrgetter("at"))
        self.times = [past.at for past in self.pasts]
        if len(set(self.times)) < len(self.times):
            self.pasts.sort(key=lambda past: (past.at, repr(past)))
        self._question = question
        self._placed = placed
        self._traits: list[ContactTraits | None] = [None] * len(self.pasts)
        self._about: dict[int, AboutDebts | None] = {}
        self._own: frozenset[str] | None = None
        self._first: dict[tuple[str, bool], datetime | None] = {}

    def traits(self, index: int) -> ContactTraits:
        found = self._traits[index]
        if found is None:
            found = self._traits[index] = self._traits_of(self.pasts[index])
        return found

    def _traits_of(self, past: Past) -> ContactTraits:
        to = past.to
        use, number_type = (UNSET, UNSET) if to is UNSET else self._placed(to)
        person = past.person
        if person is UNSET and to is not UNSET and to in self._own_addresses():
            person = "debtor"
        parts = (
            past.channel,
            past.outcome,
            past.initiated_by,
            person,
            past.mode,
            past.purpose,
            use,
            number_type,
        )
        found = _all_traits.get(parts)
        if found is None:
            if len(_all_traits) >= _TRAITS_MAX:
                _all_traits.clear()
            found = _all_traits[parts] = ContactTraits(parts)
        return found

    def about(self, index: int) -> AboutDebts | None:
        """The debts that a contact was about; None: not known, or none in particular."""
        if index not in self._about:
            ids = self.pasts[index].about
            self._about[index] = self._about_debts(frozenset(ids)) if ids else None
        return self._about[index]

    def _about_debts(self, ids: frozenset[str]) -> AboutDebts:
        listed = [self._debts[each] for each in ids if each in self._debts]
        return AboutDebts(
            ids,
            len(listed) < len(ids),
            frozenset(debt.account for debt in listed),
            frozenset(debt.creditor for debt in listed),
        )

    @cached_property
    def _debts(self) -> dict[str, Debt]:
        return {debt.id: debt for debt in self._question.debts}

    def since(self, at: datetime) -> range:
        """The places of the contacts from an instant on."""
        return range(bisect_left(self.times, at), len(self.times))

    def after(self, at: datetime) -> range:
        """The places of the contacts after an instant."""
        return range(bisect_right(self.times, at), len(self.times))

    def is_answer(self, index: int) -> bool:
        """Whether a contact answered the debtor's message: the next in its medium, in time."""
        past, place = self.pasts[index], self._before[index]
        if past.initiated_by == "debtor" or place is None:
            return False
        before = self.pasts[place]
        return before.initiated_by == "debtor" and past.at - before.at <= REPLY_WITHIN

    @cached_property
    def _before(self) -> list[int | None]:
        """The place of the contact before each in its medium."""
        found: list[int | None] = []
        last: dict[str, int] = {}
        for index, past in enumerate(self.pasts):
            medium = _medium(past.channel)
            found.append(last.get(medium))
            last[medium] = index
        return found

    def first_through(self, at: datetime) -> datetime | None:
        """When the first contact after an instant got through, or may have."""
        place = bisect_left(self._through, self.after(at).start)
        return self.times[self._through[place]] if place < len(self._through) else None

    @cached_property
    def _through(self) -> list[int]:
        through = {"conversation", UNSET}
        return [index for index, past in enumerate(self.pasts) if past.outcome in through]

    def unanswered(self, channel: str) -> datetime | None:
        """When the debtor last wrote or called in this medium, if nobody has answered yet."""
        medium = _medium(channel)
        for past in reversed(self.pasts):
            if _medium(past.channel) == medium:
                return past.at.astimezone(UTC) if past.initiated_by == "debtor" else None
        return None

    def first_communication(self, debt: str) -> datetime | None:
        """The first time that something about the debt got through, or may have."""
        return self._first_of(debt, by_debtor=True)

    def first_approach(self, debt: str) -> datetime | None:
        """The first of these that the debtor did not begin."""
        return self._first_of(debt, by_debtor=False)

    def _first_of(self, debt: str, *, by_debtor: bool) -> datetime | None:
        key = (debt, by_debtor)
        if key not in self._first:
            self._first[key] = next(
                (
                    past.at
                    for index, past in enumerate(self.pasts)
                    if communicates(past)
                    and (by_debtor or past.initiated_by != "debtor")
                    and self._is_about(index, debt)
                ),
                None,
            )
        return self._first[key]

    def _is_about(self, index: int, debt: str) -> bool:
        """Whether a contact was about a debt, or may have been."""
        about = self.about(index)
        return about is None or debt in about.ids

    def last_from_debtor(
        self, channel: str, debt: str, sender: str | None, *, only_one: bool
    ) -> datetime | None:
        """When the debtor last wrote about a debt from this number or address, as far as is sure;
        None: never."""
        for index in reversed(range(len(self.pasts))):
            past = self.pasts[index]
            if past.channel == channel and past.initiated_by == "debtor":
                about = self.about(index)
                if about is None or debt not in about.ids:
                    continue
                if sender is not None and past.by == sender:
                    return past.at
                if past.by is UNSET and (only_one or sender is None):
                    return past.at
        return None

    def _own_addresses(self) -> frozenset[str]:
        if self._own is None:
            debtor = self._question.debtor
            self._own = frozenset(
                [phone.number for phone in given(debtor.phones)]
                + [email.address for email in given(debtor.emails)]
            )
        return self._own


def communicates(past: Past) -> bool:
    """Whether a contact conveyed something about the debt: an outcome not known may have, asking
    somebody else where the debtor is doesn't."""
    if past.person == "third_party":
        return False
    outcome, channel = past.outcome, past.channel
    if outcome is UNSET or outcome == "conversation":
        return True
    return channel != "voice" and channel != "in_person" and outcome in _COMMUNICATED


def _medium(channel: str) -> str:
    return "voice" if channel in _SPOKEN else channel
