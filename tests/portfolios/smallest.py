"""The least of a portfolio's events with which a question is still answered otherwise."""

from collections.abc import Callable, Sequence

from shared.events import Received

Events = list[Received]


def smallest(events: Sequence[Received], is_wrong: Callable[[Events], bool]) -> Events:
    """Leave out what can be left out: halves, then less, then one by one."""
    left, size = list(events), len(events) // 2
    while size:
        start = 0
        while start < len(left):
            fewer = left[:start] + left[start + size :]
            if is_wrong(fewer):
                left = fewer
            else:
                start += size
        size //= 2
    return left


def told(events: Sequence[Received]) -> str:
    """One line for each."""
    return "\n".join(
        f"{event.key or '-'} {event.type} at {event.time} (day {event.day}, recorded"
        f" {event.recordedtime}): {(event.data or b'').decode()}"
        for event in events
    )
