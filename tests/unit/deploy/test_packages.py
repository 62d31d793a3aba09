"""What a newcomer sees while packages and jars are fetched: something, every few seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import packages
from deploy.kafka import jars
from deploy.packages import Progress
from tests.architecture.files import ROOT

PIP = """\
Ignoring winloop: markers 'sys_platform == "win32"' don't match your environment
Collecting aiokafka==0.14.0 (from -r requirements.lock (line 7))
  Downloading aiokafka-0.14.0-cp311-cp311-manylinux2014_x86_64.whl.metadata (17 kB)
Collecting numpy==2.4.6 (from -r requirements.lock (line 900))
  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl (16.9 MB)
"""


def test_it_says_which_package_and_how_far() -> None:
    progress = Progress(4)
    for line in PIP.splitlines():
        progress.take(line)
    assert progress.words == "  fetching: 2 of 3: numpy (16.9 MB)"
    progress.take("Installing collected packages: aiokafka, numpy")
    progress.installed = 2
    assert progress.words == "  unpacking: 2 of 3"


def test_it_speaks_while_pip_is_silent_and_keeps_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packages, "SAY_SECONDS", 0.01)
    slow = "import time; print('Collecting numpy==2', flush=True); time.sleep(0.5); print('Oh no')"
    command = [sys.executable, "-c", f"{slow}; raise SystemExit(3)"]
    assert packages.run(command, Progress(1), tmp_path) == 3
    said = capsys.readouterr()
    assert said.out.count("  fetching: 1 of 1: numpy") > 1
    assert said.err.splitlines()[-1] == "Oh no"


def test_it_needs_nothing_that_it_is_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "deploy/packages.py", "no-such.lock"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "FileNotFoundError" in done.stderr
    assert "ModuleNotFoundError" not in done.stderr


def test_jars_are_counted_as_they_come(tmp_path: Path) -> None:
    locked = jars.read_lock()
    files = [tmp_path / jar.maven_path for jar in locked]
    assert jars.progress(files) == f"  0 of {len(locked)} jars, 0 MB"
    files[0].parent.mkdir(parents=True)
    files[0].write_bytes(b"x" * 2_000_000)
    assert jars.progress(files) == f"  1 of {len(locked)} jars, 2 MB, last {files[0].name}"
