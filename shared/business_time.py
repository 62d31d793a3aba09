"""Business time: how far a tenant's calendar has come; it only moves forward (docs/ledger.md).

It comes in with the work: `start-day` and `run-due` bring it, or a scheduler in their place. With
the system clock it follows the machine; with the manual one it stands where the work has brought
it, so that a year can be replayed in a minute. Everything here is a pure function of instants:
`clock` alone asks the machine.
"""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from shared.clock import day_start, local_day
from shared.errors import FieldError, Invalid

Clock = Literal["system", "manual"]
EARLIEST_ZONE = "Pacific/Kiritimati"  # where days begin first


class Begun(Struct, frozen=True):
    """A tenant's begun day: by `day` for all zones, by `at` for each zone its own."""

    day: date | None = None
    at: datetime | None = None

    def on(self, zone: str) -> date | None:
        """The last day that has begun in the zone; None: nothing has begun."""
        if self.at is None:
            return self.day
        reached = local_day(self.at, zone)
        return reached if self.day is None or reached > self.day else self.day

    def anywhere(self) -> date | None:
        """The latest calendar day that has begun anywhere: zones reach to UTC+14."""
        return self.on(EARLIEST_ZONE)

    def since(self, zone: str) -> datetime | None:
        """The latest instant that was reached when it began; None: nothing has begun."""
        known = [self.at, None if self.day is None else day_start(self.day, zone)]
        return max((instant for instant in known if instant is not None), default=None)


NOTHING_BEGUN = Begun()


def business_now(mode: Clock, machine: datetime, latest: datetime | None) -> datetime:
    """The instant at which something that is decided now is decided.

    `latest` is the latest instant of business time that is known. The machine's instant counts with
    the system clock, and where nothing has happened yet.
    """
    if latest is None:
        return machine
    return max(machine, latest) if mode == "system" else latest


def refuse_future(mode: Clock, machine: datetime, *, at: datetime | None) -> None:
    """Raises `Invalid` for an instant that the machine has not reached, with the system clock."""
    if mode == "system" and at is not None and at > machine:
        detail = f"{at.isoformat()} is in the future; with the system clock it can't be"
        raise Invalid("Business time is the machine's here.", [FieldError("/at", detail)])


def refuse_future_day(mode: Clock, machine: datetime, *, day: date | None, zone: str) -> None:
    """Raises `Invalid` for a day that has not begun in the zone, with the system clock."""
    if mode == "system" and day is not None and day_start(day, zone) > machine:
        detail = f"{day.isoformat()} has not begun in {zone}"
        raise Invalid("Business time is the machine's here.", [FieldError("/day", detail)])
