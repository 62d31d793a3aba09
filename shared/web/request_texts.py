"""The texts of a request, looked at in one place before any route sees them.

Whatever a model says of its fields: nothing comes in that cannot be kept or told apart (NUL, half
of a surrogate pair, control characters, numbers beyond all writers, a member that stands twice).
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from json import JSONDecodeError
from typing import Any

from fastapi import Request

from shared.errors import FieldError, Invalid
from shared.json_names import doubled_name
from shared.texts import faults, text_fault

PARAMETER_MAX = 2_000  # characters of one parameter of a path or query
ERRORS_MAX = 20


async def check_texts(request: Request) -> None:
    """A dependency of every route. Raises `Invalid`, naming what cannot be taken."""
    errors = list(_parameter_errors("path", request.path_params.items()))
    errors += _parameter_errors("query", request.query_params.multi_items())
    if getattr(request.scope.get("route"), "body_field", None) is not None:
        errors += await _body_errors(request)
    if errors:
        raise Invalid("The request has texts that cannot be taken.", errors[:ERRORS_MAX])


def _parameter_errors(place: str, given: Iterable[tuple[str, Any]]) -> Iterator[FieldError]:
    for name, value in given:
        pointer = f"/{place}/{name[:100]}"
        if len(str(value)) > PARAMETER_MAX:
            yield FieldError(pointer, f"must have at most {PARAMETER_MAX} characters")
        elif fault := text_fault(str(value)):
            yield FieldError(pointer, fault)


async def _body_errors(request: Request) -> list[FieldError]:
    """Of a body that a model describes; the framework has read and parsed it by now."""
    body = await request.body()
    try:
        value = await request.json() if body else None
    except (JSONDecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return []  # which the framework says better
    return json_errors(body, value)


def json_errors(body: bytes, value: Any) -> list[FieldError]:
    """The same of a body that a route reads by itself, and what it read."""
    if (name := doubled_name(body)) is not None:
        return [FieldError("", f"has the member {name!r} twice in one object")]
    return list(islice(faults(value), ERRORS_MAX))
