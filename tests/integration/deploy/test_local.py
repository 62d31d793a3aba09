"""The launcher, from outside: start, stop, kill, start again; what is refused, and how."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local import parent, server_user
from deploy.local.postgres import Postgres, running_url, write_secret
from deploy.local.waiting import wait_for
from tests.integration.deploy.running import (
    READY_SECONDS,
    STOP_SECONDS,
    free_port_base,
    launched,
)

NOBODY = 65534


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder that does not exist yet; its database is gone afterwards, wherever it was."""
    folder = tmp_path / "var"
    yield folder
    if folder.exists():
        Postgres(folder).remove()


def servers_on(data: Path) -> list[psutil.Process]:
    """PostgreSQL processes that belong to this data folder."""
    pointer = data / "postgres-folder"
    folder = pointer.read_text().strip() if pointer.exists() else str(data)
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if command and Path(command[0]).name == "postgres" and any(folder in c for c in command):
            found.append(process)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_and_keeps_its_data(data: Path, number: signal.Signals) -> None:
    with launched(data) as first:
        first.wait_ready()
        assert first.post("/notes/one") == ["one"]
        assert servers_on(data)
        assert first.stop(number) == 0
    assert "Traceback" not in first.text
    assert not servers_on(data)
    with launched(data) as second:
        second.wait_ready()
        assert second.post("/notes/two") == ["one", "two"]
        assert str(data / "dev-key") in second.text, "its place is always said"
        assert (data / "dev-key").read_text().strip() not in second.text
        assert second.stop() == 0


def test_the_first_start_says_its_key_once_and_keeps_it_secret(data: Path) -> None:
    with launched(data) as run:
        run.wait_ready()
        key = (data / "dev-key").read_text().strip()
        assert len(key) >= 16
        assert f"{data / 'dev-key'}  ({key}, shown this once)" in run.text
        for number in range(4):  # one address a line
            (line,) = [x for x in run.text.splitlines() if f"127.0.0.1:{run.port + number} " in x]
            assert line.count("http://") == 1
        for secret in ("dev-key", "postgres-password", "postgres-url"):
            assert stat.S_IMODE((data / secret).stat().st_mode) == 0o600
        assert run.text.count("Recoup is ready") == 1


def test_a_given_key_is_used_and_not_printed(data: Path) -> None:
    with launched(data, RECOUP_DEV_KEY="a-key-that-was-given") as run:
        run.wait_ready()
        assert (data / "dev-key").read_text().strip() == "a-key-that-was-given"
        assert "a-key-that-was-given" not in run.text


def test_a_database_that_is_killed_is_started_again_where_it_was(data: Path) -> None:
    with launched(data) as run:
        run.wait_ready()
        assert run.post("/notes/one") == ["one"]
        before = {process.pid for process in servers_on(data)}
        for process in servers_on(data):
            process.kill()

        def is_back() -> bool:
            try:
                return run.post("/notes/two") == ["one", "two"]
            except httpx.HTTPError:
                return False

        assert wait_for(is_back, READY_SECONDS), run.text
        assert not before & {process.pid for process in servers_on(data)}
        assert "started again" in run.text
        assert run.stop() == 0
    assert not servers_on(data)


def test_a_second_start_on_the_folder_is_refused_in_plain_words(data: Path) -> None:
    with launched(data) as first:
        first.wait_ready()
        with launched(data) as second:
            assert second.process.wait(READY_SECONDS) == 1
        assert "already runs on" in second.text
        assert str(first.process.pid) in second.text
        assert "Traceback" not in second.text
        assert first.get("/health/ready")


def test_a_busy_port_is_refused_by_its_number(data: Path) -> None:
    base = free_port_base()
    with socket.socket() as other:
        other.bind(("127.0.0.1", base + 2))
        other.listen()
        with launched(data, port=base) as run:
            assert run.process.wait(READY_SECONDS) == 1
    assert f"{base + 2} (outreach)" in run.text
    assert "Traceback" not in run.text
    assert not (data / "postgres-folder").exists()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("RECOUP_PORT_BASE", "eight", "RECOUP_PORT_BASE"),
        ("RECOUP_CLOCK", "sundial", "RECOUP_CLOCK"),
        ("RECOUP_CRASH_AT", "nowhere", "kill point"),
        ("RECOUP_POSTGRES_URL", "postgresql://me:secret@127.0.0.1:1/x", "127.0.0.1:1"),
    ],
)
def test_a_wrong_setting_is_named_without_secrets(
    data: Path, name: str, value: str, words: str
) -> None:
    with launched(data, also={name: value}) as run:
        assert run.process.wait(READY_SECONDS) == 1
    assert words in run.text
    assert "secret" not in run.text
    assert "Traceback" not in run.text
    assert not servers_on(data)


def processes_on(data: Path) -> dict[str, int]:
    """The platform's own processes, by name."""
    return {name: pid for name, pid, _ in json.loads((data / "processes.json").read_text())}


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and parent.is_alive(psutil.Process(pid))


def test_a_process_serves_and_another_works_where_there_are_two_cores(data: Path) -> None:
    with launched(data) as run:
        run.wait_ready()
        names = {"services"} if os.cpu_count() == 1 else {"APIs", "workers"}
        assert set(processes_on(data)) == names
        answering = {run.get("/process", service) for service in range(4)}
        assert len(answering) == 1
        assert answering <= set(processes_on(data).values())
        assert run.stop() == 0


