"""A log of events: sequences, days and what was recorded when."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec

from shared.clock import day_start, zone
from shared.events import LEDGER, METRICS, OUTREACH, SEGMENTATION, Received, ledger

TENANT = "demo"
TOPICS = (LEDGER, SEGMENTATION, OUTREACH, METRICS)


def moment(day: str, hour: int = 12, minute: int = 0) -> datetime:
    """An instant, UTC; the year is 2026 where only "02-15" is given."""
    on = date.fromisoformat(day if len(day) > 5 else f"2026-{day}")
    return datetime.combine(on, time(hour, minute), UTC)


class Log:
    """Everything that was announced, in the order in which it was."""

    def __init__(self, tenant_zone: str = "UTC", tenant: str = TENANT) -> None:
        self.tenant, self.tenant_zone = tenant, tenant_zone
        self.events: list[Received] = []
        self.now = datetime(2025, 1, 1, tzinfo=UTC)  # as of which things are recorded
        self.zones: dict[str, str] = {}
        self._sequences: dict[tuple[str, str], int] = {}

    def record_at(self, instant: datetime) -> None:
        """What is announced from now on is recorded then, or later."""
        self.now = max(self.now, instant)

    def day_of(self, instant: datetime, account: str) -> date:
        return instant.astimezone(zone(self.zones.get(account, self.tenant_zone))).date()

    def start_of(self, day: date, account: str) -> datetime:
        return day_start(day, self.zones.get(account, self.tenant_zone))

    def say(
        self,
        topic: str,
        key: str,
        type_: str,
        data: msgspec.Struct,
        at: datetime,
        day: date | None = None,
    ) -> None:
        """Announce something that happened `at`."""
        sequence = self._sequences[topic, key] = self._sequences.get((topic, key), 0) + 1
        self.events.append(
            Received(
                topic=topic,
                tenant=self.tenant,
                key=key,
                type=type_,
                id=f"{topic} {key} {sequence}",
                source=f"/recoup/{self.tenant}/{topic.partition('.')[0]}",
                sequence=sequence,
                time=at,
                day=day or self.day_of(at, key),
                recordedtime=self.now,
                data=msgspec.json.encode(data),
            )
        )

    def topics(self) -> list[list[Received]]:
        """The events of each topic and key, which stay in their order."""
        found: dict[tuple[str, str], list[Received]] = {}
        for event in self.events:
            found.setdefault((event.topic, event.key), []).append(event)
        return list(found.values())


ONE_DAY = timedelta(days=1)
__all__ = ["LEDGER", "METRICS", "ONE_DAY", "OUTREACH", "SEGMENTATION", "Log", "ledger", "moment"]
