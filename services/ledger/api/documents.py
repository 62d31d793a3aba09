"""Reads: statements and copies of invoices, as JSON, CSV and PDF."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from services.ledger import domain
from services.ledger.api import models
from services.ledger.api.dependencies import ContextDep, ReaderOrDebtor
from services.ledger.api.invoices import find_invoice, invoice_view
from services.ledger.commands.accounts import find_account, in_slices
from services.ledger.context import Context
from services.ledger.documents.assembly import invoice_paper, statement_paper
from services.ledger.documents.invoice_pdf import invoice_pdf
from services.ledger.documents.papers import StatementPaper
from services.ledger.documents.statement_pdf import statement_pdf
from services.ledger.documents.tables import statement_csv, statement_json
from services.ledger.documents.words import LANGUAGES, language_of
from services.ledger.domain import AccountState
from services.ledger.domain.statement import LINES_MAX
from services.ledger.store.tenants import LockedTenant
from shared.clock import FIRST_DAY, local_day
from shared.errors import FieldError, Invalid
from shared.money import is_currency
from shared.texts import shown
from shared.web import Day

router = APIRouter(tags=["documents"])

DAYS_BEFORE = 90  # of a window that names its end alone
PDF_DAYS_MAX = 400
PDF_LINES_MAX = 20_000
LINES_HERE_MAX = 500  # more take milliseconds that others would wait for

Format = Literal["json", "csv", "pdf"]
_MEDIA: dict[Format, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "pdf": "application/pdf",
}
_WRITERS: dict[Format, Callable[[bytes], bytes]] = {
    "json": statement_json,
    "csv": statement_csv,
    "pdf": statement_pdf,
}
_PDF = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
_CSV = {"text/csv": {"schema": {"type": "string"}}}

Language = Annotated[
    str | None,
    Query(description=f"{', '.join(LANGUAGES)}; default: the account's, else English"),
]


class StatementQuery:
    """What was asked for, checked."""

    def __init__(
        self,
        request: Request,
        from_on: Annotated[
            Day | None, Query(alias="from", description="default: 90 days before `to`")
        ] = None,
        to_on: Annotated[
            Day | None, Query(alias="to", description="default: the begun day")
        ] = None,
        currency: Annotated[str | None, Query(description="this one alone")] = None,
        language: Language = None,
        format_: Annotated[
            Format | None, Query(alias="format", description="goes before `Accept`")
        ] = None,
    ) -> None:
        problems = language_problems(language)
        if from_on is not None and to_on is not None and from_on > to_on:
            problems.append(FieldError("/query/to", "is before `from`"))
        if currency is not None and not is_currency(currency):
            problems.append(
                FieldError("/query/currency", f"{shown(currency)!r} is not in ISO 4217")
            )
        if problems:
            raise Invalid("The statement cannot be made.", problems)
        self.from_on, self.to_on = from_on, to_on
        self.currency, self.language = currency, language
        self.format: Format = format_ or _accepted(request.headers.get("accept", ""))

    def window(self, today: date) -> tuple[date, date]:
        """The first and the last day, as of a begun day. Raises `Invalid`."""
        to_on = self.to_on or today
        from_on = self.from_on or max(to_on - timedelta(days=DAYS_BEFORE), FIRST_DAY)
        if from_on > to_on:
            detail = f"is after the begun day {to_on}, which is the end of a window that names none"
            raise Invalid("The statement cannot be made.", [FieldError("/query/from", detail)])
        days = (to_on - from_on).days + 1
        if self.format == "pdf" and days > PDF_DAYS_MAX:
            detail = f"a PDF has at most {PDF_DAYS_MAX} days, these are {days:,}; CSV has no limit"
            raise Invalid("The statement would be too long.", [FieldError("/query/from", detail)])
        return from_on, to_on


def language_problems(language: str | None) -> list[FieldError]:
    if (
        language is None
        or language_of(language) == language.replace("_", "-").split("-")[0].lower()
    ):
        return []
    return [FieldError("/query/language", f"is none of {', '.join(LANGUAGES)}")]


def _accepted(header: str) -> Format:
    """The best of our types that the header names with the highest weight; JSON for all else."""
    best: Format = "json"
    highest = 0.0
    for part in header.split(","):
        media, _, parameters = part.partition(";")
        weight = _weight(parameters)
        for name, ours in _MEDIA.items():
            if media.strip().lower() == ours and weight > highest:
                best, highest = name, weight
    return best


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


@router.get(
    "/v1/accounts/{account_id}/statement",
    response_model=models.Statement,
    responses={200: {"content": {**_CSV, **_PDF}}},
)
async def get_statement(
    account_id: str,
    context: ContextDep,
    caller: ReaderOrDebtor,
    asked: Annotated[StatementQuery, Depends()],
) -> Any:
    """Opening balance, every movement, closing balance, and what is open; per currency.

    As JSON, CSV (`Accept: text/csv` or `format=csv`) or PDF (`application/pdf` or `format=pdf`).
    """
    async with context.db.reading() as session:
        tenant, account = await find_account(session, caller.tenant, account_id, context)
        today = _today(tenant, account)
        from_on, to_on = asked.window(today)
        lines_max = PDF_LINES_MAX if asked.format == "pdf" else LINES_MAX
        slices = domain.statement_in_slices(account, from_on, to_on, asked.currency, lines_max)
        paper = statement_paper(
            account,
            await in_slices(session, slices, account_id),
            tenant_id=caller.tenant,
            language=asked.language,
            from_on=from_on,
            to_on=to_on,
            made_on=today,
        )
    # Nobody waits for the account's turn, or a connection, while the document is written.
    written = await _write(context, caller.tenant, paper, asked.format)
    if asked.format == "json":
        return Response(written, media_type=_MEDIA["json"])
    return _attachment(written, asked.format, f"statement-{from_on}-{to_on}.{asked.format}")


async def _write(context: Context, tenant_id: str, paper: StatementPaper, format_: Format) -> bytes:
    """At once if it is little, else in the tenant's place in other processes."""
    write, content = _WRITERS[format_], msgspec.msgpack.encode(paper)
    if format_ != "pdf" and sum(len(part.lines) for part in paper.parts) <= LINES_HERE_MAX:
        return write(content)
    return await context.compute.run(tenant_id, write, content)


