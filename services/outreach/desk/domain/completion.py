"""What a completion must have, which command it sends to the ledger, and what is announced."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

import msgspec

from services.outreach.activity.domain import desk_events
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.consents.domain import Preference
from services.outreach.desk.domain.dispositions import (
    DISPOSITIONS,
    HARDSHIP_DAYS,
    Disposition,
)
from services.outreach.desk.domain.task_view import Completion
from shared import ids
from shared.errors import FieldError, Invalid
from shared.events import outreach

SECONDS_MAX = 24 * 3600
_THIRD_PARTY = "third-party"


def checked(completion: Completion, kind: str) -> Disposition:
    """The row of the table, with all that is wrong with the completion at once."""
    row = DISPOSITIONS.get(completion.disposition)
    if row is None:
        raise Invalid("The disposition is not known.", [FieldError("/disposition", "is not known")])
    faults: list[FieldError] = []
    if row.collection is not None and completion.command is None:
        faults.append(FieldError("/command", f"is needed: the {completion.disposition} itself"))
    if row.collection is None and completion.command is not None:
        faults.append(FieldError("/command", f"{completion.disposition} has none"))
    if row.task == "callback" and completion.follow_up_at is None:
        faults.append(FieldError("/follow_up_at", "is needed: when to call back"))
    if row.task != "callback" and completion.follow_up_at is not None:
        faults.append(FieldError("/follow_up_at", "is for callbacks"))
    if row.outcome is None and completion.call_id is not None:
        faults.append(FieldError("/call_id", f"{completion.disposition} has none"))
    if faults:
        raise Invalid("The completion does not fit its disposition.", faults)
    return row


def digest(completion: Completion) -> bytes:
    """What makes two completions the same."""
    return sha256(msgspec.json.encode(completion, order="sorted")).digest()


def command_of(
    completion: Completion, row: Disposition, task_id: str, person: str, day: date
) -> tuple[str, Mapping[str, Any]] | None:
    """Path and body of the ledger's command; None: there is none. What the collector agreed goes
    as it was given; where it does not say who agreed it, he did."""
    by = {"by": {"kind": "collector", "id": person}}
    path = f"/v1/accounts/{{account_id}}/{row.collection or 'holds'}"
    if row.collection is not None:
        return path, by | (completion.command or {})
    if row.hold is None:
        return None
    body: dict[str, Any] = {
        **by,
        "kind": row.hold,
        "from_on": day.isoformat(),
        "reason": f"said to a collector: {completion.disposition} (task {task_id})",
    }
    if row.hold == "hardship":
        body["until_on"] = (day + timedelta(days=HARDSHIP_DAYS)).isoformat()
    return path, body


def command_key(tenant: str, task_id: str, disposition: str) -> str:
    """The same task and disposition: the same command, once."""
    return ids.event_id(tenant, "outreach", "command", task_id, disposition)


def preferences_of(completion: Completion, at: datetime) -> list[Preference]:
    """What is known of the person from now on."""
    evidence = f"told a collector: {completion.disposition}"
    given: Mapping[str, list[tuple[str, Any]]] = {
        "hardship": [("vulnerable", True)],
        "cease": [("cease_requested_at", _text(at)), ("cease_form", "oral")],
        "attorney": [("attorney", {"since": _text(at)})],
        "bankruptcy": [("bankruptcy_filed_at", _text(at))],
        "deceased": [("deceased", True)],
    }
    return [
        Preference(kind, value, at, evidence)
        for kind, value in given.get(completion.disposition, ())
    ]


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def history_entry(
    row: Disposition, completion: Completion, person: str, to: str | None, about: list[str]
) -> dict[str, Any]:
    """The call as the contact rules count it."""
    entry: dict[str, Any] = {
        "channel": "voice",
        "outcome": row.outcome,
        "initiated_by": "collector",
        "by": person,
    }
    if row.outcome == "conversation":
        entry["person"] = "third_party" if row.party == "wrong" else "debtor"
    if to is not None:
        entry["to"] = to
    if about:
        entry["about"] = about
    return entry


def touched(
    task: Any,
    completion: Completion,
    row: Disposition,
    person: str,
    at: datetime,
    zone: str | None,
) -> list[TimelineEntry]:
    """With whom the collector spoke."""
    if row.party is None:
        return []
    members: dict[str, Any] = {
        "touch_id": ids.event_id(task["tenant_id"], "outreach", "touch", task["task_id"]),
        "account_id": task["account_id"],
        "contact_id": task["contact_id"],
        "task_id": task["task_id"],
        "channel": "voice",
        "outcome": completion.disposition,
        "collector": person,
        "touched_at": at,
    }
    type_: Literal["right-party-contacted", "wrong-party-contacted"]
    type_ = "right-party-contacted" if row.party == "right" else "wrong-party-contacted"
    data = (
        outreach.RightPartyContacted(**members)
        if row.party == "right"
        else outreach.WrongPartyContacted(**members)
    )
    return [
        desk_events.entry(
            type_, members["touch_id"], "completed", at, zone, data, (task["account_id"],)
        )
    ]


def completed(
    task: Any,
    disposition: str,
    person: str,
    seconds: int,
    cost: tuple[int, str | None],
    at: datetime,
    zone: str | None,
) -> TimelineEntry:
    data = outreach.TaskCompleted(
        **desk_events.task_event(task),
        disposition=disposition,
        collector=person,
        seconds=seconds,
        cost_micros=cost[0],
        cost_currency=cost[1],
        contact_id=task["contact_id"],
        completed_at=at,
    )
    return desk_events.entry(
        "task-completed", task["task_id"], "completed", at, zone, data, (task["account_id"],)
    )
