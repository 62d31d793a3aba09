"""Which version of a document is in force when: pure functions of what was activated."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct


class Activation(Struct, frozen=True, kw_only=True):
    """From an instant on a version of a document is in force; no version: from then on none is."""

    number: int  # 1, 2, 3… of a tenant's documents of one kind, in the order of asking
    name: str
    version: str | None
    from_version: str | None  # what would have been in force without it
    from_on: date | None  # the business day that was asked for; None: at once
    from_at: datetime  # its first instant in the tenant's zone
    recorded_at: datetime  # business time
    recorded_by: str
    reason: str | None = None
    options: Mapping[str, Any] | None = None  # what else a kind wants to know of an activation


def in_force(
    activations: Iterable[Activation], at: datetime | None = None
) -> dict[str, Activation]:
    """The activation that counts at an instant, by name; without one, after all that are known.

    It is the one that begins last; of several that begin together, the one asked for last.
    """
    last: dict[str, Activation] = {}
    for activation in activations:
        if at is not None and activation.from_at > at:
            continue
        before = last.get(activation.name)
        if before is None or _order(activation) > _order(before):
            last[activation.name] = activation
    return last


def repeats(
    activations: Iterable[Activation], name: str, version: str | None, from_at: datetime
) -> Activation | None:
    """The activation that has asked for the same already, where nothing replaced it since."""
    same = [a for a in activations if (a.name, a.from_at) == (name, from_at)]
    last = max(same, key=_order, default=None)
    return last if last is not None and last.version == version else None


def was_in_force(activations: Iterable[Activation], name: str, version: str | None) -> bool:
    """Whether a version was put in force, or was replaced, before: then it comes back."""
    return version is not None and any(
        a.name == name and version in (a.version, a.from_version) for a in activations
    )


def _order(activation: Activation) -> tuple[datetime, int]:
    return activation.from_at, activation.number
