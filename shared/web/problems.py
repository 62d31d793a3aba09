"""Every error answer: `application/problem+json` (RFC 9457).

`type` is `urn:recoup:problem:<the error's class, kebab-case>`, or `about:blank` where the status
says it all. `errors` names each bad field by pointer. In a body it is the RFC 6901 pointer from the
body's root (`/amount_minor`, `/lines/0/kind`); outside it `/query/<name>`, `/path/<name>`,
`/header/<name>`, `/cookie/<name>`.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.database import UnkeptValue
from shared.errors import (
    AppError,
    FieldError,
    Invalid,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unreadable,
    UnsupportedMediaType,
)
from shared.field_errors import escape
from shared.process import telemetry
from shared.texts import shown
from shared.web.models import json_bytes

_DETAIL_MAX = 2_000  # characters, of which some may be the caller's own
PROBLEM_TYPE = "application/problem+json"
_WORD = re.compile(r"(?<=.)(?=[A-Z])")  # where a word of a class's name begins
_CHALLENGE = 'Bearer realm="recoup"'

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "RFC 6901 pointer from the body's root; outside the body "
                        "/query/<name>, /path/<name>, /header/<name>.",
                    },
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def described(why: str) -> dict[str, Any]:
    """An answer with a problem, as OpenAPI describes it."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": why, "content": {PROBLEM_TYPE: {"schema": schema}}}


def responses_of(call: Mapping[str, Any]) -> dict[str, Any]:
    """The problems that a call of an OpenAPI document can meet, beside its own."""
    found: dict[str, str] = {}
    if call.get("security"):
        found["401"] = "There is no token, or it opens nothing."
        found["403"] = "The token lacks the scope, or is for another tenant."
    if call.get("requestBody"):
        found["400"] = "The body is not what it claims to be: not UTF-8, not JSON."
        found["413"] = "The body is larger than this call takes."
        found["415"] = "The body's type, encoding or charset is not taken."
    if call.get("requestBody") or call.get("parameters"):
        found["422"] = "A field makes no sense; `errors` names it."
    return {status: described(why) for status, why in sorted(found.items())}


def problem_response(
    error: AppError,
    members: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to an error. `members` are added to the usual ones (the intake's `rejected`)."""
    given = dict(headers or {})
    if isinstance(error, Unauthenticated):
        given["WWW-Authenticate"] = _CHALLENGE
    if isinstance(error, Unavailable):
        given.setdefault("Retry-After", "1")
    if isinstance(error, TooMany):
        given["Retry-After"] = str(error.seconds)
    more = {**error.members, **(members or {})}
    return _answer(
        error.status, _type_of(type(error)), error.title, error.detail, error.errors, more, given
    )


def problem_of(error: AppError) -> dict[str, object]:
    """The same as a value, for an answer that holds several (one per item of a batch)."""
    usual = _members(error.status, _type_of(type(error)), error.title, error.detail, error.errors)
    return {**usual, **error.members}


def status_problem(
    status: int, detail: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem that has no error class: its status says it all."""
    phrase = HTTPStatus(status).phrase
    return _answer(status, "about:blank", phrase, detail or phrase, (), None, dict(headers or {}))


def _members(
    status: int, kind: str, title: str, detail: str, errors: Sequence[FieldError]
) -> dict[str, object]:
    members: dict[str, object] = {
        "type": kind,
        "title": title,
        "status": status,
        "detail": shown(detail, _DETAIL_MAX),
    }
    if errors:
        members["errors"] = [
            FieldError(shown(each.pointer, _DETAIL_MAX), shown(each.detail, _DETAIL_MAX))
            for each in errors
        ]
    return members


def _answer(
    status: int,
    kind: str,
    title: str,
    detail: str,
    errors: Sequence[FieldError],
    members: Mapping[str, object] | None,
    headers: dict[str, str],
) -> Response:
    body = {**_members(status, kind, title, detail, errors), **(members or {})}
    return Response(json_bytes(body), status, headers, PROBLEM_TYPE)


def _type_of(cls: type[AppError]) -> str:
    """`InvoiceAlreadyPaid` → `urn:recoup:problem:invoice-already-paid`. What only one module knows
    goes by what it is one of.
    """
    while cls.__name__.startswith("_"):
        cls = cls.__bases__[0]
    return "urn:recoup:problem:" + _WORD.sub("-", cls.__name__).lower()


def field_errors(error: ValidationError, root: str = "") -> list[FieldError]:
    """What a model says of a value that is part of a request; `root` points to it."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        FieldError(root + _pointer(("body", *each["loc"])), _sentence(each["msg"]))
        for each in found
    ]


def _pointer(loc: Sequence[str | int]) -> str:
    place, rest = loc[0], loc[1:]
    path = "".join("/" + escape(str(part)) for part in rest)
    return path if place == "body" else f"/{place}{path}"


def _sentence(message: str) -> str:
    """Pydantic's messages without its prefix for our own validators."""
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


async def _on_app_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return problem_response(error)


async def _on_unkept_value(request: Request, error: Exception) -> Response:
    """What the database cannot take as a value, and no check before it knew: not ours to retry."""
    telemetry.logger(__name__).error(
        "value refused by the database",
        method=request.method,
        route=getattr(request.scope.get("route"), "path", "other"),
        exception=telemetry.traceback_of(error),
    )
    return problem_response(Invalid("The request has a value that cannot be kept."))


async def _on_invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        return problem_response(Unreadable("The body is not JSON."))
    if isinstance(error.body, bytes) and error.body:
        return problem_response(
            UnsupportedMediaType("The body must be sent with Content-Type: application/json.")
        )
    fields = [FieldError(_pointer(each["loc"]), _sentence(each["msg"])) for each in found]
    return problem_response(Invalid("The request has fields that cannot be taken.", fields))


async def _on_http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, AppError):  # raised while FastAPI read the body
        return problem_response(error.__cause__)
    if isinstance(error.__cause__, UnicodeDecodeError):
        return problem_response(Unreadable("The body is not UTF-8."))
    detail = None if error.detail == HTTPStatus(error.status_code).phrase else error.detail
    return status_problem(error.status_code, detail, error.headers)


def install(app: FastAPI) -> None:
    """Register the handlers. Subclasses of `AppError` are found by their base."""
    app.add_exception_handler(AppError, _on_app_error)
    app.add_exception_handler(UnkeptValue, _on_unkept_value)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
