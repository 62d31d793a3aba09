"""Which rule books apply at an instant: the ones that come with the platform, and in their place or
and a tenant's own, each from the day for which it was activated."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.outreach.compliance import RuleBook, RuleSet
from shared.documents.activations import Activation, in_force
from shared.documents.history import BuiltIn, History

COMPILED_MAX = 16  # sets of books kept compiled

# The house's own rules apply unless a tenant switches them off; other policy (law that is not in
# force yet) only to whom activates it, or in a question that names it.
POLICIES_DEFAULT = frozenset({"house-policy"})


def built_in(book: RuleBook, text: str) -> BuiltIn[RuleBook]:
    """A book that comes with the platform."""
    return BuiltIn(book.name, book.version, text, book)


@dataclass(frozen=True)
class InForce:
    """The books of an instant, compiled; `packs` are those that our own contacts keep to."""

    books: RuleSet
    packs: tuple[str, ...]


class RuleBookVersions:
    """A tenant's books, whenever each of them applies."""

    def __init__(self, history: History[RuleBook]) -> None:
        self.history = history
        self._compiled: dict[tuple[int, ...], RuleSet] = {}
        self._last: tuple[datetime, InForce] | None = None  # a run asks about one instant

    def at(self, instant: datetime) -> InForce:
        """What applies then. Compiled once for each set of books."""
        if self._last is None or self._last[0] != instant:
            found = self._in_force(self.present(instant), self.applied(instant))
            self._last = (instant, found)
        return self._last[1]

    def present(self, instant: datetime) -> dict[str, RuleBook]:
        """The books that there are then, by name, whether they apply or not."""
        found = {name: book.content for name, book in self.history.built_in.items()}
        for name, activation in self._activations(instant).items():
            if activation.version is not None:
                found[name] = self.history.content(name, activation.version)
        return found

    def applied(self, instant: datetime) -> frozenset[str]:
        """The names of those that apply then."""
        activated = self._activations(instant)
        return frozenset(
            name
            for name, book in self.present(instant).items()
            if book.klass == "law"
            or (
                activated[name].version is not None
                if name in activated
                else name in POLICIES_DEFAULT
            )
        )

    def with_book(self, book: RuleBook, instant: datetime) -> InForce:
        """What would apply then, were this book in force: for dry runs."""
        present = self.present(instant) | {book.name: book}
        return self._in_force(present, self.applied(instant) | {book.name})

    def check_with(self, activation: Activation, book: RuleBook) -> None:
        """Raises `Invalid` where the book would contradict one that applies together with it, from
        its day on or later: nothing could be answered from then on."""
        tried = RuleBookVersions(self.history.with_activation(activation, book))
        later = {a.from_at for a in self.history.activations if a.from_at > activation.from_at}
        for instant in sorted({activation.from_at, *later}):
            RuleSet.check(tried.present(instant).values())

    def _activations(self, instant: datetime) -> Mapping[str, Activation]:
        return in_force(self.history.activations, instant)

    def _in_force(self, books: Mapping[str, RuleBook], packs: frozenset[str]) -> InForce:
        key = tuple(id(book) for book in books.values())  # the books live as long as the history
        if key not in self._compiled:
            if len(self._compiled) >= COMPILED_MAX:  # books on trial leave it again
                self._compiled.clear()
            self._compiled[key] = RuleSet.of(books.values())
        return InForce(self._compiled[key], tuple(sorted(packs)))
