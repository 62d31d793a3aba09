"""How far an import from the command line has come: kept in a file, for when it is killed.

A line for each part that went in; a line that was cut off says nothing. When all is through, the
file is removed.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from shared.csv_events.rows import Refusal


class SentPart(Struct, frozen=True):
    """What became of some events that followed one another."""

    events: int
    accepted: int
    duplicates: int
    refusals: list[tuple[int, int, str, str]] = []  # line, last, column, reason

    def refused(self) -> list[Refusal]:
        return [Refusal(line, col, why, last) for line, last, col, why in self.refusals]


_DECODER = msgspec.json.Decoder(SentPart)


class Position:
    """The parts of one import that went in."""

    def __init__(self, path: Path | None) -> None:
        """Without a path nothing is kept."""
        self._path = path
        self.parts = list(_read(path)) if path is not None and path.exists() else []
        self._file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        if kind is None and self._path is not None:
            self._path.unlink(missing_ok=True)

    @property
    def sent(self) -> int:
        return sum(part.events for part in self.parts)

    def note(self, part: SentPart) -> None:
        self.parts.append(part)
        if self._file is not None:
            self._file.write(msgspec.json.encode(part) + b"\n")
            self._file.flush()

    def forget(self) -> None:
        """Begin anew: what is kept is not true of this ledger."""
        self.parts.clear()
        if self._file is not None:
            self._file.truncate(0)


def _read(path: Path) -> list[SentPart]:
    parts = []
    for line in path.read_bytes().split(b"\n"):
        try:
            parts.append(_DECODER.decode(line))
        except msgspec.MsgspecError:
            break
    return parts
