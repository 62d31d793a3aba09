"""Check an exported journal: `python -m services.ledger.verify FILE [--seal N=HASH]…`.

It needs nothing but Python's standard library and trusts nothing but what is on its command line:
hashes of seals that were kept elsewhere (`ledger-sealed` on the topic). This one file can be taken
away and run by itself. What is checked, and how to do it by hand: docs/journal.md.

A line per fault. Exit code 0: whole, 1: faults, 2: the file is no journal, or not to its end.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO

FORMAT = "recoup-journal-1"
GENESIS = sha256(FORMAT.encode()).hexdigest()
NO_SEAL = "0" * 64
LINE_BYTES_MAX = 1 << 20
PATH_MAX = 64
FAULTS_SHOWN_MAX = 1000
_DIGITS_MAX = 30
_TEXTS = ("account", "cause", "currency", "effective_on", "fact_id", "fact_kind")
ENTRY = frozenset({*_TEXTS, "hash", "n", "postings", "prev", "recorded_at", "tenant"})
HEAD = frozenset({"account", "hash", "n", "seal"})
SEAL = frozenset({"accounts", "day", "entries", "hash", "previous", "root", "seal", "tenant"})
_NO_TEXT = object()  # stands for a number in the file: all values are texts


class Unreadable(Exception):
    """It is no such file, or it is cut off."""


def canonical(value: object) -> bytes:
    """RFC 8785, of objects whose names are ASCII and whose values are texts."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8", "surrogatepass")


def digest(value: object) -> str:
    return sha256(canonical(value)).hexdigest()


def inner(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def number(text: object) -> int | None:
    """A whole number as the format writes it: no sign but a minus, no zeros before it."""
    if not isinstance(text, str) or len(text) > _DIGITS_MAX or not text.isascii():
        return None
    is_one = text.removeprefix("-").isdecimal() and str(int(text)) == text
    return int(text) if is_one else None


def shown(text: object) -> str:
    """Of a file that may hold anything: nothing that a terminal would obey."""
    plain = text if isinstance(text, str) else repr(text)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in plain[:300])


@dataclass
class HashTree:
    """Leaves come one by one; a hash per level is kept (RFC 9162)."""

    leaves: int = 0
    entries: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        self.leaves += 1
        count = self.leaves
        while count % 2 == 0:
            leaf = inner(self.peaks.pop(), leaf)
            count //= 2
        self.peaks.append(leaf)

    def root(self) -> str:
        if not self.peaks:
            return sha256(b"").hexdigest()
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = inner(peak, node)
        return node.hex()


