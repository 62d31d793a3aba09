"""Accounts kept in memory, and whose turn it is with each.

A remembered account is changed in place by whoever has its turn: one task of the process at a time,
from before its row is locked until its transaction has ended. It is true up to its version; what
other processes stored since then is read when the row is locked (`commands/accounts.py`).
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable

from services.ledger.domain import AccountState
from services.ledger.domain.undo import UNDO_FACTS
from services.ledger.store.journal import AccountKey
from shared.database import Session

FACTS_MAX = 400_000  # in one process
HEAVY_FACTS = 5_000  # of one account: from here on it is read and changed apart from the others
_PATIENCE_SECONDS = 1.0


class Remembered:
    """An account as it was stored at a version."""

    __slots__ = ("state", "version", "weight")

    def __init__(self, version: int, state: AccountState) -> None:
        self.version = version
        self.state = state
        self.weight = len(state.facts)


class Turns:
    """Who may look at an account in memory and change it: first come, first served."""

    def __init__(self) -> None:
        self._taken: dict[AccountKey, deque[asyncio.Future[None]]] = {}

    def is_taken(self, key: AccountKey) -> bool:
        return key in self._taken

    def try_take(self, key: AccountKey) -> bool:
        """Take the turn if it is free."""
        if key in self._taken:
            return False
        self._taken[key] = deque()
        return True

    async def take(self, key: AccountKey, session: Session) -> None:
        """Wait for the turn and take it; the session's transaction is kept alive meanwhile."""
        if self.try_take(key):
            return
        waiter = asyncio.get_running_loop().create_future()
        self._taken[key].append(waiter)
        try:
            while not waiter.done():
                await asyncio.wait([waiter], timeout=_PATIENCE_SECONDS)
                if not waiter.done():
                    await session.keep_alive()
        except BaseException:
            if waiter.done():
                self.give_back(key)
            else:
                waiter.cancel()
            raise

    def give_back(self, key: AccountKey) -> None:
        waiters = self._taken[key]
        while waiters:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        del self._taken[key]


class AccountMemory:
    """Accounts as last seen, so that none is computed again for every fact.

    Bounded by the facts it holds; what was used least recently goes first. One account may be
    larger than all that is allowed: then it is alone, until another needs the room.
    """

    def __init__(self, *, facts_max: int = FACTS_MAX, undo_facts: int | None = UNDO_FACTS) -> None:
        self.undo_facts = undo_facts  # of each account; a fact before them costs a computation
        self.turns = Turns()
        self.apart: set[AccountKey] = set()  # at work on many events, or read for the first time
        self._accounts: OrderedDict[AccountKey, Remembered] = OrderedDict()
        self._facts_max = facts_max
        self._facts = 0

    def __contains__(self, key: AccountKey) -> bool:
        return key in self._accounts

    def recall(self, key: AccountKey) -> Remembered | None:
        found = self._accounts.get(key)
        if found is not None:
            self._accounts.move_to_end(key)
        return found

    def is_heavy(self, key: AccountKey) -> bool:
        """Whether it is known to have many facts, or is at work on many."""
        found = self._accounts.get(key)
        return key in self.apart or (found is not None and found.weight > HEAVY_FACTS)

    def remember(self, key: AccountKey, account: Remembered) -> None:
        """Remember what is stored; whoever calls has the account's turn."""
        self.forget((key,))
        account.weight = len(account.state.facts)
        self._accounts[key] = account
        self._facts += account.weight
        while self._facts > self._facts_max and len(self._accounts) > 1:
            _, oldest = self._accounts.popitem(last=False)
            self._facts -= oldest.weight

    def remember_update(self, key: AccountKey, account: Remembered, version: int) -> None:
        """The account was changed in place, and what was made of it is stored now."""
        account.version = version
        self.remember(key, account)

    def forget(self, keys: Iterable[AccountKey]) -> None:
        """Drop accounts: they are read from the database when they are needed again."""
        for key in keys:
            before = self._accounts.pop(key, None)
            if before is not None:
                self._facts -= before.weight
