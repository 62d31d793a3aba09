"""What the referee goes by: the rules' figures, days, and what a contact is made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.integration.outreach.population.bills import DAY

COURTESIES = frozenset(
    {"promise-made", "plan-agreed", "promise-kept", "dispute-opened", "dispute-resolved", "paid",
     "corrected"}
)  # fmt: skip
ATTEMPTS = frozenset({"email", "sms", "voice", "letter"})
RESUMES = {"promise": 1, "plan": 1, "settlement": 1, "dispute": 0, "hold": 0, "placement": 0}
CAPS = {"gap_days": 3, "per_7_days": 2, "per_30_days": 6}
SEND = {"from": "09:00", "to": "18:00", "days": ["mon", "tue", "wed", "thu", "fri"]}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS_72 = timedelta(hours=72)

Step = tuple[str, str, str, str, str]  # account, subject, its id, anchor of an invoice, reaction


def local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def business_days_after(day: date, number: int) -> date:
    while number:
        day += DAY
        number -= day.weekday() < 5
    return day


@dataclass
class OwnPause:
    """Of a debtor (a reply), or of an account (a claim, a person's word)."""

    accounts: frozenset[str]
    kind: str
    from_on: date
    until_on: date | None  # the first day without it; None: until a person ends it


@dataclass
class Attempt:
    contact_id: str
    at: datetime
    is_message: bool = True
    counts: bool = True


def steps_of(body: dict[str, Any]) -> Iterable[tuple[Step, int]]:
    for item in body["items"]:
        subject = item.get("subject", "invoice")
        anchor = item["due_on"] if not item.get("reaction") else ""
        key = (item["account_id"], subject, item["invoice_id"], anchor, item.get("reaction", ""))
        yield key, item.get("n", 0)


def overdue_steps(strategy: dict[str, Any]) -> list[str]:
    """Its steps after the due day, in their order."""
    return [s["name"] for s in strategy["ladder"] if s["from"] != "due" or s["days"] > 0]
