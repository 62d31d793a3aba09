"""Which rule books count at an instant: the ones that come with the platform, and in their place or
beside them a tenant's own, each from the day for which it was activated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.outreach.compliance import RuleBook, RuleSet


@dataclass(frozen=True)
class Shipped:
    """A book that comes with the platform, and its text."""

    book: RuleBook
    text: str


@dataclass(frozen=True)
class Turn:
    """From an instant on a version of a book counts; None: the book no longer applies."""

    name: str
    from_at: datetime
    book: RuleBook | None


@dataclass(frozen=True)
class Standing:
    """The books of an instant, compiled; `packs` are those that our own contacts keep to."""

    books: RuleSet
    packs: tuple[str, ...]


COMPILED_MAX = 16  # sets of books kept compiled

# The house's own rules apply unless a tenant switches them off; other policy (law that is not in
# force yet) only to whom activates it, or in a question that names it.
POLICIES_DEFAULT = frozenset({"house-policy"})


@dataclass
class Shelf:
    """A tenant's books. `turns` in the order in which they were asked for: of two for the same
    instant the later one counts."""

    shipped: Sequence[RuleBook]
    turns: Sequence[Turn] = ()
    _compiled: dict[tuple[int, ...], RuleSet] = field(default_factory=dict, repr=False)

    def at(self, instant: datetime) -> Standing:
        """What counts then. Compiled once for each set of books."""
        return self._standing(self.present(instant), self.applied(instant))

    def present(self, instant: datetime) -> dict[str, RuleBook]:
        """The books that there are then, by name, whether they apply or not."""
        present = {book.name: book for book in self.shipped}
        for name, turn in self._last_turns(instant).items():
            if turn.book is not None:
                present[name] = turn.book
        return present

    def applied(self, instant: datetime) -> frozenset[str]:
        """The names of those that apply then."""
        turns = self._last_turns(instant)
        return frozenset(
            name
            for name, book in self.present(instant).items()
            if book.klass == "law"
            or (turns[name].book is not None if name in turns else name in POLICIES_DEFAULT)
        )

    def with_book(self, book: RuleBook, instant: datetime) -> Standing:
        """What would count then, were this book in force: for dry runs."""
        present = self.present(instant) | {book.name: book}
        return self._standing(present, self.applied(instant) | {book.name})

    def _last_turns(self, instant: datetime) -> Mapping[str, Turn]:
        last: dict[str, Turn] = {}
        for turn in self.turns:
            before = last.get(turn.name)
            if turn.from_at <= instant and (before is None or turn.from_at >= before.from_at):
                last[turn.name] = turn
        return last

    def _standing(self, books: Mapping[str, RuleBook], packs: frozenset[str]) -> Standing:
        key = tuple(id(book) for book in books.values())  # the books live as long as the shelf
        if key not in self._compiled:
            if len(self._compiled) >= COMPILED_MAX:  # books on trial leave it again
                self._compiled.clear()
            self._compiled[key] = RuleSet.of(books.values())
        return Standing(self._compiled[key], tuple(sorted(packs)))
