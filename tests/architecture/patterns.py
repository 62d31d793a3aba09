"""Every regular expression of the code, and the texts that are worst for each.

Patterns are found, not listed: in the modules' own values and in the constraints of msgspec's
structs (pydantic's are matched by Rust's `regex`, which never goes back). The texts are made from a
pattern's own parts: what each repeat repeats, over and over, after what stands before it.
"""

import importlib
import pkgutil
import re
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from types import FrameType, ModuleType
from typing import Any

import msgspec

PACKAGES = ("shared", "services", "deploy")
LENGTH = 1_000_000
LENGTH_FIRST = 20_000  # of all texts; the two slowest are then tried in full length
SECONDS_MAX = 5.0  # of computing, on one text
_LONG = 20  # repeats from here on may be pumped


@dataclass(frozen=True)
class Found:
    """A pattern, by where it was found, and how it is used there."""

    name: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


def modules() -> Iterator[ModuleType]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for each in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not each.name.endswith("__main__") and ".migrations" not in each.name:
                yield importlib.import_module(each.name)


_USE = re.compile(
    r"\b(?P<name>\w+)\.(?P<method>match|fullmatch|search|sub|split|finditer|findall)\("
)


def patterns() -> list[Found]:
    """Every pattern, once."""
    loaded = list(modules())
    uses: dict[str, set[str]] = {}
    for module in loaded:
        assert module.__file__ is not None
        with open(module.__file__, encoding="utf-8") as file:
            for use in _USE.finditer(file.read()):
                uses.setdefault(use["name"], set()).add(use["method"])
                uses.setdefault(module.__name__, set()).add(use["method"])
    found: dict[tuple[Any, int], Found] = {}
    for module in loaded:
        for name, value in vars(module).items():
            for pattern in _inside(value):
                direct = uses.get(name) if value is pattern else None
                methods = direct or uses.get(module.__name__) or {"search", "fullmatch"}
                key = (pattern.pattern, pattern.flags)
                if key not in found or value is pattern:
                    found[key] = Found(f"{module.__name__}.{name}", pattern, frozenset(methods))
    for name, text in _constraints():
        compiled = re.compile(text)
        found[text, compiled.flags] = Found(name, compiled, frozenset({"search"}))
    return list(found.values())


