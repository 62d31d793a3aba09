"""The situation of a question: where the debtor may be, whose law binds there, which day it is
there, which number or address is meant, and what went before. Each is worked out once, when first
asked for.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeVar

from msgspec import UNSET

from services.outreach.compliance.facts.history import REPLY_WITHIN, History
from services.outreach.compliance.geography.places import (
    CONFIRMED_FOR,
    is_confirmed,
    jurisdictions_of_address,
    jurisdictions_of_number,
    plausible_zones,
)
from services.outreach.compliance.question.question import Question
from services.outreach.compliance.question.terms import given
from shared.clock import day_start, local_day

CALLED = frozenset({"voice", "voicemail", "sms"})
_NYC = "US-NY-NYC"
Starts = tuple[tuple[str, datetime], ...]  # by zone
T = TypeVar("T")


class _Place(NamedTuple):
    country: str | None
    region: str | None
    city: str | None
    postal_code: str | None


class _Number(NamedTuple):
    number: str


@lru_cache(maxsize=16384)
def _zones_of(
    named: str | None,
    confirmed: str | None,
    numbers: tuple[_Number, ...],
    places: tuple[_Place, ...],
) -> tuple[str, ...]:
    return plausible_zones((named,), numbers, places, confirmed=confirmed)


@lru_cache(maxsize=16384)
def _jurisdictions_of(
    numbers: tuple[str, ...], places: tuple[_Place, ...]
) -> tuple[frozenset[str], frozenset[str]]:
    certain: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()
    for place in places:
        sure, open_ = jurisdictions_of_address(*place)
        certain, possible = certain | sure, possible | open_
    for number in numbers:
        sure, open_ = jurisdictions_of_number(number)
        certain = certain | sure
        # An area code says little of the city, and an address says better.
        possible |= open_ - {_NYC} if places else open_
    return certain, possible - certain


class Situation:
    """Debts, places, days and history of one question."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.at = question.at.astimezone(UTC)
        self.channel: str = question.contact.channel
        self._days: dict[datetime, tuple[date, ...]] = {}
        self._starts: dict[tuple[Hashable, datetime], Starts] = {}
        self._once: dict[Hashable, Any] = {}
        self.debts = self._about()
        self.inbound = question.contact.initiated_by == "debtor"
        # Only the rules in force know these two: the evaluation sets them.
        self.period_end: Callable[[int], Any] = lambda _debt: UNSET
        self.limitation: Callable[[int, datetime], tuple[str, str]] = _no_limitation

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What a rule works out of the question alone: made for the first debt, kept for all."""
        if key not in self._once:
            self._once[key] = make()
        made: T = self._once[key]
        return made

    # ── Debts ───────────────────────────────────────────────────────────────────────────────────

    def _about(self) -> tuple[int, ...]:
        """The debts that the contact is about, by their place in the question."""
        about = self.question.contact.about
        everything = tuple(range(len(self.question.debts)))
        if about is UNSET or not about:
            return everything
        names = set(about)
        return tuple(i for i in everything if self.question.debts[i].id in names)

    def label(self, debt: int) -> str:
        return self.question.debts[debt].id

    def purpose(self, debt: int) -> str | None:
        """What the debt is for; None where that isn't known."""
        purpose = self.question.debts[debt].purpose
        return None if purpose is UNSET else purpose

    # ── Places and days ─────────────────────────────────────────────────────────────────────────

    @cached_property
    def confirmed_until(self) -> datetime | None:
        """Until when the zone that the debtor confirmed narrows the others; None: it doesn't."""
        debtor = self.question.debtor
        stamp = debtor.timezone_confirmed_at
        if not isinstance(debtor.timezone, str) or not isinstance(stamp, datetime):
            return None
        return stamp.astimezone(UTC) + CONFIRMED_FOR if is_confirmed(stamp, self.at) else None

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """Every zone the debtor may be in."""
        debtor = self.question.debtor
        named = debtor.timezone if isinstance(debtor.timezone, str) else None
        confirmed = None if self.confirmed_until is None else named
        numbers = tuple(
            _Number(number)
            for number, use in self._numbers
            if use != "work" or number == self.question.contact.to
        )
        return _zones_of(named, confirmed, numbers, self._places)

    def jurisdictions(self) -> tuple[frozenset[str], frozenset[str]]:
        """Whose law binds for certain, and whose may bind as well."""
        numbers = tuple(number for number, _use in self._numbers)
        return _jurisdictions_of(numbers, self._places)

    @cached_property
    def _places(self) -> tuple[_Place, ...]:
        return tuple(
            _Place(
                place.country or None,
                place.region or None,
                place.city or None,
                place.postal_code or None,
            )
            for place in given(self.question.debtor.addresses)
        )

    @cached_property
    def _numbers(self) -> list[tuple[str, Any]]:
        """The debtor's numbers with their use, and the number called."""
        numbers = [(phone.number, phone.use) for phone in given(self.question.debtor.phones)]
        to = self.question.contact.to
        if self.channel in CALLED and to is not UNSET and all(to != each for each, _ in numbers):
            numbers.append((to, UNSET))
        return numbers

    def dates(self, at: datetime) -> tuple[date, ...]:
        """The local day in each plausible zone."""
        days = self._days.get(at)
        if days is None:
            days = self._days[at] = tuple(local_day(at, name) for name in self.zones)
        return days

    def days_since(self, value: date | datetime, at: datetime) -> tuple[int, int]:
        """Local days from then to `at`: the fewest and the most over all plausible zones."""
        if isinstance(value, datetime):
            then = value.astimezone(UTC)
            gaps = [
                (today - local_day(then, name)).days
                for name, today in zip(self.zones, self.dates(at), strict=True)
            ]
        else:
            gaps = [(today - value).days for today in self.dates(at)]
        return min(gaps), max(gaps)

    def starts(self, span: Hashable, at: datetime, start: Callable[[str], datetime]) -> Starts:
        """Since when, zone by zone, a span of days counts; worked out once for all its rules."""
        starts = self._starts.get((span, at))
        if starts is None:
            starts = self._starts[span, at] = tuple((name, start(name)) for name in self.zones)
        return starts

    def start_of(self, day: date) -> datetime:
        """The instant at which the day has begun in every plausible zone."""
        return max(day_start(day, name) for name in self.zones)

    def next_midnight(self, at: datetime) -> datetime:
        """The next instant at which a new day begins in any plausible zone."""
        return min(
            day_start(today + timedelta(days=1), name)
            for name, today in zip(self.zones, self.dates(at), strict=True)
        )

    # ── Numbers and addresses ───────────────────────────────────────────────────────────────────

    def of_phones(self, member: str, absent: Any = UNSET) -> Any:
        """What is known of the number called: of all on file alike, if it isn't named."""
        if self.channel not in CALLED:
            return None
        debtor, to = self.question.debtor, self.question.contact.to
        if any(email.address == to for email in given(debtor.emails)):
            to = UNSET  # an address of another medium names no number
        return _agreed(debtor.phones, "number", to, member, absent)

    def of_emails(self, member: str, absent: Any = UNSET) -> Any:
        if self.channel != "email":
            return None
        debtor, to = self.question.debtor, self.question.contact.to
        if any(phone.number == to for phone in given(debtor.phones)):
            to = UNSET  # a number names no address
        return _agreed(debtor.emails, "address", to, member, absent)

    # ── History ─────────────────────────────────────────────────────────────────────────────────

    @property
    def history_known(self) -> bool:
        return self.question.history is not UNSET

    @cached_property
    def history(self) -> History:
        return History(self.question, self._placed)

    @cached_property
    def asked_at(self) -> datetime | None:
        """When the debtor wrote or called in this medium and nobody has answered."""
        return self.history.unanswered(self.channel) if self.history_known else None

    def is_reply(self, at: datetime) -> bool:
        """Whether the contact is the one answer to the debtor's last message in this medium."""
        asked = self.asked_at
        return asked is not None and at - asked <= REPLY_WITHIN

    def _placed(self, to: str) -> tuple[Any, Any]:
        for phone in given(self.question.debtor.phones):
            if phone.number == to:
                return phone.use, phone.type
        for email in given(self.question.debtor.emails):
            if email.address == to and email.employer_provided is not UNSET:
                return ("work" if email.employer_provided else "home"), UNSET
        return UNSET, UNSET


def _no_limitation(_debt: int, _at: datetime) -> tuple[str, str]:
    return "unknown", "unknown"


def _agreed(items: Any, key: str, to: Any, member: str, absent: Any) -> Any:
    """The member of the item that is meant; UNSET where several may be and they differ. `absent`
    stands for what an item doesn't say."""
    if items is UNSET:
        return absent
    members = [getattr(item, member) for item in given(items) if to in {UNSET, getattr(item, key)}]
    values = [absent if value is UNSET else value for value in members]
    if not values:
        return absent
    return values[0] if all(value == values[0] for value in values) else UNSET


Reader = Callable[[Situation, int], Any]  # reads a fact, about a debt
Changing = Callable[[Situation, int, datetime], Any]  # the same for one that the clock changes
