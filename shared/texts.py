"""Which texts may come in: what cannot be kept, seen or told apart is refused at the doors.

Three kinds. A *text* has no NUL, no half of a surrogate pair and no control character but tabs and
line ends. A *name* (of a person, a product; a tag) further has nothing that turns the direction of
what follows it. An *id* has nothing invisible at all and no blanks at its ends, so that two ids
that look alike by accident are not two accounts, and no step that a URL's path would lose. Doors
ask; what is stored already is read as it is.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Meta

from shared.errors import FieldError

DEPTH_MAX: Final = 32  # of JSON inside JSON that others fill as they like
URL_LENGTH_MAX: Final = 2000

NUMBER_END: Final = 2**63  # whole numbers lie below it, as databases and JSON writers have them
NO_NUMBER: Final = "must be a finite number that fits 64 bits"
NO_NUL: Final = "must have no NUL and no half of a surrogate pair"
NO_CONTROLS: Final = "must have no control characters"
NO_TURNS: Final = "must have no characters that turn the direction of a text"
TOO_DEEP: Final = f"is nested more than {DEPTH_MAX} deep"
NOT_COMPOSED: Final = (
    "taken as it came, but it is not in Unicode's composed form (NFC): the same text composed is"
    " another id"
)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # all but \t \n \r
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BEYOND_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# What Unicode calls "default ignorable" or draws as nothing, though it is a letter, mark or symbol.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\ufffe\uffff\U0001d159\U000e0000-\U000e0fff]"
)


def storable(text: str) -> str:
    """A text as a database can hold it, whatever came."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def text_fault(text: str) -> str | None:
    """What is wrong with a text of one or many lines."""
    if text.isprintable():
        return None
    if _UNSTORABLE.search(text):
        return NO_NUL
    return NO_CONTROLS if _CONTROLS.search(text) else None


def name_fault(text: str) -> str | None:
    """What is wrong with a name. Joiners stay: Persian and Indic names are written with them."""
    if text.isprintable():
        return None
    if fault := text_fault(text):
        return fault
    return NO_TURNS if _TURNS.search(text) else None


def id_fault(text: str) -> str | None:
    """What is wrong with an id of somebody else's making. Its length is its type's affair."""
    if not text.isascii() or not text.isprintable():
        if _UNSTORABLE.search(text):
            return NO_NUL
        for character in text:
            category = unicodedata.category(character)
            if category == "Cc":
                return NO_CONTROLS
            if category in _INVISIBLE_CATEGORIES or _INVISIBLE.match(character):
                return f"must have no invisible characters: it has U+{ord(character):04X}"
    if text != text.strip():
        return "must not begin or end with a blank"
    if "." in text and not {".", ".."}.isdisjoint(text.split("/")):
        return "must not be or hold the steps . and .. of a path"
    return None


def is_composed(text: str) -> bool:
    """Whether a text is in Unicode's composed form, in which the same letters are the same text."""
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def url_fault(text: str) -> str | None:
    """What is wrong with an address of the web that people are sent to."""
    if len(text) > URL_LENGTH_MAX:
        return f"must have at most {URL_LENGTH_MAX} characters"
    if not text.isprintable() or " " in text or "\\" in text:
        return "must have no blanks, control characters or backslashes"
    try:
        parts = urlsplit(text)
        host, user, _ = parts.hostname, parts.username, parts.port
    except ValueError as error:
        return f"is not a URL: {shown(str(error))}"
    if parts.scheme not in ("https", "http") or not text.lower().startswith(
        (f"{parts.scheme}://",)
    ):
        return "must be an https:// or http:// URL"
    if not host:
        return "must name a host"
    if user is not None or "@" in parts.netloc:
        return "must hold no user or password"
    return None


def is_storable(value: object) -> bool:
    """Whether a database can hold a single value at all."""
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    return not isinstance(value, int) or -NUMBER_END <= value < NUMBER_END


def shown(text: str, length_max: int = 200) -> str:
    """A text of others for a message or a log line: cut, and fit for every writer."""
    cut = text if len(text) <= length_max else f"{text[:length_max]}…"
    return cut if cut.isprintable() else _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", cut)


def line(text: str) -> str:
    """The text on one line that every writer takes, with marks in place of what it cannot hold."""
    return _BEYOND_LINE.sub("\N{REPLACEMENT CHARACTER}", text)


def plain_cell(text: str) -> str:
    """A text as a cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def faults(value: Any, pointer: str = "", depth_max: int = DEPTH_MAX) -> Iterator[FieldError]:
    """Every text, name of a member, number and depth of plain data that cannot be taken."""
    if isinstance(value, str):
        if fault := text_fault(value):
            yield FieldError(pointer, fault)
    elif isinstance(value, int):
        if not -NUMBER_END <= value < NUMBER_END:
            yield FieldError(pointer, NO_NUMBER)
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield FieldError(pointer, NO_NUMBER)
    elif isinstance(value, dict | list | tuple):
        if depth_max == 0:
            yield FieldError(pointer, TOO_DEEP)
            return
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(step, int) and not -NUMBER_END <= step < NUMBER_END:
                yield FieldError(pointer, f"has a name that {NO_NUMBER}")
                continue
            if not isinstance(step, str | int | float):
                yield FieldError(pointer, "has a name that must be a text")
                continue
            inner = f"{pointer}/{_escaped(shown(str(step)))}"
            if isinstance(step, str) and (fault := text_fault(step)):
                yield FieldError(inner, f"has a name that {fault}")
            yield from faults(item, inner, depth_max - 1)


def is_deep(value: Any, depth_max: int = DEPTH_MAX) -> bool:
    """Whether plain data is nested deeper than this."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(depth_max):
        level = [
            item
            for each in level
            for item in (each.values() if type(each) is dict else each)
            if type(item) is dict or type(item) is list
        ]
    return bool(level)


def shallow(value: Any, depth_max: int = DEPTH_MAX) -> Any:
    """Plain data with null in place of what is nested deeper: kept before depths were refused."""
    if isinstance(value, dict):
        if depth_max == 0:
            return None
        return {name: shallow(item, depth_max - 1) for name, item in value.items()}
    if isinstance(value, list):
        return None if depth_max == 0 else [shallow(item, depth_max - 1) for item in value]
    return value


def matching(pattern: str, length_max: int) -> Meta:
    """The constraint of a text that matches as a whole, for types that msgspec reads.

    The length is looked at first. `$` alone lets a line feed through, and the readers of JSON
    Schema do not know Python's `\\Z`.
    """
    whole = f"(?:{pattern})" if "|" in pattern else pattern
    return Meta(max_length=length_max, pattern=rf"^{whole}$(?!\n)")


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
