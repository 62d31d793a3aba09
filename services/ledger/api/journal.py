"""The journal as a file, for whoever checks it elsewhere."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from services.ledger.api.dependencies import ContextDep, Reader
from services.ledger.processes.journal_export import export_lines, open_export
from shared import clock

router = APIRouter(tags=["journal"])

_TYPE = "application/x-ndjson"


@router.get(
    "/v1/journal/export",
    response_class=StreamingResponse,
    responses={200: {"content": {_TYPE: {"schema": {"type": "string"}}}}},
)
async def export_journal(
    context: ContextDep,
    caller: Reader,
    account_id: Annotated[
        str | None, Query(description="one account, its heads with their paths to the roots")
    ] = None,
    from_seal: Annotated[
        int, Query(ge=1, le=2**31 - 1, description="without what the seals before it have sealed")
    ] = 1,
) -> StreamingResponse:
    """The journal, its seals, and what they are made of, as NDJSON.

    `.venv/bin/python -m services.ledger.verify FILE` checks it with nothing but Python's standard
    library; how to do that by hand says docs/journal.md.
    """
    export = await open_export(
        context, caller.tenant, account_id=account_id, from_seal=from_seal, now=clock.now()
    )
    return StreamingResponse(
        export_lines(context, export),
        media_type=_TYPE,
        headers={"Content-Disposition": 'attachment; filename="journal.ndjson"'},
    )
