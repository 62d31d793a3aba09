"""What a service declares of a kind of document, and what passes between the two."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from shared.documents.activations import Activation
from shared.documents.history import StoredVersion

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


@dataclass(frozen=True)
class KeptVersion(Generic[Content]):
    """A version was stored, or had been."""

    stored: StoredVersion
    content: Content
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
    check: Callable[[str, Content], None] | None = None  # name and content; raises `Invalid`
    # Who is noted as having stored what comes with the service; None: who activates it first.
    built_in_by: str | None = None
    missing: Callable[[str, str], str] | None = None  # the words where a version is not there

    @property
    def short(self) -> str:
        """`book`, of a rule book."""
        return self.word.split()[-1]

    def no_version(self, name: str, version: str) -> str:
        if self.missing is not None:
            return self.missing(name, version)
        return f"There is no version {version} of {self.word} {name}."
