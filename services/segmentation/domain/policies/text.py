"""A policy's text, YAML or JSON, with the line on which each part of it stands."""

from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct

from shared.errors import FieldError, Unreadable
from shared.field_errors import escape
from shared.texts import faults, shown

DEPTH_MAX = 100
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast


class Read(Struct, frozen=True):
    """The plain data of a text, where its parts stand, and names that stand twice."""

    raw: Any
    lines: dict[str, int]  # by JSON pointer
    doubles: tuple[FieldError, ...]


def read_text(text: str) -> Read:
    """Raises `Unreadable` for what is neither YAML nor JSON."""
    try:
        _check_events(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            raw = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
        places = [] if node is None else list(_places(node, ""))
        bad = next(faults(raw, depth_max=DEPTH_MAX), None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise Unreadable(f"The policy is not YAML: {problem}{place}.") from error
    except RecursionError as error:
        raise Unreadable("The policy is nested too deep.") from error
    except (ValueError, OverflowError) as error:  # of the right form, but there is no such thing
        raise Unreadable(f"The policy is not YAML: {shown(str(error))}.") from error
    if bad is not None:
        raise Unreadable(f"The policy has what cannot be taken: {bad.pointer} {bad.detail}.")
    lines: dict[str, int] = {}
    doubles: list[FieldError] = []
    for pointer, line, first in places:
        lines.setdefault(pointer, line)
        if first is not None:
            doubles.append(FieldError(pointer, f"stands twice, first on line {first}"))
            lines[pointer] = line
    return Read(raw, lines, tuple(doubles))


def _check_events(text: str) -> None:
    """Refuses aliases, with which a short text can stand for an endless one, and a depth that would
    overrun the stack of whoever builds a tree of it."""
    depth = 0
    mark: Any
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            mark = event.start_mark
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", mark)
        if getattr(event, "tag", None) is not None:  # `!!set`: surprises, not data
            mark = event.start_mark
            raise yaml.composer.ComposerError(None, None, "tags are not taken", mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            raise Unreadable("The policy is nested too deep.")


def _places(node: yaml.Node, pointer: str) -> Iterator[tuple[str, int, int | None]]:
    """Pointer and line of every part; of a name that stands twice also the line of the first."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name = f"{pointer}/{escape(str(key.value))}"
            line = key.start_mark.line + 1
            yield name, line, seen.get(name)
            seen.setdefault(name, line)
            yield from _places(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{pointer}/{index}", item.start_mark.line + 1, None
            yield from _places(item, f"{pointer}/{index}")


def with_lines(errors: list[FieldError], lines: dict[str, int]) -> list[FieldError]:
    """The same errors, each with its line, in the order of the lines."""
    placed = []
    for error in errors:
        pointer = error.pointer
        while pointer and pointer not in lines:
            pointer = pointer.rpartition("/")[0]  # what is missing has no line: its parent has
        line = lines.get(pointer)
        placed.append((line or 0, error))
    placed.sort(key=lambda item: item[0])  # stable: errors of one line keep their order
    return [
        FieldError(error.pointer, f"line {line}: {error.detail}" if line else error.detail)
        for line, error in placed
    ]
