"""What is in force on a day, beside what a plan names."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from msgspec import Struct

from services.metrics.domain.plans.document import CollectionPlan

ForceKind = Literal["strategy", "rulebook", "template", "segments", "model"]
Match = Literal["same", "other", "none"]


class AnnouncedVersion(Struct, frozen=True, kw_only=True):
    """A version that was put in force from a day on; None: from then on there is none."""

    kind: ForceKind
    name: str
    version: str | None
    from_on: date
    order: int  # of the announcements: a later one of the same day counts


class ForceMatch(Struct, frozen=True, kw_only=True):
    kind: ForceKind
    name: str | None
    planned: str
    in_force: str | None
    match: Match


def versions_on(
    announced: Iterable[AnnouncedVersion], day: date
) -> Mapping[tuple[str, str], str | None]:
    """By kind and name the version in force at the end of the day."""
    found: dict[tuple[str, str], str | None] = {}
    begun = (each for each in announced if each.from_on <= day)
    for each in sorted(begun, key=lambda one: (one.from_on, one.order)):
        found[each.kind, each.name] = each.version
    return found


def matches(
    plan: CollectionPlan, announced: Iterable[AnnouncedVersion], day: date
) -> list[ForceMatch]:
    """Every strategy and policy that the plan names."""
    by_name = versions_on(announced, day)
    planned: list[tuple[ForceKind, str | None, str]] = [
        ("strategy", each.name, each.version) for each in plan.strategies
    ]
    planned += [(each.kind, each.name, each.version) for each in plan.policies]
    return [
        _match(kind, name, version, by_name.get((kind, name or "")))
        for kind, name, version in planned
    ]


def _match(kind: ForceKind, name: str | None, planned: str, found: str | None) -> ForceMatch:
    match: Match = "none" if found is None else "same" if found == planned else "other"
    return ForceMatch(kind=kind, name=name, planned=planned, in_force=found, match=match)
