"""Early warnings: what began to go wrong, where, and whether it has ended."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.segmentation.api.dependencies import Reader
from services.segmentation.store import warnings as store
from shared.web import Model, PagingDep, ReadSessionDep, json_response, page

router = APIRouter(tags=["warnings"])
Kind = Literal["escalating-delay", "good-payer-turning", "exposure-over-limit"]


class WarningView(Model):
    account_id: str
    warning_id: str
    kind: str
    since_on: date
    raised_at: datetime
    because: str
    figures: dict[str, int]
    currency: str | None
    segment: str
    priority: int
    policy_version: str
    ended_on: date | None


class WarningPage(Model):
    items: list[WarningView]
    next_cursor: str | None


@router.get("/v1/warnings", response_model=WarningPage)
async def list_warnings(
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
    account_id: str | None = None,
    kind: Kind | None = None,
    status: Annotated[
        Literal["open", "ended"] | None, Query(description="Whether the episode lasts.")
    ] = None,
) -> Response:
    """Early warnings, the latest first: one for each episode."""
    found = await store.list_warnings(
        session,
        caller.tenant,
        account_id=account_id,
        kind=kind,
        is_open=None if status is None else status == "open",
        after=paging.after(tuple[datetime, str]),
        limit=paging.limit + 1,
    )
    return json_response(page(found, paging.limit, lambda row: (row.raised_at, row.warning_id)))
