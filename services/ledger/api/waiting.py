"""Reads: facts that wait for what is not there."""

from typing import Any

from fastapi import APIRouter

from services.ledger.api import models
from services.ledger.api.dependencies import Reader
from services.ledger.store.waiting import list_waits
from shared.web import PagingDep, ReadSessionDep, page

router = APIRouter(tags=["intake"])


@router.get("/v1/waiting", response_model=models.WaitPage)
async def get_waiting(
    session: ReadSessionDep, caller: Reader, paging: PagingDep, account_id: str | None = None
) -> Any:
    """Accepted facts, and money aimed at something, that wait for what is not there (yet)."""
    found = await list_waits(
        session,
        caller.tenant,
        account_id=account_id,
        after=paging.after(tuple[str, str, str, str]),
        limit=paging.limit + 1,
    )
    return page(
        found,
        paging.limit,
        lambda row: (row["account_id"], row["type"], row["fact_id"], row["needs_id"]),
    )
