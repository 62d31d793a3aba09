"""The busy door: `POST /v1/events`. Concurrent requests are gathered into one transaction."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from services.ledger.commands.intake import ReceivedEvent
from services.ledger.commands.new_facts import Outcome
from services.ledger.context import Context
from services.ledger.domain.intake import notices
from services.ledger.processes.intake import find_heavy_requests, take_in_parts, take_together
from shared.cloudevents import BATCH, STRUCTURED, Incoming, parse_http
from shared.errors import FieldError, Forbidden, Invalid
from shared.process.failures import is_for_now
from shared.web import Gatherer, json_response, problem_response
from shared.web.auth import Caller, caller_of, needs
from shared.web.gather import RUN_ALONE, RunAlone

BODY_BYTES_MAX = 8 * 1024 * 1024
GATHER_EVENTS_MAX = 1_000  # in one transaction


class RejectedItem(Struct, frozen=True):
    """An event of a batch that was refused."""

    index: int
    id: str | None
    errors: list[dict[str, str]]


class Notice(Struct, frozen=True):
    """Something in an event that was accepted that will be of no use."""

    index: int
    id: str | None
    pointer: str
    detail: str


class Receipt(Struct, frozen=True, omit_defaults=True):
    """What became of a request's events, after commit."""

    accepted: int
    duplicates: int
    rejected: list[RejectedItem]
    notices: list[Notice] = []  # left out where there are none


class EventsDoor:
    """Puts concurrent requests of a tenant into one transaction; heavy ones go by themselves."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._gatherer = Gatherer(
            self._take_light,
            run_alone=partial(take_in_parts, context),
            lane_of=_lane_of,
            weigh=len,
            max_items=GATHER_EVENTS_MAX,
            service="ledger",
            door="events",
        )
        self.router = APIRouter(tags=["intake"])
        self.router.add_api_route(
            "/v1/events",
            self.take,
            name="take_events",
            methods=["POST"],
            dependencies=[needs("events:write", body_max=BODY_BYTES_MAX)],
            openapi_extra=_OPENAPI,
            response_model=None,
        )

    async def close(self) -> None:
        """Wait until all that was taken is answered."""
        await self._gatherer.close()

    async def take(self, request: Request) -> Response:
        """Take one event or a batch of up to 5,000; good ones are kept when others are bad."""
        caller = caller_of(request)
        parsed = parse_http(request.scope["headers"], await request.body())
        events = [
            ReceivedEvent(_tenant(caller, item.tenantid), item, "http") for item in parsed.items
        ]
        outcomes = await self._gatherer.submit(events) if events else []
        receipt = _receipt(events, outcomes)
        if events and len(receipt.rejected) == len(events):
            return _nothing_valid(receipt, parsed.is_batch, outcomes[0].errors)
        return json_response(receipt)

    async def _take_light(
        self, requests: list[list[ReceivedEvent]]
    ) -> Sequence[list[Outcome] | RunAlone]:
        heavy = await find_heavy_requests(self._context, requests)
        light = [events for events, is_heavy in zip(requests, heavy, strict=True) if not is_heavy]
        try:
            taken = iter(await take_together(self._context, light) if light else ())
        except Exception as error:
            if is_for_now(error) or len(requests) > 1:
                raise
            return [RUN_ALONE]  # in parts: one bad event leaves the others of its request
        return [RUN_ALONE if is_heavy else next(taken) for is_heavy in heavy]


def _lane_of(events: Sequence[ReceivedEvent]) -> tuple[str, ...]:
    """Tenants are never mixed, unless a request (of a caller that may) mixes them itself."""
    return tuple(sorted({event.tenant for event in events}))


def _tenant(caller: Caller, named: str | None) -> str:
    """Whose the event is. Raises `Forbidden` for the whole request."""
    if named is None or named == caller.tenant:
        return caller.tenant
    if not caller.any_tenant:
        raise Forbidden(f"This token is not for tenant {named!r}.")
    return named


def _receipt(events: Sequence[ReceivedEvent], outcomes: Sequence[Outcome]) -> Receipt:
    rejected = [
        RejectedItem(index, events[index].item.id, _shown(outcome))
        for index, outcome in enumerate(outcomes)
        if outcome.status == "rejected"
    ]
    duplicates = sum(outcome.status == "duplicate" for outcome in outcomes)
    accepted = len(outcomes) - duplicates - len(rejected)
    return Receipt(accepted, duplicates, rejected, list(_notices(events, outcomes)))


def _notices(events: Sequence[ReceivedEvent], outcomes: Sequence[Outcome]) -> Iterator[Notice]:
    for index, (event, outcome) in enumerate(zip(events, outcomes, strict=True)):
        if outcome.status == "accepted" and isinstance(event.item, Incoming):
            for notice in notices(event.item.data):
                yield Notice(index, event.item.id, notice.pointer, notice.detail)


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
                            "notices": {"type": "array", "items": {"type": "object"}},
                        },
                    }
                }
            },
        }
    },
}
