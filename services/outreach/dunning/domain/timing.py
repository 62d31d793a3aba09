"""When a message may leave, by its strategy: not too soon after the last, not too many, and in its
hours. All days are those of the zone of the lowest account that it covers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.outreach.dunning.domain.strategy import WEEKDAYS, Caps, Send
from shared.calendars.statutory import Calendar
from shared.clock import day_start, local_day, zone

_DAY = timedelta(days=1)
WEEK_DAYS, MONTH_DAYS = 7, 30
SEARCHED_DAYS_MAX = 400  # for a day of sending; further on there is none


@dataclass(frozen=True, slots=True)
class Timing:
    """What went to a debtor before, as a contact in that zone sees it."""

    zone: str
    calendar: Calendar | None
    attempt_days: tuple[date, ...]
    last_message_on: date | None

    @classmethod
    def of(
        cls,
        zone_name: str,
        calendar: Calendar | None,
        attempts: Sequence[datetime],
        last_message_at: datetime | None,
    ) -> "Timing":
        return cls(
            zone_name,
            calendar,
            tuple(sorted(local_day(at, zone_name) for at in attempts)),
            None if last_message_at is None else local_day(last_message_at, zone_name),
        )

    def after_message(self, at: datetime) -> datetime:
        """One message a calendar day."""
        if self.last_message_on is None:
            return at
        return max(at, day_start(self.last_message_on + _DAY, self.zone))

    def after_caps(self, at: datetime, caps: Caps) -> datetime:
        """The first instant, not before the given one, that gap and caps let pass."""
        days = self.attempt_days
        if not days:
            return at
        day = max(local_day(at, self.zone), days[-1] + timedelta(days=caps.gap_days))
        for most, within in ((caps.per_7_days, WEEK_DAYS), (caps.per_30_days, MONTH_DAYS)):
            if most == 0:  # nothing that was made keeps it
                day = max(day, days[-1] + timedelta(days=MONTH_DAYS + 1))
            elif len(days) >= most:  # the one that has to be out of the days by then
                day = max(day, days[-most] + timedelta(days=within))
        return max(at, day_start(day, self.zone))

    def in_window(
        self, at: datetime, send: Send, preferred: tuple[time, time] | None = None
    ) -> datetime:
        """The first instant, not before the given one, in the hours of sending (half-open)."""
        opens, closes = preferred or (send.from_, send.to)
        tz = zone(self.zone)
        local = at.astimezone(tz)
        day = local.date()
        if self.is_sending_day(day, send) and opens <= local.time() < closes:
            return at
        if not (self.is_sending_day(day, send) and local.time() < opens):
            day += _DAY
        day = self._next_day(day, send)
        return max(at, datetime.combine(day, opens, tzinfo=tz).astimezone(UTC))

    def at_cut_off(self, at: datetime, send: Send, cut_off: time, zone_name: str) -> datetime:
        """Letters: the next cut-off of the tenant's on a day of sending."""
        tz = zone(zone_name)
        day = at.astimezone(tz).date()
        if datetime.combine(day, cut_off, tzinfo=tz).astimezone(UTC) < at:
            day += _DAY
        day = self._next_day(day, send)
        return datetime.combine(day, cut_off, tzinfo=tz).astimezone(UTC)

    def _next_day(self, day: date, send: Send) -> date:
        for _ in range(SEARCHED_DAYS_MAX):
            if self.is_sending_day(day, send):
                break
            day += _DAY
        return day

    def is_sending_day(self, day: date, send: Send) -> bool:
        if WEEKDAYS[day.weekday()] not in send.days:
            return False
        if send.holidays or self.calendar is None:
            return True
        return self.calendar.holiday_name(day) is None
