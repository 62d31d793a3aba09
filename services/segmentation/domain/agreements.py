"""What was agreed with an account: promises, plans, settlements; and holds and placements.

Each by its id, as the ledger announced it last: what is judged again takes the place of what was
announced before.
"""

from datetime import date
from typing import Literal, NamedTuple

from msgspec import Struct, field

ARRANGED = {"plan": "active", "settlement": "accepted"}  # the state in which it is in force


class Promise(Struct, array_like=True, frozen=True, gc=False):
    state: str  # open, kept, partly_kept, broken, cancelled
    on: date  # since when


class Hold(Struct, array_like=True, frozen=True, gc=False):
    kind: str
    from_on: date
    until_on: date | None = None
    released_on: date | None = None  # the first day without it

    def stands_on(self, day: date) -> bool:
        return (
            self.from_on <= day
            and (self.until_on is None or day <= self.until_on)
            and (self.released_on is None or day < self.released_on)
        )


class Agreements(Struct):
    """Part of an account's state, moved by the ledger's events alone."""

    promises: dict[str, Promise] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)  # the state of each
    settlements: dict[str, str] = field(default_factory=dict)
    missed: dict[str, None] = field(default_factory=dict)  # instalments, by arrangement and number
    holds: dict[str, Hold] = field(default_factory=dict)
    placements: dict[str, None] = field(default_factory=dict)  # those that stand

    def promised(self, state: str) -> int:
        return sum([promise.state == state for promise in self.promises.values()])

    def broken_since(self, day: date) -> int:
        return sum([p.state == "broken" and p.on >= day for p in self.promises.values()])

    @property
    def arrangement(self) -> Literal["plan", "settlement"] | None:
        """What is in force: the ledger lets only one be, by currency."""
        if ARRANGED["plan"] in self.plans.values():
            return "plan"
        return "settlement" if ARRANGED["settlement"] in self.settlements.values() else None

    @property
    def missed_instalments(self) -> int:
        """Those that stand missed, of arrangements that are in force."""
        in_force = {f"plan {name}" for name, s in self.plans.items() if s == ARRANGED["plan"]}
        in_force |= {
            f"settlement {name}"
            for name, state in self.settlements.items()
            if state == ARRANGED["settlement"]
        }
        return sum([name.rpartition(" ")[0] in in_force for name in self.missed])

    def hold_kinds(self, day: date) -> tuple[str, ...]:
        return tuple(sorted({hold.kind for hold in self.holds.values() if hold.stands_on(day)}))


class AgreementFeatures(NamedTuple):
    """What assessments look at, in the order of `Features`."""

    open_promises: int = 0
    promises_kept: int = 0
    promises_partly_kept: int = 0
    promises_broken: int = 0  # lately
    promises_ever_broken: int = 0
    arrangement: str | None = None
    missed_instalments: int = 0
    plans_defaulted: int = 0
    settlements_lapsed: int = 0
    hold_kinds: tuple[str, ...] = ()
    is_placed: bool = False


NOTHING_AGREED = AgreementFeatures()


def agreement_features(
    agreements: Agreements | None, on: date | None, broken_from: date | None
) -> AgreementFeatures:
    """As of the latest day known."""
    if agreements is None or on is None or broken_from is None:
        return NOTHING_AGREED
    return AgreementFeatures(
        open_promises=agreements.promised("open"),
        promises_kept=agreements.promised("kept"),
        promises_partly_kept=agreements.promised("partly_kept"),
        promises_broken=agreements.broken_since(broken_from),
        promises_ever_broken=agreements.promised("broken"),
        arrangement=agreements.arrangement,
        missed_instalments=agreements.missed_instalments,
        plans_defaulted=sum([state == "defaulted" for state in agreements.plans.values()]),
        settlements_lapsed=sum([state == "lapsed" for state in agreements.settlements.values()]),
        hold_kinds=agreements.hold_kinds(on),
        is_placed=bool(agreements.placements),
    )
