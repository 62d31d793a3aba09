"""The contact governor as a question: may we make this contact? Nothing is stored.

The route is answered past the framework (`app.py`, `hot`): other systems ask it before every call.
"""

from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Struct

from services.outreach.compliance import Answer, Question
from services.outreach.rulebooks.domain.questions import QUESTIONS_MAX
from services.outreach.rulebooks.processes.questions import answer_questions, answer_timeline
from shared.errors import AppError
from shared.web import context_of, json_bytes, problem_of
from shared.web.auth import caller_of, needs

router = APIRouter(tags=["compliance"])

ONE_BYTES_MAX = 2 * 1024 * 1024  # a thousand debts and contacts, with what each is about
MANY_BYTES_MAX = 8 * 1024 * 1024


async def evaluate_questions(request: Request) -> Response:
    """One question, or up to 1,000 in an array: each gets its answer, a bad one its problem."""
    tenant = caller_of(request).tenant
    answers = await answer_questions(context_of(request), tenant, await request.body())
    if answers.is_array:
        content = b"[" + b",".join(map(_item, answers.items)) + b"]"
    else:
        (content,) = map(_only, answers.items)
    return Response(content, media_type="application/json")


def _item(answer: bytes | AppError) -> bytes:
    return json_bytes(problem_of(answer)) if isinstance(answer, AppError) else answer


def _only(answer: bytes | AppError) -> bytes:
    if isinstance(answer, AppError):
        raise answer
    return answer


async def show_timeline(request: Request) -> Response:
    """The answer now, and what it would be over the next 14 days."""
    tenant = caller_of(request).tenant
    content = await answer_timeline(context_of(request), tenant, await request.body())
    return Response(content, media_type="application/json")


def _asker(body_max: int) -> Any:
    """Who may ask. A question changes nothing: the page asks it with its session."""
    return needs("outreach:read", "outreach:write", body_max=body_max, is_question=True)


# ---------------------------------------------------------------------- as described to others


def _shape(cls: type[Struct]) -> dict[str, Any]:
    """The JSON Schema of a struct, standing by itself: parts in their place."""
    document = msgspec.json.schema(cls, ref_template="{name}")
    parts = document.pop("$defs", {})

    def placed(node: Any) -> Any:
        if isinstance(node, list):
            return [placed(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return placed(parts[node["$ref"]])
        return {name: placed(value) for name, value in node.items()}

    shape: dict[str, Any] = placed(document)
    return shape


EXAMPLE: dict[str, Any] = msgspec.json.decode(
    (Path(__file__).resolve().parent / "question.json").read_bytes()
)
_QUESTION = _shape(Question)
_ANSWER = _shape(Answer)
_PROBLEM = {"$ref": "#/components/schemas/Problem"}


def _described(answer: dict[str, Any], *, takes_many: bool) -> dict[str, Any]:
    asked: dict[str, Any] = _QUESTION
    if takes_many:
        many = {"type": "array", "items": _QUESTION, "maxItems": QUESTIONS_MAX}
        asked = {"oneOf": [_QUESTION, many]}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": asked, "example": EXAMPLE}},
        },
        "responses": {
            "200": {
                "description": "Not legal advice.",
                "content": {"application/json": {"schema": answer}},
            }
        },
    }


_ONE_OR_MANY = {
    "oneOf": [_ANSWER, {"type": "array", "items": {"oneOf": [_ANSWER, _PROBLEM]}}],
}
_TIMELINE = {
    "type": "object",
    "required": ["answer", "stretches"],
    "properties": {
        "answer": _ANSWER,
        "stretches": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["from", "to", "verdict", "rules"],
                "properties": {
                    "from": {"type": "string", "format": "date-time"},
                    "to": {"type": "string", "format": "date-time"},
                    "verdict": {"enum": ["allow", "defer", "block", "require_approval"]},
                    "rules": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "zones": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Every time zone in which the debtor may be.",
        },
    },
}
router.add_api_route(
    "/v1/compliance/evaluate",
    evaluate_questions,
    methods=["POST"],
    summary="May we make this contact? One question, or an array of up to 1,000",
    dependencies=[_asker(MANY_BYTES_MAX)],
    openapi_extra=_described(_ONE_OR_MANY, takes_many=True),
    response_model=None,
)
router.add_api_route(
    "/v1/compliance/timeline",
    show_timeline,
    methods=["POST"],
    summary="The answer to a question over the next 14 days, as stretches",
    dependencies=[_asker(ONE_BYTES_MAX)],
    openapi_extra=_described(_TIMELINE, takes_many=False),
    response_model=None,
)
