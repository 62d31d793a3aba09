"""What outreach announces, with the accounts in whose timelines it stands."""

from datetime import datetime

from msgspec import Struct

from shared.events import OUTREACH, Announcement, Event


class TimelineEntry(Struct, frozen=True):
    """One announcement: `key` is the account under which it is published."""

    announcement: Announcement
    key: str
    accounts: tuple[str, ...]

    def event(self, tenant: str, recorded_at: datetime) -> Event:
        return Event.of(
            self.announcement, topic=OUTREACH, tenant=tenant, key=self.key, recordedtime=recorded_at
        )
