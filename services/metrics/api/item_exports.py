"""The facts behind the figures in bulk: what is kept of each invoice, payment, contact, account."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from services.metrics.api.answer_models import Shape
from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.exports import BINARY, PARQUET
from services.metrics.context import Context
from services.metrics.domain.fact_rows import (
    ACCOUNT,
    PackedItem,
    items_as_lines,
    items_as_parquet,
)
from services.metrics.domain.kinds.registry import KINDS
from services.metrics.processes.figures import slot_before
from services.metrics.store.figures import find_tenant
from services.metrics.store.packed_items import ItemCursor, list_packed_items
from shared.errors import FieldError, Invalid
from shared.web import Day, decode_cursor, encode_cursor

router = APIRouter(tags=["export"])

ITEMS_AT_ONCE = 1_000
FILE_ITEMS_MAX = 20_000
NDJSON = "application/x-ndjson"
ITEM_KINDS = (ACCOUNT, *(kind.name for kind in KINDS.values() if kind.facts))


class ExportedItem(Shape):
    """A line of the export."""

    account_id: str
    kind: str
    id: str
    facts: list[dict[str, Any]]
    cursor: str


@router.get(
    "/v1/export/items",
    summary="The facts behind the figures",
    response_class=Response,
    responses={
        200: {"content": {NDJSON: {"schema": ExportedItem.model_json_schema()}, PARQUET: BINARY}}
    },
)
async def export_items(
    context: ContextDep,
    caller: CallerDep,
    kind: Annotated[str | None, Query(description="Only these.", max_length=40)] = None,
    as_of: Annotated[
        Day | None, Query(description="By what was recorded before this day's end.")
    ] = None,
    cursor: Annotated[
        str | None, Query(description="Go on after this line, or this file.", max_length=2000)
    ] = None,
    limit: Annotated[
        int | None, Query(ge=1, description="How many items. A file has 20,000 at most.")
    ] = None,
    format_: Annotated[Literal["ndjson", "parquet"], Query(alias="format")] = "ndjson",
) -> Response:
    """Each item with its facts in the order in which they came, by account, kind and id. Lines
    carry a `cursor`: with the last one that arrived, a broken export goes on where it broke. A
    Parquet file has a line per fact, and `X-Next-Cursor` while there is more."""
    if kind is not None and kind not in ITEM_KINDS:
        fault = FieldError("/query/kind", f"must be one of: {', '.join(ITEM_KINDS)}")
        raise Invalid("The export cannot be made.", [fault])
    after: ItemCursor | None = decode_cursor(cursor, tuple[str, str, str])
    async with context.db.reading() as session:
        before = slot_before(as_of, await find_tenant(session, caller.tenant))
    if format_ == "ndjson":
        lines = _lines(context, caller.tenant, kind, after, limit, before)
        return StreamingResponse(lines, media_type=NDJSON)
    count = min(limit or FILE_ITEMS_MAX, FILE_ITEMS_MAX)
    items = await _read(context, caller.tenant, kind, after, count + 1)
    content = await context.pool.run(caller.tenant, items_as_parquet, items[:count], before)
    headers = {"Content-Disposition": f'attachment; filename="{kind or "items"}.parquet"'}
    if len(items) > count:
        headers["X-Next-Cursor"] = encode_cursor(items[count - 1][:3])
    return Response(content, media_type=PARQUET, headers=headers)


async def _lines(
    context: Context,
    tenant: str,
    kind: str | None,
    after: ItemCursor | None,
    limit: int | None,
    before: int,
) -> AsyncIterator[bytes]:
    """Batch by batch, none of which holds the database while it is sent."""
    left = limit
    while left is None or left > 0:
        count = ITEMS_AT_ONCE if left is None else min(left, ITEMS_AT_ONCE)
        items = await _read(context, tenant, kind, after, count)
        if not items:
            return
        cursors = [encode_cursor(item[:3]) for item in items]
        yield await context.pool.run(tenant, items_as_lines, items, cursors, before)
        if len(items) < count:
            return
        after = items[-1][:3]
        left = None if left is None else left - count


async def _read(
    context: Context, tenant: str, kind: str | None, after: ItemCursor | None, limit: int
) -> list[PackedItem]:
    async with context.db.reading() as session:
        return await list_packed_items(session, tenant, kind, after, limit)
