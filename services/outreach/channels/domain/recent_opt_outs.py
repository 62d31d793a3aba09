"""Opt-outs that were recorded lately, in one process."""

from collections import OrderedDict
from typing import Final

REMEMBERED_MAX: Final = 10_000
REMEMBERED_SECONDS: Final = 60.0


class RecentOptOuts:
    """A mail program that repeats itself, or somebody who means harm, costs nothing more."""

    def __init__(self) -> None:
        self._at: OrderedDict[str, float] = OrderedDict()

    def holds(self, contact_id: str, now: float) -> bool:
        at = self._at.get(contact_id)
        return at is not None and now - at < REMEMBERED_SECONDS

    def add(self, contact_id: str, now: float) -> None:
        self._at[contact_id] = now
        self._at.move_to_end(contact_id)
        if len(self._at) > REMEMBERED_MAX:
            self._at.popitem(last=False)
