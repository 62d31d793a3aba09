"""The order in which the facts of a file act, so that history never arrives late."""

from datetime import UTC, datetime
from typing import Any

from shared.csv_events.mapping import INSTANTS
from shared.events import billing

# At one instant, an account comes before its invoices, and those before the money on them.
_RANK = {kind: rank for rank, kind in enumerate(billing.TYPES)}
ACCOUNTS = frozenset({"account-registered", "account-updated"})


def place_of(event: dict[str, Any]) -> tuple[bool, str, int]:
    """Events sort by it: the records of accounts, then all else as it acts."""
    kind = event["type"]
    return kind not in ACCOUNTS, acts_at(event), _RANK.get(kind, len(_RANK))


def acts_at(event: dict[str, Any]) -> str:
    """The day or the instant (UTC) of an event's fact; such texts sort as they act."""
    data = event["data"]
    text = str(next((data[name] for name in INSTANTS if data.get(name)), event.get("time") or ""))
    if len(text) <= len("2026-03-31") or text.endswith("Z"):
        return text
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).isoformat() if moment.tzinfo else text
    except (ValueError, OverflowError):
        return text  # the ledger refuses it
