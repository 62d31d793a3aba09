"""Keyset paging: `?limit=&cursor=` → `{"items": […], "next_cursor": null}`.

A cursor is the sort key of the last item of a page, opaque to the caller and checked when it comes
back: a damaged one, or one of another list, is a 422 and never a wrong page. A list's query asks
for `limit + 1` rows after the cursor, so that the last page knows that it is the last.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Depends, Query

from shared.errors import FieldError, Invalid
from shared.texts import is_storable

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
_CHECK_BYTES = 6
_CURSOR_LENGTH_MAX = 2000

T = TypeVar("T")


@dataclass(frozen=True)
class Paging:
    """What a list was asked for."""

    limit: int
    cursor: str | None

    def after(self, key_type: Any) -> Any:
        """The sort key to go on after, as `key_type` (`tuple[date, str]`), or None at the start."""
        return decode_cursor(self.cursor, key_type)


def _paging(
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> Paging:
    return Paging(limit, cursor)


PagingDep = Annotated[Paging, Depends(_paging)]


def page(items: Sequence[T], limit: int, key: Callable[[T], Sequence[object]]) -> dict[str, Any]:
    """One page of at most `limit` items.

    `items` are the rows found, of which `limit + 1` were asked for; `key` is an item's
    sort key as the query orders by it.
    """
    more = len(items) > limit
    shown = items[:limit]
    return {
        "items": list(shown),
        "next_cursor": encode_cursor(key(shown[-1])) if more else None,
    }


def encode_cursor(key: Sequence[object]) -> str:
    """Text for a sort key of texts, numbers, days and instants."""
    content = msgspec.json.encode(list(key))
    return base64.urlsafe_b64encode(_check(content) + content).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, key_type: Any) -> Any:
    """The sort key in a cursor, as `key_type`; None without one.

    Raises `Invalid` if this list did not give it.
    """
    if cursor is None:
        return None
    try:
        if len(cursor) > _CURSOR_LENGTH_MAX:
            raise ValueError("too long")
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        check, content = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        if check != _check(content):
            raise ValueError("damaged")
        key = msgspec.json.decode(content, type=key_type)
        if not all(map(is_storable, key)):
            raise ValueError("a key that no list has")
        return key
    except (ValueError, binascii.Error, msgspec.DecodeError):
        problem = FieldError("/query/cursor", "is not a cursor that this list gave")
        raise Invalid("The cursor cannot be used.", [problem]) from None


def _check(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECK_BYTES, person=b"recoup.cursor").digest()
