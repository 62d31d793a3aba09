"""The mode with a process for each API and worker: restarts, clean ends, nothing left behind."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local import folder, parent
from deploy.local.postgres import Postgres
from deploy.local.waiting import wait_for
from tests.integration.deploy.running import Launched, launched

# The small platform never speaks to it; given, so that no broker is started.
CLUSTER = "127.0.0.1:9092"
SECONDS = 120


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "var"
    yield folder
    if folder.exists():
        Postgres(folder).remove()


def registered(data: Path) -> dict[str, int]:
    """The processes that the supervisor has written down."""
    try:
        return {name: pid for name, pid, _ in json.loads((data / "processes.json").read_text())}
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and parent.is_alive(psutil.Process(pid))


def is_answered_by_another(run: Launched, pid: int) -> bool:
    try:
        return run.get("/process") != pid
    except httpx.HTTPError:
        return False


def test_eight_processes_start_and_end_together(data: Path) -> None:
    with launched(data, "--kafka", KAFKA_BOOTSTRAP_SERVERS=CLUSTER) as run:
        run.wait_ready()
        pids = registered(data)
        assert len(pids) == 8
        assert all(psutil.pid_exists(pid) for pid in pids.values())
        assert run.get("/process") == pids["ledger app"]
        assert run.stop() == 0
    assert not any(lives(pid) for pid in pids.values())
    assert not (data / "processes.json").exists()
    assert "Traceback" not in run.text


def test_a_process_that_dies_is_started_again(data: Path) -> None:
    with launched(data, "--kafka", KAFKA_BOOTSTRAP_SERVERS=CLUSTER) as run:
        run.wait_ready()
        before = registered(data)
        with pytest.raises(httpx.HTTPError):
            run.post("/die")
        os.kill(before["metrics worker"], signal.SIGKILL)
        assert wait_for(lambda: is_answered_by_another(run, before["ledger app"]), SECONDS)
        assert wait_for(
            lambda: registered(data).get("metrics worker", 0) != before["metrics worker"], SECONDS
        )
        kept = {"segmentation app", "outreach worker"}
        assert {name: registered(data)[name] for name in kept} == {n: before[n] for n in kept}
        assert run.stop() == 0


def test_a_process_that_is_killed_again_and_again_never_waits_long(data: Path) -> None:
    with launched(data, "--kafka", KAFKA_BOOTSTRAP_SERVERS=CLUSTER) as run:
        run.wait_ready()
        seen = {registered(data)["metrics worker"]}
        for _ in range(4):
            os.kill(registered(data)["metrics worker"], signal.SIGKILL)
            assert wait_for(
                lambda: registered(data).get("metrics worker", 0) not in {0, *seen}, SECONDS
            )
            seen.add(registered(data)["metrics worker"])
        assert run.text.count('"pause_seconds":0.2,') == 4
        assert run.stop() == 0


def test_all_processes_end_with_a_killed_launcher(data: Path) -> None:
    with launched(data, "--kafka", KAFKA_BOOTSTRAP_SERVERS=CLUSTER) as first:
        first.wait_ready()
        left = registered(data)
        first.process.kill()
        first.process.wait()
        with launched(data, "--kafka", port=first.port, KAFKA_BOOTSTRAP_SERVERS=CLUSTER) as second:
            second.wait_ready()
            assert not any(lives(pid) for pid in left.values())
            assert second.stop() == 0


def test_a_stop_waits_for_what_a_killed_launcher_left(data: Path) -> None:
    with launched(data, "--kafka", KAFKA_BOOTSTRAP_SERVERS=CLUSTER) as first:
        first.wait_ready()
        left = registered(data)
        first.process.kill()
        first.process.wait()
        assert str(data) in folder.stop_running(data)
    assert not any(lives(pid) for pid in left.values())


def test_one_folder_serves_both_modes(data: Path) -> None:
    with launched(data) as run:
        run.wait_ready()
        assert run.post("/notes/one") == ["one"]
        assert run.stop() == 0
    with launched(data, "--kafka", KAFKA_BOOTSTRAP_SERVERS=CLUSTER) as run:
        run.wait_ready()
        assert run.post("/notes/two") == ["one", "two"]
        assert run.stop() == 0


def test_a_process_that_fails_shows_its_reason_and_is_tried_again(data: Path) -> None:
    with launched(data, "--kafka", KAFKA_BOOTSTRAP_SERVERS=CLUSTER, SMALL_BROKEN="outreach") as run:
        # The APIs may be ready before its fifth death: then the platform stays and keeps trying.
        assert wait_for(
            lambda: run.process.poll() is not None or "started again" in run.text, SECONDS
        )
        assert "this worker is broken" in run.text
