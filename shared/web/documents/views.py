"""The common JSON of versioned documents: what comes in, what goes out."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field

from shared.documents import Activation, ActivationResult, KeptVersion, StoredVersion
from shared.web.models import Day, Model

Content = TypeVar("Content")
Answer = Any  # what goes out as JSON
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class DocumentActivationView(Model):
    number: int
    version: str | None  # none: from then on the document is not in force
    from_version: str | None
    from_: Annotated[date | None, Field(alias="from")]
    from_at: datetime
    recorded_at: datetime
    recorded_by: str
    reason: str | None


class DocumentActivationPage(Model):
    items: list[DocumentActivationView]
    next_cursor: str | None


class DocumentView(Model):
    """What is in force now."""

    name: str
    version: str | None
    source: str | None
    activation: DocumentActivationView | None  # none: it came with the service


class DocumentVersionView(Model):
    version: str
    stored_at: datetime | None  # none: it comes with the service
    stored_by: str
    in_force: bool


class DocumentVersionPage(Model):
    items: list[DocumentVersionView]
    next_cursor: str | None


class DocumentVersionDetail(DocumentVersionView):
    name: str
    source: str


class KeptDocumentView(Model):
    name: str
    version: str
    new: bool  # whether this text had not come before


class ActivateDocument(Model):
    """Which version counts from which day on (00:00 in the tenant's zone). No version: the document
    is no longer in force."""

    version: str | None
    from_: Annotated[Day, Field(alias="from")]
    reason: Reason | None = None


class ActivatedDocumentView(Model):
    name: str
    version: str | None
    from_: Annotated[date | None, Field(alias="from")]
    from_at: datetime | None
    is_activated: bool  # false: it was so already


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a request to activate asks for."""

    version: str | None
    from_on: date | None = None  # None: at once
    reason: str | None = None
    options: dict[str, Any] | None = None


@dataclass(frozen=True)
class Shown(Generic[Content]):
    """A document in force."""

    name: str
    version: str | None  # none: it is not in force
    content: Content | None
    stored: StoredVersion | None
    activation: Activation | None  # none: it came with the service


def kept_answer(kept: KeptVersion) -> Answer:
    return {"name": kept.stored.name, "version": kept.stored.version, "new": kept.is_new}


def terms_of(body: ActivateDocument) -> Terms:
    return Terms(version=body.version, from_on=body.from_, reason=body.reason)


def activated_answer(name: str, terms: Terms, done: ActivationResult) -> Answer:
    activation = done.activation
    return {
        "name": name,
        "version": terms.version,
        "from": activation.from_on if activation is not None else None,
        "from_at": activation.from_at if activation is not None else None,
        "is_activated": done.is_new,
    }


def activation_answer(activation: Activation) -> Answer:
    return {
        "number": activation.number,
        "version": activation.version,
        "from_version": activation.from_version,
        "from": activation.from_on,
        "from_at": activation.from_at,
        "recorded_at": activation.recorded_at,
        "recorded_by": activation.recorded_by,
        "reason": activation.reason,
    }


def shown_answer(shown: Shown[Any]) -> Answer:
    activation = shown.activation
    return {
        "name": shown.name,
        "version": shown.version,
        "source": shown.stored.source if shown.stored is not None else None,
        "activation": activation_answer(activation) if activation is not None else None,
    }


def version_answer(stored: StoredVersion, in_force: bool) -> Answer:
    return {
        "version": stored.version,
        "stored_at": None if stored.is_built_in else stored.stored_at,
        "stored_by": stored.stored_by,
        "in_force": in_force,
    }


def detail_answer(stored: StoredVersion, _content: Any, in_force: bool) -> Answer:
    return version_answer(stored, in_force) | {"name": stored.name, "source": stored.source}
