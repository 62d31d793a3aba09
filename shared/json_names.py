"""Names that stand twice in one JSON object: readers disagree on which of them counts.

Found without a slow reader: decoded and encoded again, such a document has fewer strings.
"""

import json
from typing import Any

import msgspec

from shared.texts import shown


def doubled_name(body: bytes | bytearray | memoryview | msgspec.Raw) -> str | None:
    """A name that stands twice in some object of a document; None also where it is no JSON."""
    content = bytes(body)
    try:
        again = msgspec.json.encode(msgspec.json.decode(content))
        if _strings(content) == _strings(again):
            return None
    except msgspec.ValidationError:
        pass  # a number that it can't hold, say: look closely
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return _find(content)


def _strings(content: bytes) -> int:
    """How many quotes begin or end a text."""
    if b"\\" not in content:
        return content.count(b'"')
    content = content.replace(b"\\\\", b"")  # of a run of backslashes the first two are one
    return content.count(b'"') - content.count(b'\\"')


class _DoubledError(Exception):
    pass


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise _DoubledError(shown(next(name for name in names if names.count(name) > 1)))


def _find(content: bytes) -> str | None:
    try:
        json.loads(content, object_pairs_hook=_once, parse_int=str, parse_float=str)
    except _DoubledError as error:
        return str(error)
    except (ValueError, RecursionError):
        return None
    return None
