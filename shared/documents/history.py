"""A tenant's documents of one kind as one value: what came with the service, and what was activated
since. Pure, so that the rules of a service can work with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

from msgspec import Struct

from shared.documents.activations import Activation, in_force

Content = TypeVar("Content")

BUILT_IN_AT = datetime(1970, 1, 1, tzinfo=UTC)  # when a version that comes with us was stored


class StoredVersion(Struct, frozen=True, kw_only=True):
    """A version as it was sent."""

    name: str
    version: str
    source: str
    stored_at: datetime
    stored_by: str
    category: str | None = None

    @property
    def is_built_in(self) -> bool:
        """Whether it came with the service: nobody sent it."""
        return self.stored_at == BUILT_IN_AT


@dataclass(frozen=True)
class BuiltIn(Generic[Content]):
    """A version that comes with the service: in force until another is."""

    name: str
    version: str
    source: str
    content: Content


@dataclass(frozen=True, eq=False)  # compared by identity: the same one until something is activated
class History(Generic[Content]):
    built_in: Mapping[str, BuiltIn[Content]] = field(default_factory=dict)
    activations: Sequence[Activation] = ()  # in the order of asking
    contents: Mapping[tuple[str, str], Content] = field(default_factory=dict)  # by name and version

    def in_force(self, at: datetime | None = None) -> dict[str, Content]:
        """The documents that count at an instant, by name; without one, after all that are known.
        A name that was ended is left out."""
        found = {name: built_in.content for name, built_in in self.built_in.items()}
        for name, activation in in_force(self.activations, at).items():
            if activation.version is None:
                found.pop(name, None)
            else:
                found[name] = self.content(activation.name, activation.version)
        return found

    def content(self, name: str, version: str) -> Content:
        return self.contents[name, version]

    def with_activation(
        self, activation: Activation, content: Content | None
    ) -> "History[Content]":
        """As it would be with one more."""
        contents = dict(self.contents)
        if activation.version is not None:
            assert content is not None, "a version has a content"
            contents[activation.name, activation.version] = content
        return replace(self, activations=(*self.activations, activation), contents=contents)
