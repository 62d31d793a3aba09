"""The busy door: `POST /v1/events`. Concurrent requests are gathered into one transaction."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from services.ledger.commands.intake import Outcome
from services.ledger.commands.posted import Posted, take_posted
from services.ledger.commands.tenants import Books
from shared import clock
from shared.cloudevents import BATCH, STRUCTURED, parse_http
from shared.database import Database
from shared.errors import FieldError, Forbidden, Invalid
from shared.web import Gatherer, json_response, problem_response
from shared.web.auth import Caller, caller_of, require

GATHER_EVENTS_MAX = 1_000  # in one transaction

Intake = Gatherer[list[Posted], list[Outcome]]


class RejectedItem(Struct, frozen=True):
    """An event of a batch that was refused."""

    index: int
    id: str | None
    errors: list[dict[str, str]]


class Receipt(Struct, frozen=True):
    """What became of a request's events, after commit."""

    accepted: int
    duplicates: int
    rejected: list[RejectedItem]


def gatherer(db: Database, books: Books) -> Intake:
    """Puts the events of concurrent requests into one transaction."""

    async def run(requests: list[list[Posted]]) -> Sequence[list[Outcome]]:
        posted = [item for request in requests for item in request]
        async with db.transaction() as session:
            outcomes = iter(await take_posted(session, posted, books, now=clock.now()))
        return [[next(outcomes) for _ in request] for request in requests]

    return Gatherer(run, max_items=GATHER_EVENTS_MAX, weigh=len, service="ledger", door="events")


async def take_events(request: Request) -> Response:
    """Take one event or a batch of up to 5,000; good ones are kept when others are bad."""
    caller = await caller_of(request)
    require(caller, "events:write")
    posted = parse_http(request.scope["headers"], await request.body())
    items = [Posted(_tenant(caller, item.tenantid), item, "http") for item in posted.items]
    outcomes = await request.app.state.gatherer.submit(items) if items else []
    receipt = _receipt(items, outcomes)
    if items and len(receipt.rejected) == len(items):
        return _nothing_valid(receipt, posted.is_batch, outcomes[0].errors)
    return json_response(receipt)


def _tenant(caller: Caller, named: str | None) -> str:
    """Whose the event is. Raises `Forbidden` for the whole request."""
    if named is None or named == caller.tenant:
        return caller.tenant
    if not caller.any_tenant:
        raise Forbidden(f"This token is not for tenant {named!r}.")
    return named


def _receipt(items: Sequence[Posted], outcomes: Sequence[Outcome]) -> Receipt:
    rejected = [
        RejectedItem(index, items[index].item.id, _shown(outcome))
        for index, outcome in enumerate(outcomes)
        if outcome.status == "rejected"
    ]
    duplicates = sum(outcome.status == "duplicate" for outcome in outcomes)
    return Receipt(len(outcomes) - duplicates - len(rejected), duplicates, rejected)


def _shown(outcome: Outcome) -> list[dict[str, str]]:
    return [{"pointer": error.pointer, "detail": error.detail} for error in outcome.errors]


def _nothing_valid(receipt: Receipt, is_batch: bool, errors: Sequence[FieldError]) -> Response:
    detail = "No event of the batch is valid." if is_batch else "The event is not valid."
    return problem_response(
        Invalid(detail, () if is_batch else errors),
        {
            "accepted": receipt.accepted,
            "duplicates": receipt.duplicates,
            "rejected": receipt.rejected,
        },
    )


_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string", "examples": ["invoice-issued"]},
        "time": {"type": "string", "format": "date-time"},
        "tenantid": {"type": "string"},
        "data": {"type": "object"},
    },
}
_OPENAPI: dict[str, Any] = {
    "security": [{"token": []}],
    "requestBody": {
        "required": True,
        "content": {
            STRUCTURED: {"schema": _EVENT},
            BATCH: {"schema": {"type": "array", "items": _EVENT, "maxItems": 5000}},
            "application/json": {
                "schema": {"type": "object", "description": "the data; attributes as ce- headers"}
            },
        },
    },
    "responses": {
        "200": {
            "description": "Committed.",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["accepted", "duplicates", "rejected"],
                        "properties": {
                            "accepted": {"type": "integer"},
                            "duplicates": {"type": "integer"},
                            "rejected": {"type": "array", "items": {"type": "object"}},
                        },
                    }
                }
            },
        }
    },
}

router = APIRouter(tags=["intake"])
router.add_api_route(
    "/v1/events", take_events, methods=["POST"], openapi_extra=_OPENAPI, response_model=None
)
