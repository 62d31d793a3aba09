"""An account as it was known at some moment: its kind, country and zone, and its place at any time.

A place is what a figure is split by and may change: the segment, and within an experiment the arm.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Self

from services.metrics.domain.accounts import Profile, Segment
from services.metrics.domain.cells import Cell
from services.metrics.domain.slots import FAR, bounded
from shared.clock import local_day


class Place(NamedTuple):
    """Where an account stands at some time."""

    segment: str = ""
    cut: str = ""  # experiment/arm


NOWHERE = Place()


class View:
    """What the figures are split by, by the facts known."""

    __slots__ = (
        "_ats", "_changes", "_days", "_experiment", "_has_zone", "_places", "_places_by_day",
        "country", "kind", "made", "zone",
    )  # fmt: skip

    def __init__(
        self, profiles: Sequence[Profile], segments: Sequence[Segment], experiment: str = ""
    ) -> None:
        """By the facts known; within an `experiment` places have the arm as their `cut`."""
        profile = profiles[-1] if profiles else None
        self.kind = profile.kind if profile else ""
        self.country = profile.country if profile else ""
        self.zone = profile.zone if profile else "UTC"
        self._has_zone = profile is not None
        # What was made of facts in this view, by the last of them and how many they are.
        self.made: dict[tuple[int, int], Any] = {}
        self._experiment = experiment
        self._changes = sorted(segments, key=lambda change: change.at)  # stable
        self._ats = [change.at for change in self._changes]
        self._places = [NOWHERE, *(self._place_after(change) for change in self._changes)]
        self._days: list[date] = []
        self._places_by_day = [NOWHERE]
        for change, place in zip(self._changes, self._places[1:], strict=True):
            day = bounded(change.day)
            if self._days and day <= self._days[-1]:
                self._places_by_day[-1] = place  # the last of a day holds at its end
            elif place != self._places_by_day[-1]:
                self._days.append(day)
                self._places_by_day.append(place)

    def _place_after(self, change: Segment) -> Place:
        arm = change.arms.get(self._experiment) if self._experiment else None
        return Place(change.segment, f"{self._experiment}/{arm}" if arm else "")

    def within_experiments(self) -> Iterator[Self]:
        """A view for each experiment that the account is or was in."""
        names = {name for change in self._changes for name in change.arms}
        for name in sorted(names):
            view = type(self)([], self._changes, name)
            view.kind, view.country = self.kind, self.country
            view.zone, view._has_zone = self.zone, self._has_zone
            yield view

    def cell(
        self,
        measure: str,
        currency: str,
        day: date,
        place: Place,
        *,
        until: date = FAR,
        mark: str = "",
        channel: str = "",
        strategy: str = "",
        collector: str = "",
    ) -> Cell:
        """Where something of this account adds up."""
        return Cell(
            measure=measure,
            currency=currency,
            day=day,
            until=until,
            mark=mark,
            cut=place.cut,
            segment=place.segment,
            country=self.country,
            kind=self.kind,
            channel=channel,
            strategy=strategy,
            collector=collector,
        )

    def day_of(self, at: datetime, day: date) -> date:
        """The account's day of an instant: in the zone that holds by now, for the whole history.

        That is the event's `day`, unless the account's zone has changed since.
        """
        return bounded(local_day(at, self.zone) if self._has_zone else day)

    @property
    def known_zone(self) -> str:
        """The zone; the empty text where none is known, so that days are those of the events."""
        return self.zone if self._has_zone else ""

    @property
    def moves(self) -> bool:
        """Whether the account was ever anywhere else than in the unknown segment."""
        return bool(self._ats)

    def place_at(self, instant: datetime) -> Place:
        """The place at an instant."""
        if not self._ats:
            return NOWHERE
        return self._places[bisect_right(self._ats, instant)]

    def place_before(self, instant: datetime) -> Place:
        """The place that money finds: what it changes itself comes after it."""
        if not self._ats:
            return NOWHERE
        return self._places[bisect_left(self._ats, instant)]

    def place_on(self, day: date) -> Place:
        """The place at the end of a day."""
        return self._places_by_day[bisect_right(self._days, day)]

    def moves_after(self, day: date) -> list[date]:
        """The later days on which the place changed."""
        return self._days[bisect_right(self._days, day) :]
