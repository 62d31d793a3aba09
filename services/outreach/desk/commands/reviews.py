"""Reviews of completed calls: what a listener makes of them, and certificates that they suspend."""

from typing import Any

import msgspec
from msgspec import Struct

from services.outreach.activity.commands import account_now, announce
from services.outreach.activity.domain import desk_events
from services.outreach.activity.store.accounts import find_zones
from services.outreach.channels.store import get_settings
from services.outreach.desk.commands.certificates import suspend_certificates
from services.outreach.desk.commands.tasks import get_task
from services.outreach.desk.domain import completion as completion_rules
from services.outreach.desk.domain import reviews as rules
from services.outreach.desk.store import people
from services.outreach.desk.store import tasks as store
from shared.business_time import Clock
from shared.database import Session
from shared.errors import Conflict, Forbidden, NotFound
from shared.events import outreach


class Review(Struct, frozen=True, kw_only=True):
    scores: dict[str, int]
    failed: tuple[str, ...] = ()  # must-pass criteria, named like certificates
    recognition: str | None = None
    note: str | None = None


async def review_task(
    session: Session, tenant: str, task_id: str, person: str, review: Review, clock_mode: Clock
) -> dict[str, Any]:
    """The same again: the first answer; another review of the same call: `Conflict`."""
    task = await get_task(session, tenant, task_id)
    if task["state"] != "completed" or task["disposition"] is None:
        raise Conflict("Only completed calls are reviewed.", members={"state": task["state"]})
    if task["collector"] == person:
        raise Forbidden("Who made the call does not review it.")
    at = await account_now(session, clock_mode, tenant, task["account_id"])
    score = rules.mean_score(review.scores)
    found = {
        **msgspec.to_builtins(review),
        "reviewer": person,
        "collector": task["collector"],
        "score": score,
        "at": at,
    }
    if not await people.insert_review(session, tenant, task_id, found):
        return await _known(session, tenant, task_id, person, review)
    failed = tuple(sorted(set(review.failed)))
    if failed:
        because = f"review of task {task_id}"
        await suspend_certificates(session, tenant, task["collector"], failed, at, because)
    zones = await find_zones(session, tenant, {task["account_id"]})
    zone = zones.get(task["account_id"])
    data = outreach.InteractionReviewed(
        task_id=task_id,
        account_id=task["account_id"],
        collector=task["collector"],
        reviewer=person,
        score=score,
        scores=review.scores,
        passed=not failed,
        failed=failed,
        recognition=review.recognition is not None,
        reviewed_at=at,
    )
    entry = desk_events.entry(
        "interaction-reviewed", task_id, "reviewed", at, zone, data, (task["account_id"],)
    )
    await announce(session, tenant, at, [entry])
    await _end_review_task(session, tenant, task, person, clock_mode)
    return _view(task_id, found)


async def get_reviews(session: Session, tenant: str, task_id: str) -> dict[str, Any]:
    """The review of a call, and whether the call is drawn for one."""
    task = await get_task(session, tenant, task_id)
    share = (await get_settings(session, tenant)).settings.reviews.share
    row = await people.find_review(session, tenant, task_id)
    items = [] if row is None else [_view(task_id, _kept(row))]
    return {"items": items, "drawn": rules.is_drawn(task["task_id"], share)}


async def _known(
    session: Session, tenant: str, task_id: str, person: str, review: Review
) -> dict[str, Any]:
    row = await people.find_review(session, tenant, task_id)
    if row is None:
        raise NotFound(f"There is no review of {task_id}.")
    kept = _kept(row)
    given = msgspec.to_builtins(review)
    if kept["reviewer"] != person or any(
        list(kept[name]) != list(value) if name == "failed" else kept[name] != value
        for name, value in given.items()
    ):
        raise Conflict(f"{kept['reviewer']} has reviewed the call.")
    return _view(task_id, kept)


async def _end_review_task(
    session: Session, tenant: str, task: Any, person: str, clock_mode: Clock
) -> None:
    """The task to listen to it is done by that."""
    cause = f"review {task['task_id']}"
    task_id = desk_events.task_id(tenant, task["account_id"], cause)
    row = await store.lock_task(session, tenant, task_id)
    if row is None or row["state"] not in ("open", "claimed"):
        return
    at = await account_now(session, clock_mode, tenant, task["account_id"])
    zones = await find_zones(session, tenant, {task["account_id"]})
    await store.update_task(
        session,
        tenant,
        task_id,
        {
            "state": "completed",
            "collector": person,
            "disposition": "reviewed",
            "seconds": 0,
            "closed_at": at,
            "lease_until": None,
        },
    )
    entry = completion_rules.completed(
        row, "reviewed", person, 0, (0, None), at, zones.get(task["account_id"])
    )
    await announce(session, tenant, at, [entry])


def _kept(row: Any) -> dict[str, Any]:
    return {
        "reviewer": row["reviewer"],
        "collector": row["collector"],
        "scores": msgspec.json.decode(row["scores"]),
        "failed": list(row["failed"]),
        "recognition": row["recognition"],
        "note": row["note"],
        "score": row["score"],
        "at": row["at"],
    }


def _view(task_id: str, kept: dict[str, Any]) -> dict[str, Any]:
    return {
        "task_id": task_id,
        **{name: value for name, value in kept.items() if name != "at"},
        "passed": not kept["failed"],
        "reviewed_at": kept["at"],
    }
