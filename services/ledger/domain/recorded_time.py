"""`recordedtime`: the business instant at which a fact is recorded (docs/ledger.md, Days).

It never goes back. With the system clock it is the machine's instant; with the manual one 00:00 of
the begun day, and before any has begun the latest `time` of the events accepted so far.
"""

from datetime import datetime

from shared.business_time import Begun, Clock
from shared.clock import day_start


class RecordedTime:
    """Where one tenant's `recordedtime` stands during a transaction."""

    def __init__(
        self, mode: Clock, begun: Begun, *, floor: datetime | None, zone: str, machine: datetime
    ) -> None:
        """`floor` is where it stood at the end of the transaction before."""
        self._machine = machine
        self.grows = False  # with the events' times: what it reaches has to be kept
        if mode == "system":
            reached: datetime | None = machine
        else:
            begun_on = begun.on(zone)
            self.grows = begun_on is None
            reached = day_start(begun_on, zone) if begun_on is not None else None
        known = [instant for instant in (reached, floor) if instant is not None]
        self.latest = max(known, default=None)

    @property
    def now(self) -> datetime:
        """For what is recorded now, whatever it is about."""
        return self.latest if self.latest is not None else self._machine

    def of_event(self, time: datetime | None) -> datetime:
        """For the next accepted event, which may move it."""
        if self.grows and time is not None and (self.latest is None or time > self.latest):
            self.latest = time
        return self.now