def _inside(value: object, depth: int = 4) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _inside(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in (*value, *value.values()):
            yield from _inside(item, depth - 1)


def _constraints() -> Iterator[tuple[str, str]]:
    """The patterns of structs' fields, with their bounds checked on the way."""
    for cls in _subclasses(msgspec.Struct):
        if cls.__module__.partition(".")[0] not in PACKAGES or hasattr(cls, "__parameters__"):
            continue
        try:
            fields = msgspec.inspect.type_info(cls).fields  # type: ignore[attr-defined]
        except (TypeError, NameError, AttributeError):
            continue  # of a form that msgspec never reads
        for field in fields:
            for text in _texts_of(field.type):
                if text.pattern is not None:
                    name = f"{cls.__module__}.{cls.__name__}.{field.name}"
                    assert text.max_length is not None, f"{name}: a pattern without a max_length"
                    yield name, text.pattern


def _subclasses(cls: type) -> Iterator[type]:
    found: list[type] = cls.__subclasses__()
    for each in found:
        yield each
        yield from _subclasses(each)


def _texts_of(kind: Any, depth: int = 6) -> Iterator[msgspec.inspect.StrType]:
    if isinstance(kind, msgspec.inspect.StrType):
        yield kind
    elif depth:
        inner: list[Any] = [
            getattr(kind, name, None) for name in ("item_type", "key_type", "value_type")
        ]
        inner += list(getattr(kind, "types", ())) + list(getattr(kind, "item_types", ()))
        for each in inner:
            if each is not None:
                yield from _texts_of(each, depth - 1)


# ---------------------------------------------------------------------------- the worst texts


def worst_texts(pattern: re.Pattern[Any], length: int = LENGTH) -> Iterator[Any]:
    """Texts of the length, each once: bytes for a pattern of bytes."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE if _is_bytes(pattern) else 0)
    whole = _sample(tree)
    pieces = [
        *_pumps(tree, ""),
        ("", whole),
        ("", whole[:-1]),
        *(("", each) for each in sorted(set(whole))),
    ]
    pieces += [("", before + pump) for before, pump in pieces[:6]]
    seen = set()
    for before, pump in pieces:
        for end in ("", "\x01", "!", " "):
            if pump and (before, pump, end) not in seen:
                seen.add((before, pump, end))
                text = before + pump * (length // len(pump)) + end
                yield text.encode("latin-1", "replace") if _is_bytes(pattern) else text


def _is_bytes(pattern: re.Pattern[Any]) -> bool:
    return isinstance(pattern.pattern, bytes)


_CATEGORIES = {
    codes.CATEGORY_DIGIT: "1", codes.CATEGORY_NOT_DIGIT: "a", codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_SPACE: "a", codes.CATEGORY_WORD: "a", codes.CATEGORY_NOT_WORD: "-",
}  # fmt: skip


def _one_of(items: Iterable[tuple[Any, Any]]) -> str:
    """A character of a class."""
    items = list(items)
    if items and items[0][0] is codes.NEGATE:
        probe = re.compile(_class(items))
        return next(c for c in "a1- ;\n~" if probe.match(c))
    code, argument = items[0]
    if code is codes.RANGE:
        return chr(int(argument[0]))
    return str(_CATEGORIES[argument]) if code is codes.CATEGORY else chr(argument)


def _class(items: list[tuple[Any, Any]]) -> str:
    names = {
        codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_SPACE: r"\s", codes.CATEGORY_WORD: r"\w",
        codes.CATEGORY_NOT_DIGIT: r"\D", codes.CATEGORY_NOT_SPACE: r"\S",
        codes.CATEGORY_NOT_WORD: r"\W",
    }  # fmt: skip
    parts = []
    for code, argument in items:
        if code is codes.RANGE:
            parts.append(f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}")
        elif code is codes.LITERAL:
            parts.append(re.escape(chr(argument)))
        elif code is codes.CATEGORY:
            parts.append(names[argument])
    return f"[^{''.join(parts)}]"


_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


def _sample(tree: Any) -> str:
    """A text that the pattern matches, or nearly."""
    return "".join(_sample_of(code, argument) for code, argument in tree)


def _sample_of(code: Any, argument: Any) -> str:
    if code is codes.LITERAL:
        return chr(argument)
    if code is codes.NOT_LITERAL:
        return "a" if argument != ord("a") else "b"
    if code is codes.ANY:
        return "a"
    if code is codes.IN:
        return str(_one_of(argument))
    if code in _REPEATS:
        return _sample(argument[2]) * max(int(argument[0]), min(int(argument[1]), 1))
    if code is codes.SUBPATTERN:
        return _sample(argument[3])
    if code is codes.ATOMIC_GROUP:
        return _sample(argument)
    if code is codes.BRANCH:
        return _sample(argument[1][0])
    return ""  # places, and what only looks around


def _pumps(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    """What can be repeated long, and what stands before it."""
    for code, argument in tree:
        if code in _REPEATS:
            inner = _sample(argument[2])
            if argument[1] >= _LONG:
                yield before, inner
            yield from _pumps(argument[2], before)
        elif code is codes.SUBPATTERN:
            yield from _pumps(argument[3], before)
        elif code is codes.ATOMIC_GROUP:
            yield from _pumps(argument, before)
        elif code is codes.BRANCH:
            for branch in argument[1]:
                yield from _pumps(branch, before)
                yield before, _sample(branch)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _pumps(argument[1], before)
        before += _sample_of(code, argument)


# ---------------------------------------------------------------------------- trying them


class TooSlow(Exception):
    """A pattern took more computing on a text than a text of its length may."""


def try_pattern(found: Found, seconds_max: float = SECONDS_MAX) -> None:
    """Raises `TooSlow`."""
    times = []
    for number, text in enumerate(worst_texts(found.pattern, LENGTH_FIRST)):
        times.append((_seconds(found, text, seconds_max), number))
    slowest = {number for _, number in sorted(times)[-2:]}
    for number, text in enumerate(worst_texts(found.pattern)):
        if number in slowest:
            _seconds(found, text, seconds_max)


def _seconds(found: Found, text: Any, seconds_max: float) -> float:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlow(f"{found.name}: {found.pattern.pattern!r} on {text[:60]!r}…")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds_max)
    try:
        for method in found.methods:
            if method == "sub":
                found.pattern.sub(text[:0], text)
            elif method in ("finditer", "findall", "split"):
                for _ in islice(found.pattern.finditer(text), LENGTH):
                    pass
            else:
                getattr(found.pattern, method)(text)
    finally:
        left, _ = signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return seconds_max - left
