"""Waiving the open charges of an invoice, and restoring them."""

from datetime import datetime

from services.ledger.domain.state import AccountState


def waive_open(
    state: AccountState,
    invoice_id: str,
    at_most: int | None,
    because: str,
    waiver_id: str,
    at: datetime,
) -> int:
    """Waive what is open of an invoice's charges, at most so much; gives how much it was."""
    return 0


def restore_waived(state: AccountState, waiver_id: str, at: datetime) -> None:
    """Take back what was waived under this id."""
