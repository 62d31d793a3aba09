"""The contact governor as a question: may we make this contact? Nothing is stored.

The route is answered past the framework (`app.py`, `hot`): other systems ask it before every call.
"""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Raw, Struct

from services.outreach.api.pages import caller_of_page
from services.outreach.compliance import (
    Answer,
    Question,
    Situation,
    evaluate,
    read_question,
    timeline,
)
from services.outreach.context import Context
from services.outreach.rulebooks.domain import RuleBookVersions
from shared.errors import AppError, FieldError, Invalid, Unreadable
from shared.web import context_of, json_response, problem_of
from shared.web.auth import require

QUESTIONS_MAX = 1000
PAUSE = 20  # answers between two turns of other requests
DAYS = 14

router = APIRouter(tags=["compliance"])
_ITEMS = msgspec.json.Decoder(list[Raw])


async def evaluate_questions(request: Request) -> Response:
    """One question, or up to 1,000 in an array: each gets its answer, a bad one its problem."""
    tenant = await _asker(request)
    body = await request.body()
    rulebooks = await _rulebooks(request, tenant)
    if not body.lstrip().startswith(b"["):
        return json_response(_answer(body, rulebooks))
    try:
        items = _ITEMS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"The body is not JSON: {error}") from error
    if len(items) > QUESTIONS_MAX:
        problem = FieldError("", f"has {len(items)} questions, {QUESTIONS_MAX} at most")
        raise Invalid("There are too many questions.", [problem])
    answers: list[Answer | dict[str, object]] = []
    for number, item in enumerate(items, 1):
        try:
            answers.append(_answer(bytes(item), rulebooks))
        except AppError as error:
            answers.append(problem_of(error))
        if number % PAUSE == 0:
            await asyncio.sleep(0)
    return json_response(answers)


async def show_timeline(request: Request) -> Response:
    """The answer now, and what it would be over the next 14 days."""
    tenant = await _asker(request)
    body = await request.body()
    rulebooks = await _rulebooks(request, tenant)
    question = read_question(body)
    books = _books(question, rulebooks)
    stretches = await asyncio.to_thread(timeline, question, books, days=DAYS)
    return json_response(
        {
            "answer": evaluate(question, books),
            "stretches": stretches,
            "zones": Situation(question).zones,
        }
    )


async def _asker(request: Request) -> str:
    caller = await caller_of_page(request)
    require(caller, "outreach:read", "outreach:write")
    return caller.tenant


async def _rulebooks(request: Request, tenant: str) -> RuleBookVersions:
    """The tenant's books as of now."""
    context: Context = context_of(request)
    async with context.db.reading() as session:
        return await context.rulebooks.of(session, tenant)


def _answer(data: bytes, rulebooks: RuleBookVersions) -> Answer:
    question = read_question(data)
    return evaluate(question, _books(question, rulebooks))


def _books(question: Question, rulebooks: RuleBookVersions) -> Any:
    """The books in force at the instant asked about: the law, or those that the question names."""
    return rulebooks.at(question.at).books


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
        "security": [{"token": []}],
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
    openapi_extra=_described(_ONE_OR_MANY, takes_many=True),
    response_model=None,
)
router.add_api_route(
    "/v1/compliance/timeline",
    show_timeline,
    methods=["POST"],
    summary="The answer to a question over the next 14 days, as stretches",
    openapi_extra=_described(_TIMELINE, takes_many=False),
    response_model=None,
)
