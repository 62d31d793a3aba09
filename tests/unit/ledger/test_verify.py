"""The verifier against files that somebody changed: whatever it is, a line says so."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.ledger import verify
from services.ledger.domain.chain import leaf_hash
from tests.unit.ledger.exported import (
    OK,
    Checked,
    Lines,
    a_head,
    a_journal,
    a_seal,
    an_entry,
    place,
    rehash,
)


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checked:
    return Checked(tmp_path, capsys)


def test_a_journal_as_it_is_written_is_whole(checked: Checked) -> None:
    assert checked.lines(a_journal()) == (0, [OK])


def test_members_in_another_order_are_the_same_journal(checked: Checked) -> None:
    lines = [
        {kind: dict(reversed(value.items())) if isinstance(value, dict) else value}
        if len(line) == 1
        else line
        for line in a_journal()
        for kind, value in list(line.items())[:1]
    ]
    assert checked.lines(lines) == (0, [OK])


# ── What somebody changed ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "member",
    ["cause", "currency", "effective_on", "fact_id", "fact_kind", "recorded_at"],
)
def test_a_changed_member_of_an_entry_is_seen(checked: Checked, member: str) -> None:
    lines = a_journal()
    an_entry(lines, "C1", 2)[member] += "0"
    assert checked.lines(lines) == (1, ["account C1 entry 2: hash differs"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tenant": "other"}, ["tenant differs", "hash differs"]),
        ({"prev": "00" * 32}, ["prev differs", "hash differs"]),
        ({"hash": "00" * 32}, ["hash differs"]),
        (
            {"postings": [["receivable", "201"], ["revenue-clearing", "-200"]]},
            ["hash differs", "postings do not sum to zero"],
        ),
        ({"postings": [["cash", "200"], ["revenue-clearing", "-200"]]}, ["hash differs"]),
        (
            {"postings": [["revenue-clearing", "-200"], ["receivable", "200"]]},
            ["hash differs", "postings are not sorted by account"],
        ),
        ({"postings": [["receivable", 200]]}, ["postings are not pairs of account and amount"]),
        ({"postings": [["receivable", "2e2"]]}, ["postings are not pairs of account and amount"]),
        ({"postings": {}}, ["postings are not pairs of account and amount"]),
    ],
)
def test_a_changed_entry_is_seen(checked: Checked, change: dict[str, Any], said: list[str]) -> None:
    lines = a_journal()
    an_entry(lines, "C1", 2).update(change)
    code, faults = checked.lines(lines)
    assert code == 1
    assert {f"account C1 entry 2: {text}" for text in said} == set(faults)


def test_a_changed_entry_with_its_hash_is_seen_by_the_next_one(checked: Checked) -> None:
    lines = a_journal()
    an_entry(lines, "C1", 2)["cause"] = "another"
    rehash(an_entry(lines, "C1", 2))
    assert checked.lines(lines) == (1, ["account C1 entry 3: prev differs"])


def test_the_last_entry_with_its_hash_is_seen_by_its_head(checked: Checked) -> None:
    lines = a_journal()
    an_entry(lines, "C1", 3)["cause"] = "another"
    rehash(an_entry(lines, "C1", 3))
    assert checked.lines(lines) == (1, ["account C1 entry 3: head of seal 2 differs"])


def test_with_its_head_it_is_seen_by_the_root(checked: Checked) -> None:
    lines = a_journal()
    an_entry(lines, "C1", 3)["cause"] = "another"
    rehash(an_entry(lines, "C1", 3))
    a_head(lines, "C1", 2)["hash"] = an_entry(lines, "C1", 3)["hash"]
    assert checked.lines(lines) == (1, ["seal 2: root differs"])


def test_a_seal_that_was_made_anew_is_seen_by_the_next_one_and_by_whom_kept_it(
    checked: Checked,
) -> None:
    lines = a_journal()
    kept = a_seal(lines, 2)["hash"]
    a_seal(lines, 2)["root"] = "00" * 32
    rehash(a_seal(lines, 2))
    root, previous = "seal 2: root differs", "seal 3: previous differs"
    assert checked.lines(lines) == (1, [root, previous])
    code, said = checked.lines(lines, f"--seal=2={kept}")
    assert (code, said) == (1, ["seal 2: hash is not the one that was given", root, previous])


def test_a_journal_that_was_made_anew_is_seen_by_whom_kept_a_seal(checked: Checked) -> None:
    """All of it is whole: only what is kept elsewhere tells."""
    lines = a_journal()
    kept = a_seal(lines, 3)["hash"]
    a_seal(lines, 3)["day"] = "2026-03-04"
    rehash(a_seal(lines, 3))
    assert checked.lines(lines)[0] == 0
    assert checked.lines(lines, f"--seal=3={kept}") == (
        1,
        ["seal 3: hash is not the one that was given"],
    )


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("accounts", "4", "seal 2: 3 heads are there, not 4"),
        ("entries", "5", "seal 2: 4 entries are there, not 5"),
        ("tenant", "other", "seal 2: tenant differs"),
        ("day", "2026-03-01", "seal 2: day is not after the one before"),
        ("root", "00" * 32, "seal 2: root differs"),
        ("previous", "00" * 32, "seal 2: previous differs"),
    ],
)
def test_a_changed_member_of_a_seal_is_seen(
    checked: Checked, member: str, value: str, said: str
) -> None:
    lines = a_journal()
    a_seal(lines, 2)[member] = value
    code, faults = checked.lines(lines)
    assert code == 1
    assert {said, "seal 2: hash differs"} <= set(faults)


def test_an_entry_that_was_moved_to_another_account_is_seen(checked: Checked) -> None:
    lines = a_journal()
    moved = lines.pop(place(lines, "entry", account="C3", n="2"))
    previous = an_entry(lines, "C2", 2)["hash"]
    moved["entry"].update(account="C2", n="3", prev=previous)
    lines.insert(place(lines, "head", account="C2", seal="2") + 1, moved)
    code, faults = checked.lines(lines)
    assert code == 1
    assert "account C2 entry 3: hash differs" in faults


# ── What somebody left out, or put elsewhere ────────────────────────────────────────────────────


def _drop(kind: str, **members: str) -> Callable[[Lines], None]:
    def drop(lines: Lines) -> None:
        del lines[place(lines, kind, **members)]

    return drop


def _swap(lines: Lines) -> None:
    first = place(lines, "entry", account="C1", n="2")
    lines[first], lines[first + 1] = lines[first + 1], lines[first]


def _twice(lines: Lines) -> None:
    lines.insert(4, copy.deepcopy(lines[place(lines, "entry", account="C1", n="2")]))


def _back(lines: Lines) -> None:
    lines.insert(place(lines, "seal", seal="1"), lines[1])


def _behind(lines: Lines) -> None:
    lines.append(lines.pop(place(lines, "entry", account="C3", n="2")))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_drop("entry", account="C1", n="2"), "account C1 entry 2 is missing"),
        (_drop("entry", account="C2", n="1"), "account C2 entry 1 is missing"),
        (_drop("entry", account="C3", n="2"), "6 entries are there, the first line says 7"),
        (_drop("head", account="C3", seal="2"), "seal 2: root differs"),
        (_drop("seal", seal="1"), "seal 1 is missing"),
        (_drop("seal", seal="2"), "seal 2 is missing"),
        (_drop("seal", seal="3"), "2 seals are there, the first line says 3"),
        (_swap, "account C1 entry 2: out of order"),
        (_twice, "account C1 entry 2: out of order"),
        (_back, "account C1 entry 1: out of order"),
        (_behind, "account C3 entry 2: stands after the seals"),
    ],
)
def test_what_is_not_in_its_place_is_seen(
    checked: Checked, harm: Callable[[Lines], None], said: str
) -> None:
    lines = a_journal()
    harm(lines)
    code, faults = checked.lines(lines)
    assert code == 1
    assert said in faults


def test_an_account_that_was_left_out_is_seen(checked: Checked) -> None:
    lines = [line for line in a_journal() if "C2" not in json.dumps(line)]
    code, faults = checked.lines(lines)
    assert code == 1
    assert {"seal 1: root differs", "2 accounts are there, the first line says 3"} <= set(faults)


@pytest.mark.parametrize("count", range(1, 16))
def test_a_file_that_ends_too_soon_is_seen(checked: Checked, count: int) -> None:
    lines = a_journal()
    assert len(lines) > count
    assert checked.lines(lines[:count])[0] == 1


def test_a_file_cut_within_a_line_is_unreadable(checked: Checked) -> None:
    content = b"".join(json.dumps(line).encode() + b"\n" for line in a_journal())
    code, said = checked.bytes(content[:-20])
    assert (code, said[-1]) == (2, f"unreadable: line {len(a_journal())} is no JSON")


# ── One account, and from a seal on ─────────────────────────────────────────────────────────────


def of_c3(*path: list[str]) -> Lines:
    lines = [line for line in a_journal() if "seal" in line or "C3" in json.dumps(line)]
    header = {**a_journal()[0], "account": "C3", "accounts": "1", "entries": "2"}
    a_head(lines, "C3", 2)["path"] = list(path)
    return [header, *lines]


def siblings_of_c3() -> str:
    leaves = []
    for account in ("C1", "C2"):
        head = a_head(a_journal(), account, 2)
        leaves.append(leaf_hash(("demo", account), int(head["n"]), bytes.fromhex(head["hash"])))
    return verify.inner(*leaves).hex()


def test_an_account_by_itself_is_checked_by_its_path(checked: Checked) -> None:
    assert checked.lines(of_c3(["left", siblings_of_c3()])) == (
        0,
        ["ok: 2 entries, 1 accounts, 3 seals, through 2026-03-03"],
    )


@pytest.mark.parametrize(
    "path", [[["right", siblings_of_c3()]], [["left", "00" * 32]], []], ids=["side", "hash", "none"]
)
def test_a_wrong_path_is_seen(checked: Checked, path: list[list[str]]) -> None:
    assert checked.lines(of_c3(*path)) == (1, ["seal 2: root differs"])


@pytest.mark.parametrize("path", [None, "left", [["left"]], [["up", "00"]], [["left", "xyz"]]])
def test_a_path_that_is_none_is_seen(checked: Checked, path: Any) -> None:
    lines = of_c3()
    a_head(lines, "C3", 2)["path"] = path
    assert checked.lines(lines) == (
        1,
        ["account C3 entry 1: head of seal 2: has no path to the root"],
    )


def test_a_whole_file_can_not_pass_for_one_account_s(checked: Checked) -> None:
    lines = a_journal()
    lines[0]["account"] = "C1"
    assert checked.lines(lines)[0] == 1


def test_an_export_that_begins_later_says_where(checked: Checked) -> None:
    lines = a_journal()
    for kind, members in (
        ("entry", {"account": "C1", "n": "1"}),
        ("head", {"account": "C1", "seal": "1"}),
        ("entry", {"account": "C2", "n": "1"}),
        ("head", {"account": "C2", "seal": "1"}),
        ("seal", {"seal": "1"}),
    ):
        del lines[place(lines, kind, **members)]
    lines[0].update(from_seal="2", entries="5", seals="2")
    assert checked.lines(lines) == (
        0,
        [
            "account C1 begins at entry 2",
            "account C2 begins at entry 2",
            "ok: 5 entries, 3 accounts, 2 seals, through 2026-03-03",
        ],
    )
    del lines[0]["from_seal"]  # not if it does not say so
    assert "account C1 entry 1 is missing" in checked.lines(lines)[1]
