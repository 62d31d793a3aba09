"""Ask a second pair of eyes before a version of a document comes into force."""

from typing import Any

import msgspec

from services.outreach.activity.commands.approvals import request_approvals
from services.outreach.activity.domain.approvals import (
    Activating,
    ApprovalCommand,
    NewApproval,
)
from shared.calendars.business_days import business_days_after
from shared.clock import day_start, local_day
from shared.database import Session
from shared.documents import ActivationRequest

ROLE = "manager"
EXPIRES_AFTER_BUSINESS_DAYS = 10


async def ask_to_activate(
    session: Session, tenant: str, documents: str, asked: ActivationRequest
) -> dict[str, Any]:
    """Once for each document, version, day and person; what is answered meanwhile."""
    activating = Activating(
        documents=documents,
        name=asked.name,
        version=asked.version,
        from_on=None if asked.from_on is None else asked.from_on.isoformat(),
        zone=asked.zone,
        reason=asked.reason,
        options=None if asked.options is None else dict(asked.options),
        by=asked.by,
    )
    day = business_days_after(
        local_day(asked.now, asked.zone), EXPIRES_AFTER_BUSINESS_DAYS + 1, None
    )
    subject = f"{documents}/{asked.name}@{asked.version} from {activating.from_on} by {asked.by}"
    approval = NewApproval(
        kind="activation",
        subject_id=subject,
        role=ROLE,
        requested_by=asked.by,
        requested_at=asked.now,
        expires_at=day_start(day, asked.zone),
        command=msgspec.json.encode(ApprovalCommand(activation=activating)),
    )
    ids = await request_approvals(session, tenant, asked.now, [approval])
    return {
        "name": asked.name,
        "version": asked.version,
        "from": asked.from_on,
        "state": "pending",
        "approval_id": ids["activation", subject],
        "role": ROLE,
        "expires_at": approval.expires_at,
    }
