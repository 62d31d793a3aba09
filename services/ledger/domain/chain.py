"""How the journal is sealed: each entry by the one before, each account's head by a tree of hashes.

Everything that is hashed is RFC 8785 JSON of texts, as docs/journal.md shows: texts only, because a
number beyond 2^53 would not survive other people's JSON. `services/ledger/verify.py` checks the
same with nothing but the standard library, and shares no line with this on purpose.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

import msgspec
from msgspec import Struct

FORMAT = "recoup-journal-1"
GENESIS = sha256(FORMAT.encode()).digest()  # `prev` of an account's first entry
NO_SEAL = bytes(32)  # `previous` of the first seal
BLOCK_LEAVES = 1024  # a power of two: whole blocks are subtrees of every larger tree

_JSON = msgspec.json.Encoder()


class ChainedEntry(Struct, frozen=True, gc=False):
    """What is hashed of an entry: its members in the order that RFC 8785 gives them."""

    account: str
    cause: str
    currency: str
    effective_on: date
    fact_id: str
    fact_kind: str
    n: str
    postings: list[tuple[str, str]]  # by ledger account
    prev: str
    recorded_at: str
    tenant: str


class EntryContent(Protocol):
    """What an entry says by itself, wherever it stands."""

    @property
    def fact_kind(self) -> str: ...
    @property
    def fact_id(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def effective_on(self) -> date: ...
    @property
    def postings(self) -> tuple[tuple[str, int], ...]: ...


def chained(
    key: tuple[str, str], n: int, entry: EntryContent, recorded_at: datetime, previous: bytes
) -> ChainedEntry:
    """An entry in its place: the `n`th of an account (tenant, account), after a hash (of the first:
    nothing)."""
    return ChainedEntry(
        key[1],
        entry.cause,
        entry.currency,
        entry.effective_on,
        entry.fact_id,
        entry.fact_kind,
        str(n),
        [(account, str(amount)) for account, amount in sorted(entry.postings)],
        (previous or GENESIS).hex(),
        instant_text(recorded_at),
        key[0],
    )


def entry_hash(entry: ChainedEntry) -> bytes:
    return sha256(_JSON.encode(entry)).digest()


@lru_cache(maxsize=64)  # the facts of a batch are recorded at one instant, or a few
def instant_text(at: datetime) -> str:
    """UTC with six decimals: `2026-03-01T09:00:00.000000Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


# ── The tree of one seal (RFC 9162) ─────────────────────────────────────────────────────────────


def leaf_hash(key: tuple[str, str], n: int, head: bytes) -> bytes:
    """Of an account's head: what its journal came to."""
    return sha256(b"\x00" + _JSON.encode((key[0], key[1], str(n), head.hex()))).digest()


def _inner(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf and keeps a hash per level, not its leaves."""

    __slots__ = ("_peaks", "leaves")

    def __init__(self) -> None:
        self.leaves = 0
        self._peaks: list[bytes] = []  # of complete subtrees, the largest first

    def add(self, leaf: bytes) -> None:
        """A leaf, or the root of a subtree of as many leaves as all the others have."""
        self.leaves += 1
        merged, count = leaf, self.leaves
        while not count & 1:
            merged = _inner(self._peaks.pop(), merged)
            count >>= 1
        self._peaks.append(merged)

    @property
    def root(self) -> bytes:
        """SHA-256 of nothing where there is no leaf."""
        if not self._peaks:
            return sha256(b"").digest()
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = _inner(peak, root)
        return root


class SealTree:
    """The tree of a whole seal, with the roots of its blocks: by them paths are found quickly."""

    __slots__ = ("_block", "_blocks", "_roots", "leaves")

    def __init__(self) -> None:
        self.leaves = 0
        self._roots: list[bytes] = []  # of complete blocks, since they were taken last
        self._block = Tree()
        self._blocks = Tree()

    def add(self, leaf: bytes) -> None:
        self.leaves += 1
        self._block.add(leaf)
        if self._block.leaves == BLOCK_LEAVES:
            self._close_block()

    def _close_block(self) -> None:
        root = self._block.root
        self._roots.append(root)
        self._blocks.add(root)
        self._block = Tree()

    def close(self) -> bytes:
        """The root, when all leaves are in."""
        if self._block.leaves:
            self._close_block()
        return self._blocks.root

    def take_blocks(self) -> list[bytes]:
        """The roots of the blocks that were completed since this was asked last."""
        taken, self._roots = self._roots, []
        return taken


def tree_path(hashes: Sequence[bytes], index: int) -> list[tuple[str, bytes]]:
    """What a leaf is hashed with on its way up: the side on which the other stands, and its hash.

    Of a tree of blocks, the path of a block's root.
    """
    path: list[tuple[str, bytes]] = []
    first, last = 0, len(hashes)
    while last - first > 1:
        middle = first + (1 << (last - first - 1).bit_length() - 1)
        if index < middle:
            path.append(("right", root_of(hashes[middle:last])))
            last = middle
        else:
            path.append(("left", root_of(hashes[first:middle])))
            first = middle
    path.reverse()
    return path


def root_of(hashes: Sequence[bytes]) -> bytes:
    tree = Tree()
    for each in hashes:
        tree.add(each)
    return tree.root


# ── The chain of seals ──────────────────────────────────────────────────────────────────────────


class Seal(Struct, frozen=True, kw_only=True, gc=False):
    """What a tenant's journal was when a day had ended: whoever keeps it can hold us to it."""

    tenant_id: str
    seal: int  # 1, 2, …
    day: date  # the day before the begun one
    accounts: int  # whose journal grew since the seal before: the leaves
    entries: int  # recorded since the seal before
    root: bytes
    previous: bytes  # hash of the seal before

    @property
    def hash(self) -> bytes:
        return sha256(_JSON.encode(self.texts())).digest()

    def texts(self) -> dict[str, str]:
        """What is hashed, in the order that RFC 8785 gives it."""
        return {
            "accounts": str(self.accounts),
            "day": self.day.isoformat(),
            "entries": str(self.entries),
            "previous": self.previous.hex(),
            "root": self.root.hex(),
            "seal": str(self.seal),
            "tenant": self.tenant_id,
        }
