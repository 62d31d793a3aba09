"""What the ledger's events mean for cases and tasks."""

from collections.abc import Mapping

from services.outreach.activity.domain.desk_events import CaseEnd, CaseOpening
from shared.events import Received, ledger

# After these a case may have nothing left to be worked on.
_ENDS: Mapping[str, CaseEnd] = {
    "invoice-paid": "paid",
    "account-written-off": "written-off",
    "invoice-voided": "corrected",
    "overdue-corrected": "corrected",
    "account-erased": "erased",
    **dict.fromkeys(
        [
            *("promise-kept", "promise-partly-kept", "promise-broken", "promise-cancelled"),
            *("plan-completed", "plan-defaulted", "plan-cancelled"),
            *("settlement-completed", "settlement-lapsed", "settlement-declined"),
            *("promise-rejudged", "plan-rejudged", "settlement-rejudged"),
            *("dispute-resolved", "credit-note-issued", "account-placed"),
        ],
        "done",
    ),
}
# After these somebody need not be called any more.
ANSWERS = frozenset(
    {
        *_ENDS, "promise-made", "plan-agreed", "settlement-accepted", "dispute-opened",
        "hold-placed", "account-placed", "payment-received", "approval-needed",
    }
)  # fmt: skip
# Tasks of a kind that an event has answered by itself.
ANSWERED_KINDS: Mapping[str, tuple[str, ...]] = {
    "payment-received": ("check-payment",),
    "invoice-paid": ("check-payment",),
    "dispute-resolved": ("dispute-review",),
    "promise-made": ("promise",),
    "plan-agreed": ("promise",),
}


def opening(event: Received) -> CaseOpening | None:
    """Why a case opens by an event; None: it does not."""
    if event.type == "invoice-overdue":
        return "overdue"
    if event.type == "invoice-reopened":
        data: ledger.InvoiceReopened = event.decode()
        return "reopened" if data.stage is not None else None
    return None


def ending(event: Received) -> CaseEnd | None:
    """By what an event may end a case; None: it can't."""
    if event.type == "overdue-corrected":
        data: ledger.OverdueCorrected = event.decode()
        return "corrected" if data.to_stage is None else None
    return _ENDS.get(event.type)


def has_details(data: ledger.Contact) -> bool:
    """Whether there is any way to reach the person."""
    return bool(data.email or data.phones or data.addresses)
