"""How texts seem to be written: encodings, numbers and days, found out from what there is of them.

What is found is a proposal, with the reason for it; nothing is read by it before somebody agreed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shared.csv_events.amounts import PLAIN, NumberFormat, shown
from shared.csv_events.days import EXCEL, DayFormats, swapped

SAMPLE_BYTES = 4 << 20

_ENCODINGS: Mapping[str, str] = {
    # In what order they are tried, and the letters that tell them from the others.
    "windows-1252": "äöüÄÖÜßéèêëàâáãåçñóòôõíìîïúùûœæøÅØÆÉÈÀÇÑ€£§°´“”„–’",
    "windows-1250": "ąćęłńóśźżĄĆĘŁŃÓŚŹŻčďěňřšťůžýáíéúČĎĚŇŘŠŤŮŽőűŐŰăâîșțşţ€",
    "windows-1251": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЭЮЯёії№",
    "windows-1254": "ğĞışİŞöüçÖÜÇ€",
    "cp850": "äöüÄÖÜßéèêëàâçñóíáúô",
    "mac_roman": "äöüÄÖÜßéèêëàâçñóíáúôœæø€",
    "shift_jis": "",
}
_NUMBER = re.compile(r"[-+(]{0,2}[0-9][0-9.,' ]{0,40}[-)]?")
_NUMBER_MAX = 60
_MARKS = re.compile(r"[.,' ]")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"})

# Formats of days, in the order in which they are tried; digits alone only under a day's name.
_FORMATS = (
    "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%y",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
)  # fmt: skip
_PACKED_FORMATS = ("%Y%m%d", "%d%m%Y", EXCEL)
_SERIALS = (20_000, 80_000)  # days of 1954 to 2119


@dataclass(frozen=True)
class Found:
    """Something that was found out, and why."""

    value: object
    because: str
    is_sure: bool = True


def find_encoding(path: Path) -> Found | None:
    """The encoding of a file that is not UTF-8; None: it is, as far as one sees."""
    with path.open("rb") as file:
        content = file.read(SAMPLE_BYTES)
    if content.count(0) * 4 > len(content):
        little = content[1::2].count(0) > content[0::2].count(0)
        return Found("utf-16-le" if little else "utf-16-be", "every other byte is NUL")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(content) - 4 and len(content) == SAMPLE_BYTES:
            return None  # cut in the middle of a letter
        place, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
    else:
        return None
    high = bytes(byte for byte in content if byte >= 0x80)
    scores = {name: _score(high, letters, name) for name, letters in _ENCODINGS.items()}
    best = max(scores, key=lambda name: scores[name])
    told = f"line {place} has the byte 0x{byte:02X}"
    if scores[best] <= 0:
        return Found("windows-1252", f"{told}, and nothing tells what it is", is_sure=False)
    return Found(best, f"{told}, which is {_example(content, best)} there")


def _score(high: bytes, letters: str, encoding: str) -> float:
    """The share of the bytes beyond ASCII that are letters one would expect."""
    text = high.decode(encoding, "replace")
    if not letters or not text:
        return 0.0
    return sum(character in letters for character in text) / len(text)


def _example(content: bytes, encoding: str) -> str:
    place = next(index for index, byte in enumerate(content) if byte >= 0x80)
    around = content[max(0, place - 8) : place + 8].decode(encoding, "replace")
    return shown(" ".join(around.split()))


# ------------------------------------------------- numbers


def looks_like_number(text: str) -> bool:
    return len(text) <= _NUMBER_MAX and _NUMBER.fullmatch(_bare(text)) is not None


def _bare(text: str) -> str:
    """A number without the currency beside it."""
    plain = text.translate(_SPACES).strip().replace("\u2212", "-")
    return plain.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz$€£¥₹₺₽ ")


def find_numbers(texts: Iterable[str]) -> Found:
    """How these numbers are written, as a `NumberFormat`."""
    votes: Counter[tuple[str, str]] = Counter()  # ("decimal" or "thousands", mark)
    examples: dict[tuple[str, str], str] = {}
    doubtful, is_indian = "", False
    for text in texts:
        number = _bare(text[:_NUMBER_MAX]).strip("-+() ")
        marks = _MARKS.findall(number)
        if not marks:
            continue
        tail = len(number) - 1 - max(number.rfind(mark) for mark in set(marks))
        cast: list[tuple[str, str]] = []
        if len(set(marks)) > 1 and marks[-1] in ".,":
            cast = [("decimal", marks[-1]), ("thousands", marks[0])]
        elif len(marks) > 1 or marks[0] in "' ":
            cast = [("thousands", marks[0])]
        elif tail != 3:
            cast = [("decimal", marks[0])]
        else:
            doubtful = doubtful or text
        groups = _MARKS.split(number)
        if len(cast) > 1:
            groups.pop()  # behind the decimal mark
        is_indian |= len(groups) > 2 and all(len(group) == 2 for group in groups[1:-1])
        for vote in cast:
            votes[vote] += 1
            examples.setdefault(vote, text)
    return _elected(votes, examples, doubtful, "indian" if is_indian else "western")


def _elected(
    votes: Counter[tuple[str, str]],
    examples: Mapping[tuple[str, str], str],
    doubtful: str,
    grouping: str,
) -> Found:
    decimals = {mark: n for (what, mark), n in votes.items() if what == "decimal"}
    thousands = {mark: n for (what, mark), n in votes.items() if what == "thousands"}
    group = max(thousands, key=lambda mark: thousands[mark], default="")
    decimal = max(decimals, key=lambda mark: decimals[mark], default="")
    is_sure = len(decimals) <= 1 and not (doubtful and not decimal and not group)
    if not decimal:
        decimal = "," if group == "." else "."
    if decimal == group:
        group, is_sure = "", False
    if not group and doubtful:
        other = {".": ",", ",": "."}[decimal]
        group = other if other in doubtful else ""
    form = NumberFormat(decimal, group, grouping if group else "western")
    seen = examples.get(("decimal", decimal)) or examples.get(("thousands", group)) or doubtful
    if len(decimals) > 1:
        both = " and ".join(shown(examples["decimal", mark]) for mark in sorted(decimals))
        return Found(form, f"there are both {both}", is_sure=False)
    if not is_sure:
        return Found(form, f"{shown(seen)} may be more than a thousand or less than ten", False)
    return Found(form, f"there is {shown(seen)}" if seen else "no number has a mark")


def unread_numbers(texts: Iterable[str], form: NumberFormat = PLAIN) -> int:
    """How many of these texts are no numbers of that form."""
    count = 0
    for text in texts:
        try:
            form.amount_beside(text)
        except ValueError:
            count += 1
    return count


# ------------------------------------------------- days


def find_dates(columns: Mapping[str, Sequence[str]], *, packed: frozenset[str]) -> dict[str, Found]:
    """The formats of the columns that hold days: `[]` is ISO 8601. `packed` are the columns whose
    name is a day's, where digits alone may be one."""
    found: dict[str, Found] = {}
    for name, texts in columns.items():
        fitting = _fitting(texts, named=name in packed)
        if fitting:
            found[name] = Found(fitting, "", is_sure=len(fitting) == 1)
    sure = {str(each.value[0]) for each in found.values() if each.is_sure and each.value}  # type: ignore[index]
    for name, each in found.items():
        if not each.is_sure:
            found[name] = _decided(each, sure, columns[name])
        else:
            found[name] = replace(each, because=f"there is {shown(columns[name][0])}")
    return found


