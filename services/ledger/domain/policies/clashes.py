"""Members of one object that do not go together."""

from collections.abc import Iterator

from msgspec import Struct


class Clash(Struct, frozen=True):
    """Members of one object that do not go together; the first is the one to change."""

    members: tuple[str, ...]
    detail: str


Clashes = Iterator[Clash]
