"""The YAML of a mapping, with the line on which each part of it stands."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from shared.errors import FieldError, Invalid
from shared.field_errors import escape

PARTS_MAX = 20_000  # a short text can stand for an endless one: YAML has aliases
DEPTH_MAX = 40
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OCTAL_LOOK = re.compile(r"[-+]?0[0-9_]+")


class _Loader(_BASE):  # type: ignore[misc]
    """Safe YAML in which `007` stays the text that it is."""


def _whole_number(loader: Any, node: Any) -> Any:
    if _OCTAL_LOOK.fullmatch(node.value):
        return str(node.value)
    return loader.construct_yaml_int(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


class Document(Struct, frozen=True):
    """Plain data, where its parts stand (by JSON pointer), and keys that stand twice."""

    raw: Any
    lines: dict[str, int]
    doubles: tuple[FieldError, ...]

    def placed(self, errors: list[FieldError]) -> list[FieldError]:
        """The same errors, each with its line."""
        return [FieldError(e.pointer, f"{e.detail} (line {self._line(e.pointer)})") for e in errors]

    def _line(self, pointer: str) -> int:
        while pointer not in self.lines and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 1)


def read_document(text: str) -> Document:
    """Raises `Invalid` with the place where the text is not YAML."""
    loader = None
    try:
        _check_size(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        places = [] if node is None else list(_places(node, "", [0]))
        raw = None if node is None else loader.construct_document(node)  # it changes the node
    except yaml.YAMLError as error:
        raise Invalid(f"the mapping is not YAML: {_problem(error)}") from error
    except RecursionError as error:
        raise Invalid("the mapping is nested too deeply") from error
    except (ValueError, TypeError) as error:  # a day that there is not; a list as a key
        raise Invalid(f"the mapping is not YAML: {error}") from error
    finally:
        if loader is not None:
            loader.dispose()
    lines: dict[str, int] = {}
    doubles = []
    for pointer, line, first in places:
        lines.setdefault(pointer, line)
        if first:
            doubles.append(FieldError(pointer, f"stands twice, first on line {first}"))
            lines[pointer] = line
    return Document(raw, lines, tuple(doubles))


def read_text(path: Path) -> str:
    """A mapping file's text. Raises `Invalid` where there is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Invalid(f"the mapping {path} cannot be read: {error.strerror}") from error
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(
            f"the mapping {path.name} is not UTF-8: line {line} has the byte"
            f" 0x{content[error.start]:02X}; save it as UTF-8"
        ) from error


def near(name: object, known: Iterable[object]) -> str:
    """Says " (did you mean currency?)" where a known name is near; else nothing."""
    names = {str(entry).casefold(): str(entry) for entry in known}
    wanted = str(name).casefold()
    found = get_close_matches(wanted, names, n=2, cutoff=0.7)
    if not found and len(wanted) >= 3:
        found = [entry for entry in names if entry.startswith(wanted)][:2]
    return f" (did you mean {' or '.join(names[entry] for entry in found)}?)" if found else ""


def _problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{getattr(error, 'problem', None) or 'it cannot be read'}"


def _check_size(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            raise Invalid("the mapping is nested too deeply")


def _places(node: Any, pointer: str, count: list[int]) -> Iterator[tuple[str, int, int]]:
    """(pointer, line, line of the same key before) of every part."""
    count[0] += 1
    if count[0] > PARTS_MAX or pointer.count("/") > DEPTH_MAX:
        raise Invalid(f"the mapping has more than {PARTS_MAX} parts, or one within itself")
    yield pointer, node.start_mark.line + 1, 0
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            inner = f"{pointer}/{escape(name)}"
            yield inner, line, seen.get(name, 0) if name != "<<" else 0
            seen.setdefault(name, line)
            yield from _places(value, inner, count)
    elif isinstance(node, yaml.SequenceNode):
        for index, entry in enumerate(node.value):
            yield from _places(entry, f"{pointer}/{index}", count)