def _decided(found: Found, sure: set[str], texts: Sequence[str]) -> Found:
    """Of two ways round, the one that another column of the file has; else the first, in doubt."""
    formats: list[str] = list(found.value)  # type: ignore[call-overload]
    for pattern in formats:
        if pattern in sure:
            return Found([pattern], "another column is written so")
    turned = f"every day fits {' and '.join(formats[:2])}: {shown(texts[0])}"
    return Found(formats[:1], turned, is_sure=False)


def _fitting(texts: Sequence[str], *, named: bool) -> list[str] | None:
    """The formats of which one fits all; two where day and month may stand either way."""
    if not texts:
        return None
    if _fits(texts, DayFormats()) and not all(text.isdigit() for text in texts):
        return [""]
    for pattern in (*_FORMATS, *(_PACKED_FORMATS if named else ())):
        if pattern == EXCEL and not all(_is_serial(text) for text in texts):
            continue
        if _fits(texts, DayFormats((pattern,))):
            other = swapped(pattern)
            both = other in _FORMATS and _fits(texts, DayFormats((str(other),)))
            return [pattern, str(other)] if both else [pattern]
    if named and all(text.isdigit() and 3 <= len(text) <= 4 for text in texts):
        return ["%d%m"] if _fits(texts, DayFormats(("%d%m",), 2028)) else None
    return None


def _is_serial(text: str) -> bool:
    whole = text.partition(".")[0]
    return whole.isdigit() and len(whole) == 5 and _SERIALS[0] < int(whole) < _SERIALS[1]


def _fits(texts: Sequence[str], formats: DayFormats) -> bool:
    try:
        for text in texts:
            formats.day(text)
    except ValueError:
        return False
    return True
