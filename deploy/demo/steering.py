"""What whoever runs collections sets in metrics: targets, alert rules, an experiment, a plan."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from deploy.demo.opening import TELEPHONE

Document = dict[str, Any]

AUTHOR, APPROVER = "lea", "mara"
STAFF = "@staff.demo.example"  # where the mails of alerts go
COLLECTORS = ("carla", "dora", "emil", "fatima", "gino", "hanna", "ivo")
CERTIFICATE = "first-call"

PEOPLE: list[Document] = [
    {"id": AUTHOR, "name": "Lea", "email": f"{AUTHOR}{STAFF}"},
    {"id": APPROVER, "name": "Mara", "email": f"{APPROVER}{STAFF}"},
]

TARGETS: dict[str, list[tuple[dict[str, str], float]]] = {
    "recovery_rate": [({}, 0.35), ({"currency": "EUR", "segment": "legal"}, 0.2)],
    "dso": [({}, 30)],
    "average_days_to_pay": [({}, 25)],
    "collection_effectiveness_index": [({}, 0.8)],
    "promise_kept_rate": [({}, 0.7)],
    "cure_rate": [({}, 0.3)],
    "cost_to_collect": [({"currency": "EUR"}, 0.05)],
}

ALERT_RULES: Document = {
    "rules": [
        {
            "id": "dear", "for_days": 3, "to": [AUTHOR],
            "when": {"kpi": "cost_to_collect", "currency": "EUR", "days": 30, "above": 0.1},
        },
        {
            "id": "nobody-answers", "for_days": 3, "to": [AUTHOR],
            "when": {"kpi": "right_party_contact_rate", "days": 30, "below": 0.02},
        },
        {
            "id": "experiment", "to": [AUTHOR, APPROVER],
            "when": {"experiment": "telephone-first", "verdict": ["harmed", "mismatch"]},
        },
        {"id": "parked", "to": [AUTHOR], "when": {"platform": "parked"}},
    ],
    "people": PEOPLE,
}  # fmt: skip

EXPERIMENT = "telephone-first"
CHAMPION, CHALLENGER = "written", "telephone"
# Of retail consumers one half is called by a machine before it is written to (`opening.py`).
DESIGN: Document = {
    "description": "Is a call by a machine worth its price, where one wrote so far?",
    "champion": CHAMPION,
    "arms": [{"name": CHAMPION, "share": 0.5}, {"name": CHALLENGER, "share": 0.5}],
    "exclude_tags": ["credit", "health", "arts", "collected", "telephone", "trade"],
}
ANALYSIS: Document = {
    "primary": {"metric": "settled", "worthwhile": 0.1},
    "horizon_days": 30,
    "at_least": 10,
    "guardrails": [
        {"metric": "opted_out", "tolerance": 0.05},
        {"metric": "disputed", "tolerance": 0.05},
    ],
    "also": [
        {"metric": "cost", "currency": "EUR", "worthwhile": 50},
        {"metric": "recovered_share", "currency": "EUR", "worthwhile": 0.1},
    ],
}

PLAN = "faster-cash"
FIRMER = "demo-firmer"
_REVIEW_DAY = 5
_CASH_MINOR_PER_ACCOUNT_AND_DAY = 70
_RESOURCES: Document = {
    "people": [
        {"collector": name, "role": "collector", "hours_per_week": 2} for name in COLLECTORS
    ],
    "channels": [{"channel": "sms", "per_day": 40}, {"channel": "letter", "per_day": 20}],
    "tools": ["dialler"],
    "training": [CERTIFICATE],
}
_CONTINGENCIES: list[Document] = [
    {
        "id": "firmer", "when": {"objective": "cash", "verdict": ["off_track"]},
        "for_days": 7, "once": True,
        "do": {"activate_strategy": {"name": TELEPHONE["name"], "version": FIRMER}},
    },
    {
        "id": "spent", "when": {"budget": "*", "state": ["over"]}, "for_days": 2,
        "do": {"alert": {"to": [APPROVER]}},
    },
]  # fmt: skip
_ALERTS: list[Document] = [
    {
        "id": "late", "when": {"objective": "*", "verdict": ["off_track"]},
        "for_days": 3, "to": [AUTHOR],
    },
    {
        "id": "money", "when": {"budget": "*", "state": ["at_risk", "over"]},
        "for_days": 3, "to": [AUTHOR, APPROVER],
    },
]  # fmt: skip


def firmer() -> Document:
    """The strategy that the plan goes over to when the cash does not come: firm after a week."""
    found = deepcopy(TELEPHONE)
    found["version"] = FIRMER
    for step in found["ladder"]:
        if step["name"] == "firm":
            step["days"] = 14
    return found


def plan_days(first_day: date, days: int) -> tuple[date, date]:
    """From when to when: a quarter of the days pass before it, and it is not over with them."""
    return first_day + timedelta(days=days // 4), first_day + timedelta(days=days + 30)


def reviews_on(day: date, begins: date) -> bool:
    """Whether a review is held: on each day on which one falls due."""
    return day > begins and day.day == _REVIEW_DAY


def plan(currency: str, first_day: date, days: int, accounts: int) -> Document:
    """A plan of that currency, whose sizes go with those of the portfolio."""
    begins, ends = plan_days(first_day, days)
    length = (ends - begins).days + 1
    middle = begins + (ends - begins) * 2 // 3
    return {
        "plan_id": PLAN,
        "title": "Faster cash: fewer debts that grow old",
        "currency": currency,
        "from": begins.isoformat(),
        "to": ends.isoformat(),
        "objectives": _objectives(accounts * length, middle.isoformat(), ends.isoformat()),
        "resources": _RESOURCES,
        "budget": _budget(accounts, max(1, length // 30)),
        "strategies": [{"name": TELEPHONE["name"], "version": TELEPHONE["version"]}],
        "contingencies": _CONTINGENCIES,
        "reviews": {"every": "month", "day": _REVIEW_DAY, "people": [AUTHOR]},
        "people": PEOPLE,
        "alerts": _ALERTS,
    }


def _objectives(account_days: int, middle: str, by: str) -> list[Document]:
    return [
        {
            "id": "cash", "kpi": "recovered", "days": "plan", "by": by, "why": "liquidity",
            "at_least": account_days * _CASH_MINOR_PER_ACCOUNT_AND_DAY,
        },
        {
            "id": "businesses-pay-sooner", "kpi": "average_days_to_pay",
            "split": {"kind": "business"}, "at_most": 18, "by": middle,
        },
        {"id": "promises", "kpi": "promise_kept_rate", "at_least": 0.85, "by": by},
        {"id": "fewer-grow-old", "kpi": "roll_rate", "days": "month", "at_most": 0.15, "by": by},
    ]  # fmt: skip


def _budget(accounts: int, months: int) -> list[Document]:
    each = accounts * months
    return [
        {"id": "people", "kinds": ["task"], "amount_minor": each * 40},
        {
            "id": "messages", "kinds": ["contact"], "channels": ["email", "sms", "voice"],
            "amount_minor": each * 10,
        },
        {
            "id": "letters", "kinds": ["contact"], "channels": ["letter"],
            "amount_minor": each * 15,
        },
        {
            "id": "tools-and-law", "kinds": ["software", "legal"],
            "amount_minor": (months + 1) * 7500,
        },
        {"id": "cards", "kinds": ["gateway"], "amount_minor": each * 20},
    ]  # fmt: skip