def test_a_killed_process_is_started_again_and_its_port_stays_ours(data: Path) -> None:
    with launched(data) as run:
        run.wait_ready()
        killed = run.get("/process")
        with pytest.raises(httpx.TransportError):
            run.post("/die")
        assert run.get("/process") != killed, "who asks meanwhile waits for the next one"
        assert run.stop() == 0


def test_nothing_outlives_a_killed_launcher_and_its_data_is_kept(data: Path) -> None:
    with launched(data) as first:
        first.wait_ready()
        assert first.post("/notes/one") == ["one"]
        left = [*processes_on(data).values(), *(process.pid for process in servers_on(data))]
        first.process.kill()
        first.process.wait()
    assert wait_for(lambda: not any(lives(pid) for pid in left), 40)
    with launched(data) as second:
        second.wait_ready()
        assert second.post("/notes/two") == ["one", "two"]
        assert second.stop() == 0
    assert not servers_on(data)


def test_a_pid_file_of_a_dead_server_does_not_matter(data: Path) -> None:
    """Its number may belong to another program by now: here, to this one."""
    server = Postgres(data)
    server.start()
    pid_file = Path((data / "postgres-folder").read_text().strip()) / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    psutil.Process(int(lines[0])).kill()
    assert wait_for(lambda: not servers_on(data), STOP_SECONDS)
    lines[0] = str(os.getpid())
    pid_file.write_text("\n".join(lines))
    again = Postgres(data)
    again.start()
    assert servers_on(data)
    again.remove()
    assert not servers_on(data)


def test_stop_ends_what_runs_and_what_was_left(data: Path) -> None:
    with launched(data) as run:
        run.wait_ready()
        with launched(data, "--stop") as stop:
            assert stop.process.wait(STOP_SECONDS) == 0
        assert run.process.wait(STOP_SECONDS) == 0
    assert not servers_on(data)
    Postgres(data).start()
    with launched(data, "--stop") as stop:
        assert stop.process.wait(STOP_SECONDS) == 0
    assert not servers_on(data)
    with launched(data, "--stop") as stop:
        assert stop.process.wait(STOP_SECONDS) == 0
    assert "nothing runs" in stop.text


def test_a_worker_that_breaks_takes_the_platform_down_with_a_reason(data: Path) -> None:
    with launched(data, SMALL_BROKEN="outreach") as run:
        assert run.process.wait(STOP_SECONDS) == 1
    assert "this worker is broken" in run.text
    assert not servers_on(data)


def test_a_server_of_ones_own_is_used(data: Path, postgres: str) -> None:
    with launched(data, RECOUP_POSTGRES_URL=postgres) as run:
        run.wait_ready()
        assert "one" in str(run.post("/notes/one"))
        assert not (data / "postgres-folder").exists()
        assert run.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide a folder from others")
def test_as_root_a_hidden_data_folder_stays_hidden(tmp_path: Path) -> None:
    """The database then lives in a place of its own, and no folder's mode changes."""
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    server = Postgres(hidden / "var")
    server.start()
    folder = Path((hidden / "var" / "postgres-folder").read_text().strip())
    assert not folder.is_relative_to(hidden)
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.stat().st_uid != 0
    server.remove()
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide a folder from others")
def test_as_root_a_hidden_installation_is_copied_to_where_the_server_can_run(
    tmp_path: Path,
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    user = server_user.choose_user()
    package = server_user.binaries(user).parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, hidden / part.name)
    programs = server_user.programs_of(hidden / package.name, user)
    assert not programs.is_relative_to(hidden)
    assert user.run([programs / "initdb", "--version"], cwd=Path("/")).returncode == 0
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700


@pytest.fixture
def home_of_nobody() -> Iterator[Path]:
    """A folder of an account without any rights (pytest's own are closed to others)."""
    home = Path(tempfile.mkdtemp(prefix="recoup-"))
    home.chmod(0o755)
    os.chown(home, NOBODY, NOBODY)
    yield home
    shutil.rmtree(home)


def interpreter_for(user: int) -> tuple[tuple[str, ...], dict[str, str]]:
    """A Python that the account can run, with our packages: ours, or the system's."""
    packages = sysconfig.get_path("purelib")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python, environment in (
        (sys.executable, {}),
        (f"/usr/bin/python{version}", {"PYTHONPATH": packages}),
        (f"/usr/local/bin/python{version}", {"PYTHONPATH": packages}),
    ):
        try:
            subprocess.run(
                [python, "-c", "import uvicorn"],
                user=user, group=user, extra_groups=[], cwd="/", check=True,
                env={"PATH": os.defpath, **environment},
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            continue
        return (python,), environment
    pytest.skip("NOT RUN: no Python here that another account can run")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_as_a_user_everything_is_that_users(home_of_nobody: Path) -> None:
    python, environment = interpreter_for(NOBODY)
    data = home_of_nobody / "var"
    with launched(data, user=NOBODY, python=python, also=environment) as run:
        run.wait_ready()
        assert run.post("/notes/one") == ["one"]
        servers = servers_on(data)
        assert servers
        assert all(process.uids().real == NOBODY for process in servers)
        assert run.stop() == 0
    assert not servers_on(data)


def test_an_address_that_a_crash_left_behind_is_not_trusted(tmp_path: Path) -> None:
    write_secret(tmp_path / "postgres-url", "postgresql://recoup:x@127.0.0.1:1/postgres")
    assert running_url(tmp_path) is None
