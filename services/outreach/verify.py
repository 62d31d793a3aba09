"""Check an exported contact record: `python -m services.outreach.verify FILE`.

It needs nothing but Python's standard library and the file. This one file can be taken away and run
by itself. What is checked, and how to do it by hand: docs/desk.md.

A line per fault. Exit code 0: whole, 1: faults, 2: the file is no contact record.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, BinaryIO

FIRST_PREV = "0" * 64
MEMBERS = frozenset({"n", "prev", "at", "kind", "contact_id", "data", "hash"})
LINE_BYTES_MAX = 4 << 20
FAULTS_SHOWN_MAX = 1000


class Unreadable(Exception):
    """It is no such file, or it is cut off."""


def canonical(value: Any) -> bytes:
    """JSON in the form of RFC 8785."""
    return written(value).encode("utf-8", "surrogatepass")


def written(value: Any) -> str:
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{written(name)}:{written(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(item) for item in value) + "]"
    if isinstance(value, float):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def number(value: float) -> str:
    """As ECMAScript writes it."""
    if not math.isfinite(value):
        raise Unreadable("a number that JSON does not have")
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits
    power = int(exponent)
    if -6 <= power < 0:
        return f"{value:.{len(digits.replace('-', '').replace('.', '')) - 1 - power}f}"
    return f"{digits}e{'+' if power > 0 else ''}{power}"


def shown(text: object) -> str:
    """Of a file that may hold anything: nothing that a terminal would obey."""
    plain = text if isinstance(text, str) else repr(text)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in plain[:300])


def faults_of(lines: Iterator[tuple[int, Any]]) -> Iterator[str]:
    """What is wrong with the entries, in their order. The last value is their number."""
    n, prev = 0, FIRST_PREV
    for place, entry in lines:
        if not isinstance(entry, dict) or set(entry) != MEMBERS:
            raise Unreadable(f"line {place} is no entry of a contact record")
        n += 1
        name = f"line {place}, entry {shown(entry['n'])}"
        if entry["n"] != n:
            yield f"{name}: entry {n} should stand here"
            n = entry["n"] if isinstance(entry["n"], int) else n
        if entry["prev"] != prev:
            yield f"{name}: prev is not the hash of the entry before"
        plain = {key: value for key, value in entry.items() if key != "hash"}
        link = str(entry["prev"]).encode("utf-8", "surrogatepass")
        if sha256(link + b"\n" + canonical(plain)).hexdigest() != entry["hash"]:
            yield f"{name}: hash differs: it was changed"
        prev = entry["hash"]


def lines_of(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    place = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        place += 1
        if len(line) > LINE_BYTES_MAX or not line.endswith(b"\n"):
            raise Unreadable(f"line {place} is too long or cut off")
        try:
            yield place, json.loads(line, object_pairs_hook=once)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"line {place} is not JSON") from error


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify", description="Check a contact record.")
    parser.add_argument("file", help="as GET /v1/accounts/{id}/contact-record gave it")
    path = parser.parse_args(arguments).file
    faults = entries = 0
    try:
        with open(path, "rb") as file:

            def counted() -> Iterator[tuple[int, Any]]:
                nonlocal entries
                for each in lines_of(file):
                    entries = each[0]
                    yield each

            for fault in faults_of(counted()):
                faults += 1
                if faults <= FAULTS_SHOWN_MAX:
                    print(fault)
    except (OSError, Unreadable) as error:
        print(f"{shown(str(error))}")
        return 2
    if faults:
        print(f"{faults} faults in {entries} entries")
        return 1
    print(f"{entries} entries, whole")
    return 0


if __name__ == "__main__":
    sys.exit(main())
