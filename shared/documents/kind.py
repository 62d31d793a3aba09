"""What a service declares of a kind of document, and what passes between the two."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct

from shared.documents.activations import Activation
from shared.documents.history import StoredVersion
from shared.errors import FieldError, Invalid

Content = TypeVar("Content")


@dataclass(frozen=True, kw_only=True)
class ActivationRequest:
    """A version to be put in force. No version: the name is no longer in force."""

    name: str
    version: str | None
    by: str
    now: datetime  # business time
    from_on: date | None = None  # None: at once
    zone: str = "UTC"  # in which that day begins
    reason: str | None = None
    options: Mapping[str, Any] | None = None  # what else the kind wants to know


class Outline(Struct, frozen=True):
    """What storing a text and listing it need to know of its content: it is small, and so can be
    made in another process where the content itself cannot leave."""

    name: str
    version: str | None  # None: versions are counted
    category: str | None = None
    title: str | None = None
    size: int = 0  # what it holds: rules, segments


@dataclass(frozen=True)
class KeptVersion:
    """A version was stored, or had been."""

    stored: StoredVersion
    outline: Outline
    is_new: bool


@dataclass(frozen=True)
class Proposal(Generic[Content]):
    """An activation that is about to be written, for the service's own check."""

    tenant: str
    now: datetime
    activation: Activation
    content: Content | None  # None: the name ends
    stored: StoredVersion | None


@dataclass(frozen=True)
class ActivationResult:
    """What came of an activation that was asked for."""

    tenant: str
    activation: Activation | None  # None: what came with the service was in force, and stays
    is_new: bool  # False: it is so already, and nothing happened
    is_rollback: bool = False  # the version was in force before
    effect: Any = None  # what followed: a service's command notes it here


@dataclass(frozen=True, kw_only=True)
class DocumentKind(Generic[Content]):
    """One kind of versioned documents."""

    kind: str  # leads the keys of the tables
    word: str  # what people call it, in messages: "rule book"
    parse: Callable[[str], Content]  # raises `Invalid` with every fault, `Unreadable`
    version_of: Callable[[Content], str] | None = None  # None: versions are counted 1, 2, 3…
    # Whether the version is made from the content: then other words of the same content are the
    # same version. Otherwise the author names it, and another text under it is a conflict.
    is_version_of_content: bool = False
    name_of: Callable[[Content], str] | None = None  # must be the name in the address
    category_of: Callable[[Content], str] | None = None
    title_of: Callable[[Content], str] | None = None
    size_of: Callable[[Content], int] | None = None
    check: Callable[[str, Content], None] | None = None  # name and content; raises `Invalid`
    # Who is noted as having stored what comes with the service; None: who activates it first.
    built_in_by: str | None = None
    missing: Callable[[str, str], str] | None = None  # the words where a version is not there

    @property
    def short(self) -> str:
        """`book`, of a rule book."""
        return self.word.split()[-1]

    def read(self, name: str, source: str) -> Content:
        """What a text says. Raises `Invalid`."""
        return self.named(name, self.parse(source))

    def named(self, name: str, content: Content) -> Content:
        """The content. Raises `Invalid` where it is of another name."""
        own = self.name_of(content) if self.name_of is not None else name
        if own != name:
            problem = FieldError("/name", f"is {own}, the address says {name}")
            raise Invalid(f"The {self.short} has another name.", [problem])
        return content

    def outline(self, name: str, content: Content) -> Outline:
        return Outline(
            name,
            None if self.version_of is None else self.version_of(content),
            None if self.category_of is None else self.category_of(content),
            None if self.title_of is None else self.title_of(content),
            0 if self.size_of is None else self.size_of(content),
        )

    def checked(self, name: str, source: str) -> Outline:
        """The outline of a text that may be stored. Raises `Invalid`."""
        content = self.read(name, source)
        if self.check is not None:
            self.check(name, content)
        return self.outline(name, content)

    def no_version(self, name: str, version: str) -> str:
        if self.missing is not None:
            return self.missing(name, version)
        return f"There is no version {version} of {self.word} {name}."
