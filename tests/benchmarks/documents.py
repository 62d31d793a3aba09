"""A long statement: seconds of CPU from the facts to the bytes, on one core, without database."""

import time
from datetime import UTC, date, datetime, timedelta

import msgspec
from rich.console import Console
from rich.table import Table

from services.ledger import domain
from services.ledger.documents.assembly import statement_paper
from services.ledger.documents.statement_pdf import statement_pdf
from services.ledger.documents.tables import statement_csv, statement_json
from services.ledger.domain import Fact
from shared.events import billing

LINES = 10_000
PDF_AIM_SECONDS = 3.0
_FIRST, _LAST = date(2026, 1, 1), date(2026, 12, 31)
_RECORDED = datetime(2026, 1, 1, tzinfo=UTC)


def show(console: Console) -> list[str]:
    """Print the seconds of each form; the aims that are missed."""
    facts = [_registered()]
    for number in range(LINES // 2):
        facts += [_invoice(number), _payment(number)]
    account = domain.load_account("C1", "UTC", facts)
    started = time.process_time()
    parts = domain.statement(account, _FIRST, _LAST)
    spent = {"the lines": time.process_time() - started}
    paper = statement_paper(
        account,
        parts,
        tenant_id="demo",
        language="de",
        from_on=_FIRST,
        to_on=_LAST,
        made_on=_LAST,
    )
    content = msgspec.msgpack.encode(paper)
    for name, write in (("JSON", statement_json), ("CSV", statement_csv), ("PDF", statement_pdf)):
        started = time.process_time()
        write(content)
        spent[name] = time.process_time() - started
    table = Table(title=f"A statement of {LINES:,} lines", title_justify="left")
    for name in spent:
        table.add_column(name, justify="right")
    table.add_row(*(f"{seconds:.2f} s" for seconds in spent.values()))
    console.print(table)
    if spent["PDF"] <= PDF_AIM_SECONDS:
        return []
    return [f"a statement as PDF: {spent['PDF']:.1f} s, aim {PDF_AIM_SECONDS:g} s"]


def _registered() -> Fact:
    data = billing.AccountRegistered(account_id="C1", name="Ada Example", language="de")
    return _fact("account-registered", "e1", data)


def _invoice(number: int) -> Fact:
    issued_on = _FIRST + timedelta(days=number % 300)
    data = billing.InvoiceIssued(
        f"I{number:05}",
        "C1",
        "EUR",
        10_000 + number,
        issued_on,
        issued_on + timedelta(days=14),
        number=f"INV-2026-{number:05}",
    )
    return _fact("invoice-issued", data.invoice_id, data)


def _payment(number: int) -> Fact:
    received_at = _RECORDED + timedelta(days=number % 300 + 20, seconds=number)
    target = billing.Target(invoice_id=f"I{number:05}", amount_minor=5_000)
    data = billing.PaymentReceived(
        f"P{number:05}", "C1", "EUR", 5_000, received_at, allocations=(target,)
    )
    return _fact("payment-received", data.payment_id, data)


def _fact(
    kind: str,
    fact_id: str,
    data: billing.AccountRegistered | billing.InvoiceIssued | billing.PaymentReceived,
) -> Fact:
    return Fact(kind, fact_id, "C1", "/billing", fact_id, _RECORDED, _RECORDED, data)
