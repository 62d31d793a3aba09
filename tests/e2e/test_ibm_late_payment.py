"""A data set of invoices and payments, imported and worked day by day: every figure equals pandas.

The file is not part of the project (its licence is unclear); it is looked for beside it.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.architecture.files import ROOT
from tests.e2e.desk import Desk
from tests.e2e.log import read_log
from tests.e2e.platform import KEY, Platform

DATA = ROOT.parent / "shared" / "data" / "ibm_late_payment"
WHOLE = DATA / "WA_Fn-UseC_-Accounts-Receivable.csv"
VARIANT = DATA / "variant_2586_with_missing.csv"
MAPPING = ROOT / "deploy" / "demo" / "mappings" / "ibm_late_payment.yaml"

CUSTOMERS = 100
WINDOW_DAYS = 90
ASKED_ON = (date(2012, 6, 30), date(2013, 3, 31), date(2013, 12, 31))
ONE_DAY = timedelta(days=1)
BUCKETS = {"current": 0, "1-30": 30, "31-60": 60, "61-90": 90, "91-120": 120}


@pytest.fixture(autouse=True)
def _has_data() -> None:
    if not DATA.is_dir():
        reason = f"NOT RUN: the data set ibm_late_payment is not beside the project ({DATA.name})"
        print(reason)
        pytest.skip(reason)


@pytest.fixture
def desk(shared_platform: Callable[[str], Platform]) -> Desk:
    return Desk(shared_platform("local")).settle_in(timezone="UTC")


@dataclass(frozen=True)
class Imported:
    """How an import ended."""

    code: int
    said: str
    refused: list[str]

    @classmethod
    def of(cls, desk: Desk, file: Path) -> "Imported":
        """The file through the importer's command line."""
        ended = subprocess.run(
            [sys.executable, "-m", "services.ledger.importer", str(file),
             "--mapping", str(MAPPING), "--tenant", desk.tenant],
            cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
            env={
                "PATH": os.environ["PATH"],
                "RECOUP_PORT_BASE": str(desk.platform.port),
                "RECOUP_DEV_KEY": KEY,
            },
        )  # fmt: skip
        refused = [line for line in ended.stderr.splitlines() if line.startswith("line ")]
        return cls(ended.returncode, ended.stdout.strip(), refused)


# ------------------------------------------------------------------ the oracle


def read(file: Path) -> pd.DataFrame:
    """The rows with days as days and money in cents."""
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    cents = [round(float(text) * 100) for text in rows["InvoiceAmount"]]
    days = {name: pd.to_datetime(rows[name], format="%m/%d/%Y") for name in DAYS_OF.values()}
    return pd.DataFrame({"cents": cents, **{short: days[name] for short, name in DAYS_OF.items()}})


DAYS_OF = {"issued": "InvoiceDate", "due": "DueDate", "settled": "SettledDate"}


@dataclass(frozen=True)
class Oracle:
    """What must come out, by the rows alone."""

    rows: pd.DataFrame
    from_on: date
    to_on: date

    def sum(self, *conditions: "pd.Series[bool]") -> int:
        """Cents of the rows for which all hold."""
        kept = self.rows
        for condition in conditions:
            kept = kept[condition.reindex(kept.index)]
        return int(kept["cents"].sum())

    def within(self, column: str) -> "pd.Series[bool]":
        days = self.rows[column]
        return (days >= pd.Timestamp(self.from_on)) & (days <= pd.Timestamp(self.to_on))

    def open_on(self, day: date) -> "pd.Series[bool]":
        """Issued and not settled by the end of the day."""
        end = pd.Timestamp(day)
        return (self.rows["issued"] <= end) & (self.rows["settled"] > end)

    def past_due(self, day: date) -> "pd.Series[bool]":
        return self.open_on(day) & (self.rows["due"] < pd.Timestamp(day))

    @property
    def late(self) -> "pd.Series[bool]":
        return self.rows["settled"] > self.rows["due"]

    def weighted(self, condition: "pd.Series[bool]", until: "pd.Series[Any] | pd.Timestamp") -> int:
        """Σ cents × days past due at `until`."""
        days = (until - self.rows["due"]).dt.days.clip(lower=0)
        return int((self.rows["cents"] * days)[condition].sum())

    def aging(self) -> dict[str, int]:
        rows = self.rows[self.open_on(self.to_on)]
        days = (pd.Timestamp(self.to_on) - rows["due"]).dt.days.clip(lower=0)
        edges = [-1, *BUCKETS.values(), 100_000]
        cut = pd.cut(days, edges, labels=[*BUCKETS, "121+"])
        sums = rows["cents"].groupby(cut, observed=False).sum()
        return {str(bucket): int(cents) for bucket, cents in sums.items()}