class Verifier:
    """Takes the lines of one file in their order and says what is wrong with them."""

    def __init__(self, given: Mapping[int, str]) -> None:
        self.given = given  # hashes of seals, known from elsewhere
        self.faults = 0
        self.header: dict[str, Any] = {}
        self.only: object = None  # the one account of the file, if it is one account's
        self.from_seal = 1
        self.entries = self.accounts = 0
        self.account: str | None = None
        self.last_n = self.sealed_n = self.head_seal = 0
        self.hashes: tuple[str, ...] = ()  # of the entry before: as it says, and as it is
        self.trees: dict[int, HashTree] = {}
        self.roots: dict[int, str] = {}  # where the path of the one account leads
        self.seals = 0
        self.last_seal: int | None = None
        self.seal_hash = NO_SEAL
        self.day = ""

    def fault(self, text: str) -> None:
        self.faults += 1
        if self.faults <= FAULTS_SHOWN_MAX:
            print(text)

    def begin(self, header: object) -> None:
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise Unreadable(f"line 1 does not begin a journal of the format {FORMAT}")
        self.header = header
        self.only = header.get("account")
        asked = number(header.get("from_seal", "1"))
        if asked is None or asked < 1 or not isinstance(header.get("tenant"), str):
            raise Unreadable("line 1 does not say what the file holds")
        self.from_seal = asked

    def take(self, place: int, line: object) -> None:
        kinds = {"entry": self.take_entry, "head": self.take_head, "seal": self.take_seal}
        if isinstance(line, dict) and len(line) == 1:
            ((kind, value),) = line.items()
            if kind in kinds and isinstance(value, dict):
                kinds[kind](place, value)
                return
        raise Unreadable(f"line {place} is no entry, head or seal")

    # ── Entries ─────────────────────────────────────────────────────────────────────────────────

    def take_entry(self, place: int, entry: dict[str, Any]) -> None:
        n = number(entry.get("n"))
        if n is None or not are_texts(entry, ENTRY, besides="postings"):
            self.fault(f"line {place}: not the members of an entry")
            return
        self.entries += 1
        if not self._is_next(entry["account"], n):
            return
        name = f"account {shown(self.account)} entry {n}"
        if entry["tenant"] != self.header["tenant"]:
            self.fault(f"{name}: tenant differs")
        if self.hashes and entry["prev"] not in self.hashes:
            self.fault(f"{name}: prev differs")
        self.last_n, self.hashes = n, (entry["hash"],)
        if self._check_postings(name, entry["postings"]):
            hashed = digest({key: value for key, value in entry.items() if key != "hash"})
            if hashed != entry["hash"]:
                self.fault(f"{name}: hash differs")
            self.hashes = (entry["hash"], hashed)

    def _is_next(self, account: str, n: int) -> bool:
        """Whether the entry may stand here: the accounts by their bytes, each from its first."""
        if self.last_seal is not None:
            self.fault(f"account {shown(account)} entry {n}: stands after the seals")
            return False
        if account != self.account:
            if self.account is not None and account.encode("utf-8", "surrogatepass") < (
                self.account.encode("utf-8", "surrogatepass")
            ):
                self.fault(f"account {shown(account)} entry {n}: out of order")
                return False
            self._begin_account(account, n)
        elif n <= self.last_n:
            self.fault(f"account {shown(account)} entry {n}: out of order")
            return False
        if n > self.last_n + 1:
            for missing in range(self.last_n + 1, n)[:3]:
                self.fault(f"account {shown(account)} entry {missing} is missing")
            if n > self.last_n + 4:
                self.fault(f"account {shown(account)} entries up to {n - 1} are missing")
            self.hashes = ()
        return True

    def _begin_account(self, account: str, n: int) -> None:
        self.accounts += 1
        self.account = account
        self.last_n = self.sealed_n = self.head_seal = 0
        self.hashes = (GENESIS,)
        if self.only is not None and account != self.only:
            self.fault(f"account {shown(account)}: the file is of account {shown(self.only)}")
        if n > 1 and self.from_seal > 1:
            print(f"account {shown(account)} begins at entry {n}")
            self.last_n = self.sealed_n = n - 1
            self.hashes = ()

    def _check_postings(self, name: str, postings: object) -> bool:
        """Whether they are postings, be they right or wrong."""
        total, accounts = 0, []
        for pair in postings if isinstance(postings, list) else [None]:
            account, text = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
            amount = number(text)
            if amount is None or not isinstance(account, str):
                self.fault(f"{name}: postings are not pairs of account and amount")
                return False
            total += amount
            accounts.append(account)
        if total:
            self.fault(f"{name}: postings do not sum to zero")
        if accounts != sorted(set(accounts)):
            self.fault(f"{name}: postings are not sorted by account")
        return True

    # ── Heads and seals ─────────────────────────────────────────────────────────────────────────

    def take_head(self, place: int, head: dict[str, Any]) -> None:
        path = head.pop("path", None)
        n, seal = number(head.get("n")), number(head.get("seal"))
        if n is None or seal is None or not are_texts(head, HEAD):
            self.fault(f"line {place}: not the members of a head")
            return
        name = f"account {shown(head['account'])} entry {n}: head of seal {seal}"
        if (head["account"], n) != (self.account, self.last_n):
            self.fault(f"{name}: does not follow its entry")
            return
        if seal <= max(self.head_seal, self.from_seal - 1) or n <= self.sealed_n:
            self.fault(f"{name}: out of order")
            return
        if head["hash"] not in self.hashes:
            self.fault(f"{name} differs")
        leaf = sha256(
            b"\x00" + canonical([self.header["tenant"], head["account"], head["n"], head["hash"]])
        ).digest()
        if self.only is not None:
            root = led_to(leaf, path)
            if root is None:
                self.fault(f"{name}: has no path to the root")
            else:
                self.roots[seal] = root
        else:
            tree = self.trees.setdefault(seal, HashTree())
            tree.add(leaf)
            tree.entries += n - self.sealed_n
        self.head_seal, self.sealed_n = seal, n

    def take_seal(self, place: int, seal: dict[str, Any]) -> None:
        n = number(seal.get("seal"))
        if n is None or not are_texts(seal, SEAL):
            self.fault(f"line {place}: not the members of a seal")
            return
        expected = self.from_seal if self.last_seal is None else self.last_seal + 1
        if n < expected:
            self.fault(f"seal {n}: out of order")
            return
        if n > expected:
            self.fault(f"seal {expected} is missing")
        elif (self.last_seal is not None or n == 1) and seal["previous"] != self.seal_hash:
            self.fault(f"seal {n}: previous differs")
        if seal["tenant"] != self.header["tenant"]:
            self.fault(f"seal {n}: tenant differs")
        if digest({key: value for key, value in seal.items() if key != "hash"}) != seal["hash"]:
            self.fault(f"seal {n}: hash differs")
        if self.given.get(n, seal["hash"]) != seal["hash"]:
            self.fault(f"seal {n}: hash is not the one that was given")
        if seal["day"] <= self.day:
            self.fault(f"seal {n}: day is not after the one before")
        self._check_heads(n, seal)
        self.seals += 1
        self.last_seal, self.seal_hash, self.day = n, seal["hash"], seal["day"]

    def _check_heads(self, n: int, seal: dict[str, Any]) -> None:
        if self.only is not None:
            if self.roots.pop(n, seal["root"]) != seal["root"]:
                self.fault(f"seal {n}: root differs")
            return
        tree = self.trees.pop(n, HashTree())
        if tree.root() != seal["root"]:
            self.fault(f"seal {n}: root differs")
        if number(seal["accounts"]) != tree.leaves:
            self.fault(f"seal {n}: {tree.leaves} heads are there, not {shown(seal['accounts'])}")
        if number(seal["entries"]) != tree.entries:
            self.fault(f"seal {n}: {tree.entries} entries are there, not {shown(seal['entries'])}")

    def end(self) -> None:
        """See that nothing is missing at the end."""
        for n in sorted({*self.trees, *self.roots}):
            self.fault(f"seal {n} is missing")
        found = {"accounts": self.accounts, "entries": self.entries, "seals": self.seals}
        for name, count in found.items():
            text = self.header.get(name, str(count))
            promised = number(text)
            if promised is None or promised > count:
                self.fault(f"{count} {name} are there, the first line says {shown(text)}")
        for n in sorted(self.given):
            if not self.from_seal <= n <= (self.last_seal or 0):
                self.fault(f"seal {n} is not there")
        if self.faults > FAULTS_SHOWN_MAX:
            print(f"and {self.faults - FAULTS_SHOWN_MAX} more faults")


