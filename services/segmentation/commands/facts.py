"""What models learn from: the invoices of all accounts of a tenant, as they are known now."""

from collections.abc import AsyncIterator

from services.segmentation.domain.account import facts_of
from services.segmentation.learning.cases import InvoiceFacts
from services.segmentation.store import accounts
from shared.database import Session


async def read_facts(session: Session, tenant: str) -> list[InvoiceFacts]:
    """All of them. Read slice by slice, so that nobody else waits for long."""
    return [fact async for fact in _facts(session, tenant)]


async def _facts(session: Session, tenant: str) -> AsyncIterator[InvoiceFacts]:
    async for found in accounts.read_states(session, tenant):
        for account_id, state, _ in found:
            for fact in facts_of(state, account_id):
                yield fact
