"""The data set traffic_fines as a creditor would tell it: what happened to each fine, in order.

The file is not part of the project; it is looked for next to it. A case is an account with one
invoice. What the rows mean here:

* `Create Fine`: the invoice, due 60 days later. `Send Fine`: its postage, a cost charged by hand.
  `Add penalty`: what the new total is above the fine, a fee charged by hand.
* `Payment`: a payment that names no invoice (`payment_eur`; rows of 0 repeat a running total).
* `Insert Date Appeal to Prefecture`, `Appeal to Judge`: a dispute of the whole fine. It is upheld
  by `#` (the prefecture) or `G` (the judge): the fine is credited, its postage and penalty are
  waived. It is rejected by a result that came without that, and by a hand-over, which only a final
  fine has.
* `Send for Credit Collection`: placed with an agency.

Days are days of the office; what happens on one day keeps the order of the rows.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from tests.architecture.files import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "traffic_fines"
FILE = FOLDER / "events_clean.csv"
ZONE = "Europe/Rome"
DAYS_TO_PAY = timedelta(days=60)
PREFECTURE, JUDGE = "Insert Date Appeal to Prefecture", "Appeal to Judge"
DECIDED, RESULT = "Send Appeal to Prefecture", "Receive Result Appeal from Prefecture"
HANDED_OVER = "Send for Credit Collection"

Kind = Literal["fine", "postage", "penalty", "payment", "appeal", "upheld", "rejected", "placed"]


def skip_without_data() -> None:
    """Skip the test, and say so, where the data set is not there."""
    if not FILE.is_file():
        reason = "NOT RUN: the data set traffic_fines is not next to the project"
        print(reason)
        pytest.skip(reason)


@dataclass(frozen=True)
class Happening:
    """One thing that happened to a fine."""

    kind: Kind
    id: str
    at: datetime
    minor: int = 0

    @property
    def day(self) -> date:
        return self.at.astimezone(ZoneInfo(ZONE)).date()


@dataclass(frozen=True)
class Case:
    """A fine with its history."""

    case_id: str
    happenings: tuple[Happening, ...]

    @property
    def fine(self) -> Happening:
        return self.happenings[0]

    @property
    def charges(self) -> list[Happening]:
        return [each for each in self.happenings if each.kind in ("postage", "penalty")]


def cents(text: str) -> int:
    return int(Decimal(text) * 100)


def cases(year: int) -> list[Case]:
    """The fines of a year with all that came of them."""
    rows: dict[str, list[dict[str, str]]] = {}
    with FILE.open(newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["case_id"], []).append(row)
    return [
        Case(case_id, tuple(_happenings(case_id, of_case)))
        for case_id, of_case in rows.items()
        if of_case[0]["timestamp"].startswith(str(year))
    ]


def _happenings(case_id: str, rows: list[dict[str, str]]) -> Iterator[Happening]:
    fine, waiting = cents(rows[0]["amount"]), list[str]()
    for n, row in enumerate(rows):
        noon = datetime.combine(date.fromisoformat(row["timestamp"]), time(12), ZoneInfo(ZONE))
        at, activity = noon + timedelta(minutes=10 * n), row["activity"]
        if activity == "Create Fine":
            yield Happening("fine", case_id, at, fine)
        elif activity == "Send Fine":
            yield Happening("postage", f"postage-{case_id}", at, cents(row["expense"]))
        elif activity == "Add penalty":
            yield Happening("penalty", f"penalty-{case_id}", at, cents(row["amount"]) - fine)
        elif activity == "Payment" and cents(row["payment_eur"]):
            yield Happening("payment", f"{case_id}-{n}", at, cents(row["payment_eur"]))
        elif activity in (PREFECTURE, JUDGE):
            waiting.append(f"{case_id}-{n}")
            yield Happening("appeal", waiting[-1], at)
        verdict: Kind = "upheld" if row["dismissal"] in ("#", "G") else "rejected"
        if verdict == "upheld" or activity in (RESULT, HANDED_OVER):
            for name in waiting:
                yield Happening(verdict, name, at + timedelta(minutes=1), fine)
            waiting.clear()
        if activity == HANDED_OVER:
            yield Happening("placed", f"placed-{case_id}", at + timedelta(minutes=2))


# ── What must come out, by the rows alone ───────────────────────────────────────────────────────


def figures(case_ids: list[str]) -> "pd.DataFrame":
    """A row for each fine: cents of every kind, and what they leave open."""
    rows = pd.read_csv(FILE, dtype=str, keep_default_na=False)
    rows = rows[rows["case_id"].isin(case_ids)].reset_index(drop=True)
    for name in ("amount", "expense", "payment_eur"):
        rows[name] = [round(float(text or 0) * 100) for text in rows[name]]

    def cents_of(activity: str, column: str) -> "pd.Series[int]":
        return rows[column].where(rows["activity"] == activity, 0).groupby(rows["case_id"]).sum()

    def has(activity: str, dismissal: str | None = None) -> "pd.Series[bool]":
        found = rows["activity"] == activity
        if dismissal is not None:
            found &= rows["dismissal"] == dismissal
        return found.groupby(rows["case_id"]).any()

    found = pd.DataFrame({"fine": cents_of("Create Fine", "amount")})
    found["postage"] = cents_of("Send Fine", "expense")
    new_total = cents_of("Add penalty", "amount")
    found["penalty"] = (new_total - found["fine"]).where(new_total > 0, 0)
    found["paid"] = cents_of("Payment", "payment_eur")
    found["dismissed"] = has(DECIDED, "#") | has(JUDGE, "G")
    found["placed"] = has(HANDED_OVER)
    found["pending"] = ~found["dismissed"] & ~found["placed"]
    found["pending"] &= has(JUDGE) | (has(PREFECTURE) & ~has(RESULT))
    charges = found["postage"] + found["penalty"]
    left = found["fine"] + charges - found["paid"]
    found["open"] = left.clip(lower=0).where(~found["dismissed"], 0)
    found["unapplied"] = found["paid"].where(found["dismissed"], (-left).clip(lower=0))
    found["credited"] = found["fine"].where(found["dismissed"], 0)
    found["waived"] = charges.where(found["dismissed"], 0)
    principal = (found["fine"] - found["paid"]).clip(lower=0).where(~found["dismissed"], 0)
    found["principal"] = principal
    found["placed_minor"] = left.where(found["placed"], 0)
    found["disputed"] = principal.where(found["pending"], 0)
    return found
