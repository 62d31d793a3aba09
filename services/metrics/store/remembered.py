"""Whole accounts, remembered by a worker from one fold to the next.

An account that is remembered is used only where its row, once locked, still has the version that it
was remembered with: whoever else folded it meanwhile has counted that up. Who takes an account out
changes it; it comes back when all is committed, and is forgotten otherwise.
"""

from collections import OrderedDict

from services.metrics.domain.accounts import AccountItems

AccountKey = tuple[str, str]  # tenant, account

BYTES_MAX = 256 * 1024 * 1024
# What things take in memory, measured roughly: an account, an item, a fact, a cell.
_ACCOUNT_BYTES, _ITEM_BYTES, _FACT_BYTES, _CELL_BYTES = 1000, 600, 400, 350


class Remembered:
    """The accounts used last, as many as fit."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._accounts: OrderedDict[AccountKey, tuple[int, AccountItems, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._accounts)

    @property
    def bytes(self) -> int:
        """What they take, about."""
        return self._bytes

    def version(self, key: AccountKey) -> int:
        """The version of the account that is remembered; 0: none is."""
        found = self._accounts.get(key)
        return found[0] if found else 0

    def take(self, key: AccountKey) -> AccountItems | None:
        """Take the account out: it is to be changed."""
        found = self._accounts.pop(key, None)
        if found is None:
            return None
        self._bytes -= found[2]
        return found[1]

    def put(self, key: AccountKey, version: int, items: AccountItems) -> None:
        """Remember the account as it was committed, and forget those not used for longest."""
        self.take(key)
        size = _size(items)
        if size > self._bytes_max:
            return
        self._accounts[key] = (version, items, size)
        self._bytes += size
        while self._bytes > self._bytes_max:
            _, (_, _, freed) = self._accounts.popitem(last=False)
            self._bytes -= freed


def _size(items: AccountItems) -> int:
    size = _ACCOUNT_BYTES
    for item in items.by_key.values():
        size += _ITEM_BYTES + _FACT_BYTES * len(item.facts) + _CELL_BYTES * len(item.cells or ())
    return size
