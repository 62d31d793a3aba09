"""Every fault of the form of a document, in objects inside objects too."""

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct, UnsetType

from shared import texts
from shared.errors import FieldError
from shared.field_errors import escape, field_errors


def shape_faults(value: Any, cls: type[Struct], pointer: str) -> Iterator[FieldError]:
    """Members that are unknown, missing or of the wrong type, in objects inside objects too."""
    if not isinstance(value, Mapping):
        yield FieldError(pointer, "must be an object")
        return
    kinds = {field.encode_name: field.type for field in msgspec.structs.fields(cls)}
    for name in value:
        if name not in kinds:
            yield FieldError(f"{pointer}/{escape(texts.shown(name))}", "is not known here")
    inner = {name: _inner(kinds[name], value[name]) for name in value if name in kinds}
    nested = {name: found for name, found in inner.items() if found is not None}
    yield from field_errors(value, cls, pointer, skip=frozenset(nested))
    for name, objects in nested.items():
        for path, object_, struct in objects:
            yield from shape_faults(object_, struct, f"{pointer}/{name}{path}")


def _inner(kind: Any, value: Any) -> list[tuple[str, Any, type[Struct]]] | None:
    """The objects in a member that are to be looked at one by one; None: it has none."""
    if get_origin(kind) in (Union, UnionType):
        found = [each for each in get_args(kind) if each not in (NoneType, UnsetType)]
        return None if value is None or len(found) != 1 else _inner(found[0], value)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return [("", value, kind)]
    if get_origin(kind) is dict and isinstance(value, Mapping):
        struct = get_args(kind)[1]
        if isinstance(struct, type) and issubclass(struct, Struct):
            return [(f"/{escape(texts.shown(k))}", each, struct) for k, each in value.items()]
    return None
