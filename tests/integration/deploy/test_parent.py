"""What we start ends with us: killed, ended by a bug, or in order."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from deploy.local import parent
from deploy.local.postgres import FORGETFUL, Postgres
from deploy.local.waiting import wait_for
from tests.architecture.files import ROOT

SECONDS = 30

_STARTS_SLEEPERS = """
import subprocess, sys
from deploy.local import parent

away = {{"stdout": subprocess.DEVNULL, "start_new_session": True}}
sleepers = [subprocess.Popen(["sleep", "300"], **away) for _ in range(3)]
for sleeper in sleepers:
    parent.end_with_us(sleeper.pid)
parent.forget(sleepers[2].pid)
print([sleeper.pid for sleeper in sleepers], flush=True)
{then}
"""
_STARTS_A_SERVER = """
import sys
from pathlib import Path
from deploy.local.postgres import FORGETFUL, Postgres

Postgres(Path(sys.argv[1]), settings=FORGETFUL, is_kept=sys.argv[2] == "kept").start()
print("started", flush=True)
sys.stdin.read()
"""


def started(script: str, *arguments: str) -> tuple["subprocess.Popen[str]", str]:
    """A process that runs the script, and the first line it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    return process, process.stdout.readline()


def finish(process: "subprocess.Popen[str]") -> int:
    """Its exit code; its pipes are closed."""
    process.communicate()
    return process.returncode


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and parent.is_alive(psutil.Process(pid))


def test_what_was_started_ends_with_a_killed_starter_and_what_was_forgotten_lives_on() -> None:
    process, words = started(_STARTS_SLEEPERS.format(then="sys.stdin.read()"))
    first, second, forgotten = json.loads(words)
    assert lives(first)
    process.kill()
    finish(process)
    assert wait_for(lambda: not lives(first) and not lives(second), SECONDS)
    assert lives(forgotten)
    psutil.Process(forgotten).kill()


def test_it_ends_with_a_starter_that_a_bug_ends() -> None:
    process, words = started(_STARTS_SLEEPERS.format(then="sys.exit(3)"))
    first, second, forgotten = json.loads(words)
    assert finish(process) == 3
    assert not lives(first)
    assert not lives(second)
    psutil.Process(forgotten).kill()


def test_a_server_of_a_killed_starter_is_stopped_in_order_and_starts_again(tmp_path: Path) -> None:
    data = tmp_path / "var"
    process, _ = started(_STARTS_A_SERVER, str(data), "kept")
    cluster = Path((data / "postgres-folder").read_text().strip()) / "cluster"
    assert parent.lives(data)
    process.kill()
    finish(process)
    assert not parent.lives(data)
    again = Postgres(data, settings=FORGETFUL)
    try:
        again.start()  # waits until the earlier one is gone
        server = int((cluster / "postmaster.pid").read_text().split()[0])
        assert lives(server)
        text = again.log.read_text()
        assert "was not properly shut down" not in text
    finally:
        again.remove()


def test_the_data_of_a_throw_away_server_goes_with_it(tmp_path: Path) -> None:
    data = tmp_path / "var"
    process, _ = started(_STARTS_A_SERVER, str(data), "thrown away")
    folder = Path((data / "postgres-folder").read_text().strip())
    assert folder.exists()
    process.send_signal(signal.SIGKILL)
    finish(process)
    assert wait_for(lambda: not folder.exists(), SECONDS)
    parent.await_earlier(data)
