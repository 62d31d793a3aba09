"""Pauses that follow from what a debtor told a collector. What the ledger agrees pauses by itself,
when its event comes in."""

from datetime import datetime

from shared.database import Session


async def pause_after(
    session: Session,
    tenant: str,
    account_id: str,
    disposition: str,
    at: datetime,
    zone: str | None,
    person: str,
) -> None:
    """A claim to have paid pauses until it is checked, a payment on the spot until tomorrow."""
