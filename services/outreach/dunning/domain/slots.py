"""How many contacts may begin on a day: while a tenant, or a version of a strategy, starts slowly,
and as much as there are people and machines.

Days are the tenant's. Slots are given when contacts are claimed, in the order of `turn`, and given
back when nothing has left us.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.channels.domain.tenant_settings import Ramp
from services.outreach.dunning.domain import suppressions
from services.outreach.dunning.domain.strategy import COURTESIES

RAMP = "ramp"
MOST = 2**31 - 1  # more than that is no limit


@dataclass(frozen=True)
class VersionRamp:
    """A version of a strategy that starts slowly, and its first day."""

    ramp: Ramp
    from_on: date


@dataclass(frozen=True)
class SlotLimits:
    """What limits the contacts of a tenant on one day."""

    day: date
    ramp: Ramp
    ramp_from: date | None  # the first day; None: nobody is contacted
    capacity: Mapping[str, int]
    versions: Mapping[tuple[str, str], VersionRamp] = field(default_factory=dict)
    zone: str = "UTC"  # the tenant's

    def names(self, contact: DebtorContact) -> tuple[str, ...]:
        """The limits that a contact is under, by the names of their counts."""
        return tuple(name for name in self._names(contact) if self.most(name) < MOST)

    def _names(self, contact: DebtorContact) -> list[str]:
        found: list[str] = []
        if contact.purpose not in COURTESIES:
            found.append(RAMP)
            if (contact.strategy, contact.strategy_version) in self.versions:
                found.append(f"{RAMP}/{contact.strategy}/{contact.strategy_version}")
        used = contact.queue if contact.channel == "person" else contact.channel
        if used is not None and used in self.capacity:
            found.append(f"capacity/{used}")
        return found

    @property
    def binding(self) -> tuple[str, ...]:
        """All limits that there are on this day."""
        versions = [f"{RAMP}/{strategy}/{version}" for strategy, version in self.versions]
        capacity = [f"capacity/{used}" for used in self.capacity]
        return tuple(n for n in (RAMP, *versions, *capacity) if self.most(n) < MOST)

    def most(self, name: str) -> int:
        """How many there may be under a limit."""
        kind, _, rest = name.partition("/")
        if kind == "capacity":
            return self.capacity.get(rest, MOST)
        if not rest:
            return ramp_most(self.ramp, self.ramp_from, self.day)
        strategy, _, version = rest.partition("/")
        found = self.versions.get((strategy, version))
        return MOST if found is None else ramp_most(found.ramp, found.from_on, self.day)


def ramp_most(ramp: Ramp, from_on: date | None, day: date) -> int:
    """min(most, floor(start · factor ** k)) on the k-th day after the first."""
    if from_on is None or day < from_on:
        return 0
    highest = MOST if ramp.most is None else ramp.most
    reached, factor = Fraction(ramp.start), Fraction(str(ramp.factor))
    if factor == 1:
        return min(highest, ramp.start)
    for _ in range((day - from_on).days):
        if reached >= highest:
            return highest
        reached = Fraction(int(reached * factor * 10**9), 10**9)  # no longer than it needs to be
    return min(highest, int(reached))


def turn(contact: DebtorContact, priority: float) -> tuple[datetime, float, str]:
    """Who has a slot before whom."""
    return (contact.due_at, -priority, contact.debtor_key)


@dataclass(frozen=True)
class Allotment:
    """Who got a slot, and who did not, under which rule."""

    given: tuple[DebtorContact, ...]
    left_out: tuple[tuple[DebtorContact, str], ...]
    taken: Mapping[str, int]  # by the names of counts: how many more


def allot(
    contacts: Iterable[DebtorContact], limits: SlotLimits, taken: Mapping[str, int]
) -> Allotment:
    """In the order given. One that holds its slots of this day already keeps them."""
    more: dict[str, int] = {}
    given: list[DebtorContact] = []
    left_out: list[tuple[DebtorContact, str]] = []
    for contact in contacts:
        names = limits.names(contact)
        held = contact.slots if contact.slot_day == limits.day else ()
        wanted = [name for name in names if name not in held]
        full = next((n for n in wanted if taken.get(n, 0) + more.get(n, 0) >= limits.most(n)), None)
        if full is not None:
            left_out.append((contact, rule_of(full)))
            continue
        for name in wanted:
            more[name] = more.get(name, 0) + 1
        given.append(contact)
    return Allotment(tuple(given), tuple(left_out), more)


def rule_of(name: str) -> str:
    """Under which a contact is deferred that found no slot."""
    return suppressions.RAMP if name.startswith(RAMP) else suppressions.CAPACITY
