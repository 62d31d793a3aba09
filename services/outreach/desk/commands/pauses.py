"""Pauses that follow from what a debtor told a collector. What the ledger agrees pauses by itself,
when its event comes in."""

from datetime import datetime, timedelta
from typing import Any

from services.outreach.debtors.domain.own_pauses import OwnPause, OwnPauseKind
from services.outreach.desk.domain.dispositions import (
    ATTEMPTS_MAX,
    DISPOSITIONS,
    task_done_again,
)
from services.outreach.desk.store.tasks import find_task
from services.outreach.dunning.commands.pauses import end_pause, pause
from shared.clock import is_zone, local_day
from shared.database import Session

_PAUSES: dict[str, OwnPauseKind] = {"payment-claim": "claim", "paid-now": "manual"}


async def _first_cause(session: Session, task: Any) -> str:
    """Of the task that this one does again, if it does."""
    cause: str = task["cause"]
    for _ in range(ATTEMPTS_MAX):
        before = task_done_again(cause)
        row = None if before is None else await find_task(session, task["tenant_id"], before)
        if row is None:
            break
        cause = row["cause"]
    return cause


async def pause_after(
    session: Session, task: Any, disposition: str, at: datetime, zone: str | None, person: str
) -> None:
    """A claim to have paid pauses until it is checked, a payment on the spot until tomorrow; the
    pause for which the task stood is over, unless nobody was reached: the task comes again."""
    today = local_day(at, zone if zone and is_zone(zone) else "UTC")
    tenant, account_id = task["tenant_id"], task["account_id"]
    if not DISPOSITIONS[disposition].is_again:
        cause = await _first_cause(session, task)
        for pause_id in (cause, f"{cause} {account_id}"):
            await end_pause(session, tenant, pause_id, today)
    kind = _PAUSES.get(disposition)
    if kind is None:
        return
    asked = OwnPause(
        pause_id=f"task {task['task_id']}",
        account_id=account_id,
        kind=kind,
        from_on=today,
        created_at=at,
        until_on=today + timedelta(days=1) if kind == "manual" else None,
        created_by=person,
    )
    await pause(session, tenant, asked)
