"""The kind of document that a rule book is: its checks, and its outline."""

from collections.abc import Iterable

from services.outreach.compliance import RuleBook, RuleSet, read_book
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.documents.history import BuiltIn
from shared.documents.kind import DocumentKind, Outline
from shared.errors import FieldError, Invalid

PLATFORM = "recoup"  # who brought the books that come with the platform


def rule_books(shipped: Iterable[BuiltIn[RuleBook]]) -> DocumentKind[RuleBook]:
    """The kind of document that a rule book is, next to those that come with the platform."""
    platform = {book.name: book for book in shipped}

    def check(name: str, book: RuleBook) -> None:
        """Law stays law, and every rule stands in one book only."""
        ours = platform.get(name)
        if ours is not None and ours.content.klass != book.klass:
            problem = FieldError("/class", f"{name} is {ours.content.klass}, and stays so")
            raise Invalid("The book is of another class.", [problem])
        RuleSet.check(({n: each.content for n, each in platform.items()} | {name: book}).values())

    return DocumentKind(
        kind="rulebooks",
        word="rule book",
        parse=read_book,
        version_of=lambda book: book.version,
        name_of=lambda book: book.name,
        category_of=lambda book: book.klass,
        title_of=lambda book: book.title,
        size_of=lambda book: len(book.rules),
        check=check,
        built_in_by=PLATFORM,
    )


# ------------------------------------------------------------------- in the process that computes


def checked_outline(versions: RuleBookVersions, name: str, source: str) -> Outline:
    """The outline of a book that may be stored. Raises `Invalid`."""
    return rule_books(versions.history.built_in.values()).checked(name, source)


def outline_of(source: str) -> Outline:
    """The outline of a book that was stored."""
    book = read_book(source)
    return rule_books(()).outline(book.name, book)
