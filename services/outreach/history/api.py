"""Contacts that others made: imported, so that caps and waiting periods count them too."""

from typing import Annotated, Any, Literal, get_args

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from services.outreach.activity.domain.limits import IMPLAUSIBLE, ContactChannel, is_plausible
from services.outreach.api.dependencies import ContextDep
from services.outreach.history import commands
from shared.errors import FieldError, Invalid, Unreadable
from shared.events.billing import Instant
from shared.field_errors import field_errors
from shared.texts import id_fault
from shared.web import SessionDep, json_response
from shared.web.auth import Caller, needs
from shared.web.request_texts import json_errors

ITEMS_MAX = 1000
BODY_BYTES_MAX = 4 * 1024 * 1024

router = APIRouter(tags=["consents and preferences"])
Writer = Annotated[Caller, needs("outreach:write", body_max=BODY_BYTES_MAX)]

Outcome = Literal[
    "busy", "not_in_service", "no_answer", "voicemail_no_message", "voicemail_limited_content",
    "voicemail_full", "answered_dropped", "conversation", "sent", "delivered", "bounced",
]  # fmt: skip
Person = Literal["debtor", "spouse", "attorney", "third_party"]
_Text = Annotated[str, Meta(min_length=1, max_length=256)]


class PastContactItem(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One contact that was made. What is left out is not known."""

    id: Annotated[str, Meta(min_length=1, max_length=128)]
    at: Instant
    channel: ContactChannel
    outcome: Outcome
    initiated_by: Literal["collector", "debtor"] = "collector"
    about: Annotated[tuple[_Text, ...], Meta(max_length=100)] | None = None  # invoices
    to: _Text | None = None
    by: _Text | None = None
    person: Person | None = None
    notice: _Text | None = None


_ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["id", "at", "channel", "outcome"],
    "properties": {
        "id": {"type": "string", "description": "The importer's own; the same id counts once."},
        "at": {"type": "string", "format": "date-time"},
        "channel": {"enum": list(get_args(ContactChannel))},
        "outcome": {"enum": list(get_args(Outcome))},
        "initiated_by": {"enum": ["collector", "debtor"], "default": "collector"},
        "about": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Invoices. A contact counts for all its account owes, a notice for"
            " these.",
        },
        "to": {"type": "string", "description": "The number or address."},
        "by": {"type": "string", "description": "Who made it."},
        "person": {"enum": list(get_args(Person)), "description": "Who was reached."},
        "notice": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "examples": ["validation", "medical", "written", "letter_of_claim"],
            "description": "The notice of the law that was given with it, in the rule books' word;"
            " given of the invoices in `about`, without them of all that the account owes. One"
            " that bounced or reached nobody was not given.",
        },
    },
}
_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["items"],
                    "properties": {
                        "items": {"type": "array", "items": _ITEM, "maxItems": ITEMS_MAX}
                    },
                }
            }
        },
    },
    "responses": {
        "200": {
            "description": "Good items are kept when others are refused.",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["accepted", "duplicates", "rejected"],
                        "properties": {
                            "accepted": {"type": "integer"},
                            "duplicates": {"type": "integer"},
                            "rejected": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "properties": {
                                        "index": {"type": "integer"},
                                        "id": {"type": ["string", "null"]},
                                        "errors": {"type": "array", "items": {"type": "object"}},
                                    },
                                },
                            },
                        },
                    }
                }
            },
        }
    },
}


@router.post(
    "/v1/accounts/{account_id}/contact-history",
    summary="Import contacts that others made, up to 1,000 at a time; safe to repeat",
    openapi_extra=_OPENAPI,
    response_model=None,
)
async def import_contacts(
    account_id: str, caller: Writer, session: SessionDep, context: ContextDep, request: Request
) -> Response:
    raw = _items(await request.body())
    rejected: dict[int, tuple[str | None, list[FieldError]]] = {}
    good: dict[str, tuple[int, PastContactItem]] = {}
    for index, value in enumerate(raw):
        item = _item(value, index)
        if isinstance(item, list):
            id_ = value.get("id") if isinstance(value, dict) else None
            rejected[index] = (id_ if isinstance(id_, str) else None, item)
        elif item.id in good and good[item.id][1] != item:
            same = FieldError(f"/items/{index}/id", "stands twice, with different content")
            rejected[index] = (item.id, [same])
        else:
            good.setdefault(item.id, (index, item))
    entries = [(item.id, item.at, _entry(item)) for _, item in good.values()]
    new, seen, refused = await commands.import_history(
        session, caller.tenant, account_id, context.clock, entries
    )
    for id_, why in refused.items():
        index = good[id_][0]
        rejected[index] = (id_, [FieldError(f"/items/{index}", why)])
    repeated = len(raw) - len(good) - len(rejected) + len(refused)
    shown = [
        {"index": index, "id": id_, "errors": errors}
        for index, (id_, errors) in sorted(rejected.items())
    ]
    if raw and len(shown) == len(raw):
        raise Invalid(
            "No item can be taken.", [e for _, errors in rejected.values() for e in errors]
        )
    return json_response({"accepted": new, "duplicates": seen + repeated, "rejected": shown})


def _items(body: bytes) -> list[Any]:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("The body is not JSON.") from error
    items = document.get("items") if isinstance(document, dict) else None
    if errors := json_errors(body, document):
        raise Invalid("The request has texts that cannot be taken.", errors)
    if not isinstance(items, list):
        raise Invalid("The request is not a batch.", [FieldError("/items", "must be an array")])
    if len(items) > ITEMS_MAX:
        problem = FieldError("/items", f"must have at most {ITEMS_MAX} items")
        raise Invalid("The batch is too large.", [problem])
    return items


def _item(value: Any, index: int) -> PastContactItem | list[FieldError]:
    root = f"/items/{index}"
    if not isinstance(value, dict):
        return [FieldError(root, "must be an object")]
    errors = field_errors(value, PastContactItem, root)
    errors += [
        FieldError(f"{root}/{name}", "is not known here")
        for name in value
        if name not in PastContactItem.__struct_fields__
    ]
    if errors:
        return errors
    item = msgspec.convert(value, PastContactItem)
    if fault := id_fault(item.id):
        return [FieldError(f"{root}/id", fault)]
    if not is_plausible(item.at):
        return [FieldError(f"{root}/at", IMPLAUSIBLE)]
    if item.notice is not None and item.initiated_by == "debtor":
        return [FieldError(f"{root}/notice", "is given by a collector, not by the debtor")]
    return item


def _entry(item: PastContactItem) -> dict[str, Any]:
    entry: dict[str, Any] = msgspec.to_builtins(item, builtin_types=())
    for name in ("id", "at"):
        entry.pop(name)
    entry["initiated_by"] = item.initiated_by
    return entry
