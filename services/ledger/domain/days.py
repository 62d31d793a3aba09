"""The begun day: how far business time has come for a tenant, zone by zone (LEDGER.md, Days)."""

from datetime import date, datetime

from msgspec import Struct

from shared.clock import local_day


class Begun(Struct, frozen=True):
    """The tenant's begun day: by `day` for all zones, by `at` for each zone its own."""

    day: date | None = None
    at: datetime | None = None

    def on(self, zone: str) -> date | None:
        """The last day that has begun in the zone; None: nothing has begun."""
        if self.at is None:
            return self.day
        reached = local_day(self.at, zone)
        return reached if self.day is None or reached > self.day else self.day


NOTHING_BEGUN = Begun()
