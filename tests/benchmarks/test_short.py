"""The benchmarks run, in a form so short that its figures mean nothing."""

import os
import subprocess
import sys

import pytest

from tests.architecture.files import ROOT

EVENTS = 1_000
SHOWN = {
    "batch": "Batches of 500",
    "single": "Single",
    "latency": "to KPI",
    "charged": "A day begins",
    "kinds": "Facts of every kind",
    "contacts": "planned contacts swept",
    "desk": "Dry run ahead",
    "figures": "Folding, one worker",
}


@pytest.mark.parametrize(
    "parts", ["batch,single", "latency", "charged,kinds", "contacts,desk", "figures"]
)
def test_it_measures(postgres: str, parts: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks"],
        cwd=ROOT,
        env={
            **os.environ,
            "RECOUP_POSTGRES_URL": postgres,
            "BENCH_EVENTS": str(EVENTS),
            "BENCH_PARTS": parts,
            "BENCH_CHARGED_INVOICES": "100",
            "BENCH_DAY_INVOICES": "100",
            "BENCH_CONTACTS": "200",
            "BENCH_TASKS": "2000",
            "BENCH_DEBTORS": "50",
            "BENCH_FIGURES": "500",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout
    for part in parts.split(","):
        assert SHOWN[part] in said
    measures_servers = parts in ("batch,single", "latency")
    assert ("Peak memory" in said) is measures_servers
