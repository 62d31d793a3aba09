"""Which papers there are, and whose they are."""

from typing import Any
from urllib.parse import quote

from services.outreach.context import Context
from services.outreach.portal.processes.doorway import Visitor
from services.outreach.portal.store.documents import is_invoice_of, list_invoices
from shared.errors import NotFound

INVOICES_MAX = 500
FORMATS = ("json", "csv", "pdf")


async def document_list(context: Context, visitor: Visitor) -> dict[str, Any]:
    """Statements, and a copy of each invoice, the newest first."""
    ids = [each.account_id for each in visitor.accounts]
    async with context.db.reading() as session:
        invoices = await list_invoices(session, visitor.tenant, ids, INVOICES_MAX)
    statements = [
        {
            "kind": "statement",
            "account_id": account_id,
            "url": f"/portal/api/documents/statement?account_id={quote(account_id, safe='')}",
            "formats": list(FORMATS),
        }
        for account_id in ids
    ]
    copies = [
        {
            "kind": "invoice",
            "account_id": account_id,
            "invoice_id": invoice_id,
            "due_on": due_on,
            "state": state,
            "url": f"/portal/api/documents/invoices/{quote(invoice_id, safe='')}",
            "formats": ["pdf"],
        }
        for account_id, invoice_id, due_on, state in invoices
    ]
    return {"items": [*statements, *copies]}


async def check_invoice(context: Context, visitor: Visitor, invoice_id: str) -> None:
    """Raises `NotFound` for an invoice that is none of the visitor's."""
    ids = [each.account_id for each in visitor.accounts]
    async with context.db.reading() as session:
        is_theirs = await is_invoice_of(session, visitor.tenant, ids, invoice_id)
    if not is_theirs:
        raise NotFound(context.portal.words.say(visitor.language, "no-such-invoice"))
