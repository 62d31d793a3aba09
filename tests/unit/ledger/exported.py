"""An exported journal in the hand, and what the verifier says of what was made of it."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.ledger import verify
from services.ledger.domain import Entry
from services.ledger.domain.chain import NO_SEAL, Seal, Tree, chained, entry_hash, leaf_hash
from services.ledger.domain.journal_lines import entry_line, head_line, header_line, seal_line

Lines = list[dict[str, Any]]

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = date(2026, 3, 1)
# How far each account's journal is sealed, by seal; one more entry of C3 is not.
SEALED = {1: {"C1": 1, "C2": 1}, 2: {"C1": 3, "C2": 2, "C3": 1}, 3: {}}
ENTRIES = {"C1": 3, "C2": 2, "C3": 2}
OK = "ok: 7 entries, 3 accounts, 3 seals, through 2026-03-03"


def a_journal() -> Lines:
    found: list[bytes] = [
        header_line("demo", AT, accounts=3, entries=7, seals=3, account_id=None, from_seal=1)
    ]
    trees = {number: Tree() for number in SEALED}
    for account, count in ENTRIES.items():
        key, head = ("demo", account), b""
        for n in range(1, count + 1):
            postings = (("receivable", 100 * n), ("revenue-clearing", -100 * n))
            entry = Entry("invoice-issued", f"{account}I{n}", "invoice", "EUR", DAY, postings)
            placed = chained(key, n, entry, AT, head)
            head = entry_hash(placed)
            found.append(entry_line(placed, head))
            for number, heads in SEALED.items():
                if heads.get(account) == n:
                    found.append(head_line(number, account, n, head, None))
                    trees[number].add(leaf_hash(key, n, head))
    previous = NO_SEAL
    for number, entries in ((1, 2), (2, 4), (3, 0)):
        tree = trees[number]
        seal = Seal(
            tenant_id="demo",
            seal=number,
            day=date(2026, 3, number),
            accounts=tree.leaves,
            entries=entries,
            root=tree.root,
            previous=previous,
        )
        previous = seal.hash
        found.append(seal_line(seal, previous))
    return [json.loads(line) for line in found]


class Checked:
    """What the verifier says of a file."""

    def __init__(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._file = tmp_path / "journal.ndjson"
        self._capsys = capsys

    def lines(self, lines: Lines, *more: str) -> tuple[int, list[str]]:
        return self.bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines), *more)

    def bytes(self, content: bytes, *more: str) -> tuple[int, list[str]]:
        self._file.write_bytes(content)
        self._capsys.readouterr()
        code = verify.main([str(self._file), *more])
        return code, self._capsys.readouterr().out.splitlines()


def place(lines: Lines, kind: str, **members: str) -> int:
    """Where the line with these members stands."""
    (found,) = [
        index
        for index, line in enumerate(lines)
        if kind in line and members.items() <= line[kind].items()
    ]
    return found


def an_entry(lines: Lines, account: str, n: int) -> dict[str, Any]:
    found: dict[str, Any] = lines[place(lines, "entry", account=account, n=str(n))]["entry"]
    return found


def a_seal(lines: Lines, n: int) -> dict[str, Any]:
    found: dict[str, Any] = lines[place(lines, "seal", seal=str(n))]["seal"]
    return found


def a_head(lines: Lines, account: str, seal: int) -> dict[str, Any]:
    found: dict[str, Any] = lines[place(lines, "head", account=account, seal=str(seal))]["head"]
    return found


def rehash(member: dict[str, Any]) -> None:
    """What who changes a line would do next."""
    member["hash"] = verify.digest({k: v for k, v in member.items() if k != "hash"})
