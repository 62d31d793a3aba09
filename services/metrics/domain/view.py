"""An account as it was known at some moment: its kind and country, and its segment at any time."""

from bisect import bisect_left, bisect_right
from datetime import date, datetime

from services.metrics.domain.items import (
    Account,
    Paid,
    Reopened,
    Reversed,
    bounded,
    recorded_by,
)
from shared.clock import local_day


class View:
    """What the figures are split by, by the facts known. Unknown is the empty text."""

    __slots__ = (
        "_ats",
        "_days",
        "_has_zone",
        "_segments",
        "_segments_by_day",
        "country",
        "kind",
        "zone",
    )

    def __init__(self, account: Account, folded: tuple[int, int] | None, slot: int) -> None:
        """The account by its facts known then; `folded`: only the first so many of both lists."""
        profiles, segments = account.profiles, account.segments
        if folded is not None:
            profiles, segments = profiles[: folded[0]], segments[: folded[1]]
        recorded = recorded_by(profiles, slot)
        profile = recorded[-1] if recorded else None
        self.kind = profile.kind if profile else ""
        self.country = profile.country if profile else ""
        self.zone = profile.zone if profile else "UTC"
        self._has_zone = profile is not None
        changes = sorted(recorded_by(segments, slot), key=lambda change: change.at)  # stable
        self._ats = [change.at for change in changes]
        self._segments = ["", *(change.segment for change in changes)]
        self._days: list[date] = []
        self._segments_by_day = [""]
        for change in changes:
            day = bounded(change.day)
            if self._days and day <= self._days[-1]:
                self._segments_by_day[-1] = change.segment  # the last of a day holds at its end
            elif change.segment != self._segments_by_day[-1]:
                self._days.append(day)
                self._segments_by_day.append(change.segment)

    def day_of(self, fact: Paid | Reversed | Reopened) -> date:
        """The account's day of an instant: in the zone that holds by now, for the whole history.

        That is the event's `day`, unless the account's zone has changed since.
        """
        return bounded(local_day(fact.at, self.zone) if self._has_zone else fact.day)

    @property
    def has_segments(self) -> bool:
        return bool(self._ats)

    def segment_at(self, instant: datetime) -> str:
        """The segment in force at an instant."""
        if not self._ats:
            return ""
        return self._segments[bisect_right(self._ats, instant)]

    def segment_before(self, instant: datetime) -> str:
        """The segment that money finds: what it changes itself comes after it."""
        if not self._ats:
            return ""
        return self._segments[bisect_left(self._ats, instant)]

    def segment_on(self, day: date) -> str:
        """The segment at the end of a day."""
        return self._segments_by_day[bisect_right(self._days, day)]

    def moves_after(self, day: date) -> list[date]:
        """The later days on which the segment changed."""
        return self._days[bisect_right(self._days, day) :]
