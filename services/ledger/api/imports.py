"""Files of events: looked at, tried, imported, and what became of them."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from services.ledger.api import import_models as models
from services.ledger.api.dependencies import ContextDep
from services.ledger.api.uploads import BODY_BYTES_MAX, Upload, uploaded
from services.ledger.commands.imports import (
    begin_import,
    get_import,
    go_on_with_import,
    stop_import,
)
from services.ledger.context import Context
from services.ledger.import_files.identity import import_id
from services.ledger.import_files.reading import mapping_of
from services.ledger.import_files.refusals import HEADER, refusal_row
from services.ledger.import_files.work import SECONDS_MAX, sniff_job
from services.ledger.processes.import_trial import try_import
from services.ledger.store.imports import FileImport, list_import_refusals, list_imports
from shared import clock
from shared.csv_events.files import format_of
from shared.errors import FieldError, Invalid
from shared.web import PagingDep, ReadSessionDep, SessionDep, json_response, page
from shared.web.auth import Caller, needs

REFUSALS_PAGE = 1_000

router = APIRouter(prefix="/v1/imports", tags=["imports"])

Uploader = Annotated[Caller, needs("events:write", body_max=BODY_BYTES_MAX)]
Importer = Annotated[Caller, needs("events:write")]

_FILE = {"type": "string", "format": "binary", "description": "CSV, .xlsx or JSON lines"}
_MAPPING = {"type": "string", "description": "YAML; CloudEvents, one on each line, need none"}


def _multipart(**parts: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": ["file"], "properties": parts}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


@router.post(
    "/sniff",
    response_model=models.SniffedFile,
    openapi_extra=_multipart(file=_FILE),
)
async def sniff_file(request: Request, context: ContextDep, caller: Uploader) -> Any:
    """How the file is written, what its columns seem to be, and a mapping to begin with."""
    async with uploaded(request, has_mapping=False) as upload:
        found = await context.files.run(
            caller.tenant, sniff_job, upload.folder, upload.name, seconds=SECONDS_MAX
        )
    return json_response(found)


@router.post(
    "",
    status_code=202,
    response_model=models.ImportBegun,
    responses={200: {"model": models.ImportReport, "description": "Of a dry run."}},
    openapi_extra=_multipart(file=_FILE, mapping=_MAPPING),
)
async def import_file(
    request: Request, context: ContextDep, caller: Uploader, dry_run: bool = False
) -> Response:
    """Import a file; the same again is the same import. A dry run says what would become of it."""
    async with uploaded(request) as upload:
        _check(upload)
        if dry_run:
            report = await try_import(
                context, caller.tenant, upload.folder, name=upload.name, mapping=upload.mapping
            )
            return json_response(report)
        name = await _begin(context, caller.tenant, upload)
    return json_response(models.ImportBegun(import_id=name).model_dump(), 202)


def _check(upload: Upload) -> None:
    """Raises `Invalid` for a mapping with faults, and for a file that is none of ours."""
    mapping = mapping_of(upload.mapping)
    kind = format_of(upload.path, mapping.file.format if mapping.events else None, upload.name)
    if upload.mapping is None and kind != "ndjson":
        error = FieldError("/mapping", "is needed: only files of CloudEvents go in without one")
        raise Invalid("The upload is not valid.", [error])


async def _begin(context: Context, tenant: str, upload: Upload) -> str:
    name = await _identity(tenant, upload)
    async with context.db.transaction() as session:
        await begin_import(
            session,
            tenant,
            name,
            name=upload.name,
            mapping=upload.mapping,
            parts=upload.parts(),
            now=clock.now(),
        )
    return name


async def _identity(tenant: str, upload: Upload) -> str:
    return await asyncio.to_thread(import_id, tenant, upload.path, upload.mapping)


@router.get("", response_model=models.ImportPage)
async def get_imports(session: ReadSessionDep, caller: Importer, paging: PagingDep) -> Any:
    """Imports, newest first; reports stand in each by itself."""
    cursor = paging.after(tuple[datetime, str])
    found = await list_imports(session, caller.tenant, before=cursor, limit=paging.limit + 1)
    items = [{**_view(one), "report": None} for one in found]
    return page(items, paging.limit, lambda item: (item["created_at"], item["import_id"]))


@router.get("/{import_id}", response_model=models.ImportView)
async def read_import(import_id: str, session: ReadSessionDep, caller: Importer) -> Any:
    """How far an import is, and what is said of its file."""
    return _view(await get_import(session, caller.tenant, import_id))


@router.get(
    "/{import_id}/refusals",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def read_refusals(
    import_id: str, session: ReadSessionDep, context: ContextDep, caller: Importer
) -> Response:
    """Every refusal as CSV: line, column, reason, and the row as it stands in the file."""
    found = await get_import(session, caller.tenant, import_id)
    return StreamingResponse(
        _refusals(context, (caller.tenant, found.import_id)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="refusals.csv"'},
    )


async def _refusals(context: Context, key: tuple[str, str]) -> AsyncIterator[str]:
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + _as_csv([HEADER])  # spreadsheets know it as UTF-8
    after = (-1, 0)
    while rows := await list_import_refusals(context.db, key, after=after, limit=REFUSALS_PAGE):
        yield _as_csv([refusal_row(refusal) for _, refusal in rows])
        after = rows[-1][0]


def _as_csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


@router.post("/{import_id}/cancel", response_model=models.ImportView)
async def cancel_import(import_id: str, session: SessionDep, caller: Importer) -> Any:
    """Send no more of it. What went in stays."""
    return _view(await stop_import(session, caller.tenant, import_id, clock.now()))


@router.post("/{import_id}/resume", status_code=202, response_model=models.ImportView)
async def resume_import(import_id: str, session: SessionDep, caller: Importer) -> Any:
    """Go on behind the last events that went in, after a failure or a cancellation."""
    return _view(await go_on_with_import(session, caller.tenant, import_id, clock.now()))


def _view(found: FileImport) -> dict[str, Any]:
    return {
        **{name: getattr(found, name) for name in _PLAIN},
        "refused": found.refused_rows + found.refused_events,
        "per_second": round(found.sent / found.seconds, 1) if found.seconds else None,
        "report": None if found.report is None else msgspec.json.decode(found.report),
    }


_PLAIN = (
    "import_id", "name", "state", "created_at", "finished_at", "rows", "events", "sent",
    "accepted", "duplicates", "reason",
)  # fmt: skip