def check_day(desk: Desk, rows: pd.DataFrame, day: date) -> None:
    """Every figure of the 90 days up to the day, to the cent."""
    oracle = Oracle(rows, day - (WINDOW_DAYS - 1) * ONE_DAY, day)
    before = oracle.from_on - ONE_DAY
    open_minor, sales = oracle.sum(oracle.open_on(day)), oracle.sum(oracle.within("issued"))

    def kpi(name: str) -> dict[str, Any]:
        return desk.kpi(name, str(oracle.from_on), str(day), currency="USD")

    assert kpi("invoiced")["value"] == sales
    assert kpi("received")["value"] == oracle.sum(oracle.within("settled"))
    assert desk.minor("aging", str(day), str(day), "USD") == open_minor
    assert _ledger_aging(desk, day) == oracle.aging()

    recovered = kpi("recovery_rate")
    entered_on = oracle.rows["due"] + pd.Timedelta(days=1)
    begun = (entered_on >= pd.Timestamp(oracle.from_on)) & (entered_on <= pd.Timestamp(day))
    assert recovered["numerator"] == oracle.sum(oracle.within("settled"), oracle.late)
    assert recovered["denominator"] == oracle.sum(oracle.past_due(before)) + oracle.sum(
        oracle.late, begun
    )
    dso = kpi("dso")
    assert (dso["numerator"], dso["denominator"]) == (open_minor, sales)
    assert dso["value"] == pytest.approx(open_minor / sales * WINDOW_DAYS, rel=1e-12)

    late = kpi("average_days_late")
    settled, overdue = oracle.within("settled"), oracle.past_due(day)
    assert late["numerator"] == (
        oracle.weighted(settled, oracle.rows["settled"])
        + oracle.weighted(overdue, pd.Timestamp(day))
    )
    assert late["denominator"] == oracle.sum(settled) + oracle.sum(overdue)

    effectiveness = kpi("collection_effectiveness_index")
    found = (effectiveness["numerator"], effectiveness["denominator"])
    assert found == effectiveness_brackets(rows, oracle.from_on, day)


def effectiveness_brackets(rows: pd.DataFrame, from_on: date, to_on: date) -> tuple[int, int]:
    """By calendar months, the first and last cut by the window."""
    collected = collectable = 0
    for month in pd.period_range(from_on, to_on, freq="M"):
        part = Oracle(
            rows, max(from_on, month.start_time.date()), min(to_on, month.end_time.date())
        )
        owed = part.sum(part.open_on(part.from_on - ONE_DAY)) + part.sum(part.within("issued"))
        still = part.sum(part.open_on(part.to_on))
        collected += owed - still
        collectable += owed - (still - part.sum(part.past_due(part.to_on)))
    return collected, collectable


def _ledger_aging(desk: Desk, day: date) -> dict[str, int]:
    answer = desk.get("ledger", "/v1/aging", as_of=str(day), currency="USD")
    return {found["bucket"]: found["amount_minor"] for found in answer["buckets"]}


# ------------------------------------------------------------------ the tests


