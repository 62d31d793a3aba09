"""A task as it is shown, and what a person asks of one."""

from datetime import datetime
from typing import Any

from msgspec import Struct


class Completion(Struct, frozen=True, kw_only=True):
    """How a collector ends a task."""

    disposition: str
    command: dict[str, Any] | None = None
    call_id: str | None = None
    seconds: int = 0
    note: str | None = None
    follow_up_at: datetime | None = None
    to: str | None = None  # the number that was called, where no call of ours names it


def task_view(row: Any) -> dict[str, Any]:
    """A row of the work list, for whoever works on it."""
    is_claimed = row["state"] == "claimed"
    return {
        "task_id": row["task_id"],
        "kind": row["kind"],
        "state": row["state"],
        "account_id": row["account_id"],
        "debtor_id": row["debtor_id"],
        "case_id": row["case_id"],
        "queue": row["queue"],
        "skill": row["skill"] or None,
        "due_at": row["due_at"],
        "callable_at": row["callable_at"],
        "priority": row["priority"],
        "escalated": row["is_escalated"],
        "owner": row["owner"],
        "attempt": row["attempt"],
        "opened_at": row["opened_at"],
        "claimed_by": row["collector"] if is_claimed else None,
        "until": row["lease_until"] if is_claimed else None,
        "contact_id": row["contact_id"],
        "strategy": row["strategy"],
        "strategy_version": row["strategy_version"],
        "step": row["step"],
        "script": row["script"],
        "due_on": row["due_on"],
        "invoice_ids": row["invoice_ids"],
        "note": row["note"],
        "collector": row["collector"],
        "disposition": row["disposition"],
        "seconds": row["seconds"],
        "follow_up_at": row["follow_up_at"],
        "closed_at": row["closed_at"],
        "because": row["because"],
    }


def case_view(row: Any) -> dict[str, Any]:
    return {
        "case_id": row["case_id"],
        "account_id": row["account_id"],
        "number": row["number"],
        "state": row["state"],
        "because": row["because"],
        "opened_at": row["opened_at"],
        "owner": row["owner"],
        "escalated": row["is_escalated"],
        "closed_at": row["closed_at"],
        "closed_because": row["closed_because"],
    }
