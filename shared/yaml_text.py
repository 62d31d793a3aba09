"""YAML that people write, with the line of everything in it, and without YAML's surprises.

Only `true` and `false` are booleans (so that Norway's NO stays a country), only plain decimal
numbers are numbers (so that 08:00 stays a time), a key can't stand twice, and there are no aliases,
with which a short text can stand for an endless one.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

import yaml

from shared.errors import FieldError, Invalid
from shared.field_errors import escape
from shared.texts import faults, shown

DEPTH_MAX = 32
_INT = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[+-]?[0-9]{1,18}\.[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast


class Document:
    """Plain data and, by JSON pointer, the lines it stands on."""

    def __init__(self, data: Any, lines: dict[str, int]) -> None:
        self.data = data
        self._lines = lines

    def line(self, pointer: str) -> int:
        """The line of what the pointer names, or of the nearest thing around it."""
        while pointer not in self._lines and pointer:
            pointer = pointer.rpartition("/")[0]
        return self._lines.get(pointer, 1)


def read_document(text: str, *, fraction: Callable[[str], float | Decimal] = float) -> Document:
    """Raises `Invalid` with the line where the text is not YAML. `fraction` makes a number of one
    with decimals: where money is written, an exact one."""
    errors: list[FieldError] = []
    lines: dict[str, int] = {}
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise Invalid(f"{place}not YAML: {problem}") from error
    except (ValueError, OverflowError) as error:  # an escape for a character that there is not
        raise Invalid(f"not YAML: {shown(str(error))}") from error
    data = None if node is None else _Plain(lines, errors, fraction).data(node, "")
    if errors:
        raise Invalid("; ".join(error.detail for error in errors[:3]), errors)
    document = Document(data, lines)
    errors = [
        FieldError(bad.pointer, f"line {document.line(bad.pointer)}: {bad.detail}")
        for bad in islice(faults(data, depth_max=DEPTH_MAX), 3)
    ]
    if errors:
        raise Invalid("; ".join(error.detail for error in errors), errors)
    return document


def _check_events(text: str) -> None:
    """Aliases, and a depth that would overrun the stack of whoever builds a tree of it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif not isinstance(event, yaml.AliasEvent):
            continue
        fault = "aliases are not taken" if isinstance(event, yaml.AliasEvent) else None
        if depth > DEPTH_MAX:
            fault = "nested too deep"
        if fault is not None:
            mark = event.start_mark
            raise Invalid(f"line {mark.line + 1 if mark else 1}: {fault}")


class _Plain:
    """Makes plain data of nodes, and notes their lines and what is wrong with them."""

    def __init__(
        self,
        lines: dict[str, int],
        errors: list[FieldError],
        fraction: Callable[[str], float | Decimal],
    ) -> None:
        self._lines, self._errors, self._fraction = lines, errors, fraction

    def data(self, node: yaml.Node, pointer: str) -> Any:
        self._lines[pointer] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, pointer)
        if isinstance(node, yaml.SequenceNode):
            return [self.data(item, f"{pointer}/{index}") for index, item in enumerate(node.value)]
        return self._scalar(node, pointer)

    def _mapping(self, node: yaml.MappingNode, pointer: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            at = f"{pointer}/{escape(str(key))}"
            if not isinstance(key, str) or key in found:
                where = key_node.start_mark.line + 1
                words = f"{shown(str(key))!r} stands there twice"
                self._errors.append(FieldError(at, f"line {where}: {words}"))
                continue
            found[key] = self.data(value_node, at)
            self._lines[at] = key_node.start_mark.line + 1
        return found

    def _scalar(self, node: yaml.Node, pointer: str) -> Any:
        value = str(node.value)
        if getattr(node, "style", None):  # quoted or a block: a text
            return value
        if value in {"", "~", "null"}:
            return None
        if value in {"true", "false"}:
            return value == "true"
        if _INT.fullmatch(value):
            return int(value)
        if _FLOAT.fullmatch(value):
            return self._fraction(value)
        if _DAY.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                where = node.start_mark.line + 1
                self._errors.append(FieldError(pointer, f"line {where}: {value} is not a day"))
        return value