@pytest.mark.timeout(900)
def test_the_file_worked_day_by_day_equals_pandas(desk: Desk) -> None:
    imported = Imported.of(desk, WHOLE)
    assert (imported.code, imported.refused) == (0, [])
    assert imported.said.startswith(f"{2466 * 2 + CUSTOMERS} events accepted, 0 known already")
    rows = read(WHOLE)
    day, last = date(2012, 1, 3), date(2014, 1, 9)
    while day <= last:
        desk.start_day(str(day))
        if day in ASKED_ON:
            desk.platform.wait_quiet()
            check_day(desk, rows, day)
        day += ONE_DAY
    desk.platform.wait_quiet()
    for asked in (*ASKED_ON, last):  # nothing that came later changed what was
        check_day(desk, rows, asked)
    assert desk.minor("invoiced", "2012-01-01", str(last), "USD") == 14_770_318
    assert desk.minor("received", "2012-01-01", str(last), "USD") == 14_770_318
    said = read_log(desk.platform, desk.tenant)
    overdue = [e for e in said if e.type == "invoice-overdue" and e.data["stage"] == 1]
    assert len(overdue) == 877
    assert desk.integrity() == {}


def test_the_variant_with_missing_cells_imports_whole(desk: Desk) -> None:
    imported = Imported.of(desk, VARIANT)
    assert (imported.code, imported.refused) == (0, [])
    desk.platform.wait_quiet()
    rows = pd.read_csv(VARIANT, dtype=str)
    cents = sum(round(float(text) * 100) for text in rows["InvoiceAmount"])
    assert sum(1 for _ in desk.every("/v1/invoices")) == len(rows) == 2586
    assert desk.minor("invoiced", "2012-01-01", "2014-12-31", "USD") == cents


def test_a_spoilt_copy_keeps_every_good_row_and_tells_each_bad_one(
    desk: Desk, tmp_path: Path
) -> None:
    header, *rows = WHOLE.read_bytes().splitlines()
    told = spoil(header.decode().split(","), rows)
    spoilt = tmp_path / "spoilt.csv"
    spoilt.write_bytes(b"\r\n".join([header, *rows]) + b"\r\n")

    first = Imported.of(desk, spoilt)

    assert first.code == 1
    by_line: dict[int, list[str]] = {}
    for reason in first.refused:
        by_line.setdefault(int(reason.split(",")[0].removeprefix("line ")), []).append(reason)
    assert by_line.keys() == told.keys()
    for line, (column, words) in told.items():
        for reason in by_line[line]:
            assert reason.startswith(f"line {line}, {column}: "), reason
            assert words in reason
    good = len(rows) - len(told)
    assert sum(1 for _ in desk.every("/v1/invoices")) == good
    accepted = f"{2 * good + CUSTOMERS} events"
    assert first.said.startswith(f"{accepted} accepted, 0 known already")

    again = Imported.of(desk, spoilt)

    assert (again.code, again.refused) == (1, first.refused)
    assert again.said.startswith(f"0 events accepted, {2 * good + CUSTOMERS} known already")


def spoil(header: list[str], rows: list[bytes]) -> dict[int, tuple[str, str]]:
    """Spoil some rows in place; by line of the file: the column and a word of the reason."""
    faults: list[tuple[str, bytes, str]] = [
        ("InvoiceDate", b"13/45/2013", "13/45/2013"),
        ("InvoiceDate", b"", "empty"),
        ("DueDate", b"2/30/2013", "2/30/2013"),
        ("SettledDate", b"soon", "soon"),
        ("InvoiceAmount", b"55,94", ""),
        ("InvoiceAmount", b'"55,94"', "55,94"),
        ("InvoiceAmount", b"EUR 5", "EUR 5"),
        ("InvoiceAmount", b"12.345", "decimals"),
        ("InvoiceAmount", b"-55.94", ""),
        ("customerID", b"", "empty"),
        ("invoiceNumber", b" ", "empty"),
        ("customerID", b"Caf\xe9", "utf-8"),
    ]
    told: dict[int, tuple[str, str]] = {}
    for number, (column, cell, words) in enumerate(faults):
        place = 200 + 100 * number
        cells = rows[place].split(b",")
        cells[header.index(column)] = cell
        rows[place] = b",".join(cells)
        told[place + 2] = (column, words)  # the header is line 1
    told[200 + 100 * 4 + 2] = ("row", "13 cells")  # a comma too many
    return told