def _attachment(content: bytes, format_: Format, name: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    media_type = f"{_MEDIA[format_]}; charset=utf-8" if format_ == "csv" else _MEDIA[format_]
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


def _today(tenant: LockedTenant, account: AccountState) -> date:
    """The begun day; before any has begun, the day of what was recorded last."""
    begun_on = tenant.begun.on(account.zone)
    if begun_on is not None:
        return begun_on
    return local_day(max(fact.recordedtime for fact in account.facts), account.zone)


@router.get(
    "/v1/invoices/{invoice_id:path}/document",
    response_class=Response,
    responses={200: {"content": _PDF}},
)
async def get_invoice_document(
    invoice_id: str,
    request: Request,
    context: ContextDep,
    caller: ReaderOrDebtor,
    language: Language = None,
) -> Any:
    """A copy of an invoice as PDF, with what was paid and what is open."""
    if problems := language_problems(language):
        raise Invalid("The copy cannot be made.", problems)
    is_document = request.scope.get("raw_path", b"/document").endswith(b"/document")
    wanted = invoice_id if is_document else f"{invoice_id}/document"  # an id that ends like that
    async with context.db.reading() as session:
        tenant, account, invoice = await find_invoice(session, caller.tenant, wanted, context)
        today = _today(tenant, account)
        if not is_document:
            view = models.InvoiceView(**invoice_view(tenant, account, invoice))
            return Response(view.model_dump_json(), media_type="application/json")
        paper = invoice_paper(
            account, invoice, tenant_id=caller.tenant, language=language, made_on=today
        )
    drawn = await context.compute.run(caller.tenant, invoice_pdf, msgspec.msgpack.encode(paper))
    return _attachment(drawn, "pdf", "invoice.pdf")
