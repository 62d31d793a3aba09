"""Claim, keep and give back tasks. A lease is machine time; all else is business time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.outreach.activity.commands import account_now, announce
from services.outreach.activity.domain import desk_events
from services.outreach.activity.store.accounts import find_zones
from services.outreach.desk.store import tasks as store
from shared import clock
from shared.business_time import Clock
from shared.database import Record, Session
from shared.errors import Conflict, NotFound
from shared.events import outreach

LEASE = timedelta(minutes=15)
RELEASED_MAX = 500  # at a time


class TaskIsTaken(Conflict):
    """Somebody else works on it."""


async def held_skills(session: Session, tenant: str, person: str, now: datetime) -> list[str]:
    """The certificates that a person holds on the tenant's day."""
    return await store.find_skills(session, tenant, person, now)


async def get_task(session: Session, tenant: str, task_id: str) -> Record:
    row = await store.find_task(session, tenant, task_id)
    if row is None:
        raise NotFound(f"There is no task {task_id}.")
    return row


async def lock_task(session: Session, tenant: str, task_id: str) -> Record:
    row = await store.lock_task(session, tenant, task_id)
    if row is None:
        raise NotFound(f"There is no task {task_id}.")
    return row


async def claim_task(
    session: Session, tenant: str, task_id: str, person: str, clock_mode: Clock
) -> Record:
    """Take a certain task. Somebody else's lease must have ended, and its skill be held."""
    row = await lock_task(session, tenant, task_id)
    machine_now = clock.now()
    if row["state"] in ("completed", "cancelled"):
        raise Conflict(f"The task is {row['state']}.", members={"state": row["state"]})
    if row["state"] == "claimed" and row["collector"] != person:
        if row["lease_until"] >= machine_now:
            raise TaskIsTaken(
                f"{row['collector']} works on the task.",
                members={"claimed_by": row["collector"], "until": row["lease_until"]},
            )
        await announce_released(session, clock_mode, [row])
    now = await account_now(session, clock_mode, tenant, row["account_id"])
    if row["skill"] and row["skill"] not in await held_skills(session, tenant, person, now):
        raise Conflict(
            f"The task needs the certificate {row['skill']}.", members={"skill": row["skill"]}
        )
    is_mine = row["state"] == "claimed" and row["collector"] == person
    row = await store.update_task(
        session,
        tenant,
        task_id,
        {
            "state": "claimed",
            "collector": person,
            "claimed_at": row["claimed_at"] if is_mine else machine_now,
            "lease_until": machine_now + LEASE,
        },
    )
    if not is_mine:
        await announce_claimed(session, clock_mode, row)
    return row


async def extend_task(session: Session, tenant: str, task_id: str, person: str) -> Record:
    """Keep a task for another quarter of an hour."""
    row = await lock_task(session, tenant, task_id)
    check_claimant(row, person)
    return await store.update_task(session, tenant, task_id, {"lease_until": clock.now() + LEASE})


async def release_task(
    session: Session, tenant: str, task_id: str, person: str, clock_mode: Clock
) -> Record:
    """Give a task back."""
    row = await lock_task(session, tenant, task_id)
    check_claimant(row, person)
    await announce_released(session, clock_mode, [row])
    return await store.update_task(
        session,
        tenant,
        task_id,
        {
            "state": "open",
            "collector": None,
            "claimed_at": None,
            "lease_until": None,
            "completion": None,
        },
    )


def check_claimant(row: Any, person: str) -> None:
    """Raises `Conflict` unless the person has claimed the task."""
    if row["state"] == "claimed" and row["collector"] == person:
        return
    if row["state"] == "claimed":
        members = {"claimed_by": row["collector"], "until": row["lease_until"]}
        raise TaskIsTaken(f"{row['collector']} works on the task.", members=members)
    raise Conflict(
        f"The task is {row['state']}, and nobody has claimed it."
        if row["state"] == "open"
        else f"The task is {row['state']}.",
        members={"state": row["state"]},
    )


async def announce_claimed(
    session: Session, clock_mode: Clock, row: Any, zone: str | None = None
) -> None:
    tenant, account_id = row["tenant_id"], row["account_id"]
    at = await account_now(session, clock_mode, tenant, account_id)
    if zone is None:
        zone = (await find_zones(session, tenant, {account_id})).get(account_id)
    data = outreach.TaskClaimed(
        **desk_events.task_event(row), collector=row["collector"], until=row["lease_until"]
    )
    cause = f"claimed {row['lease_until'].isoformat()}"
    entry = desk_events.entry("task-claimed", row["task_id"], cause, at, zone, data, (account_id,))
    await announce(session, tenant, at, [entry])


async def announce_released(session: Session, clock_mode: Clock, rows: Sequence[Any]) -> None:
    for row in rows:
        tenant, account_id = row["tenant_id"], row["account_id"]
        at = await account_now(session, clock_mode, tenant, account_id)
        zones = await find_zones(session, tenant, {account_id})
        data = outreach.TaskReleased(**desk_events.task_event(row), collector=row["collector"])
        cause = f"released {row['lease_until'].isoformat()}"
        entry = desk_events.entry(
            "task-released", row["task_id"], cause, at, zones.get(account_id), data, (account_id,)
        )
        await announce(session, tenant, at, [entry])


async def release_ended(session: Session, clock_mode: Clock, machine_now: datetime) -> int:
    """Tasks whose lease has ended are open again; how many."""
    rows = await store.release_ended(session, machine_now, RELEASED_MAX)
    await announce_released(session, clock_mode, rows)
    return len(rows)
