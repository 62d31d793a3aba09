"""`make demo` as a newcomer runs it: twice the same, from an environment with next to nothing."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.architecture.files import ROOT
from tests.e2e.conftest import require_kafka
from tests.e2e.platform import wait_for

SECONDS_MAX = 600
# Why a message fails: nobody has the address or the number, or a call could not be made.
CARRIERS_SAID = {"5.1.1", "twilio-30005", "not-in-service", "failed"}
MAPPING = ROOT / "deploy" / "demo" / "mappings" / "ibm_late_payment.yaml"
FILE = """\
countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,\
SettledDate,PaperlessBill,DaysToSettle,DaysLate
391,C-1,4/6/2013,0001,1/2/2013,1/9/2013,55.94,No,1/15/2013,Paper,13,6
391,C-1,4/6/2013,0002,1/4/2013,1/11/2013,30.00,No,1/8/2013,Paper,4,0
406,C-2,3/3/2012,0003,1/5/2013,1/12/2013,sixty,Yes,3/3/2013,Electronic,36,6
406,C-2,3/3/2012,0004,1/5/2013,1/12/2013,61.74,Yes,,Electronic,,
"""


def bare(**options: str) -> dict[str, str]:
    """Only HOME and a plain PATH, and what is asked for."""
    return {"HOME": os.environ.get("HOME", "/"), "PATH": "/usr/bin:/bin", **options}


def demo(report: Path, given: Mapping[str, str], *, by_make: bool = False) -> dict[str, Any]:
    """Run it to its end; the report."""
    options = {**given, "REPORT": str(report)}
    if by_make:
        words = [f"{name}={value}" for name, value in options.items()]
        command, environment = ["make", "--no-print-directory", "demo", *words], bare()
    else:
        command, environment = [sys.executable, "-m", "deploy.demo"], bare(**options)
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr + ended.stdout[-3000:]
    assert "Key figures" in ended.stdout
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def left_over() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("recoup-demo-*")}


def check(report: dict[str, Any]) -> None:
    """What holds of every demo."""
    assert len(report["integrity"]) > 5
    assert not any(report["integrity"].values()), report["integrity"]
    broken = {**report["outreach integrity"], **report["kept"]}
    assert len(broken) > 10
    assert not any(broken.values()), (broken, report["violations"])
    assert set(report["outreach"]["failed because"]) <= CARRIERS_SAID
    made = {name: sum(states.values()) for name, states in report["outreach"]["contacts"].items()}
    received = report["received"]
    assert received["mails"] == made.get("email", 0)
    assert received["texts"] == made.get("sms", 0)
    assert received["letters"] == made.get("letter", 0)
    assert report["runs"]["uncertain"] == 0
    assert report["timing"]["events_per_second"] > 0


@pytest.mark.timeout(2 * SECONDS_MAX + 60)
@pytest.mark.parametrize(
    "size",
    [
        pytest.param({"DAYS": "24", "ACCOUNTS": "80"}, id="short"),
        pytest.param({"DAYS": "60"}, id="sixty-days", marks=pytest.mark.full),
    ],
)
def test_the_same_seed_gives_the_same_report(tmp_path: Path, size: dict[str, str]) -> None:
    before = left_over()
    first = demo(tmp_path / "a.json", {"SEED": "7", **size}, by_make=True)
    second = demo(tmp_path / "b.json", {"SEED": "7", **size})
    assert first.pop("timing") != second.pop("timing")
    first["timing"] = second["timing"] = {"events_per_second": 1}
    assert first == second
    check(first)
    assert first["received"]["mails"] > 0
    assert not first["refused"]
    assert set(first["kpis"]["invoiced"]) == {"EUR", "USD", "JPY"}
    assert all(found["segments"] for found in first["kpis"]["invoiced"].values())
    assert first["aging"]["EUR"]["current"] > 0
    by_reply = first["outreach"]["replies that did something"].get("promise", 0)
    assert first["agreements"]["promise"]["made"] == first["asked"]["promise taken"] + by_reply > 0
    assert left_over() <= before, "its data folder is gone"


@pytest.mark.full
@pytest.mark.timeout(2 * SECONDS_MAX + 60)
def test_most_of_a_year_shows_what_becomes_of_debts(tmp_path: Path) -> None:
    """What the first contact begins: promises, plans, a settlement, charges, a loss, a recovery."""
    report = demo(tmp_path / "a.json", {"SEED": "5", "DAYS": "225", "ACCOUNTS": "70"})
    check(report)
    assert not report["refused"]
    happened = report["agreements"]
    assert {"made", "kept", "broken"} <= set(happened["promise"])
    assert {"agreed", "completed"} <= set(happened["plan"])
    assert {"accepted", "completed"} <= set(happened["settlement"])
    assert {"opened", "resolved"} <= set(happened["dispute"])
    for name in ("conceded", "fees", "interest", "written off", "recovered"):
        assert sum(report["amounts"][name].values()) > 0, name


@pytest.mark.timeout(SECONDS_MAX + 60)
def test_a_file_of_ones_own_is_worked_too(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(FILE)
    report = demo(tmp_path / "a.json", {"DATA": str(file), "MAPPING": str(MAPPING), "DAYS": "30"})
    check(report)
    assert (report["from"], report["days"], report["accounts"]) == ("2013-01-02", 14, 2)
    assert report["refused"] == ["line 4, InvoiceAmount: 'sixty' is not an amount like 1234.56"]
    assert report["kpis"]["invoiced"]["USD"]["value"] == 5594 + 3000 + 6174
    assert report["kpis"]["received"]["USD"]["value"] == 5594 + 3000
    assert report["aging"]["USD"]["1-30"] == 6174
    assert report["outreach"]["tasks created"]["find-contact-data"] == 2, "once for each debtor"
    assert report["events"]["billing.events"]["invoice-issued"] == 3
    assert not any(report["amounts"].values()), "a file's amounts are what they are"


@pytest.mark.full
@pytest.mark.kafka
@pytest.mark.timeout(2 * SECONDS_MAX + 60)
def test_over_kafka_it_comes_out_the_same(tmp_path: Path) -> None:
    require_kafka()
    size = {"DAYS": "16", "ACCOUNTS": "40"}
    local = demo(tmp_path / "a.json", {"SEED": "7", **size})
    kafka = demo(tmp_path / "b.json", {"SEED": "7", "KAFKA": "1", **size})
    local.pop("timing")
    kafka.pop("timing")
    assert kafka == local


@pytest.mark.timeout(SECONDS_MAX)
def test_kept_its_pages_stay_until_it_is_stopped(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.demo"], cwd=ROOT, stdout=file, stderr=file,
            env=bare(DAYS="2", ACCOUNTS="5", KEEP="1", TMPDIR=str(_open(tmp_path / "tmp"))),
        )  # fmt: skip
    try:
        wait_for(
            lambda: "Ctrl-C stops" in output.read_text() or process.poll() is not None,
            SECONDS_MAX / 2,
        )
        said = output.read_text()
        assert process.poll() is None, said
        (dashboard,) = [line.split()[1] for line in said.splitlines() if "dashboard" in line]
        assert httpx.get(dashboard).is_success
        process.send_signal(signal.SIGINT)
        process.wait(60)
        with pytest.raises(httpx.TransportError):
            httpx.get(dashboard)
        (data,) = (tmp_path / "tmp").glob("recoup-demo-*")
        assert (data / "dev-key").exists()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _open(folder: Path) -> Path:
    """A folder through which the database's own user may pass."""
    folder.mkdir()
    for each in (folder, *folder.parents):
        if each.owner() == folder.owner() and not each.stat().st_mode & 0o001:
            each.chmod(each.stat().st_mode | 0o011)
    return folder


def test_a_wrong_option_is_told_in_plain_words() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.demo"], cwd=ROOT, env=bare(DAYS="many"),
        capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.strip() == "demo: DAYS is 'many', which is not a whole number"
