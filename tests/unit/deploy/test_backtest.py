"""`python -m deploy.backtest`: a file is tested without a platform."""

import csv
import json
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.backtest.__main__ import main
from services.segmentation.learning.backtest import backtest
from services.segmentation.learning.cases import InvoiceFacts
from tests.architecture.files import ROOT
from tests.unit.segmentation.learning.ledgers import mostly_late

pytestmark = pytest.mark.slow

IBM = ROOT.parent / "shared" / "data" / "ibm_late_payment"
IBM_MAPPING = ROOT / "deploy" / "demo" / "mappings" / "ibm_late_payment.yaml"

MAPPING = """
source: /import/test
events:
  - type: invoice-issued
    time: {column: known, as: instant, at: "09:00", zone: UTC}
    data:
      invoice_id: {column: invoice}
      account_id: {column: customer}
      currency: EUR
      amount_minor: {column: amount, as: money, currency: EUR}
      issued_on: {column: issued, as: date}
      due_on: {column: due, as: date}
  - type: payment-received
    when: paid
    time: {column: paid, as: instant, at: "12:00", zone: UTC}
    data:
      payment_id: {text: "pay:{invoice}"}
      account_id: {column: customer}
      currency: EUR
      amount_minor: {column: amount, as: money, currency: EUR}
      received_at: {column: paid, as: instant, at: "12:00", zone: UTC}
      allocations:
        - invoice_id: {column: invoice}
          amount_minor: {column: amount, as: money, currency: EUR}
"""
HEADER = ("invoice", "customer", "known", "issued", "due", "amount", "paid")


def write(folder: Path, facts: list[InvoiceFacts]) -> tuple[str, str]:
    """The invoices as a file, and its mapping."""
    file, mapping = folder / "invoices.csv", folder / "mapping.yaml"
    mapping.write_text(MAPPING)
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        for f in facts:
            amount = f"{f.amount_minor // 100}.{f.amount_minor % 100:02}"
            writer.writerow(
                [f.invoice_id, f.account_id, f.decided_on, f.issued_on, f.due_on, amount,
                 f.settled_on or ""]
            )  # fmt: skip
    return str(file), str(mapping)


def test_a_file_gives_what_its_invoices_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = mostly_late()[:1_200]
    facts = [f for f in ledger if f.settled_on is None or f.settled_on >= f.issued_on]
    file, mapping = write(tmp_path, facts)
    today = max(f.due_on for f in facts) + timedelta(days=20)
    assert main([file, "--mapping", mapping, "--json", "--today", today.isoformat()]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == backtest(facts, target="late_payment", today=today).to_builtins()


def test_a_row_that_cannot_be_used_is_told_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, mapping = write(tmp_path, mostly_late()[:300])
    with Path(file).open("a") as out:
        out.write("x1,c,2023-13-01,2023-01-01,2023-02-01,1.00,\n")
        out.write("x2,c,2023-01-01,2023-01-01,2023-02-01,-1.00,\n")
        out.write("i0-0,other,2023-01-01,2023-01-01,2023-02-01,1.00,\n")
    lines = Path(file).read_text().count("\n")
    assert main([file, "--mapping", mapping]) == 1
    said = capsys.readouterr()
    assert f"line {lines - 2}, known: " in said.err
    assert f"line {lines - 1}, amount: " in said.err
    assert f"line {lines}, invoice: i0-0 was there before with other data" in said.err
    assert "scorecard" in said.out
    assert "baseline" in said.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target", "loves_us"], "must be one of: late_payment, pays_within"),
        (["--train-fraction", "1.5"], "must lie between 0 and 1"),
        (["--horizon-days", "0"], "must be from 1 to 365"),
        (["--today", "1999-01-01"], "no case has a known outcome"),
    ],
)
def test_what_cannot_be_tested_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    file, mapping = write(tmp_path, mostly_late()[:300])
    assert main([file, "--mapping", mapping, *arguments]) == 2
    assert says in capsys.readouterr().err


def test_an_empty_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, mapping = write(tmp_path, [])
    assert main([file, "--mapping", mapping]) == 2
    assert "no row that can be used" in capsys.readouterr().err
    assert main([str(tmp_path / "none.csv"), "--mapping", mapping]) == 2


def test_the_ibm_ledger_reaches_the_aims_and_leaks_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = IBM / "WA_Fn-UseC_-Accounts-Receivable.csv"
    if not file.exists():
        reason = "NOT RUN: the data set ibm_late_payment is not beside the project"
        print(reason)
        pytest.skip(reason)
    assert main([str(file), "--mapping", str(IBM_MAPPING), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["n_train"], told["n_test"]) == (1725, 741)
    assert 0.88 <= told["auc"] < 0.91
    assert told["brier"] <= 0.125
    assert told["baseline"]["auc"] == pytest.approx(0.874, abs=0.001)
    assert told["baseline"]["brier"] == pytest.approx(0.133, abs=0.001)
    assert told["calibration_error"] < 0.05
