"""What the journal was, so that it can be held to it."""

from datetime import date

from msgspec import Struct


class LedgerSealed(Struct, frozen=True, kw_only=True, gc=False):
    """What the tenant's journal was at the end of a day (docs/journal.md); of no account.

    Whoever keeps these can hold the ledger to them. Hashes are SHA-256 in lower-case hex.
    """

    seal: int  # 1, 2, …
    day: date
    accounts: int  # whose journal grew since the seal before
    entries: int  # recorded since then
    root: str
    previous: str  # hash of the seal before
    hash: str
