"""The kinds of error. HTTP status and retry-or-park both follow from the kind.

AppError
├── Invalid      the request makes no sense (422); names each bad field by JSON pointer
├── NotFound     there is no such thing, or it is another tenant's (404)
├── Conflict     a true request in the wrong state (409)
├── Forbidden    the caller may not do this (401 or 403)
├── TooMany      not so often: it says when again (429)
└── Unavailable  a peer or a server does not answer (503); the only kind worth a retry
    └── TookTooLong   the same again may take as long again: try it in smaller parts
"""

import math
from collections.abc import Mapping, Sequence

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One bad field: where it is (RFC 6901 pointer, as `/data/amount_minor`) and what is wrong."""

    pointer: str
    detail: str


class AppError(Exception):
    """Base of every error that is not a bug."""

    status = 500
    title = "Error"
    retriable = False

    def __init__(
        self,
        detail: str,
        errors: Sequence[FieldError] = (),
        members: Mapping[str, object] | None = None,
    ) -> None:
        """`members` are figures and reasons that the answer names beside the usual ones."""
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.members = dict(members or {})


class WorkerEnds(Exception):
    """A worker can't go on, and says why: no bug, so nobody needs to see where it stood."""


class Invalid(AppError):
    status = 422
    title = "Invalid request"


class NotFound(AppError):
    status = 404
    title = "Not found"


class Conflict(AppError):
    status = 409
    title = "Conflict"


class Forbidden(AppError):
    status = 403
    title = "Forbidden"


class Unauthenticated(Forbidden):
    status = 401
    title = "Unauthenticated"


class TooMany(AppError):
    """Asked too often; `seconds`: the same is taken again after that."""

    status = 429
    title = "Too many requests"

    def __init__(
        self, detail: str, seconds: float, members: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(detail, (), members)
        self.seconds = max(1, math.ceil(seconds))


class TooLarge(AppError):
    status = 413
    title = "Content too large"


class Unreadable(AppError):
    """The bytes are not what they claim to be: not UTF-8, not JSON."""

    status = 400
    title = "Unreadable request"


class UnsupportedMediaType(AppError):
    status = 415
    title = "Unsupported media type"


class Unavailable(AppError):
    status = 503
    title = "Unavailable"
    retriable = True


class TookTooLong(Unavailable):
    """Work that was too much at once, or too slow: a part of it may pass where all of it can't."""

    title = "Took too long"


def is_retriable(error: BaseException) -> bool:
    """Whether the same work may succeed a little later."""
    if isinstance(error, AppError):
        return error.retriable
    return isinstance(error, ConnectionError | TimeoutError)
