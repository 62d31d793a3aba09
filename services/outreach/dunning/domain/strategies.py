"""Strategies: staged contact plans by kind of account, read from YAML and checked as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta, Struct

from services.outreach.activity.domain.contacts import AccountKind, Channel, Tone
from shared.errors import FieldError, Invalid
from shared.texts import matching

KINDS: tuple[AccountKind, ...] = ("consumer", "business")
WARNINGS = ("escalating-delay", "good-payer-turning", "exposure-over-limit")  # segmentation's
TONES: tuple[Tone, ...] = ("friendly", "neutral", "firm", "final")  # softest first
OFFSET_DAYS_MIN, OFFSET_DAYS_MAX = (
    -7,
    3650,
)  # the ledger announces due-soon a week ahead, not earlier

_Name = Annotated[str, matching("[a-z0-9][a-z0-9-]{0,63}", 64)]


class KindStep(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One contact of a plan: when, how, with which words."""

    name: _Name
    offset_days: Annotated[int, Meta(ge=OFFSET_DAYS_MIN, le=OFFSET_DAYS_MAX)]
    channel: Channel
    tone: Tone
    template: _Name | None = None  # a person needs none

    @property
    def is_reminder(self) -> bool:
        """Whether it speaks of money that is not past due yet."""
        return self.offset_days <= 0

    @property
    def firmness(self) -> tuple[int, int, int]:
        """What "firmest" compares: a person outranks every message, then tone, then lateness."""
        return (int(self.channel == "person"), TONES.index(self.tone), self.offset_days)


class WarningStep(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an early warning leads to, apart from the ladder of any invoice."""

    step: _Name
    channel: Channel


class _Document(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: _Name
    kind: AccountKind
    version: Annotated[str, Meta(min_length=1, max_length=64)]
    steps: tuple[KindStep, ...]
    on_warning: dict[str, WarningStep] = {}  # by kind of warning


@dataclass(frozen=True)
class KindStrategy:
    """A checked plan: steps in order of their offsets, none of them softer than the one before."""

    name: str
    kind: AccountKind
    version: str
    steps: tuple[KindStep, ...]
    on_warning: Mapping[str, WarningStep] = field(default_factory=dict)  # by kind of warning

    @property
    def overdue(self) -> tuple[KindStep, ...]:
        """The steps after the due day, first to last."""
        return tuple(step for step in self.steps if not step.is_reminder)

    def step(self, name: str) -> KindStep | None:
        return next((step for step in self.steps if step.name == name), None)


Strategies = Mapping[AccountKind, KindStrategy]


def parse(text: str) -> KindStrategy:
    """A strategy from its YAML. Raises `Invalid`, naming every bad field."""
    try:
        document = msgspec.convert(yaml.safe_load(text), _Document)
    except yaml.YAMLError as error:
        raise Invalid(f"the strategy is not YAML: {error}") from error
    except msgspec.ValidationError as error:
        raise Invalid(f"the strategy does not fit: {error}") from error
    errors = [*_unique(document), *_ordered(document), *_templates(document), *_warnings(document)]
    if not any(not step.is_reminder for step in document.steps):
        errors.append(FieldError("/steps", "needs a step after the due day (offset_days above 0)"))
    if errors:
        raise Invalid(f"the strategy {document.name} contradicts itself", errors)
    return KindStrategy(
        document.name, document.kind, document.version, document.steps, document.on_warning
    )


def by_kind(strategies: Iterable[KindStrategy]) -> Strategies:
    """One strategy for each kind of account. Raises `Invalid` when one is missing or double."""
    found: dict[AccountKind, KindStrategy] = {}
    for strategy in strategies:
        if strategy.kind in found:
            raise Invalid(f"two strategies for {strategy.kind} accounts")
        found[strategy.kind] = strategy
    missing = [kind for kind in KINDS if kind not in found]
    if missing:
        raise Invalid(f"no strategy for {' and '.join(missing)} accounts")
    return found


def _unique(document: _Document) -> Iterable[FieldError]:
    seen: set[str] = set()
    for number, step in enumerate(document.steps):
        if step.name in seen:
            yield FieldError(f"/steps/{number}/name", f"{step.name} is there twice")
        seen.add(step.name)


def _ordered(document: _Document) -> Iterable[FieldError]:
    for number, (one, two) in enumerate(zip(document.steps, document.steps[1:], strict=False), 1):
        if two.offset_days <= one.offset_days:
            yield FieldError(f"/steps/{number}/offset_days", "must be later than the step before")
        if two.firmness < one.firmness:
            yield FieldError(f"/steps/{number}/tone", "must not be softer than the step before")


def _templates(document: _Document) -> Iterable[FieldError]:
    for number, step in enumerate(document.steps):
        if step.channel == "email" and step.template is None:
            yield FieldError(f"/steps/{number}/template", "an e-mail needs a template")
        if step.channel == "person" and step.is_reminder:
            yield FieldError(f"/steps/{number}/channel", "no person before the due day has passed")


def _warnings(document: _Document) -> Iterable[FieldError]:
    ladder = {step.name for step in document.steps}
    for kind, start in document.on_warning.items():
        if kind not in WARNINGS:
            yield FieldError(f"/on_warning/{kind}", f"is no early warning: {', '.join(WARNINGS)}")
        if start.channel != "person":
            why = "must be person: nothing need be overdue, so no message leaves by itself"
            yield FieldError(f"/on_warning/{kind}/channel", why)
        if start.step in ladder:
            yield FieldError(f"/on_warning/{kind}/step", f"{start.step} is a step of an invoice")


def template_uses(strategies: Strategies) -> Iterable[tuple[str, str]]:
    """Every template that is used, after the step that uses it."""
    for strategy in strategies.values():
        for step in strategy.steps:
            if step.template:
                yield f"strategy {strategy.name}, step {step.name}", step.template
