"""What every area does: announce events, tell the business time of an account, and ask people for
work and for decisions."""

from services.outreach.activity.commands.activations import ask_to_activate
from services.outreach.activity.commands.announcements import (
    CLOCK_SKEW_MAX,
    CoveredEvent,
    account_now,
    announce,
    announce_events,
    refuse_future,
    tenant_now,
)
from services.outreach.activity.commands.approvals import (
    request_approvals,
    withdraw_approvals,
)
from services.outreach.activity.commands.cases import close_cases, open_cases
from services.outreach.activity.commands.contact_record import record_entries
from services.outreach.activity.commands.tasks import cancel_tasks, open_tasks

__all__ = [
    "CLOCK_SKEW_MAX",
    "CoveredEvent",
    "account_now",
    "announce",
    "announce_events",
    "ask_to_activate",
    "cancel_tasks",
    "close_cases",
    "open_cases",
    "open_tasks",
    "record_entries",
    "refuse_future",
    "request_approvals",
    "tenant_now",
    "withdraw_approvals",
]
