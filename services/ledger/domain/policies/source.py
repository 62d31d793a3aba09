"""YAML or JSON of a policy as plain data, in which numbers stay as they were written.

Only `true` and `false` are booleans and a plain decimal number is a `Number`: its digits, so that
no amount and no percentage ever is a float. A name can't stand twice, and there are no aliases and
tags, with which a short text can stand for an endless one.
"""

import json
import re
from itertools import islice
from typing import Any

import yaml

from shared.errors import FieldError, Invalid, Unreadable
from shared.field_errors import escape
from shared.texts import faults, shown

DEPTH_MAX = 16
FAULTS_MAX = 100
TEXT_LENGTH_MAX = 256 * 1024
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast


class Number(str):
    """The digits of a number as they were written."""

    __slots__ = ()


def read_source(text: str) -> Any:
    """Raises `Unreadable` for what is neither YAML nor JSON, `Invalid` for names that stand twice
    and for texts that cannot be taken."""
    if len(text) > TEXT_LENGTH_MAX:
        raise Unreadable(f"The policy has more than {TEXT_LENGTH_MAX} characters.")
    errors: list[FieldError] = []
    data = _read_json(text) if text.lstrip().startswith("{") else None
    if data is None:
        data = _read_yaml(text, errors)
    errors.extend(islice(faults(data, depth_max=DEPTH_MAX), FAULTS_MAX))
    if errors:
        raise Invalid("The policy cannot be read as it was meant.", errors[:FAULTS_MAX])
    return data


def _read_json(text: str) -> Any:
    """None: it is no JSON, or has a name twice, whose place the reader of YAML knows."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name stands twice")
        return found

    try:
        return json.loads(
            text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number,
            object_pairs_hook=once,
        )
    except (ValueError, RecursionError):
        return None


def _read_yaml(text: str, errors: list[FieldError]) -> Any:
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=_Loader)
        return None if node is None else _plain(node, "", errors)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise Unreadable(f"The policy is not YAML: {shown(problem)}{place}.") from error
    except (ValueError, OverflowError) as error:  # an escape for a character that there is not
        raise Unreadable(f"The policy is not YAML: {shown(str(error))}.") from error


def _check_events(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise Unreadable(f"The policy has an alias on line {line}: none are taken.")
        if getattr(event, "tag", None) is not None:
            raise Unreadable(f"The policy has a tag on line {line}: none are taken.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            raise Unreadable("The policy is nested too deep.")


def _plain(node: yaml.Node, pointer: str, errors: list[FieldError]) -> Any:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                errors.append(FieldError(pointer, "has a name that must be a text"))
                continue
            key = str(key_node.value)
            at = f"{pointer}/{shown(escape(key))}"
            if key in found:
                errors.append(FieldError(at, "stands there twice"))
            found[key] = _plain(value_node, at, errors)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, f"{pointer}/{n}", errors) for n, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    value = str(node.value)
    if getattr(node, "style", None):  # quoted or a block: a text
        return value
    if value in {"", "~", "null"}:
        return None
    if value in {"true", "false"}:
        return value == "true"
    return Number(value) if _NUMBER.fullmatch(value) else value
