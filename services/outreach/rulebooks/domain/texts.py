"""Rule books in a process that computes.

A compiled book cannot travel. Its text does, once to each process: what travels with a question is
a `BooksReference`, which names texts by their digests, and where one is not known `TextsMissing` is
raised, to be answered with the text. Books are read when first asked for.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar, TypeVarTuple

from msgspec import structs

from services.outreach.compliance import RuleBook, read_book
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.documents.activations import Activation
from shared.documents.history import BuiltIn, History

TEXT_MAX = 8 * 1024 * 1024  # characters of the books that a process keeps
VERSIONS_MAX = 8  # tenants whose books it keeps compiled

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class TextsMissing(Exception):
    """The texts of these digests are to be sent."""

    def __init__(self, digests: tuple[str, ...]) -> None:
        super().__init__(digests)
        self.digests = digests


class BookReference(NamedTuple):
    name: str
    version: str
    digest: str


class BooksReference(NamedTuple):
    """`RuleBookVersions` on its way to another process."""

    built_in: tuple[BookReference, ...]
    activated: tuple[BookReference, ...]
    activations: tuple[Activation, ...]


def reference_to(versions: RuleBookVersions) -> BooksReference:
    history = versions.history
    return BooksReference(
        tuple(_reference(each.content) for each in history.built_in.values()),
        tuple(_reference(history.contents[key]) for key in sorted(history.contents)),
        tuple(structs.replace(each, options=None) for each in history.activations),
    )


def _reference(book: RuleBook) -> BookReference:
    return BookReference(book.name, book.version, book.digest)


def texts_of(versions: RuleBookVersions) -> dict[str, str]:
    """Every text that a reference may name, by digest."""
    history = versions.history
    books = [each.content for each in history.built_in.values()]
    return {book.digest: book.source for book in (*books, *history.contents.values())}


# ------------------------------------------------------------------- in the process that computes

_given: dict[str, str] = {}  # by digest, sent along with this calculation
_books: OrderedDict[str, RuleBook] = OrderedDict()
_versions: OrderedDict[BooksReference, RuleBookVersions] = OrderedDict()


def with_books(
    texts: Mapping[str, str],
    reference: BooksReference,
    function: Callable[[RuleBookVersions, *Ts], T],
    arguments: tuple[*Ts],
) -> T:
    """What `function(versions, *arguments)` gives. Raises `TextsMissing`."""
    _given.clear()
    _given.update(texts)
    try:
        return function(_versions_of(reference), *arguments)
    finally:
        _given.clear()


def book_of(digest: str) -> RuleBook:
    """Raises `TextsMissing` where the text never came here, or is long gone."""
    book = _books.get(digest)
    if book is None:
        if digest not in _given:
            raise TextsMissing((digest,))
        book = _books[digest] = read_book(_given[digest])
    _books.move_to_end(digest)
    while len(_books) > 1 and sum(len(each.source) for each in _books.values()) > TEXT_MAX:
        _books.popitem(last=False)
    return book


class _Activated(Mapping[tuple[str, str], RuleBook]):
    """By name and version; read when first asked for."""

    def __init__(self, references: tuple[BookReference, ...]) -> None:
        self._digests = {(each.name, each.version): each.digest for each in references}

    def __getitem__(self, key: tuple[str, str]) -> RuleBook:
        return book_of(self._digests[key])

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)


def _versions_of(reference: BooksReference) -> RuleBookVersions:
    found = _versions.get(reference)
    if found is None:
        unknown = {each.digest for each in reference.built_in} - _books.keys() - _given.keys()
        if unknown:
            raise TextsMissing(tuple(sorted(unknown)))
        built_in = [(each, book_of(each.digest)) for each in reference.built_in]
        found = RuleBookVersions(
            History(
                {r.name: BuiltIn(r.name, r.version, book.source, book) for r, book in built_in},
                reference.activations,
                _Activated(reference.activated),
            )
        )
        _versions[reference] = found
        if len(_versions) > VERSIONS_MAX:
            _versions.popitem(last=False)
    _versions.move_to_end(reference)
    return found