def are_texts(value: dict[str, Any], members: frozenset[str], besides: str | None = None) -> bool:
    """Whether an object has these members, and texts in all of them but one."""
    return value.keys() == members and all(
        isinstance(text, str) for name, text in value.items() if name != besides
    )


def led_to(leaf: bytes, path: object) -> str | None:
    """The root that a leaf's path leads to; None: it is no path."""
    node = leaf
    if not isinstance(path, list) or len(path) > PATH_MAX:
        return None
    for step in path:
        if not isinstance(step, list) or len(step) != 2 or step[0] not in ("left", "right"):
            return None
        try:
            other = bytes.fromhex(step[1])
        except (TypeError, ValueError):
            return None
        node = inner(other, node) if step[0] == "left" else inner(node, other)
    return node.hex()


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_text(_: str) -> object:
    return _NO_TEXT


def lines_of(file: BinaryIO) -> Iterator[tuple[int, object]]:
    """Each line with its number from 1, however large the file is."""
    place = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        place += 1
        if len(line) > LINE_BYTES_MAX:
            raise Unreadable(f"line {place} is longer than {LINE_BYTES_MAX} bytes")
        try:
            yield (
                place,
                json.loads(
                    line.decode("utf-8"),
                    object_pairs_hook=_unique,
                    parse_int=_no_text,
                    parse_float=_no_text,
                    parse_constant=_no_text,
                ),
            )
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"line {place} is no JSON") from error


def verify(file: BinaryIO, given: Mapping[int, str]) -> int:
    """Check a file and print what is wrong; gives the exit code."""
    verifier = Verifier(given)
    try:
        lines = lines_of(file)
        _, header = next(lines, (0, None))
        verifier.begin(header)
        for place, line in lines:
            verifier.take(place, line)
    except Unreadable as error:
        print(f"unreadable: {error}")
        return 2
    verifier.end()
    if verifier.faults:
        return 1
    counts = f"{verifier.entries} entries, {verifier.accounts} accounts, {verifier.seals} seals"
    print(f"ok: {counts}, " + (f"through {verifier.day}" if verifier.seals else "no day is sealed"))
    return 0


def _given(text: str) -> tuple[int, str]:
    n, _, kept = text.partition("=")
    count = number(n)
    if count is None or count < 1 or len(kept) != 64 or set(kept.lower()) - set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f"{text!r} is not N=HASH")
    return count, kept.lower()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify", description="Check an exported journal.")
    parser.add_argument("file", help="NDJSON of GET /v1/journal/export")
    parser.add_argument(
        "--seal",
        type=_given,
        action="append",
        default=[],
        metavar="N=HASH",
        help="the hash of a seal, kept elsewhere",
    )
    asked = parser.parse_args(arguments)
    try:
        with open(asked.file, "rb") as file:
            return verify(file, dict(asked.seal))
    except OSError as error:
        print(f"unreadable: {shown(str(error))}")
        return 2


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())
