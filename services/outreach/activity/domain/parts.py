"""Events that grow with an account come in parts, so that none is too large for the log.

`part` and `parts` are absent where one event is whole. Readers replace at part 1, then add. An
account that a part cannot hold goes on in the next one: the first cover of every part after the
first continues the last one of the part before, perhaps without a further invoice.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from shared.events import outreach

PART_BYTES_MAX = 600_000  # of covers in one event; an event may have 900,000 bytes in all
_COVER_BYTES = 100  # names and numbers of a cover, as JSON


def covers_in_parts(covers: Iterable[outreach.Cover]) -> list[tuple[outreach.Cover, ...]]:
    """At least one part; each but the first begins where the one before it ends."""
    parts: list[tuple[outreach.Cover, ...]] = []
    part: list[outreach.Cover] = []
    left = PART_BYTES_MAX
    for cover in covers:
        needed = _COVER_BYTES + _bytes(cover.account_id)
        if part and needed > left:
            parts.append(tuple(part))
            part = [replace(part[-1], invoice_ids=())]
            left = PART_BYTES_MAX - _COVER_BYTES - _bytes(part[0].account_id)
        left -= needed
        slices = ids_in_parts(cover.invoice_ids, first=left, rest=PART_BYTES_MAX - needed)
        for number, invoice_ids in enumerate(slices):
            if number:
                parts.append(tuple(part))
                part, left = [], PART_BYTES_MAX - needed
            part.append(replace(cover, invoice_ids=invoice_ids))
            left -= sum(map(_bytes, invoice_ids))
    return [*parts, tuple(part)]


def ids_in_parts(
    ids: Sequence[str], *, first: int = PART_BYTES_MAX, rest: int = PART_BYTES_MAX
) -> list[tuple[str, ...]]:
    """The ids cut to so many bytes: of the first part, and of each further one."""
    parts: list[tuple[str, ...]] = []
    part: list[str] = []
    left = first
    for id_ in ids:
        needed = _bytes(id_)
        if needed > left:
            parts.append(tuple(part))
            part, left = [], rest
        part.append(id_)
        left -= needed
    return [*parts, tuple(part)]


def task_in_parts(task: outreach.TaskCreated, cause: str) -> list[tuple[str, outreach.TaskCreated]]:
    """A task whose invoices don't fit one event comes in several; each with its cause."""
    parts = ids_in_parts(task.invoice_ids)
    return [
        (
            part_cause(cause, number),
            replace(task, invoice_ids=invoice_ids, **numbered(number, len(parts))),
        )
        for number, invoice_ids in enumerate(parts, 1)
    ]


def part_cause(cause: str, number: int) -> str:
    """The first part is caused like a whole event, so that it has the same id."""
    return cause if number == 1 else f"{cause} part {number}"


def numbered(number: int, parts: int) -> dict[str, Any]:
    """The members that number a part; a whole event has none."""
    return {"part": number, "parts": parts} if parts > 1 else {"part": UNSET, "parts": UNSET}


def _bytes(text: str) -> int:
    """Of a text as JSON, with its comma."""
    return len(msgspec.json.encode(text)) + 1
