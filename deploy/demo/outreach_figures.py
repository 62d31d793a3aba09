"""What outreach did in a demo, of what it announced: contacts, replies, tasks, costs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Announced:
    """An event of an outbox, as far as the demo looks at it."""

    topic: str
    type: str
    recorded_at: datetime
    data: dict[str, Any]


# Of these the last that was announced of a contact tells how it stands.
_ENDS = {
    "contact-sent": "sent",
    "contact-delivered": "delivered",
    "contact-failed": "failed",
    "contact-uncertain": "uncertain",
}


def figures_of(events: Iterable[Announced]) -> Figures:
    """Counts by what people ask for; sums of costs by channel and currency."""
    states: dict[str, tuple[str, str]] = {}
    costs: dict[str, tuple[str, str, int]] = {}
    strategies: dict[str, str] = {}
    counted: dict[str, Counter[str]] = {
        name: Counter()
        for name in (
            "failed because", "replies", "replies that did something", "right parties",
            "wrong parties", "tasks created", "tasks done", "tasks cancelled", "approvals asked",
            "approvals decided", "consents taken back", "reviews",
        )
    }  # fmt: skip
    for event in events:
        data = event.data
        if (state := _ENDS.get(event.type)) is not None:
            states[data["contact_id"]] = (data["channel"], state)
            if data.get("cost_micros"):
                costs[data["contact_id"]] = (
                    data["channel"], data["cost_currency"] or "", data["cost_micros"],
                )  # fmt: skip
        if event.type == "task-completed" and data["cost_micros"]:
            costs[data["task_id"]] = ("person", data["cost_currency"] or "", data["cost_micros"])
        if event.type == "strategy-assigned":
            strategies[data["account_id"]] = data["strategy"] or "none"
        for name, word in _counted(event):
            counted[name][word] += 1
    return {
        "contacts": _nested(states.values()),
        "costs": _sums(costs.values()),
        "accounts by strategy": dict(sorted(Counter(strategies.values()).items())),
        **{name: dict(sorted(count.items())) for name, count in counted.items()},
    }


def _counted(event: Announced) -> list[tuple[str, str]]:
    data = event.data
    match event.type:
        case "contact-failed":
            return [("failed because", data["reason_code"])]
        case "reply-received":
            found = [("replies", f"{data['channel']} {data['reply_class']}")]
            if data["effect"] == "command":
                found.append(("replies that did something", data["reply_class"]))
            return found
        case "right-party-contacted":
            return [("right parties", data["outcome"])]
        case "wrong-party-contacted":
            return [("wrong parties", data["outcome"])]
        case "task-created":
            return [] if data.get("part", 1) > 1 else [("tasks created", data["kind"])]
        case "task-completed":
            return [("tasks done", data["disposition"])]
        case "task-cancelled":
            return [("tasks cancelled", data["because"])]
        case "approval-requested":
            return [("approvals asked", data["kind"])]
        case "approval-decided":
            return [("approvals decided", data["decision"])]
        case "consent-revoked":
            return [("consents taken back", data["channel"])]
        case "interaction-reviewed":
            return [("reviews", "passed" if data["passed"] else "failed")]
    return []


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (channel, state), count in sorted(Counter(pairs).items()):
        found.setdefault(channel, {})[state] = count
    return found


def _sums(costs: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    sums: Counter[tuple[str, str]] = Counter()
    for channel, currency, micros in costs:
        sums[channel, currency] += micros
    found: dict[str, dict[str, int]] = {}
    for (channel, currency), micros in sorted(sums.items()):
        found.setdefault(channel, {})[currency] = micros
    return found
