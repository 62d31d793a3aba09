"""States of accounts that need not be read and decoded again: a bounded memory per process.

A state is true only while its revision is the row's: every write of a state raises the row's
revision, so a state that another process has moved on is read again. Whoever takes a state out
owns it and may change it in place; it comes back after the commit, and is forgotten otherwise.
"""

from collections import OrderedDict

from services.segmentation.domain.account import Account
from services.segmentation.domain.beliefs import Key

WEIGHT_MAX = 100_000  # an account weighs 1 and 1 for each of its invoices: about 100 MB


class AccountMemory:
    """One per process, in its context."""

    def __init__(self, weight_max: int = WEIGHT_MAX) -> None:
        self._weight_max = weight_max
        self._weight = 0
        self._kept: OrderedDict[Key, tuple[int, Account, int]] = OrderedDict()

    def take(self, key: Key) -> tuple[int, Account] | None:
        """The state and its revision; it is the caller's from now on."""
        kept = self._kept.pop(key, None)
        if kept is None:
            return None
        revision, state, weight = kept
        self._weight -= weight
        return revision, state

    def keep(self, key: Key, revision: int, state: Account) -> None:
        """Keep a state that is committed. The states that were used longest ago make room."""
        self.take(key)
        weight = 1 + len(state.invoices)
        self._kept[key] = (revision, state, weight)
        self._weight += weight
        while self._weight > self._weight_max:
            _, (_, _, gone) = self._kept.popitem(last=False)
            self._weight -= gone
