"""What was planned to be at hand, beside what was used of it."""

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct, field

from services.metrics.domain.plans.document import Resources


class Certificate(Struct, frozen=True, kw_only=True):
    """As it was last announced."""

    collector: str
    name: str
    valid_from: date
    valid_until: date | None = None
    suspended: bool = False

    def is_valid_on(self, day: date) -> bool:
        is_over = self.valid_until is not None and self.valid_until < day
        return not self.suspended and self.valid_from <= day and not is_over


class WorkDone(Struct, frozen=True, kw_only=True):
    """From the plan's first day on."""

    seconds: Mapping[str, int] = field(default_factory=dict)  # of tasks, by collector
    attempts: Mapping[str, int] = field(default_factory=dict)  # by channel


class PersonUse(Struct, frozen=True, kw_only=True):
    collector: str
    role: str | None
    hours: float
    planned_hours: float  # to date
    share: float | None
    missing: tuple[str, ...]  # certificates


class ChannelUse(Struct, frozen=True, kw_only=True):
    channel: str
    attempts: int
    planned: int  # to date
    share: float | None


class ResourceUse(Struct, frozen=True, kw_only=True):
    people: tuple[PersonUse, ...]
    channels: tuple[ChannelUse, ...]
    tools: tuple[str, ...]
    training: tuple[str, ...]


def use_of(
    resources: Resources,
    done: WorkDone,
    certificates: Iterable[Certificate],
    *,
    from_on: date,
    day: date,
) -> ResourceUse:
    """At the end of the day."""
    days = max((day - from_on).days + 1, 0)
    valid = {(each.collector, each.name) for each in certificates if each.is_valid_on(day)}
    people = []
    for person in resources.people:
        planned = person.hours_per_week * days / 7
        hours = done.seconds.get(person.collector, 0) / 3600
        people.append(
            PersonUse(
                collector=person.collector,
                role=person.role,
                hours=round(hours, 2),
                planned_hours=round(planned, 2),
                share=hours / planned if planned else None,
                missing=tuple(
                    name for name in resources.training if (person.collector, name) not in valid
                ),
            )
        )
    channels = []
    for channel in resources.channels:
        attempts, allowed = done.attempts.get(channel.channel, 0), channel.per_day * days
        channels.append(
            ChannelUse(
                channel=channel.channel,
                attempts=attempts,
                planned=allowed,
                share=attempts / allowed if allowed else None,
            )
        )
    return ResourceUse(
        people=tuple(people),
        channels=tuple(channels),
        tools=resources.tools,
        training=resources.training,
    )
