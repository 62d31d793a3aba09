"""Bad fields in plain words: msgspec's messages and paths as RFC 6901 pointers and reasons."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct

from shared import texts
from shared.clock import instant_fault
from shared.errors import FieldError

# Of what a reader says, which quotes the sender; no pattern below sees more of it.
MESSAGE_MAX = 500

_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]|\[\.\.\.\]")
_MISSING = re.compile(r"Object missing required field `(.+)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`", re.DOTALL)
_WRONG_TYPE = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")

NO_DAY = "must be a day of the calendar like 2026-03-31"
NO_INSTANT = "must be an instant with its offset, like 2026-03-31T12:00:00Z"
_NOUNS = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a fraction",
    "str": "a text",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
    "date": "a day like 2026-03-31",
    "datetime": "an instant like 2026-03-31T12:00:00Z",
}
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Expected `[^`]*` of length >= 1\Z"), "must not be empty"),
    (re.compile(r"Expected `str[^`]*` of length >= (\d+)"), r"must have at least \1 characters"),
    (re.compile(r"Expected `str[^`]*` of length <= (\d+)"), r"must have at most \1 characters"),
    (re.compile(r"Expected `[^`]*` of length <= (\d+)"), r"must have at most \1 items"),
    (re.compile(r"Expected `[^`]*` >= (-?[\d.]+)"), r"must be at least \1"),
    (re.compile(r"Expected `[^`]*` <= (-?[\d.]+)"), r"must be at most \1"),
    (re.compile(r"Expected `[^`]*` > (-?[\d.]+)"), r"must be more than \1"),
    (re.compile(r"Expected `[^`]*` < (-?[\d.]+)"), r"must be less than \1"),
    (re.compile(r"Invalid RFC3339 encoded date\Z"), NO_DAY),
    (re.compile(r"Invalid RFC3339 encoded datetime"), NO_INSTANT),
    (re.compile(r"Expected `datetime` with a timezone component"), NO_INSTANT),
    (re.compile(r"Invalid enum value .*", re.DOTALL), "is not one of the values known here"),
)


def explain(message: str, root: str = "") -> FieldError:
    """A msgspec message as a field error; `root` is the pointer of what was decoded."""
    what, path = _parted(message)
    pointer = root + pointer_of(path)
    missing = _MISSING.fullmatch(what)
    if missing is not None:
        return FieldError(f"{pointer}/{escape(missing[1])}", "is missing")
    unknown = _UNKNOWN.fullmatch(what)
    if unknown is not None:
        return FieldError(f"{pointer}/{escape(unknown[1])}", "is not known here")
    return FieldError(pointer, _reason(what))


def _parted(message: str) -> tuple[str, str]:
    """What is wrong and the path of where, which stands last: ``… - at `$.lines[0]` ``."""
    what, at, path = message.rpartition(" - at `")
    path = path.removeprefix("key in ")
    if not at or not path.startswith("$") or not path.endswith("`"):
        what, path = message, "$`"
    if len(what) > MESSAGE_MAX:
        what = f"{what[:MESSAGE_MAX]}{'`' if what.endswith('`') else '…'}"
    return what, path[:-1][:MESSAGE_MAX]


def pointer_of(path: str) -> str:
    """`$.lines[0].amount_minor` → `/lines/0/amount_minor`.

    msgspec does not name the key of a map (`[...]`): the pointer then names the map.
    """
    parts = []
    for match in _STEP.finditer(path):
        if match[0] == "[...]":
            break
        parts.append(match[1] or match[2])
    return "".join(f"/{escape(part)}" for part in parts)


def escape(part: str) -> str:
    """One reference token of an RFC 6901 pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def _reason(what: str) -> str:
    for pattern, reason in _RULES:
        match = pattern.match(what)
        if match is not None:
            return match.expand(reason)
    wrong = _WRONG_TYPE.fullmatch(what)
    if wrong is None:
        return what
    wanted = [_NOUNS.get(name, name) for name in wrong[1].split(" | ") if name != "null"]
    got = "a fraction" if wrong[2] == "float" else _NOUNS.get(wrong[2], wrong[2])
    return f"must be {' or '.join(wanted)}, not {got}"


def field_errors(
    value: Mapping[str, Any],
    cls: type[Struct],
    root: str = "",
    *,
    skip: frozenset[str] = frozenset(),
) -> list[FieldError]:
    """Every field of a decoded object that does not fit the class, in the class's order."""
    errors = []
    for name, kind, is_required in _fields(cls):
        if name in skip:
            continue
        pointer = f"{root}/{escape(name)}"
        if name not in value:
            if is_required:
                errors.append(FieldError(pointer, "is missing"))
            continue
        found = _value_error(value[name], kind, pointer)
        if found is not None:
            errors.append(found)
    return errors


