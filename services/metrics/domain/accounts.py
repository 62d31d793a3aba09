"""An account with all that is remembered of it: the unit in which events are folded.

An item is the list of facts about one thing (an invoice, a contact, a promise), in the order of its
topic. Profiles and segments are the account's own. What an item adds depends on both, and some
figures (touches, delinquencies, the process) on all items of the account together, so an account is
always at hand as a whole.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from msgspec import Struct

from services.metrics.domain.cells import Cells
from services.metrics.domain.slots import FAR, FIRST_DAY, recorded_by

ItemKey = tuple[str, str]  # kind, id

T = TypeVar("T")

_READ_KEPT = 3  # by so many readers is an item read

TENANT_ACCOUNT = "tenant/"  # what belongs to a tenant and to none of its accounts


class Profile(Struct, frozen=True, array_like=True):
    """Kind, country and zone of an account: timeless, the newest holds for the whole history."""

    recorded_slot: int
    kind: str
    country: str
    zone: str


class Segment(Struct, frozen=True, array_like=True):
    """The segment from an instant on, and the arms of the experiments that the account is in."""

    recorded_slot: int
    at: datetime
    day: date
    segment: str
    arms: dict[str, str] = {}


@dataclass(slots=True)
class Item:
    """What is known of one thing of an account."""

    facts: list[Any]
    puts_on: tuple[
        str, ...
    ] = ()  # of a source of money: what it was ever put on (`puts.target_of`)
    folded: int = 0  # how many of the facts the stored measures already hold
    ends_on: date = FAR  # nothing it adds counts later
    is_changed: bool = False  # something to store apart from new facts
    cells: Cells | None = None  # what the stored measures hold of it, if that is at hand
    is_cold: bool = False  # stored compressed, among others that add nothing any more
    # What was read of it lately, by how and of how many facts (`Known.read`).
    read: dict[tuple[Hashable, int], Any] = field(default_factory=dict)

    @property
    def is_unsaved(self) -> bool:
        return self.is_changed or self.folded < len(self.facts)

    @property
    def latest_slot(self) -> int:
        return self.facts[-1].recorded_slot if self.facts else 0


@dataclass(slots=True)
class Account:
    """What the figures are split by, and from when on. Profiles come from the ledger, segments
    from segmentation: each list is in the order of its topic, neither waits for the other."""

    profiles: list[Profile] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    folded: tuple[int, int] = (0, 0)  # how many of both the stored measures already hold

    @property
    def news(self) -> list[Profile | Segment]:
        return [*self.profiles[self.folded[0] :], *self.segments[self.folded[1] :]]

    @property
    def knowledge(self) -> list[tuple[Sequence[Any], int]]:
        """Both lists, each with how many of it are folded already."""
        return [(self.profiles, self.folded[0]), (self.segments, self.folded[1])]

    @property
    def has_news(self) -> bool:
        return self.folded != (len(self.profiles), len(self.segments))

    def reach_of_news(self) -> tuple[date, int]:
        """Which items are split otherwise by the news: those that add anything from this day on,
        and those of which anything was recorded after this moment. All of them by a new profile.
        """
        if len(self.profiles) > self.folded[0]:
            return FIRST_DAY, 0
        segments = self.segments[self.folded[1] :]
        # A day earlier: the day of an instant depends on a zone, which may have changed.
        since_on = max(min(each.day for each in segments) - timedelta(days=1), FIRST_DAY)
        return min(since_on, FAR), min(each.recorded_slot for each in segments)


class AccountItems:
    """One account and all its items."""

    def __init__(self, account_id: str, account: Account | None = None) -> None:
        self.account_id = account_id
        self.account = account or Account()
        self.by_key: dict[ItemKey, Item] = {}
        self._by_kind: dict[str, list[tuple[ItemKey, Item]]] = {}
        self._indexed = 0  # how many items that index has
        # What the stored measures hold of the account as a whole, by the place of each of its
        # measures (`restate.ACCOUNT_MEASURES`), if that is at hand.
        self.whole: dict[int, Cells] = {}
        # Its delinquencies by all that is stored, by their start, if they are at hand.
        self.spans: dict[date, Any] | None = None

    def item(self, kind: str, item_id: str) -> Item:
        """The item; a new one if it has no facts yet."""
        key = (kind, item_id)
        item = self.by_key.get(key)
        if item is None:
            item = self.by_key[key] = Item([])
        return item

    def of_kind(self, kind: str) -> Sequence[tuple[ItemKey, Item]]:
        """The items of a kind."""
        if self._indexed != len(self.by_key):  # items come and never go
            self._by_kind = {}
            for key, item in self.by_key.items():
                self._by_kind.setdefault(key[0], []).append((key, item))
            self._indexed = len(self.by_key)
        return self._by_kind.get(kind, ())

    def knowledge(self, kind: str) -> list[tuple[Sequence[Any], int]]:
        """The facts of each item of a kind, with how many of them are folded already."""
        return [(item.facts, item.folded) for _, item in self.of_kind(kind)]

    def unsaved(self) -> Iterator[tuple[ItemKey, Item]]:
        """The items with something to store."""
        return ((key, item) for key, item in self.by_key.items() if item.is_unsaved)

    def reached(self) -> Iterator[tuple[ItemKey, Item]]:
        """The items that add something else than before, or may do."""
        if not self.account.has_news:
            yield from self.unsaved()
            return
        since_on, since_slot = self.account.reach_of_news()
        for key, item in self.by_key.items():
            if item.is_unsaved or item.ends_on >= since_on or item.latest_slot > since_slot:
                yield key, item

    def currencies(self) -> dict[str, int]:
        """Those of the new facts, and since when each is known: by the facts and not by their
        sums, which may come to nothing within a batch."""
        since: dict[str, int] = {}
        for item in self.by_key.values():
            if item.folded == len(item.facts):
                continue
            for fact in item.facts[item.folded :]:
                currency = getattr(fact, "currency", "")
                if currency:
                    slot = since.get(currency, fact.recorded_slot)
                    since[currency] = min(slot, fact.recorded_slot)
        return since

    def settle(self) -> None:
        """All that is new is stored."""
        for item in self.by_key.values():
            item.folded, item.is_changed = len(item.facts), False
            if len(item.read) > _READ_KEPT:
                item.read = {of: each for of, each in item.read.items() if of[1] == item.folded}
        self.account.folded = (len(self.account.profiles), len(self.account.segments))


class Known:
    """An account as it was known at some moment: with all facts, or only with those already folded.

    For what needs the whole account.
    """

    def __init__(self, items: AccountItems, slot: int, *, is_before: bool = False) -> None:
        self._items = items
        self.slot = slot
        self._is_before = is_before
        self._by_kind: dict[str, list[tuple[ItemKey, Item, Sequence[Any]]]] = {}

    def of_kind(self, *kinds: str) -> Iterator[tuple[ItemKey, Sequence[Any]]]:
        """The items of these kinds of which anything was known, each with the facts known."""
        return ((key, known) for kind in kinds for key, _, known in self._of(kind))

    def _of(self, kind: str) -> Sequence[tuple[ItemKey, Item, Sequence[Any]]]:
        """The items of a kind with the facts known: they are looked at once."""
        found = self._by_kind.get(kind)
        if found is None:
            looked_at = ((key, item, self._known(item)) for key, item in self._items.of_kind(kind))
            found = self._by_kind[kind] = [each for each in looked_at if each[2]]
        return found

    def _known(self, item: Item) -> Sequence[Any]:
        facts = item.facts
        if self._is_before and item.folded < len(facts):
            facts = facts[: item.folded]
        return recorded_by(facts, self.slot)

    def read(
        self, kind: str, by: Hashable, reader: Callable[[ItemKey, Sequence[Any]], T | None]
    ) -> Iterator[T]:
        """What a reader makes of the items of a kind. What it made of the same facts lately, `by`
        the same name and circumstances, is taken again."""
        for key, item, known in self._of(kind):
            made_of = (by, len(known))  # within an item what is known only grows
            found = item.read.get(made_of, item)  # never what a reader makes
            if found is item:
                found = item.read[made_of] = reader(key, known)
            if found is not None:
                yield found
