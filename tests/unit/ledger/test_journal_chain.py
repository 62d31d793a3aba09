"""The chain, the tree and the seal: golden values, and each against a naive computation."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain import Entry, chain
from services.ledger.domain.chain import (
    NO_SEAL,
    Seal,
    SealTree,
    Tree,
    chained,
    entry_hash,
    leaf_hash,
    root_of,
    tree_path,
)

C1, C2 = ("demo", "C1"), ("demo", "C2")
ISSUED_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
PAID_AT = datetime(2026, 3, 20, 10, tzinfo=UTC)
_BILLED = (("receivable", 10000), ("revenue-clearing", -10000))


def issued(invoice_id: str) -> Entry:
    cause = f"invoice {invoice_id}"
    return Entry("invoice-issued", invoice_id, cause, "EUR", date(2026, 3, 1), _BILLED)


PAID = Entry(
    "payment-received",
    "P1",
    "payment P1",
    "EUR",
    date(2026, 3, 20),
    (("receivable", -4000), ("cash", 4000)),
)


def test_chg_s12() -> None:
    """CHG-S12."""
    first = entry_hash(chained(C1, 1, issued("I1"), ISSUED_AT, b""))
    assert first.hex() == "b883cd23e86873c01c204309a94b9ab2b0c984eeff84154762462f1f586d2804"
    second = entry_hash(chained(C1, 2, PAID, PAID_AT, first))
    assert (second.hex()[:8], second.hex()[-10:]) == ("67e0c8bb", "dc9dc0ba18")
    other = entry_hash(chained(C2, 1, issued("I2"), ISSUED_AT, b""))
    assert (other.hex()[:8], other.hex()[-10:]) == ("314acbd7", "d424eb643e")
    tree = SealTree()
    tree.add(leaf_hash(C1, 2, second))
    tree.add(leaf_hash(C2, 1, other))
    root = tree.close()
    assert (root.hex()[:8], root.hex()[-8:]) == ("13dd9fe9", "28190897")
    seal = Seal(
        tenant_id="demo",
        seal=1,
        day=date(2026, 3, 31),
        accounts=2,
        entries=3,
        root=root,
        previous=NO_SEAL,
    )
    assert (seal.hash.hex()[:8], seal.hash.hex()[-10:]) == ("120e128f", "b2f64162f8")


def test_an_instant_is_hashed_in_utc_with_six_decimals() -> None:
    berlin = timezone(timedelta(hours=1))
    assert chain.instant_text(datetime(2026, 3, 1, 10, tzinfo=berlin)) == (
        "2026-03-01T09:00:00.000000Z"
    )
    assert chain.instant_text(datetime(999, 3, 1, microsecond=7, tzinfo=UTC)) == (
        "0999-03-01T00:00:00.000007Z"
    )


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(_TEXTS, _TEXTS, st.lists(st.tuples(_TEXTS, st.integers(-(2**63), 2**63 - 1)), max_size=3))
def test_what_is_hashed_is_rfc_8785(
    account: str, cause: str, postings: list[tuple[str, int]]
) -> None:
    class Row(msgspec.Struct):
        fact_kind: str = "invoice-issued"
        fact_id: str = "I1"
        cause: str = ""
        currency: str = "EUR"
        effective_on: date = date(2026, 3, 1)
        postings: tuple[tuple[str, int], ...] = ()

    placed = chained(("t", account), 7, Row(cause=cause, postings=tuple(postings)), PAID_AT, b"\1")
    as_json = json.dumps(
        {
            "tenant": "t",
            "account": account,
            "n": "7",
            "fact_kind": "invoice-issued",
            "fact_id": "I1",
            "cause": cause,
            "currency": "EUR",
            "effective_on": "2026-03-01",
            "recorded_at": "2026-03-20T10:00:00.000000Z",
            "postings": [[name, str(minor)] for name, minor in sorted(postings)],
            "prev": "01",
        },
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    assert entry_hash(placed) == sha256(as_json.encode()).digest()


# ── Trees ───────────────────────────────────────────────────────────────────────────────────────


def naive(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it is written."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive(leaves[:split]) + naive(leaves[split:])).digest()


def some_leaves(count: int) -> list[bytes]:
    return [sha256(str(number).encode()).digest() for number in range(count)]


@pytest.mark.parametrize("count", range(34))
def test_a_tree_grows_to_what_the_rfc_says(count: int) -> None:
    leaves = some_leaves(count)
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root == naive(leaves) == root_of(leaves)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 9, 13, 16, 17])
def test_a_tree_of_blocks_is_the_tree(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Also the paths: in a leaf's block, and from that to the root."""
    monkeypatch.setattr(chain, "BLOCK_LEAVES", 4)
    leaves = some_leaves(count)
    tree = SealTree()
    for leaf in leaves:
        tree.add(leaf)
    root = tree.close()
    assert root == naive(leaves)
    blocks = tree.take_blocks()
    assert len(blocks) == (count + 3) // 4
    for index, leaf in enumerate(leaves):
        block, place = divmod(index, 4)
        in_block = tree_path(leaves[block * 4 : block * 4 + 4], place)
        node = leaf
        for side, other in [*in_block, *tree_path(blocks, block)]:
            pair = other + node if side == "left" else node + other
            node = sha256(b"\x01" + pair).digest()
        assert node == root
