"""The lines of an exported journal (docs/journal.md): NDJSON, all values texts."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import UNSET, Struct, UnsetType

from services.ledger.domain.chain import FORMAT, ChainedEntry, Seal, instant_text

_JSON = msgspec.json.Encoder()

Path = Sequence[tuple[str, bytes]]


class Header(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the file holds: at least so much, as the journal may grow while it is written."""

    format: str
    tenant: str
    exported_at: str
    accounts: str
    entries: str
    seals: str
    account: str | UnsetType = UNSET  # the only one
    from_seal: str | UnsetType = UNSET  # what the seals before it have sealed is not in here


def header_line(
    tenant_id: str,
    exported_at: datetime,
    *,
    accounts: int,
    entries: int,
    seals: int,
    account_id: str | None,
    from_seal: int,
) -> bytes:
    header = Header(
        format=FORMAT,
        tenant=tenant_id,
        exported_at=instant_text(exported_at),
        accounts=str(accounts),
        entries=str(entries),
        seals=str(seals),
        account=UNSET if account_id is None else account_id,
        from_seal=UNSET if from_seal == 1 else str(from_seal),
    )
    return _JSON.encode(header) + b"\n"


def entry_line(entry: ChainedEntry, kept_hash: bytes) -> bytes:
    """The very bytes that were hashed, and the hash."""
    hashed = _JSON.encode(entry)
    return b'{"entry":%b,"hash":"%b"}}\n' % (hashed[:-1], kept_hash.hex().encode())


def head_line(seal: int, account_id: str, n: int, head: bytes, path: Path | None) -> bytes:
    """A leaf of a seal; with its way up to the root where the other leaves are not there."""
    line: dict[str, object] = {
        "seal": str(seal),
        "account": account_id,
        "n": str(n),
        "hash": head.hex(),
    }
    if path is not None:
        line["path"] = [(side, other.hex()) for side, other in path]
    return _JSON.encode({"head": line}) + b"\n"


def seal_line(seal: Seal, kept_hash: bytes) -> bytes:
    return _JSON.encode({"seal": {**seal.texts(), "hash": kept_hash.hex()}}) + b"\n"
