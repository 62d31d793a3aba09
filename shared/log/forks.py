"""Forks: a log that says something else under numbers that a reader has taken in already.

A producer's database that was brought back from a copy gives numbers again. A reader that went on
further has applied what never happened now. It must neither drop the new history as repeats nor
mix the two: the account is parked, and a person decides (docs/operations.md, Backup and restore).

Each event carries the epoch of its producer's database, which a restore raises. Where none was
raised, the last ids of each key tell.
"""

from dataclasses import dataclass
from zlib import crc32

from msgspec import Struct

from shared.events import COMPACTED, Received
from shared.log.wire import RawRecord, Record, from_kafka

REASON = "log-forked"  # how the reason of each such dead letter begins
RECENT_MAX = 16  # ids that a head remembers
_MARK_LENGTH = 8
_UNKNOWN = "-" * _MARK_LENGTH


class Fork(Struct, frozen=True):
    """An event that contradicts what was taken in."""

    record: Record
    event: Received
    reason: str
    origin: str = ""  # where it came from, of one that waited


@dataclass(slots=True)
class Head:
    """How far a key's events are applied."""

    sequence: int = 0
    is_parked: bool = False
    has_waiting: bool = False
    epoch: int = 1  # of the last event applied
    epoch_from: int = 1  # the first number of that epoch, as it came
    recent: str = ""  # marks of the ids of the last numbers, the head's last of all

    def advance(self, number: int, event: Received | None) -> None:
        """Move to this number; without an event it was done without."""
        jump = number - self.sequence
        mark = _UNKNOWN if event is None else _mark(event.id)
        if jump < 1 or jump > RECENT_MAX:
            self.recent = mark
        else:
            self.recent = f"{self.recent}{_UNKNOWN * (jump - 1)}{mark}"
            self.recent = self.recent[-RECENT_MAX * _MARK_LENGTH :]
        self.sequence = number
        if event is not None and event.epoch > self.epoch:
            self.epoch, self.epoch_from = event.epoch, number

    def is_behind(self, event: Received) -> bool:
        """Whether the event is none that this head has passed."""
        if event.topic in COMPACTED:  # only the last value counts, and a new epoch's is newer
            return (event.epoch, event.sequence) > (self.epoch, self.sequence)
        return event.sequence > self.sequence

    def fork(self, event: Received) -> str | None:
        """Why this event cannot belong to the log that was read up to here; None: it can."""
        number, epoch = event.sequence, event.epoch
        if event.topic not in COMPACTED:
            if epoch < self.epoch and number >= self.epoch_from:
                return (
                    f"{REASON}: number {number} is of epoch {epoch}, which a restore took back; "
                    f"epoch {self.epoch} began at number {self.epoch_from}"
                )
            if number <= self.sequence and epoch > self.epoch:
                return (
                    f"{REASON}: number {number} was given again in epoch {epoch}, after it was "
                    f"taken in from epoch {self.epoch}: the producer was restored, and this "
                    "reader knows what the restore took back"
                )
        if number <= self.sequence and epoch == self.epoch and self._knows_another(event):
            return (
                f"{REASON}: number {number} was given to another event before: the producer was "
                "restored from a copy"
            )
        return None

    def _knows_another(self, event: Received) -> bool:
        end = len(self.recent) - (self.sequence - event.sequence) * _MARK_LENGTH
        known = self.recent[end - _MARK_LENGTH : end] if end >= _MARK_LENGTH else _UNKNOWN
        return known not in (_UNKNOWN, _mark(event.id))


def of_waiting(record: RawRecord) -> Received:
    """What waits was readable when it came; a later version may ask more. Raises `Unreadable`."""
    return from_kafka(record)


def skip_of(event: Received) -> tuple[str, str, int]:
    """How `skips` calls the decision to do without this event, wherever it is read again."""
    return (REASON, event.id, event.sequence)


def is_fork(reason: str) -> bool:
    """Whether a dead letter is one for this reason."""
    return reason.startswith(REASON)


def _mark(event_id: str) -> str:
    return f"{crc32(event_id.encode()):08x}"
