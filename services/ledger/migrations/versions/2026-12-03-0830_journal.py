"""The journal's chain anew, with tenant, account and number in it; seals."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "ledger_0011"
down_revision = "ledger_0010"
branch_labels = None
depends_on = None

_BATCH = 5_000  # entries in memory
_GENESIS = sha256(b"recoup-journal-1").hexdigest()
_READ = sa.text(
    "select tenant_id, account_id, entry, fact_kind, fact_id, cause, currency, effective_on,"
    " recorded_at, convert_from(postings, 'UTF8') from journal"
    " where (tenant_id, account_id, entry) > (:tenant, :account, :entry)"
    " order by tenant_id, account_id, entry limit :limit"
)
_WRITE = sa.text(
    "update journal j set hash = decode(u.h, 'hex')"
    " from unnest(cast(:tenants as text[]), cast(:accounts as text[]),"
    " cast(:entries as int[]), cast(:hashes as text[])) as u (t, a, n, h)"
    " where j.tenant_id = u.t and j.account_id = u.a and j.entry = u.n"
)
_HEADS = (
    "update accounts a set journal_hash = j.hash from journal j where a.entries > 0"
    " and j.tenant_id = a.tenant_id and j.account_id = a.account_id and j.entry = a.entries"
)


def upgrade() -> None:
    _create_seals()
    op.execute("lock table accounts, journal in exclusive mode")  # reads go on
    place, head = ("", "", 0), _GENESIS
    while rows := _read(place):
        hashed = []
        for row in rows:
            if (row[0], row[1]) != place[:2]:
                head = _GENESIS
            head = _hash(row, head)
            place = (row[0], row[1], row[2])
            hashed.append((*place, head))
        _write(hashed)
    op.execute(_HEADS)


def _read(place: tuple[str, str, int]) -> list[Any]:
    values = {"tenant": place[0], "account": place[1], "entry": place[2], "limit": _BATCH}
    return list(op.get_bind().execute(_READ, values))


def _write(hashed: Iterable[tuple[str, str, int, str]]) -> None:
    names = ("tenants", "accounts", "entries", "hashes")
    columns: Iterator[list[Any]] = map(list, zip(*hashed, strict=True))
    op.get_bind().execute(_WRITE, dict(zip(names, columns, strict=True)))


def _hash(row: Any, previous: str) -> str:
    tenant, account, n, fact_kind, fact_id, cause, currency, effective_on, recorded_at, posted = row
    at = recorded_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    entry = {
        "tenant": tenant,
        "account": account,
        "n": str(n),
        "fact_kind": fact_kind,
        "fact_id": fact_id,
        "cause": cause,
        "currency": currency,
        "effective_on": effective_on.isoformat(),
        "recorded_at": f"{at}Z",
        "postings": [[name, str(minor)] for name, minor in sorted(json.loads(posted))],
        "prev": previous,
    }
    canonical = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return sha256(canonical.encode()).hexdigest()


def _create_seals() -> None:
    op.create_index(
        "ix_accounts_bytes", "accounts", ["tenant_id", sa.text('account_id collate "C"')]
    )
    op.create_table(
        "seals",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("seal", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seal", name=op.f("pk_seals")),
    )
    op.create_table(
        "seal_heads",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("seal", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seal", "leaf", name=op.f("pk_seal_heads")),
    )
    op.create_index(
        "ix_seal_heads_account", "seal_heads", ["tenant_id", "account_id", "seal"], unique=True
    )
    op.create_table(
        "seal_blocks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("seal", sa.Integer(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seal", "block", name=op.f("pk_seal_blocks")),
    )


def downgrade() -> None:
    """The chains stay as they are: version 7 reads them as broken."""
    op.drop_table("seal_blocks")
    op.drop_table("seal_heads")
    op.drop_table("seals")
    op.drop_index("ix_accounts_bytes", "accounts")