def _value_error(value: Any, kind: Any, pointer: str) -> FieldError | None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        found = explain(str(error), pointer)
        choices = _choices(kind)
        if pointer.endswith("/currency") and isinstance(value, str):
            return FieldError(pointer, "must be an ISO 4217 code like EUR")
        if choices and found.pointer == pointer:
            return FieldError(pointer, f"must be one of {', '.join(choices)}")
        if found.detail == NO_INSTANT and isinstance(value, str):
            return FieldError(found.pointer, instant_fault(value))
        return found
    return None


def tree_errors(value: Any, kind: Any, root: str = "") -> list[FieldError]:
    """Every fault in a tree of objects and lists, against the struct classes that declare it."""
    bare, length_max = _bare(kind)
    if isinstance(value, Mapping) and isinstance(bare, type) and issubclass(bare, Struct):
        return _object_errors(value, bare, root)
    item = _item_of(bare)
    if isinstance(value, list) and item is not None:
        if length_max is not None and len(value) > length_max:
            return [FieldError(root, f"must have at most {length_max} items")]
        return [
            error
            for index, each in enumerate(value)
            for error in tree_errors(each, item, f"{root}/{index}")
        ]
    found = _value_error(value, kind, root)
    return [] if found is None else [found]


def _object_errors(value: Mapping[str, Any], cls: type[Struct], root: str) -> list[FieldError]:
    known = {name: (kind, is_required) for name, kind, is_required in _fields(cls)}
    errors = [
        FieldError(f"{root}/{texts.shown(escape(str(name)))}", "is not known here")
        for name in value
        if name not in known
    ]
    plain: set[str] = set()
    for name, (kind, _) in known.items():
        inner = value.get(name)
        if isinstance(inner, Mapping | list) and _is_tree(kind):
            errors += tree_errors(inner, kind, f"{root}/{escape(name)}")
            plain.add(name)
    return errors + field_errors(value, cls, root, skip=frozenset(plain))


def _bare(kind: Any) -> tuple[Any, int | None]:
    """The type behind `Annotated` and `| None`, and how many items it may have."""
    length_max = None
    while True:
        if get_origin(kind) is Annotated:
            metas = [each for each in kind.__metadata__ if isinstance(each, msgspec.Meta)]
            length_max = next((m.max_length for m in metas if m.max_length), length_max)
            kind = get_args(kind)[0]
            continue
        inner = [each for each in get_args(kind) if each is not NoneType]
        if get_origin(kind) in (Union, UnionType) and len(inner) == 1:
            kind = inner[0]
            continue
        return kind, length_max


def _item_of(kind: Any) -> Any:
    """What a list holds; None: it is no list."""
    if get_origin(kind) not in (list, tuple):
        return None
    return get_args(kind)[0]


def _is_tree(kind: Any) -> bool:
    bare, _ = _bare(kind)
    return _item_of(bare) is not None or (isinstance(bare, type) and issubclass(bare, Struct))


@cache
def _fields(cls: type[Struct]) -> tuple[tuple[str, Any, bool], ...]:
    return tuple(
        (field.encode_name, field.type, field.default is field.default_factory is NODEFAULT)
        for field in msgspec.structs.fields(cls)
    )


def _choices(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return tuple(str(choice) for choice in get_args(kind))
    return next((found for each in get_args(kind) if (found := _choices(each))), ())


def text_errors(value: Any, root: str) -> list[FieldError]:
    """Texts that cannot be taken: by the names of their fields ids, names or texts.

    What stands under `attributes` is the sender's own; only NUL is refused there, which PostgreSQL
    cannot store.
    """
    return list(_walk(value, root, "", is_own=True))


_NAMES = frozenset(
    {"name", "email", "number", "country", "language", "timezone", "currency", "tags", "product"}
)


def _walk(value: Any, pointer: str, name: str, *, is_own: bool) -> Iterator[FieldError]:
    if isinstance(value, str):
        if fault := _fault(value, name, is_own=is_own):
            yield FieldError(pointer, fault)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(item, f"{pointer}/{index}", name, is_own=is_own)
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = f"{pointer}/{texts.shown(escape(key))}"
            if "\x00" in key:
                yield FieldError(inner, "must have no NUL character in its name")
            yield from _walk(item, inner, key, is_own=is_own and key != "attributes")


def _fault(value: str, name: str, *, is_own: bool) -> str | None:
    if not is_own:
        return texts.NO_NUL if "\x00" in value else None
    if name.endswith("_id"):
        return texts.id_fault(value)
    return texts.name_fault(value) if name in _NAMES else texts.text_fault(value)
