"""What outreach must never do, looked for in what a whole demo announced.

It is told in the services' own words, and judged here by other code than theirs: nothing is asked
for while the debt stands still, nothing of what is known to be paid, no step twice, one message a
day, no more than there are slots.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from deploy.demo.outreach_figures import Announced
from shared.clock import local_day
from shared.events import LEDGER, OUTREACH

_MESSAGES = frozenset({"email", "sms", "voice", "letter"})
_OF_LADDERS = frozenset({"overdue", "upcoming"})
# What leaves at once, also on a day that had a message.
_AT_ONCE = frozenset({"promise-made", "stop-confirmed", "new-link"})
# By what begins a stop: the member that names it, and what ends it.
_STOPS: dict[str, tuple[str, frozenset[str]]] = {
    "promise-made": (
        "promise_id",
        frozenset({"promise-kept", "promise-partly-kept", "promise-broken", "promise-cancelled"}),
    ),
    "plan-agreed": (
        "plan_id",
        frozenset({"plan-completed", "plan-defaulted", "plan-cancelled"}),
    ),
    "settlement-accepted": (
        "settlement_id",
        frozenset({"settlement-completed", "settlement-lapsed"}),
    ),
    "hold-placed": ("hold_id", frozenset({"hold-released"})),
    "account-placed": ("placement_id", frozenset({"account-recalled"})),
}
_BEGINS_OF = {end: (begin, member) for begin, (member, ends) in _STOPS.items() for end in ends}
_REJUDGED = {
    "promise-rejudged": ("promise-made", "promise_id"),
    "plan-rejudged": ("plan-agreed", "plan_id"),
    "settlement-rejudged": ("settlement-accepted", "settlement_id"),
}


@dataclass
class _Stop:
    account_id: str
    invoice_ids: frozenset[str] | None  # None: all of the account
    since: datetime
    until: datetime | None = None

    def covers(self, account_id: str, invoice_id: str, at: datetime) -> bool:
        return (
            account_id == self.account_id
            and self.since < at
            and (self.until is None or at < self.until)
            and (self.invoice_ids is None or invoice_id in self.invoice_ids)
        )


@dataclass
class _Facts:
    """What was known of accounts and invoices, and when."""

    zones: dict[str, str] = field(default_factory=dict)
    stops: dict[tuple[str, str, str], _Stop] = field(default_factory=dict)
    by_account: dict[str, list[_Stop]] = field(default_factory=lambda: defaultdict(list))
    paid: dict[tuple[str, str], list[tuple[datetime, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    moved: set[tuple[str, str]] = field(default_factory=set)  # due days that were changed


def violations(events: Iterable[Announced], capacity: Mapping[str, int]) -> dict[str, list[str]]:
    """By what should hold, where it does not."""
    told = list(events)
    facts = _facts(event for event in told if event.topic == LEDGER)
    sent = _sent(event for event in told if event.topic == OUTREACH)
    return {
        "no contact inside a stop": [_shown(c) for c in sent if _is_stopped(c, facts)],
        "no contact about what is known to be paid": [
            _shown(c) for c in sent if _is_paid(c, facts)
        ],
        "no step twice": _repeats(sent, facts),
        "at most one message a day": _crowded(sent, facts),
        "no more than there are slots": _beyond(sent, capacity),
        "tasks end once": _ended_twice(told),
    }


def _facts(events: Iterable[Announced]) -> _Facts:
    facts = _Facts()
    for event in events:
        data, at = event.data, event.recorded_at
        account_id = data.get("account_id", "")
        match event.type:
            case "account-registered" | "account-updated":
                facts.zones[account_id] = data["timezone"]
            case "invoice-paid" | "invoice-voided":
                facts.paid[account_id, data["invoice_id"]].append((at, True))
            case "invoice-reopened":
                facts.paid[account_id, data["invoice_id"]].append((at, False))
            case "invoice-amended":
                facts.moved.add((account_id, data["invoice_id"]))
        if event.type in _STOPS:
            member, _ = _STOPS[event.type]
            _begin(facts, (account_id, event.type, data[member]), data, at)
        elif event.type in _BEGINS_OF:
            begin, member = _BEGINS_OF[event.type]
            if (stop := facts.stops.get((account_id, begin, data[member]))) is not None:
                stop.until = at
        elif event.type in _REJUDGED:
            begin, member = _REJUDGED[event.type]
            if (stop := facts.stops.get((account_id, begin, data[member]))) is not None:
                is_open = data["to"] in ("open", "active", "accepted")
                stop.until = None if is_open else (stop.until or at)
    return facts


def _begin(facts: _Facts, key: tuple[str, str, str], data: Mapping[str, Any], at: datetime) -> None:
    if key[1] == "hold-placed" and "contact" not in data["stops"]:
        return
    ids = data.get("invoice_ids")
    placed = [each["invoice_id"] for each in data.get("invoices", ())]
    named = frozenset(ids or placed) if ids or placed else None
    stop = facts.stops[key] = _Stop(key[0], named, at)
    if data.get("until_on") is not None:  # the end of that day: here of a day that surely began
        stop.until = datetime.combine(date.fromisoformat(data["until_on"]), time(), UTC)
    facts.by_account[key[0]].append(stop)


def _sent(events: Iterable[Announced]) -> list[Announced]:
    """Messages that left and were not found to have failed."""
    sent: dict[str, Announced] = {}
    for event in events:
        if event.type == "contact-sent" and event.data["channel"] in _MESSAGES:
            sent.setdefault(event.data["contact_id"], event)
        elif event.type == "contact-failed":
            sent.pop(event.data["contact_id"], None)
    return list(sent.values())


def _about(contact: Announced) -> list[tuple[str, str]]:
    """Accounts and invoices of which it asks for something."""
    if contact.data["purpose"] not in _OF_LADDERS:
        return []
    return [
        (cover["account_id"], invoice_id)
        for cover in contact.data["covers"]
        for invoice_id in cover["invoice_ids"]
    ]


def _is_stopped(contact: Announced, facts: _Facts) -> bool:
    at = _instant(contact)
    return any(
        stop.covers(account_id, invoice_id, at)
        for account_id, invoice_id in _about(contact)
        for stop in facts.by_account.get(account_id, ())
    )


def _is_paid(contact: Announced, facts: _Facts) -> bool:
    at = _instant(contact)
    for about in _about(contact):
        known = [is_paid for when, is_paid in facts.paid.get(about, ()) if when < at]
        if known and known[-1]:
            return True
    return False


def _repeats(sent: Iterable[Announced], facts: _Facts) -> list[str]:
    """Of messages about a single invoice: the same step of the same strategy again."""
    made: Counter[tuple[str, ...]] = Counter()
    for contact in sent:
        about = _about(contact)
        if len(about) == 1 and about[0] not in facts.moved:
            made[(*about[0], contact.data["strategy"], contact.data["step"])] += 1
    return _often(made)


def _crowded(sent: Iterable[Announced], facts: _Facts) -> list[str]:
    days: Counter[tuple[str, ...]] = Counter()
    for contact in sent:
        data = contact.data
        if data["purpose"] in _AT_ONCE or data["step"] in _AT_ONCE:
            continue
        zone = facts.zones.get(data["account_id"], "UTC")
        day = local_day(_instant(contact), zone).isoformat()
        days[data["debtor_id"] or data["account_id"], day] += 1
    return _often(days)


def _beyond(sent: Iterable[Announced], capacity: Mapping[str, int]) -> list[str]:
    """Days, those of the tenant's zone, on which a channel took more than it can."""
    used: Counter[tuple[str, str]] = Counter()
    for contact in sent:
        day = _instant(contact).astimezone(UTC).date().isoformat()
        used[contact.data["channel"], day] += 1
    return [
        f"{channel} on {day}: {count}"
        for (channel, day), count in used.items()
        if count > capacity.get(channel, count)
    ]


def _ended_twice(events: Iterable[Announced]) -> list[str]:
    ended: Counter[tuple[str, ...]] = Counter(
        (event.data["task_id"],)
        for event in events
        if event.type in ("task-completed", "task-cancelled")
    )
    return _often(ended)


def _often(counted: Counter[tuple[str, ...]]) -> list[str]:
    """What came more than once."""
    return [f"{' '.join(what)}: {count} times" for what, count in counted.items() if count > 1]


def _shown(contact: Announced) -> str:
    data = contact.data
    covers = " ".join(f"{account_id} {invoice_id}" for account_id, invoice_id in _about(contact))
    return (
        f"{data['sent_at']} {data['channel']} {data['strategy']} {data['step']} "
        f"{data['contact_id']}: {covers}"
    )


def _instant(contact: Announced) -> datetime:
    return datetime.fromisoformat(contact.data["sent_at"])
